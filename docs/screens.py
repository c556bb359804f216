"""Pictures of every page of the dashboard for docs/images/dashboard: on a desktop, in the dark, on a phone.

python docs/refresh.py images       all of them; a minute or two. Needs the extras `dashboard`, `explain` and `dev`,
                                    and Chromium.
"""

from __future__ import annotations

import io
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from dashboards.app.exports import BROWSERS
from dashboards.app.pages import PAGES
from dashboards.app.service import RunService
from dashboards.app.serving import Serving, serve
from fairward.shelf import RunShelf

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 1240}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile Safari/537.36",
}  # fmt: skip
COLOURS = 96
"""In a picture; text and lines need no more."""
LARGEST = 150_000
"""Bytes."""
STEPS = {
    "equity": (("press", "Audit"), ("told", "The audit in a sentence")),
    "tradeoffs": (("press", "Compare these policies"), ("told", "Load a policy")),
    "override": (
        ("press", "Start"), ("told", "Decision 0"), ("press", "… until somebody waits"), ("tick", "central"),
        ("press", "See both futures"), ("told", "What if?"),
    ),
    "explain": (
        ("choose", "who waiting goes first"), ("press", "Explain the choices"), ("told", "What to bear in mind"),
    ),
}  # fmt: skip
"""What is done on a page before its picture is taken."""


def take(folder: Path) -> None:
    """Write the pictures. Raises `SystemExit` for one that is too large."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with _site() as url, sync_playwright() as driver:
        program = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for entry in PAGES:
            page = _opened(browser, url, entry.name, DESKTOP)
            _keep(page, folder / f"{entry.name}.png")
            page.emulate_media(color_scheme="dark")
            page.locator(".mui-dark").first.wait_for(state="attached")
            _keep(page, folder / f"{entry.name}-dark.png")
            page.context.close()
            page = _opened(browser, url, entry.name, PHONE)
            _keep(page, folder / f"{entry.name}-phone.png")
            page.context.close()
        browser.close()


@contextmanager
def _site() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as place, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        service = RunService(Path(place) / "cache")
        server = serve(service, RunShelf(Path(place) / "runs"), Serving(port=port), threaded=True)
        service.warm()
        yield f"http://127.0.0.1:{port}"
        server.stop()
        service.close()


def _opened(browser: Any, url: str, name: str, screen: dict[str, Any]) -> Page:
    """Return the page with something on it."""
    context = browser.new_context(color_scheme="light", **screen)
    context.set_default_timeout(120_000)
    page: Page = context.new_page()
    page.goto(f"{url}/?page={name}")
    page.locator("[data-result], h1.page, h1.lead").first.wait_for()
    for what, word in STEPS.get(name, ()):
        if what == "press":
            page.get_by_role("button", name=word, exact=True).click()
        elif what == "tick":
            page.get_by_role("checkbox", name=word).last.check()
        elif what == "choose":
            page.get_by_role("combobox").last.click()
            page.get_by_role("option", name=word).click()
        else:
            page.get_by_text(word).first.wait_for()
    page.mouse.move(0, 0)
    return page


def _keep(page: Page, place: Path) -> None:
    """Write what is seen, with few colours."""
    page.wait_for_timeout(1500)  # charts are drawn after what surrounds them
    seen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    seen.quantize(COLOURS, dither=Image.Dither.NONE).save(place, optimize=True)
    if place.stat().st_size > LARGEST:
        raise SystemExit(f"{place} takes {place.stat().st_size} bytes; expected at most {LARGEST}.")
