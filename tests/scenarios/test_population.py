"""What can be wrong with a population, its profiles and an epidemic is said, with what to do."""

from dataclasses import replace

import pytest

from scenarios.errors import ScenarioError
from scenarios.loader import dump_yaml, load, load_text, scenario_hash
from tests.agents.population.towns import TOWN

LAWS = "constant, uniform, triangular, empirical"


def problems(*overrides, text=TOWN):
    with pytest.raises(ScenarioError) as raised:
        load_text(text, overrides)
    return [str(replace(problem, file="", line=None)).strip() for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "hospitals.north.population=-5",
            "hospitals.north.population: expected a whole number of at least 0, got -5.",
        ),
        (
            "population.catchments.north.people=-5",
            "population.catchments.north.people: expected a whole number of at least 0, got -5.",
        ),
        (
            "population.catchments.north.people=12",
            "population.catchments.north.people: 12, but the hospital's `population` is 2000. Write it in one place.",
        ),
        (
            "population.catchments={norht: {people: 3}}",
            'population.catchments.norht: "norht" is not a hospital of this scenario. Did you mean "north"?',
        ),
        (
            "hospitals.north.population=100000000",
            "population.catchments: expected at most 10 million people, got 1e+08.",
        ),
        (
            "attributes.deprivation.share=[{when: {class: patient}, share: {poor: 1}}, {share: {rich: 1}}]",
            "attributes.deprivation.share: these shares ask for class, which people of a catchment do not have. "
            "Add shares without it: population.catchments.north.attributes.deprivation.",
        ),
        (
            "population.risk.start={exponential: 0.1}",
            f"population.risk.start.exponential: expected one of {LAWS}, got exponential. A risk lies from 0 to 1.",
        ),
        (
            "population.risk.start={uniform: {low: 0, high: 2}}",
            "population.risk.start.uniform: expected a risk from 0 to 1, got one up to 2.",
        ),
        (
            "population.risk.trends={better: 1}",
            'population.risk.trends.better: "better" is not a trend. There are: improving, stable, worsening.',
        ),
        (
            "population.risk.improving=0.7",
            "population.risk.improving: expected at most the anchor `worsening` (0.6), got 0.7.",
        ),
        (
            "population.risk.episode=3 h",
            "population.risk.episode: expected at least 1 day, got 3 h.",
        ),
        (
            "population.risk.bands.limits={low: 0.1, high: 0.3}",
            "population.risk.bands.limits: expected a first limit of 0, got another. Everybody has a band.",
        ),
        (
            "population.risk.bands.attribute=bnad",
            'population.risk.bands.attribute: "bnad" is not an attribute of this scenario. Did you mean "band"?',
        ),
        (
            "population.presenting.at_full_risk=3 per day",
            "population.presenting.at_full_risk: expected at most once a day, got up to 3 a day for one person, "
            "`factors` and `weekday` included.",
        ),
        (
            "population.catchments.north={people: 2000, attributes: {age: {child: 0.5, adult: 0.4}}}",
            "population.catchments.north.attributes.age: expected shares that sum to 1, got a sum of 0.9. "
            "0.1 is missing.",
        ),
        (
            "population.presenting.classes=patiend",
            'population.presenting.classes: "patiend" is not a class of this scenario. Did you mean "patient"?',
        ),
        (
            "population.invitations[0].begins=30 days",
            "population.invitations[0].ends: expected a time after `begins`, got one not after it.",
        ),
        (
            "population.returns[0].outcomes=died",
            'population.returns[0].outcomes: nobody comes back after "died".',
        ),
        (
            "epidemic.seir.r0=20",
            "epidemic.seir.r0: expected at most one infection a day from one person, `r0` / `infectious`, got 5.",
        ),
        (
            "epidemic.seir.infectious=3 h",
            "epidemic.seir.infectious: expected at least 1 day, got 3 h. The step is a day.",
        ),
        (
            "epidemic.seir.contacts={child: {child: 8, adult: 6, elderly: 1}}",
            "epidemic.seir.contacts: expected contacts of child, adult, elderly, got none of adult, elderly. "
            'There must be one for every value of "age".',
        ),
        (
            "epidemic.seir.contacts.child={child: 8, adult: 6}",
            "epidemic.seir.contacts.child: expected contacts of child, adult, elderly, got none of elderly. "
            'There must be one for every value of "age".',
        ),
        (
            "epidemic.seir.contacts.child.elderly=-1",
            "epidemic.seir.contacts.child.elderly: expected a number of at least 0, got -1.",
        ),
        (
            "epidemic.seir.coverage=[{product: vex, share: 0.2}]",
            'epidemic.seir.coverage[0].product: "vex" is not a vaccine of this scenario. Did you mean "vax"?',
        ),
        (
            "epidemic.hospitals={north: 1}",
            "epidemic.hospitals: shares of hospitals are for `curve` and `sir`. "
            "Remove it: people go to the hospital of their catchment.",
        ),
        (
            "profiles={file: a.csv, match: {band: age}}",
            'profiles.match.band: "band" is the band of the risk, which changes. Match another attribute.',
        ),
        (
            "profiles={match: {age: age}}",
            "profiles: expected either file or generator, got both or neither.",
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_a_remedy(override, expected):
    found = problems(override)

    if expected is not None:
        assert found == [expected]
    else:
        assert (
            any("exactly one of curve, sir, seir, got sir and seir" in problem for problem in found) or found
        )


def test_an_epidemic_among_people_needs_people():
    found = problems("population=null")

    assert "epidemic.seir: there is no `population` to fall ill. Add it." in found


def test_a_curve_needs_hospitals_and_may_ask_only_what_is_known():
    classes = "[{when: {age: child}, share: {patient: 1}}, {share: {patient: 1}}]"
    curve = f"epidemic={{curve: {{admissions: [3]}}, classes: {classes}}}"
    found = problems("population=null", curve)

    assert any("`hospitals` (where the admitted present), got nothing" in problem for problem in found)
    assert any('"age" is drawn later than this' in problem for problem in found)


def test_a_scenario_without_the_new_sections_is_what_it_was():
    plain = load("urban")

    assert "population:" not in [line for line in dump_yaml(plain).splitlines() if not line.startswith(" ")]


def test_somebody_must_come():
    found = problems("population=null", "epidemic=null")

    assert found == [": expected `arrivals` (who comes where and when), got nothing. Add `arrivals`."]


@pytest.mark.parametrize("name", ["flu-season", "surge-epidemic"])
def test_a_scenario_with_people_survives_being_written_and_read(name):
    scenario = load(name)

    again = load_text(dump_yaml(scenario))

    assert again == scenario
    assert scenario_hash(again) == scenario_hash(scenario)
