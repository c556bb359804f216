"""Levers are simulated on the same patients, and ranked by what they did; control charts over successive runs."""

from dataclasses import replace

import numpy as np
import pytest

from policies.audit.analyzer import FairnessAnalyzer, Settings
from policies.audit.levers import read_levers, try_levers
from policies.audit.monitoring import monitor, monitoring_json, monitoring_text
from policies.audit.results import Results
from policies.audit.text import report_text
from policies.replication import simulate
from scenarios.errors import ScenarioError, UsageError
from scenarios.loader import load_text
from sim.patient_metrics import UntreatedHours, WithinTarget
from sim.replications import Workers
from sim.tables import Tables
from tests.invented_visits import invented

TWO_HOSPITALS = """
fairward: 1
name: unequal
horizon: 12 days
warm_up: 1 day
attributes:
  area:
    share: [{when: {hospital: far}, share: {city: 0.1, country: 0.9}}, {share: {city: 0.9, country: 0.1}}]
equity: {groups: [area], reference: {area: city}}
classes: {ill: {pathway: care}}
pathways: {care: {steps: {ward: {needs: bed, duration: {exponential: 5 h}}}}}
hospitals: {near: {beds: {bed: 9}}, far: {beds: {bed: 3}}}
arrivals:
  here: {hospital: near, classes: ill, poisson: 0.9 per hour}
  there: {hospital: far, classes: ill, poisson: 0.55 per hour}
"""


@pytest.fixture(scope="module")
def results():
    scenario = load_text(TWO_HOSPITALS)
    runs = {number: simulate(scenario, "neutral", 1, number) for number in range(1, 9)}
    return Results(
        scenario, "neutral", 1, {n: Tables(run).visits for n, run in runs.items()}, policies=("neutral",),
        provenance={"workloads": [run.workload_hash for run in runs.values()]},
    )  # fmt: skip


LEVERS = [
    "hospitals.near.beds.bed.count-=1; hospitals.far.beds.bed.count+=1",
    "hospitals.near.beds.bed.count+=1",
    "arrivals.there.poisson=0.4 per hour",
]


def tried(results, same_source=True):
    settings = Settings()
    report = FairnessAnalyzer(settings).generate_fairness_report(results)
    with Workers(1) as workers:
        return replace(
            report,
            recommendation=try_levers(
                report,
                results,
                read_levers(LEVERS, results),
                settings,
                "untreated_hours",
                same_source,
                workers,
            ),
        )


def test_moving_a_bed_to_those_who_wait_is_found_to_help_and_ranked(results):
    report = tried(results)
    found = report.recommendation
    by_lever = {one.lever: one for one in found.tried}

    assert (found.attribute, found.group, found.reference) == ("area", "country", "city")
    assert found.tried[0].gap.value <= found.tried[1].gap.value <= found.tried[2].gap.value
    moved = by_lever[LEVERS[0]]
    assert moved.gap.high < 0
    assert moved.worst.high < 0
    assert moved.p_value < 0.05
    assert moved.same_patients
    assert not by_lever[LEVERS[2]].same_patients
    said = report_text(report)
    assert "best first" in said
    assert "Some levers change who comes" in said


def test_where_the_program_changed_the_run_is_simulated_again_and_says_the_same(results):
    assert tried(results, same_source=False).recommendation == tried(results).recommendation


def test_a_lever_that_cannot_be_pulled_is_told_before_anything_is_run(results):
    with pytest.raises(ScenarioError) as error:
        read_levers(["hospitals.nera.beds.bed.count+=1", "horizon=soon"], results)
    assert "--try hospitals.nera.beds.bed.count+=1" in str(error.value)
    assert len(error.value.problems) == 2
    with pytest.raises(UsageError, match="twice"):
        read_levers(["horizon=3 days"] * 2, results)
    with pytest.raises(UsageError, match="no_such"):
        read_levers(["policy=no_such"], results)
    with pytest.raises(UsageError, match="expected changes"):
        read_levers([" ; "], results)


def drift(late):
    def change(columns, rng):
        slow = (columns["area"] == 1) & (rng.random(len(columns["area"])) < late)
        columns["wait"] = np.where(slow, 9.0, columns["wait"])

    return change


def runs_over_time(shares):
    return [
        replace(
            invented(4, 200, seed=i, change=drift(share)),
            name=f"run-{i}",
            provenance={"results_hash": str(i)},
        )
        for i, share in enumerate(shares)
    ]


def test_control_charts_signal_a_shift_of_one_group_and_not_of_the_other():
    found = monitor(runs_over_time([0] * 6 + [0.25] * 4), WithinTarget(), ("area",), n_baseline=6)
    by_group = {chart.group: chart for chart in found.charts}

    assert by_group["country"].signals
    assert not by_group["city"].signals
    assert not by_group["country"].p.outside[:6].any()
    said = monitoring_text(found)
    assert "country (Area)" in said
    assert "no signal" in said
    assert "370 runs" in said
    assert monitoring_json(found)["signals"]


def test_control_charts_of_what_does_not_drift_stay_quiet():
    assert not monitor(runs_over_time([0.1] * 10), WithinTarget(), ("area",)).signals


def test_monitoring_tells_what_it_cannot_do():
    runs = runs_over_time([0, 0, 0])
    with pytest.raises(UsageError, match="at least 3"):
        monitor(runs[:2], WithinTarget(), ("area",))
    with pytest.raises(UsageError, match="--baseline"):
        monitor(runs, WithinTarget(), ("area",), n_baseline=3)
    with pytest.raises(UsageError, match="is not a share"):
        monitor(runs, UntreatedHours(), ("area",))
    same = monitor([runs[0], runs[0], runs[1]], WithinTarget(), ("area",))
    assert any("repeats" in note for note in same.notes)
    assert any("from 1 runs only" in note for note in same.notes)


def test_a_group_that_is_small_in_one_run_is_charted_in_none_nor_is_the_one_that_would_give_it_away():
    runs = runs_over_time([0.1] * 3)
    few = replace(invented(4, 200, seed=9, area=(0.98, 0.02)), name="few", provenance={"results_hash": "few"})

    found = monitor([*runs, few], WithinTarget(), ("area",))

    assert [chart.group for chart in found.charts] == ["all"]
    assert sum("Not shown" in note for note in found.notes) == 2


def test_a_group_of_whom_nobody_is_treated_in_time_any_more_raises_an_alarm_and_does_not_vanish():
    runs = runs_over_time([0, 0, 0, 0, 1.0])

    found = monitor(runs, WithinTarget(), ("area",), n_baseline=4)

    (country,) = [chart for chart in found.charts if chart.group == "country"]
    assert country.p.share[-1] < 0.1
    assert country.signals
