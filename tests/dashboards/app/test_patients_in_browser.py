"""The page Patients in headless Chromium, offline: a person is picked, and the band and its reasons are read."""

import re

import pytest

pytest.importorskip("panel_material_ui")
pytest.importorskip("playwright")

from tests.dashboards.app.visitor import KEYS

pytestmark = [pytest.mark.ui, pytest.mark.timeout(240)]


def test_a_person_is_picked_and_the_band_and_its_three_reasons_are_read(visit):
    page = visit("?page=patients").page
    page.get_by_role("heading", name="has no people").wait_for()
    first = page.get_by_text(re.compile("is in the band")).first
    first.wait_for()
    before = first.inner_text()

    page.get_by_role("combobox", name="Person").click()
    page.get_by_role("menuitem").last.click()
    page.get_by_text(re.compile(r"^Profile \d+ is in the band “low” \(below 0\.3\): the severity")).wait_for()

    assert re.match(
        r"Profile \d+ is in the band “high” \(from 0\.6\): the severity at the door is 0\.\d{3}\.", before
    )
    page.get_by_text("The same as a table").nth(1).click()
    table = page.get_by_role("table", name="What adds up")
    assert table.get_by_role("row").count() == 1 + 1 + 3 + 1 + 1
    assert len(page.evaluate(KEYS)) <= 1
