"""The page Flow in headless Chromium: it is drawn, the player steps by mouse and keyboard, the log is filtered."""

import re

import pytest

pytest.importorskip("panel_material_ui")
pytest.importorskip("playwright")

from tests.dashboards.app.test_dashboard_in_browser import KEYS, browser, site, uploaded, visit

pytestmark = [pytest.mark.ui, pytest.mark.timeout(240)]
assert browser, site
assert visit
CHARTS = """() => Bokeh.documents.flatMap(d => [...d._all_models.values()])
  .filter(m => m.type === 'Figure' && m.name).map(m => m.name)"""


def test_the_player_steps_the_log_is_filtered_and_all_is_of_one_result(visit):
    page = visit("?page=flow", reduced_motion="reduce")
    page.get_by_text("Which ways did patients take?").wait_for()
    (before,) = page.evaluate(KEYS)
    uploaded(page)
    page.get_by_text("The choices have changed").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function(
        f"(old) => {{ const k = ({KEYS})(); return k.length === 1 && k[0] !== old }}", arg=before
    )

    (after,) = page.evaluate(KEYS)
    page.wait_for_function(
        f"(key) => {{ const c = ({CHARTS})(); return c.length === 6 && c.every(k => k === key) }}", arg=after
    )

    said = page.get_by_text(re.compile(r"^Hour \d+, day"))
    hour = int(re.match(r"Hour (\d+)", said.inner_text())[1])
    page.get_by_role("button", name="Previous frame").click()
    page.get_by_text(f"Hour {hour - 1}, day").wait_for()
    page.get_by_role("slider", name="Hour").press("ArrowLeft")
    page.get_by_text(f"Hour {hour - 2}, day").wait_for()
    assert page.get_by_role("button", name="Play").count() == 0  # less motion was asked for

    for label, option in (("Event", "presents"), ("Hospital", "valley")):
        page.get_by_role("combobox", name=label, exact=True).click()
        page.get_by_role("option", name=option, exact=True).click()
    page.get_by_role("cell", name="presents").first.wait_for()
    page.get_by_role("button", name="Go to page 2").click()
    page.get_by_text(re.compile(r"^Page 2 of \d+$")).wait_for()
    with page.expect_download() as coming:
        page.get_by_role("button", name="These rows (CSV)").click()
    lines = coming.value.path().read_text().splitlines()
    assert after in coming.value.suggested_filename
    assert len(lines) > 26
    assert all(",valley," in line and line.endswith(",presents,presents") for line in lines[1:])
