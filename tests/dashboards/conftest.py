import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboards.report import write_report
from policies.answer import Answer
from tests.dashboards.answers import ONE_BED, VACCINE, WINTER, answer_of

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
Written = tuple[Answer, Path]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium; kept for no longer, as Playwright keeps an event loop running in the thread of the tests."""
    why = None if CHROMIUM else "no chromium here: apt-get install chromium"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        why = "no playwright here: pip install -e '.[dev]'"
    if why is not None:
        if os.environ.get("CI") in ("true", "1"):
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def winter(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Three hospitals, two policies, six runs: the answer and the path of its report."""
    folder = tmp_path_factory.mktemp("winter")
    answer = answer_of(WINTER, ("first-come", "acuity"), 6, folder, "horizon=6 days", "warm_up=1 day")
    return answer, write_report(answer, folder)


@pytest.fixture(scope="session")
def vaccine(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Two clinics with vaccine, two policies."""
    folder = tmp_path_factory.mktemp("vaccine")
    answer = answer_of(VACCINE, ("neutral", "vaccine-need"), 3, folder)
    return answer, write_report(answer, folder)


@pytest.fixture(scope="session")
def one_bed(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """One hospital, one policy, one run, no groups: nothing has an interval."""
    folder = tmp_path_factory.mktemp("one-bed")
    answer = answer_of(ONE_BED, ("first-come",), 1, folder)
    return answer, write_report(answer, folder)
