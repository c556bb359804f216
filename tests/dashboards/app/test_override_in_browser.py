"""Override and Explain in a browser: the person decides, and asks why."""

import pytest

pytest.importorskip("panel_material_ui")
pytest.importorskip("playwright")

pytestmark = [pytest.mark.ui, pytest.mark.timeout(240)]


def test_a_recommendation_is_accepted_another_overridden_with_a_reason_and_both_are_on_record(visit):
    visitor = visit("?page=override")
    visitor.brings("a recommendation accepted")
    visitor.press("Start")
    visitor.told("Decision 0")
    visitor.press("… until somebody waits")
    visitor.told("What is recommended?")
    visitor.page.get_by_label("Your name").fill("Ada")
    visitor.press("Accept")
    visitor.told("1 entry.")
    visitor.page.get_by_role("checkbox", name="valley").last.check()
    visitor.press("See both futures")
    visitor.told("Both futures of the same patients")
    visitor.page.get_by_label("Why").fill("<b>CT is down</b>")
    visitor.press("Override")
    visitor.told("2 entries.")

    name, record = visitor.takes("Download the record (CSV)")

    assert name.endswith(".csv")
    assert "<b>CT is down</b>" in record.decode()
    assert visitor.page.get_by_text("Every entry is as it was written.").count() == 1
    assert visitor.page.locator("b").filter(has_text="CT is down").count() == 0


def test_the_choices_are_explained_by_a_waterfall_under_the_key_of_the_result(visit):
    visitor = visit("?page=explain")
    before = visitor.keys()
    visitor.brings("choices explained by a waterfall")
    visitor.choose("Explain", "who waiting goes first")
    visitor.press("Explain the choices")
    visitor.until_only_one_key_but(before)
    waterfall = visitor.page.locator("figure svg").first
    waterfall.wait_for()

    assert waterfall.get_attribute("role") == "img"
    assert len(visitor.keys()) == 1
    visitor.told("What to bear in mind")
