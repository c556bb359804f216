"""Outcomes by group, from visits whose truth is known."""

import numpy as np
import pytest

from sim.fairness.access import DaysToCoverage, TreatedWithin
from sim.fairness.by_group import Plan, groups_of, measure
from sim.fairness.stacked import Stacked
from sim.network import compile_network
from sim.outcomes import METRICS, outcomes
from sim.patient_metrics import Coverage, DiedShare, LeftShare, UntreatedHours, WaitServed, WithinTarget
from sim.tables import Tables
from tests.invented_visits import invented
from tests.sim.handmade import story

METRIC_SET = (UntreatedHours(), WithinTarget(), LeftShare(), DiedShare(), WaitServed())


def stacked(results, attributes=("area",), metrics=METRIC_SET, **settings):
    network = compile_network(results.scenario)
    plan = Plan(metrics, attributes, **settings)
    return Stacked({n: measure(v, network, plan) for n, v in results.visits.items()}, network, plan)


def test_values_are_those_of_the_answer():
    result = story()
    made = Tables(result)
    said = outcomes(made, result.network).set_index(["metric", "attribute", "group", "hospital"])["value"]
    metrics = (
        *METRIC_SET,
        METRICS["coverage"],
        METRICS["transfers_per_patient"],
        METRICS["length_of_stay_hours"],
    )
    found = measure(made.visits, result.network, Plan(metrics, ("area", "acuity")))

    for metric in metrics:
        for attribute, groups in (("area", ("city", "country")), ("acuity", ("urgent", "standard"))):
            values = found.value[metric.name, attribute]
            theirs = [said[metric.name, attribute, group, ""] for group in groups]
            assert values.tolist() == pytest.approx(theirs, nan_ok=True)


def test_a_crossing_splits_both_of_its_attributes():
    results = invented(2)
    found = stacked(results, ("area", "people", "area*people"))
    crossed = found.panel("untreated_hours", "area*people").n.reshape(2, 2, 3)

    assert groups_of(found.network, "area*people")[:2] == ("city, red", "city, green")
    assert crossed.sum(axis=2).tolist() == found.panel("untreated_hours", "area").n.tolist()
    assert crossed.sum(axis=1).tolist() == found.panel("untreated_hours", "people").n.tolist()


@pytest.mark.parametrize("metric", ["untreated_hours", "within_target", "left_share", "died_share"])
def test_the_mean_of_patient_scores_is_the_estimate_of_everybody(metric):
    found = stacked(invented(3))
    for run in found.runs:
        score, _, _ = run.patients[metric]
        assert score.mean() == pytest.approx(run.value[metric, ""][0])


def test_a_starved_group_waits_long_though_its_served_patients_waited_little():
    def starve(columns, rng):
        country = columns["area"] == 1
        gives_up = country & (rng.random(len(country)) < 0.6)
        columns["ends"] = np.where(gives_up, 2, columns["ends"])
        columns["wait"] = np.where(country & ~gives_up, columns["wait"] * 0.3, columns["wait"])

    found = stacked(invented(6, change=starve))

    served = found.panel("wait_hours_served", "area").value.mean(axis=0)
    untreated = found.panel("untreated_hours", "area").value.mean(axis=0)
    assert served[1] < 0.5 * served[0]
    assert untreated[1] > 5 * untreated[0]


@pytest.mark.parametrize("end", [1, 2])
def test_a_rule_that_lets_patients_die_or_leave_does_not_look_better(end):
    """The same patients under two rules; under the second those who wait longest die untreated, or leave."""

    def lose_the_last(columns, rng):
        longest = columns["wait"] > np.quantile(columns["wait"], 0.8)
        columns["ends"] = np.where(longest, 2, 0)
        columns["wait"] = np.where(longest, 0.1, columns["wait"])

    def all_served(columns, rng):
        columns["ends"] = np.zeros_like(columns["ends"])

    kept, lost = invented(5, change=all_served), invented(5, change=lose_the_last)
    if end == 1:
        for visits in lost.visits.values():
            kind = visits["outcome_kind"]
            visits["outcome_kind"] = kind.where(kind != "left", "died")
    before, after = stacked(kept), stacked(lost)

    def change(metric):
        return (after.panel(metric, "area").overall - before.panel(metric, "area").overall).mean()

    assert change("wait_hours_served") < 0
    assert change("untreated_hours") > 1
    assert change("within_target") < 0
    assert change("died_share" if end == 1 else "left_share") > 0.1


def test_treated_within_counts_the_dead_and_the_gone_as_not_treated():
    result = story()
    found = measure(Tables(result).visits, result.network, Plan((TreatedWithin(2.0),), ("area",)))

    # Of six in need: treated at .5, 2 and .25; left at 1; died at 2; one censored at 1.5.
    # Before the censoring each weighs 1/6; after it the two that are left at risk weigh 1/4 each.
    assert found.value["treated_within_2_h", ""][0] == pytest.approx(2 / 6 + 1 / 4)


def test_days_to_a_coverage_are_the_whole_observation_where_it_is_never_reached():
    result = story()
    metrics = (DaysToCoverage(0.2), DaysToCoverage(0.9), Coverage())
    found = measure(Tables(result).visits, result.network, Plan(metrics, ("area",)))

    assert found.value["coverage", ""][0] == pytest.approx(1 / 3)  # of 4, 5 and 7
    assert found.value["days_to_coverage_20", ""][0] == pytest.approx((8.25 - 2) / 24)
    assert found.value["days_to_coverage_90", ""][0] == pytest.approx(22 / 24)


def test_an_empty_group_one_group_and_all_censored_have_no_value_instead_of_a_wrong_one():
    def only_the_city_and_nobody_seen(columns, rng):
        columns["area"] = np.zeros_like(columns["area"])
        columns["presented"] = np.full(len(columns["presented"]), 20 * 24 - 0.5)
        columns["wait"] = np.full(len(columns["wait"]), 9.0)

    found = stacked(invented(2, patients=40, change=only_the_city_and_nobody_seen))

    panel = found.panel("untreated_hours", "area")
    assert panel.n[:, 1].tolist() == [0, 0]
    assert np.isnan(panel.value).all()
    assert np.isnan(found.panel("within_target", "area").value).all()


def test_who_should_be_treated_is_declared():
    found = stacked(invented(2), should={"acuity": ("urgent",)})
    everybody = stacked(invented(2))

    counts = found.allocation("area")
    assert counts[:, 0].sum() == sum((v["acuity"] == "urgent").sum() for v in invented(2).visits.values())
    assert everybody.allocation("area")[:, 2].sum() == 0
