"""What the dashboard costs: the first result, a what-if that nobody has run, and the memory of a visitor.

    python benchmarks/dashboard.py

Serves on the loopback and looks with headless Chromium, as a visitor would; needs the extra `dashboard` and playwright.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from dashboards.app.service import RunService
from dashboards.app.serving import Serving, serve
from fairward.shelf import RunShelf

VISITORS = 5


def main() -> None:
    """Print the figures."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        service = RunService(Path(folder) / "cache")
        service.warm()
        server = serve(service, RunShelf(Path(folder)), Serving(port=port), threaded=True)
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
                )
                _measure(browser, f"http://127.0.0.1:{port}/")
        finally:
            server.stop()
            service.close()


def _measure(browser: Browser, url: str) -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for which in ("first visitor", "next visitor"):
        page, seconds = _opened(browser, url)
        print(f"{which}: first result after {seconds:.1f} s")
    page.get_by_role("button", name="Run", exact=True).wait_for()
    for what, query in (
        ("region, 10 + 10 runs, beds +5 %", "?beds=5"),
        ("the same reference, beds +10 %", "?beds=10"),
    ):
        began = time.monotonic()
        page.goto(f"{url}{query}", wait_until="commit")
        page.locator("h1.lead").filter(has_text="beds +").wait_for(timeout=120_000)
        print(f"what-if not run before, {what}: {time.monotonic() - began:.1f} s, loading the page included")
    before = _resident()
    pages = [_opened(browser, url)[0] for _ in range(VISITORS)]
    print(
        f"memory of the server: {(_resident() - before) / VISITORS:.0f} MB a visitor ({len(pages)} visitors)"
    )


def _opened(browser: Browser, url: str) -> tuple[Page, float]:
    page = browser.new_context().new_page()
    began = time.monotonic()
    page.goto(url, wait_until="commit")
    page.locator("h1.lead").wait_for(timeout=120_000)
    return page, time.monotonic() - began


def _resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
