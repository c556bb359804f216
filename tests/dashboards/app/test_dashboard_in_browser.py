"""The dashboard in headless Chromium, offline: what visitors do, and that every chart is of one result."""

import json
import re
import urllib.request

import pytest

pytest.importorskip("panel_material_ui")
pytest.importorskip("playwright")

from dashboards.app.serving import Serving
from scenarios.errors import UsageError

pytestmark = [pytest.mark.ui, pytest.mark.timeout(240)]


def test_the_health_endpoint_answers_without_a_session(site):
    with urllib.request.urlopen(f"{site.url}/health", timeout=60) as answer:
        said = json.load(answer)

    assert said["status"] == "ok"


def test_serving_beyond_this_machine_needs_a_password_and_an_origin():
    with pytest.raises(UsageError) as refused:
        Serving(address="0.0.0.0").check()

    assert "--basic-auth" in str(refused.value)
    assert "--allow-origin" in str(refused.value)


def test_a_lever_is_moved_by_hand_and_every_chart_is_of_the_new_result(visit):
    visitor = visit()
    before = visitor.keys()
    visitor.brings("a lever moved by hand")
    visitor.slider("Beds").press("ArrowRight")
    visitor.told("The choices have changed")
    visitor.press("Run")
    visitor.page.locator("h1.lead, p.sentence").filter(has_text="beds +5 %").first.wait_for()
    visitor.until_only_one_key_but(before)

    after = visitor.keys()

    assert len(before) == len(after) == 1
    assert set(visitor.charts()) == set(after)
    name, content = visitor.takes("Numbers (CSV)")
    assert after[0] in name
    assert after[0] in content.decode()


def test_the_report_of_the_result_on_the_screen_is_taken_as_a_page_and_on_paper(visit):
    visitor = visit()
    (key,) = visitor.keys()

    name, page = visitor.takes("Report (HTML)")
    paper_name, paper = visitor.takes("Report (PDF)")

    assert key in name
    assert key in paper_name
    assert key.encode() in page
    assert paper.startswith(b"%PDF")


def test_after_a_run_that_was_stopped_and_one_that_was_not_all_charts_agree(visit):
    visitor = visit()
    before = visitor.keys()
    visitor.slider("Paired runs").press("End")
    visitor.told("The choices have changed")
    visitor.press("Run")
    visitor.page.get_by_role("progressbar", name="Running").wait_for()
    visitor.press("Stop")
    visitor.told("Stopped. The charts show the previous result.")

    stopped = visitor.keys(), set(visitor.charts())
    visitor.slider("Paired runs").press("Home")
    visitor.press("Run")
    visitor.page.locator("h1.lead + * , dl.facts").filter(has_text="Paired runs5").first.wait_for()
    visitor.until_only_one_key_but(before)

    assert stopped == (before, set(before))
    assert len(visitor.keys()) == 1
    assert set(visitor.charts()) == set(visitor.keys())


def test_two_visitors_with_one_question_share_its_runs_and_another_question_has_its_own(
    visit, site, monkeypatch
):
    began, answer = [], site.service._answer

    async def counted(question, flight):
        began.append(question.key)
        return await answer(question, flight)

    monkeypatch.setattr(site.service, "_answer", counted)
    asked = "?v=1&scenario=rural&policy=c-mu&runs=5&seed=77"
    one, other = visit(asked, wait=False), visit(asked, wait=False)
    third = visit("?v=1&scenario=rural&policy=c-mu&runs=5&seed=78", wait=False)
    for visitor in (one, other, third):
        visitor.page.locator("dl.facts").filter(has_text="on this machine").first.wait_for()

    assert len(began) == len(set(began)) == 2
    assert one.keys() == other.keys() != third.keys()


def test_a_policy_tapped_on_the_front_is_loaded_into_decide(visit):
    visitor = visit("?page=tradeoffs&runs=2")
    visitor.brings("a policy tapped on the front")
    visitor.press("Compare these policies")
    visitor.told("Load a policy")

    visitor.tap("equity-weighted")  # alone where it stands
    visitor.page.locator("h1.lead").filter(has_text=re.compile("equity-weighted", re.I)).or_(
        visitor.page.locator("p.sentence").filter(has_text=re.compile("equity-weighted", re.I))
    ).first.wait_for()

    assert "policy=equity-weighted" in visitor.page.url
    assert visitor.page.get_by_role("tab", name="Decide").get_attribute("aria-selected") == "true"
    assert len(visitor.keys()) == 1


def test_a_link_restores_what_was_chosen(visit):
    visitor = visit("?v=1&scenario=surge&policy=c-mu&beds=10&runs=5")

    visitor.page.locator("h1.lead").filter(has_text="beds +10").wait_for()

    assert "scenario=surge" in visitor.page.url
    assert visitor.slider("Beds").input_value() == "10"
    assert len(visitor.keys()) == 1


def test_a_link_with_nonsense_is_survived_and_said(visit):
    visitor = visit("?v=1&scenario=../../etc/passwd&policy=acuity")

    visitor.told("is not a scenario of the library")

    assert len(visitor.keys()) == 1
