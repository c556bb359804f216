"""A report on people says who they are, what moves them, who infects whom; other reports do not mention them."""

import pytest

from dashboards.report import people, write_report
from scenarios.loader import load, load_text
from tests.agents.population.towns import TOWN
from tests.dashboards.answers import answer_of
from tests.dashboards.page import Page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    answer = answer_of(TOWN, ("neutral", "vaccine-risk"), 2, folder, "horizon=20 days")
    return Page.of(write_report(answer, folder).read_text(encoding="utf-8"))


def test_the_report_says_who_lives_there_and_what_moves_them(page):
    for said in (
        "3\N{NARROW NO-BREAK SPACE}000 people around 2 hospitals",
        "in episodes of 30 days to an anchor, 0.02 where it improves and 0.6 where it worsens",
        "treatment adds -0.1, leaving untreated adds +0.1 and an hour of waiting adds +0.002, fading over 30 days",
        "After the outcome left, 50\N{NO-BREAK SPACE}% come back, after: 2 days.",
        "Invited as invited until 21 days: age elderly.",
        "(stochastic SEIR), with contacts by age: r0 2, latent for 2 days, infectious for 4 days",
        "P(t+1) = (1 - a) P_start + a P_end",
        "greatest eigenvalue of the next-generation matrix",
        "20 people infectious, drawn evenly",
        "people of a group meet everybody alike",
        "Patients enter from the people who live around the hospitals (2.5.1)",
        "age: child 10\N{NO-BREAK SPACE}%, adult 50\N{NO-BREAK SPACE}%, elderly 40\N{NO-BREAK SPACE}%",
    ):
        assert said in page.text, said


def test_policies_are_said_to_meet_the_same_people_and_may_change_who_comes(page):
    assert "they do not always meet the same patients" in page.text
    assert "paired runs (the same people)" in page.text
    assert "all policies meet the same patients" not in page.text


def test_a_scenario_without_people_is_not_said_to_have_any():
    surge = load("surge")

    assert [f(surge) for f in (people.entities, people.logic, people.algorithms, people.assumptions)] == [
        ()
    ] * 4
    assert (people.entry(surge), people.start(surge), people.same(surge)) == (
        "by the streams below",
        "",
        "patients",
    )


def test_an_epidemic_without_people_is_described_by_its_own_figures():
    sir = (
        "{sir: {population: 500000, in_hospital: 100, doubling_time: 6 days, infectious: 14 days, admitted: 0.05, "
        "stay: 7 days}, hospitals: {north: 1}, classes: flu-patient}"
    )
    scenario = load_text(TOWN, ["population=null", f"epidemic={sir}", "arrivals={}"])

    assert (
        "fitted to 100 patients in hospital at the start, doubling every 6 days" in people.logic(scenario)[0]
    )
    assert people.entry(scenario) == "by the epidemic (2.2)"


def test_a_file_of_profiles_is_not_called_synthetic():
    bands = "{field: age, limits: {child: 0, adult: 18, elderly: 65}}"
    scenario = load_text(TOWN, [f"profiles={{file: ours.csv, match: {{age: {bands}}}, risk: frailty}}"])

    assert "whether they are synthetic, the program cannot know" in people.records(scenario)
    assert "drawn among those that agree in age. Its frailty gives the risk" in people.entities(scenario)[1]
    assert "No record of a person" not in people.records(scenario)
