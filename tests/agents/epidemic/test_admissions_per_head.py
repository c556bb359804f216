"""Whom the epidemic brings in, per head; and what policies expect of invitations."""

import numpy as np
import pytest

from agents.build import build_engine
from policies.vaccine_demand import dose_demand
from sim.catchments import people_by_group
from sim.outcomes import METRICS, outcomes
from sim.protocol import Directive
from sim.tables import Tables
from tests.agents.population.towns import town


@pytest.fixture(scope="module")
def lived():
    scenario = town("horizon=40 days", "equity.groups=[age]")
    engine = build_engine(scenario, 1, 1, "simpy")
    while engine.next_decision() is not None:
        engine.answer(Directive())
    result = engine.result()
    return scenario, result, Tables(result)


def test_admissions_per_head_are_counted_by_group_and_hospital(lived):
    scenario, result, made = lived
    frame = outcomes(made, result.network)
    frame = frame[frame["metric"] == "admissions_per_1000"].set_index(["attribute", "group", "hospital"])
    flu = made.visits[made.visits["class"] == "flu-patient"]

    assert len(flu) > 50
    assert frame.loc[("", "all", ""), "value"] == pytest.approx(1000 * len(flu) / 3000)
    sizes = people_by_group(scenario, "age")
    for age in ("child", "adult", "elderly"):
        mine = flu[(flu["age"] == age) & (flu["hospital"] == "south")]
        assert frame.loc[("age", age, "south"), "value"] == pytest.approx(
            1000 * len(mine) / sizes["south"][age]
        )
    assert set(frame.index.get_level_values("attribute")) == {"", "age"}


def test_the_metric_needs_a_class_that_nobody_else_sends(lived):
    _, result, _ = lived
    shared = build_engine(town("epidemic.classes=patient"), 1, 1, "simpy")

    assert METRICS["admissions_per_1000"].applies(result.network)
    assert not METRICS["admissions_per_1000"].applies(shared.network)


def test_visits_say_who_of_the_people_it_was(lived):
    _, _, made = lived
    visits = made.visits
    limit = np.where(visits["source"] == "people of north", 2000, 1000)

    assert (visits["person"] >= 0).all()
    assert (visits["person"] < limit).all()
    by_person = visits.groupby(["source", "person"], observed=True)
    assert by_person.size().max() > 2
    assert by_person[["age", "deprivation"]].nunique().max(axis=None) == 1


def test_expected_demand_for_doses_counts_the_invited():
    demand = dose_demand(town())

    assert demand == {
        ("north", "vax", "everybody"): pytest.approx(400 / (21 * 24)),
        ("south", "vax", "everybody"): pytest.approx(400 / (21 * 24)),
    }


def test_people_who_are_counted_in_the_catchment_alone_count_per_head_too():
    scenario = town(
        "horizon=10 days",
        "hospitals.north.population=null",
        "population.catchments.north.people=2000",
    )
    engine = build_engine(scenario, 1, 1, "simpy")
    while engine.next_decision() is not None:
        engine.answer(Directive())
    result = engine.result()
    made = Tables(result)

    frame = outcomes(made, result.network)
    frame = frame[(frame["metric"] == "arrivals_per_1000") & (frame["attribute"] == "")].set_index("hospital")
    came = made.visits[made.visits["hospital"] == "north"]
    came = came[came["outcome"] != "declined"]
    assert len(came) > 50
    assert frame.loc["north", "value"] == pytest.approx(1000 * len(came) / 2000)


def test_a_person_who_came_twice_for_a_dose_counts_once_for_coverage():
    impatient = "pathways.jab.steps.dose.patience.time=1 h"
    scenario = town("horizon=40 days", impatient, "vaccine.fridges.north.stock.vax=2", "epidemic=null")
    engine = build_engine(scenario, 1, 1, "simpy")
    while engine.next_decision() is not None:
        engine.answer(Directive())
    result = engine.result()
    made = Tables(result)
    frame = outcomes(made, result.network)
    frame = frame[(frame["metric"] == "coverage") & (frame["attribute"] == "")].set_index("hospital")

    asked = made.visits[(made.visits["class"] == "invited") & (made.visits["hospital"] == "north")]
    by_person = asked.groupby("person")["dosed"].agg(lambda times: times.notna().any())
    assert len(asked) > len(by_person) + 50
    assert 0 < by_person.sum() < len(by_person)
    assert frame.loc["north", "value"] == pytest.approx(by_person.mean())
    assert frame.loc["north", "n"] == len(by_person)
