"""A second visitor in headless Chromium: answers come at once from the server's memory, and all of them are seen."""

import asyncio
import re

import pytest

pytest.importorskip("panel_material_ui")
pytest.importorskip("playwright")

import panel as pn
import panel_material_ui as pmui
from playwright.sync_api import expect

from dashboards.app import look
from dashboards.app.pages import PAGES
from tests.dashboards.app.site import free_port
from tests.dashboards.app.visitor import PATIENCE, PHONE

pytestmark = [pytest.mark.ui, pytest.mark.timeout(400)]

COLUMNS = 60
OF_SIDEBAR = ["What is compared", "What the option changes", "How often"]
"""Its headings; on a phone it is closed."""
SHOWN_AT_ONCE = [page for page in PAGES if page.name not in ("tradeoffs", "override", "explain")]
"""Pages that show what they are for before a button is pressed."""
CHARTS = {"decide": 12, "equity": 2, "flow": 6}
"""That a page draws of the shipped result."""


LAST = {
    "decide": "Take it with you", "equity": "Who waits, by ethnicity?", "flow": "Which ways did patients take?",
    "patients": re.compile("is in the band"), "runs": "Asked of this server", "about": "Where the numbers come from",
}  # fmt: skip
"""What a page says when all of it is there."""


@pytest.fixture(
    scope="session"
)  # like `site`: a server that stops earlier leaves sockets that the browser holds open
def filling():
    """The address of a page that fills columns while the browser draws them."""

    def page():
        place = look.filled()

        async def fill():
            for k in range(COLUMNS):
                column = look.filled()
                place.append(look.card(column, look.html("x" * 2000)))
                for said, wait in (("not yet", 0.002), ("there", 0.001)):
                    await asyncio.sleep(wait * (k % 30))
                    column[:] = [look.card(look.html(f"<p class='said'>{said}</p>"))]
            place.append(look.html("<p>That is all.</p>"))

        pn.state.onload(fill)
        return pmui.Page(main=[place])

    port = free_port()
    server = pn.serve(page, port=port, show=False, threaded=True, verbose=False)
    yield f"http://127.0.0.1:{port}"
    server.stop()


def test_what_changes_while_the_browser_draws_it_is_shown(browser, filling):
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()

    page.goto(filling, wait_until="commit")
    page.get_by_text("That is all.").wait_for()

    expect(page.locator("p.said")).to_have_text(["there"] * COLUMNS, timeout=30_000)
    context.close()


@pytest.mark.parametrize("entry", SHOWN_AT_ONCE, ids=lambda entry: entry.name)
def test_a_second_visitor_sees_on_a_phone_what_the_first_saw_on_a_desk(visit, entry):
    def seen(n_charts, **screen):
        visitor = visit(f"?page={entry.name}", reduced_motion="reduce", **screen)
        visitor.told(LAST[entry.name])
        visitor.drawn(n_charts)
        return visitor.headings(), visitor.drawn(n_charts)

    headings, n_charts = seen(CHARTS.get(entry.name, 0))
    on_a_phone = seen(n_charts, **PHONE)

    assert on_a_phone == (headings[len(OF_SIDEBAR) :], n_charts)
    assert headings[: len(OF_SIDEBAR)] == OF_SIDEBAR


def test_who_goes_to_another_page_and_returns_sees_the_same(visit):
    visitor = visit("?page=patients", reduced_motion="reduce")
    visitor.told(LAST["patients"])
    before = visitor.headings()

    for name in ("Decide", "Flow", "Patients"):
        visitor.page.get_by_role("tab", name=name, exact=True).click()
        visitor.told(LAST[name.lower()])

    assert visitor.headings() == before
