"""The page Flow in headless Chromium: it is drawn, the player steps by mouse and keyboard, the log is filtered."""

import re

import pytest

pytest.importorskip("panel_material_ui")
pytest.importorskip("playwright")

pytestmark = [pytest.mark.ui, pytest.mark.timeout(240)]


def test_the_player_steps_the_log_is_filtered_and_all_is_of_one_result(visit):
    visitor = visit("?page=flow", reduced_motion="reduce")
    visitor.told("Which ways did patients take?")
    before = visitor.keys()
    visitor.brings("Flow?")
    visitor.press("Run")
    visitor.until_only_one_key_but(before)
    (after,) = visitor.keys()

    page = visitor.page
    said = page.get_by_text(re.compile(r"^Hour \d+, day"))
    hour = int(re.match(r"Hour (\d+)", said.inner_text())[1])
    visitor.press("Previous frame")
    visitor.told(f"Hour {hour - 1}, day")
    visitor.slider("Hour").press("ArrowLeft")
    visitor.told(f"Hour {hour - 2}, day")
    visitor.choose("Event", "presents")
    visitor.choose("Hospital", "valley")
    page.get_by_role("cell", name="presents").first.wait_for()
    visitor.press("Go to page 2")
    visitor.told(re.compile(r"^Page 2 of \d+$"))
    name, content = visitor.takes("These rows (CSV)")
    lines = content.decode().splitlines()

    assert visitor.charts() == [after] * 6
    assert page.get_by_role("button", name="Play").count() == 0  # less motion was asked for
    assert after in name
    assert len(lines) > 26
    assert all(",valley," in line and line.endswith(",presents,presents") for line in lines[1:])
