"""What a visitor of the dashboard waits for: the first result, a what-if that nobody has run; and what a visitor costs.

    python benchmarks/dashboard.py          # about a minute on a quiet machine
    python benchmarks/dashboard.py --quick  # without explanations and memory

Serves on the loopback and looks with headless Chromium, as a visitor would; needs the extra `dashboard` and playwright.
Beside the time on the clock stand the seconds that processors worked for it (server, its workers, the browser): on a
machine that does other things too only these can be compared. The time on the clock is what people wait for, so it is
to be taken on a quiet machine; the load average is printed at the beginning and at the end.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from dashboards.app.desk import Desk
from dashboards.app.explained import Question, explain
from dashboards.app.service import RunService
from dashboards.app.serving import Serving, serve
from fairward.shelf import RunShelf
from policies.replication import dump_json

VISITORS = 5
EXPLAINED = ("acuity", "staff-balancing")
SCENARIOS = ("rural", "surge", "region")
IDLE = 0.1
"""Processor seconds a second below which nobody works."""
PATIENCE = 120_000
"""Milliseconds that the browser waits for anything."""


def main() -> None:
    """Print the figures."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        service = RunService(Path(folder) / "cache")
        server = serve(service, RunShelf(Path(folder)), Serving(port=port), threaded=True)
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
                )
                quick = "--quick" in sys.argv
                _measure(browser, f"http://127.0.0.1:{port}/", quick)
                browser.close()
            if not quick:
                _explanations(service)
            print(f"load average {os.getloadavg()[0]:.1f}")
        finally:
            server.stop()
            service.close()


def _measure(browser: Browser, url: str, quick: bool) -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    _until_idle()
    for which in ("first visitor", "next visitor"):
        _opened(browser, url, which).context.close()
    for name in SCENARIOS:
        page = _opened(browser, url)
        page.get_by_role("combobox", name="Scenario").click()
        page.get_by_role("menuitem", name=name, exact=True).click()
        for beds, what in ((5, "10 + 10 runs"), (10, "10 runs, those of the reference are there")):
            _what_if(page, beds, f"{name}, beds +{beds} %, {what}")
        page.context.close()
    if quick:
        return
    before = _resident()
    pages = [_opened(browser, url) for _ in range(VISITORS)]
    print(
        f"memory of the server: {(_resident() - before) / VISITORS:.0f} MB a visitor ({len(pages)} visitors)"
    )


def _what_if(page: Page, beds: int, what: str) -> None:
    """Ask what nobody has asked, and time the first look and the whole result."""
    page.get_by_role("slider", name="Beds").first.press("ArrowRight")
    page.get_by_text("The choices have changed").wait_for()
    _until_idle()
    with _timed(f"what-if on {what}") as reached:
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator("section.look").wait_for()
        reached("first look")
        page.locator("h1.lead").filter(has_text=f"beds +{beds} %").wait_for()
        reached("full result")


def _explanations(service: RunService) -> None:
    scenario = Desk(service).chosen
    for policy in EXPLAINED:
        asked = Question(dump_json(scenario), policy, policy, 1, 4, False, None)
        with _timed(f"explaining {policy} on region, 4 runs") as reached:
            asyncio.run(service.compute(policy, explain, asked))
            reached("answer")


def _opened(browser: Browser, url: str, which: str = "") -> Page:
    """Open the page as a new visitor, with nothing in the browser's cache."""
    _until_idle()
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    with _timed(which) as reached:
        page.goto(url, wait_until="commit")
        page.locator("h1.lead").wait_for()
        reached("first result")
        page.get_by_text("Take it with you").wait_for()
        reached("last chart")
    return page


@contextmanager
def _timed(what: str) -> Iterator[Callable[[str], None]]:
    """Print when what was waited for was there, and how long processors worked until then; without a name, nothing."""
    began, worked = time.monotonic(), _worked()

    def reached(stage: str) -> None:
        seconds, now = time.monotonic() - began, _worked()
        parts = ", ".join(f"{who} {now[who] - worked[who]:.1f}" for who in now)
        if what:
            print(f"{what}: {stage} after {seconds:.1f} s; processor seconds: {parts}", flush=True)

    yield reached


def _until_idle() -> None:
    """Wait until the server, its workers and the browser have done what they began."""
    before = sum(_worked().values())
    while True:
        time.sleep(1)
        now = sum(_worked().values())
        if now - before < IDLE:
            return
        before = now


def _worked() -> dict[str, float]:
    """Processor seconds of this process and of those below it, by what they are."""
    found = dict.fromkeys(("server", "workers", "browser"), 0.0)
    parents, seconds, names = {}, {}, {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (place / "stat").read_text(encoding="utf-8").partition("(")[2].rpartition(")")
        except OSError:
            continue  # it has just ended
        fields = rest.split()
        pid = int(place.name)
        parents[pid], names[pid] = int(fields[1]), name
        seconds[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    own = os.getpid()
    for pid, spent in seconds.items():
        above = pid
        while above not in (own, 0):
            above = parents.get(above, 0)
        if above == own:
            kind = "server" if pid == own else "workers" if names[pid].startswith("python") else "browser"
            found[kind] += spent
    return found


def _resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
