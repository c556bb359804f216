"""Pictures of every page of the dashboard: on a desk in light and in dark, and on a phone; for docs/images.

Each page is brought by hand of a headless Chromium to where it shows something, on the shipped result of `region`.
"""

from __future__ import annotations

import io
import re
import tempfile
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from dashboards.app.pages import PAGES
from tests.dashboards.app.site import served
from tests.dashboards.app.visitor import PATIENCE, PHONE, Visitor
from tests.dashboards.conftest import ARGUMENTS, CHROMIUM

DESK = {"viewport": {"width": 1280, "height": 900}}
SCREENS = {"": DESK, "-dark": {**DESK, "color_scheme": "dark"}, "-phone": PHONE}
COLOURS = 128
"""Of a picture: flat areas need no more, and files stay small."""
REST = 3000
"""Milliseconds until charts have taken their places."""


def take(folder: Path, names: list[str]) -> None:
    """Write `dashboard-PAGE[-dark|-phone].png` for the pages named, for all when none is."""
    wanted = [page.name for page in PAGES if page.name in (names or [page.name])]
    with (
        tempfile.TemporaryDirectory() as kept,
        served(Path(kept) / "cache", Path(kept)) as site,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for page, screen in product(wanted, SCREENS):
            context = browser.new_context(**{"reduced_motion": "reduce", **SCREENS[screen]})
            context.set_default_timeout(PATIENCE)
            visitor = Visitor(context.new_page(), site.url)
            visitor.open(f"?page={page}")
            _bring(visitor, page)
            visitor.page.wait_for_timeout(REST)
            file = folder / f"dashboard-{page}{screen}.png"
            picture = Image.open(io.BytesIO(visitor.page.screenshot())).convert("RGB")
            picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
            print(f"{file.name}: {file.stat().st_size // 1000} kB", flush=True)
            context.close()


def _bring(visitor: Visitor, page: str) -> None:
    """Have the page show what it is for."""
    match page:
        case "decide":
            visitor.drawn(2)
        case "flow":
            visitor.told("Which ways did patients take?")
        case "tradeoffs":
            visitor.press("Compare these policies")
            visitor.told("Load a policy")
            _to(visitor, re.compile("^Untreated time and "))
        case "override":
            visitor.press("Start")
            visitor.told("Decision 0")
            visitor.press("… until somebody waits")
            visitor.page.get_by_text(re.compile("Decision [1-9]")).first.wait_for()
            _to(visitor, "What is recommended?")
        case "explain":
            visitor.press("Explain the choices")
            visitor.page.locator("figure svg").first.wait_for()
            _to(visitor, re.compile("What moves the choices of"))
        case "patients":
            visitor.page.get_by_text(re.compile("is in the band")).first.wait_for()
            _to(visitor, re.compile("Which band, and why"))


def _to(visitor: Visitor, heading: str | re.Pattern[str]) -> None:
    """Bring a card to the top: what is asked stands above what was found."""
    visitor.page.get_by_role("heading", name=heading, level=2).last.evaluate(
        "e => e.scrollIntoView({block: 'start', behavior: 'instant'})"
    )
