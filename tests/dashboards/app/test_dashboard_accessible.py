"""Everybody can use the dashboard: axe-core finds nothing serious, dark is dark, nothing moves for those who ask."""

import re

import pytest

pytest.importorskip("panel_material_ui")
pytest.importorskip("playwright")
pytest.importorskip("axe_playwright_python")

from axe_playwright_python.sync_playwright import Axe

from dashboards.app.pages import PAGES
from tests.dashboards.app.visitor import MOVING, PHONE

pytestmark = [pytest.mark.ui, pytest.mark.timeout(240)]

GRAVE = {"serious", "critical"}
SCREENS = {"desktop": {}, "phone": PHONE}


NOT_OURS = {
    "aria-dialog-name": re.compile(r'<div class="MuiPaper-root [^"]*MuiDrawer-paper sidebar'),
    "aria-prohibited-attr": re.compile(r'<span aria-label="[\w ]+" class="" style="display: inline-flex;">'),
}
"""Of panel-material-ui, by rule and element: its drawer on a phone has a role but no place for a name, and a button
that rests has its name on a span around it too. The button, and what is in the drawer, have names."""


def findings(visitor):
    """What axe-core calls serious or critical, shadow trees included."""
    answer = Axe().run(visitor.page, options={"resultTypes": ["violations"]}).response
    return [
        f"{found['id']}: {node['html'][:120]} ({node['failureSummary'][:200]})"
        for found in answer["violations"]
        if found["impact"] in GRAVE
        for node in found["nodes"]
        if found["id"] not in NOT_OURS or not NOT_OURS[found["id"]].match(node["html"])
    ]


@pytest.mark.parametrize(("screen", "width"), [("desktop", 1280), ("phone", 390)])
@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)
def test_every_page_is_drawn_and_axe_finds_nothing_serious_in_light_and_dark(visit, entry, screen, width):
    visitor = visit(f"?page={entry.name}", reduced_motion="reduce", **SCREENS[screen])
    (tab,) = visitor.page.locator("[role=tab][aria-selected=true]").all_inner_texts()

    light = findings(visitor)
    visitor.darken()
    dark = findings(visitor)

    assert tab == entry.title
    assert len(visitor.keys()) <= 1
    assert visitor.page.evaluate("() => [innerWidth, document.documentElement.scrollWidth]") == [width, width]
    assert light == []
    assert dark == []


def test_the_sidebar_of_a_phone_has_names_too(visit):
    visitor = visit(**PHONE)

    visitor.press("Open drawer")
    visitor.slider("Beds").wait_for()

    assert findings(visitor) == []


def test_nothing_moves_for_those_who_ask_for_rest(visit):
    lively, still = visit(), visit(reduced_motion="reduce")
    for visitor in (lively, still):
        visitor.page.get_by_role("combobox", name="Scenario").click()
        visitor.page.get_by_role("listbox").first.wait_for()

    assert lively.page.evaluate(MOVING) != []
    assert still.page.evaluate(MOVING) == []
