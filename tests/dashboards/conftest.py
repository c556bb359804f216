from pathlib import Path

import pytest

from dashboards.report import write_report
from policies.answer import Answer
from tests.dashboards.answers import ONE_BED, VACCINE, WINTER, answer_of

Written = tuple[Answer, Path]


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
