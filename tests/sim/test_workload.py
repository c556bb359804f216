import copy
import math
import re
from datetime import date
from itertools import pairwise
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.loader import load_text
from sim.network import CAUSES, compile_network
from sim.order import GRID
from sim.workload import Workload

TWO_HOSPITALS = """
fairward: 1
name: two-hospitals
start: "2025-01-06"
horizon: 10 days
acuities: [critical, urgent, standard]
attributes:
  age: {share: {young: 0.6, old: 0.4}}
  living:
    share:
      - {when: {age: old}, share: {alone: 0.5, family: 0.5}}
      - {share: {family: 0.9, alone: 0.1}}
  frailty: {number: {lognormal: {mean: 1, sd: 0.5}}}
  risk: {number: {gamma: {mean: 2, sd: 1}}}
equity: {groups: living}
classes:
  emergency: {pathway: emergency, acuity: {critical: 0.2, urgent: 0.3, standard: 0.5}}
  planned: {pathway: planned, acuity: {standard: 1}}
pathways:
  emergency:
    steps:
      triage:
        needs: nurse
        duration: {exponential: 5 min}
        patience:
          time: [{when: {age: young}, exponential: 1 h}, {exponential: 3 h}]
          scope: journey
        next: treat
      treat:
        needs: bay
        duration:
          - {when: {acuity: critical}, lognormal: {mean: 6 h, sd: 3 h}}
          - {when: {triage: urgent, source: walk-in}, constant: 1 h}
          - {exponential: 2 h}
        scale_by: [frailty]
        factors: [{when: {living: alone}, factor: 1.5, source: assumed}]
        patience:
          time: {exponential: 1 h}
          scope: journey
        balking: [0, 0.5]
        next: [{when: {age: old}, to: {treat: 0.1, discharged: 0.9}}, {to: discharged}]
  planned:
    steps:
      surgery:
        needs: [bay, nurse]
        duration: {normal: {mean: 2 h, sd: 1 h}}
        patience: {time: {uniform: {low: 1 h, high: 2 h}}}
hospitals:
  north:
    beds: {bay: {count: 4, cleaning: {exponential: 20 min}}}
    staff: {nurse: {count: 3, sickness: 0.1}}
  south:
    beds: {bay: {count: 2, cleaning: {exponential: 40 min}}}
    staff: {nurse: 2}
arrivals:
  walk-in: {hospital: north, classes: {emergency: 0.8, planned: 0.2}, poisson: 3 per hour}
  clinic: {hospital: south, classes: planned, schedule: {at: [8 h, 9 h], every: 1 day}}
  ambulances: {hospital: south, classes: emergency, poisson: 1 per hour, ambulance: 0.7}
"""

THIRD_HOSPITAL = [
    "hospitals.middle={beds: {bay: 1}, staff: {nurse: 1}}",
    "arrivals.another={hospital: middle, classes: emergency, poisson: 5 per hour}",
]
OTHER_WORLDS = {
    "a hospital more": THIRD_HOSPITAL,
    "more beds": ["hospitals.north.beds.bay.count=9"],
    "another queue rule": ["queue_rule=acuity"],
    "fewer hours": ["horizon=5 days"],
    "a disparity in other streams": [
        "disparities.late_presentation=[{when: {source: clinic}, delay: 3 h, source: assumed}]"
    ],
}


def network_of(*overrides):
    return compile_network(load_text(TWO_HOSPITALS, overrides))


def workload_of(*overrides, seed=5, replication=0, **keys):
    return Workload(network_of(*overrides), seed, replication, **keys)


def step(workload, name):
    return next(s.index for s in workload.network.steps if s.name == name)


def columns(workload):
    """Every column that an engine may ask for, by what it means rather than by index."""
    made = {}
    for compiled in workload.network.steps:
        for visit in (0, 1):
            made |= {
                f"{column.__name__} {compiled.name} {visit}": column(compiled.index, visit)
                for column in (workload.durations, workload.patience, workload.route, workload.balk)
            }
            made[f"cleaning {compiled.name} {visit}"] = workload.cleaning(0, 0, compiled.index, visit)
    for cause, ordinal in ((cause, ordinal) for cause in range(len(CAUSES)) for ordinal in (0, 1)):
        made[f"threshold {cause} {ordinal}"] = workload.thresholds(cause, ordinal)
    made["first route"] = workload.first_route()
    made["holds"] = workload.holds({"age": ("old",), "source": ("walk-in", "ambulances")})
    made["frailty"] = workload.number("frailty")
    return made


def people(workload):
    """(stream, number in it) -> everything about a person."""
    named = {**workload.patients.columns(), **columns(workload)}
    del named["source"], named["hospital"]
    rows = zip(*(np.asarray(column).tolist() for column in named.values()), strict=True)
    who = zip(workload.patients.source.tolist(), workload.patients.ordinal.tolist(), strict=True)
    return {
        (workload.sources[source], ordinal): (workload.patients.time[patient], *row)
        for patient, ((source, ordinal), row) in enumerate(zip(who, rows, strict=True))
    }


@pytest.fixture
def seed(request):
    return crc32(request.node.name.encode())


@pytest.mark.parametrize("world", OTHER_WORLDS)
def test_in_a_minimally_different_world_everybody_else_is_the_same(world):
    here, there = people(workload_of()), people(workload_of(*OTHER_WORLDS[world]))

    compared = {who for who in here if not (world == "a disparity in other streams" and who[0] == "clinic")}
    if world == "fewer hours":
        compared = {who for who in compared if here[who][0] <= 120}
    assert len(compared) > 300
    assert {who: there.get(who) for who in compared} == {who: here[who] for who in compared}


def test_the_order_in_which_streams_and_columns_are_made_does_not_matter():
    here = workload_of()
    there = workload_of()
    for name, column in reversed(columns(there).items()):
        assert column == columns(here)[name]


def test_seeds_and_replications_are_different_worlds():
    worlds = [workload_of(seed=s, replication=r).fingerprint() for s in (1, 2) for r in (0, 1)]

    assert len(set(worlds)) == 4
    assert workload_of(seed=1, replication=1).fingerprint() == worlds[1]


def test_the_fingerprint_tells_patients_apart_but_not_beds():
    fingerprint = workload_of().fingerprint()

    assert re.fullmatch("[0-9a-f]{64}", fingerprint)
    assert workload_of(*OTHER_WORLDS["more beds"]).fingerprint() == fingerprint
    assert workload_of("pathways.planned.steps.surgery.duration=1 h").fingerprint() != fingerprint


def test_patients_are_sorted_and_within_the_horizon():
    patients = workload_of().patients
    keys = list(zip(patients.time.tolist(), patients.source.tolist(), patients.ordinal.tolist(), strict=True))

    assert keys == sorted(keys)
    assert patients.time[-1] <= 240
    assert len({column.shape for column in patients.columns().values()}) == 1
    assert (patients.hospital == np.array([0, 1, 1])[patients.source]).all()


def test_columns_are_lists_of_plain_numbers_on_the_grid():
    workload = workload_of()
    for name, column in columns(workload).items():
        assert type(column) is list
        assert len(column) == len(workload.patients)
        assert {type(value) for value in column} == {bool if name == "holds" else float}
        if name.startswith(("durations", "patience", "cleaning")):
            on_grid = [value for value in column if math.isfinite(value)]
            assert all(value * GRID == int(value * GRID) for value in on_grid)


def test_a_column_is_made_once():
    workload = workload_of()

    assert workload.durations(0, 0) is workload.durations(0, 0)
    assert workload.durations(0, 0) is not workload.durations(0, 1)


def test_those_who_do_not_come_this_way_have_0():
    workload = workload_of()
    surgery = step(workload, "planned.surgery")
    elsewhere = np.flatnonzero(np.array(workload.network.class_pathway)[workload.patients.cls] == 0)

    for column in (workload.durations, workload.patience, workload.route, workload.balk):
        values = np.array(column(surgery, 0))
        assert (values[elsewhere] == 0).all()
        if column is not workload.durations:  # a normal duration may be close to 0
            assert (np.delete(values, elsewhere) > 0).all()


def test_a_duration_is_the_first_case_that_holds_times_numbers_and_factors():
    workload = workload_of()
    patients, frailty = workload.patients, np.array(workload.number("frailty"))
    hours = np.array(workload.durations(step(workload, "emergency.treat"), 0))

    by_rule = (patients.cls == 0) & (patients.triage == 1) & (patients.source == 0) & (patients.acuity != 0)
    alone = patients.codes["living"] == 0
    assert by_rule.sum() > 50
    assert hours[by_rule] == pytest.approx(
        np.where(alone, 1.5, 1.0)[by_rule] * frailty[by_rule], abs=1 / GRID
    )


@pytest.mark.stats
def test_each_case_has_its_own_mean(seed):
    workload = workload_of("horizon=400 days", seed=seed)
    patients = workload.patients
    hours = np.array(workload.durations(step(workload, "emergency.treat"), 1))
    hours /= np.array(workload.number("frailty")) * np.where(patients.codes["living"] == 0, 1.5, 1.0)
    emergency = patients.cls == 0
    critical = emergency & (patients.acuity == 0)
    other = emergency & ~critical & ~((patients.triage == 1) & (patients.source == 0))

    for mask, mean, sd in ((critical, 6, 3), (other, 2, 2)):
        assert abs(hours[mask].mean() - mean) < 4 * sd / np.sqrt(mask.sum())
        assert hours[mask].std() == pytest.approx(sd, rel=0.1)


def test_extra_time_is_added_after_the_factors_for_those_concerned():
    extra = "disparities.extra_time=[{when: {age: old}, steps: [treat], extra: 20 min, source: assumed}]"
    plain, longer = workload_of(), workload_of(extra)
    treat, surgery = step(plain, "emergency.treat"), step(plain, "planned.surgery")

    gained = np.array(longer.durations(treat, 0)) - np.array(plain.durations(treat, 0))
    concerned = (plain.patients.cls == 0) & (plain.patients.codes["age"] == 1)
    assert gained == pytest.approx(np.where(concerned, 1 / 3, 0), abs=1 / GRID)
    assert longer.durations(surgery, 0) == plain.durations(surgery, 0)


def test_a_journeys_patience_is_drawn_once():
    workload = workload_of()
    triage, treat, surgery = (
        step(workload, name) for name in ("emergency.triage", "emergency.treat", "planned.surgery")
    )
    old = workload.patients.codes["age"] == 1
    at_triage, at_treat = np.array(workload.patience(triage, 0)), np.array(workload.patience(treat, 3))

    assert workload.patience(triage, 0) == workload.patience(triage, 1)
    assert at_triage == pytest.approx(at_treat * np.where(old, 3, 1), abs=3 / GRID)
    assert workload.patience(surgery, 0) != workload.patience(surgery, 1)


def test_without_patience_they_wait_for_ever():
    workload = workload_of("pathways.planned.steps.surgery.patience=null")
    planned = workload.patients.cls == 1

    assert workload.patience(step(workload, "planned.surgery"), 0) == np.where(planned, np.inf, 0.0).tolist()


def test_where_no_case_of_patience_holds_they_wait_for_ever():
    scenario = load_text(TWO_HOSPITALS)
    surgery = scenario.pathways["planned"].steps["surgery"]
    case = surgery.patience.time[0].model_copy(update={"when": {"age": ("old",)}})
    patience = surgery.patience.model_copy(update={"time": (case,)})
    steps = {"surgery": surgery.model_copy(update={"patience": patience})}
    planned = scenario.pathways["planned"].model_copy(update={"steps": steps})
    scenario = scenario.model_copy(update={"pathways": {**scenario.pathways, "planned": planned}})
    workload = Workload(compile_network(scenario), 1, 0)

    hours = np.array(workload.patience(step(workload, "planned.surgery"), 0))

    young = (workload.patients.cls == 1) & (workload.patients.codes["age"] == 0)
    assert (np.isinf(hours) == young).all()


def test_a_bed_is_cleaned_with_the_same_luck_wherever_it_stands():
    workload = workload_of()
    bay, nurse = workload.network.pool("bay"), workload.network.pool("nurse")
    treat = step(workload, "emergency.treat")
    north, south = (np.array(workload.cleaning(hospital, bay, treat, 0)) for hospital in (0, 1))

    assert south == pytest.approx(2 * north, abs=2 / GRID)
    assert set(workload.cleaning(0, nurse, treat, 0)) == {0.0}


def test_equal_cleaning_is_one_column():
    workload = workload_of("hospitals.south.beds.bay.cleaning={exponential: 20 min}")
    bay = workload.network.pool("bay")

    assert workload.cleaning(0, bay, 0, 0) is workload.cleaning(1, bay, 0, 0)


@pytest.mark.stats
def test_thresholds_are_unit_exponentials_and_independent(seed):
    workload = workload_of("horizon=400 days", seed=seed)
    thresholds = np.array([workload.thresholds(cause, ordinal) for cause in range(3) for ordinal in range(2)])
    n = thresholds.shape[1]

    assert (np.abs(thresholds.mean(axis=1) - 1) < 4 / np.sqrt(n)).all()
    assert np.abs(np.corrcoef(thresholds)[~np.eye(6, dtype=bool)]).max() < 4.5 / np.sqrt(n)


def test_a_condition_holds_where_all_of_it_does():
    workload = workload_of()
    patients = workload.patients

    holds = workload.holds({"age": ("old",), "hospital": ("south",), "class": ("emergency", "planned")})

    assert holds == ((patients.codes["age"] == 1) & (patients.hospital == 1)).tolist()
    assert workload.holds({}) == [True] * len(patients)
    assert workload.number("risk") == patients.numbers["risk"].tolist()


def test_one_person_more_on_a_shift_does_not_change_who_else_is_sick():
    workload, larger = workload_of(), workload_of(*THIRD_HOSPITAL)
    nurse = workload.network.pool("nurse")
    days = [(str(date(2025, 1, day)), "0") for day in range(1, 31)]

    def sick(those: Workload, day: tuple[str, str]) -> list[int]:
        return those.sick(0, nurse, [day] * 12, range(12), 0.3)

    absent = [sick(workload, day) for day in days]

    assert all(more - fewer in (0, 1) for row in absent for fewer, more in pairwise(row))
    assert len({tuple(row) for row in absent}) == 30
    assert absent == [sick(larger, day) for day in days]
    assert workload.sick(0, nurse, days[:1], [9], 0.0) == [0]
    assert workload.sick(0, nurse, days[:1], [9], 1.0) == [9]


@pytest.mark.stats
def test_sickness_is_as_frequent_as_written(seed):
    workload = workload_of(seed=seed)
    days = [(str(date.fromordinal(day)), "0") for day in range(739_000, 740_000)]
    absent = sum(workload.sick(0, 1, days, [20] * len(days), 0.1))

    assert abs(absent / 20_000 - 0.1) < 4 * np.sqrt(0.1 * 0.9 / 20_000)


VACCINE = [
    "vaccine={products: {mrna: {}}, fridges: {north: {vials: 9, breach_rate: 1 per day}, south: {vials: 9}}}",
    "pathways.planned.steps.surgery.dose=mrna",
]


def test_lost_deliveries_are_numbered():
    workload, longer = workload_of(*VACCINE), workload_of(*VACCINE, "horizon=20 days")

    lost = [workload.lost_delivery(hospital, 0, number) for hospital in (0, 1) for number in range(20)]

    assert len(set(lost)) == 40
    assert lost[7] == longer.lost_delivery(0, 0, 7)
    assert all(0 < u < 1 for u in lost)


@pytest.mark.stats
def test_the_cold_chain_fails_as_often_as_written(seed):
    workload = workload_of(*VACCINE, "horizon=2000 days", seed=seed)
    shorter = workload_of(*VACCINE, seed=seed)

    times = workload.breach_times(0)

    assert abs(len(times) - 2000) < 4 * np.sqrt(2000)
    assert shorter.breach_times(0) == [time for time in times if time <= 240]
    assert times == sorted(times)
    assert workload.breach_times(1) == []
    assert workload_of().breach_times(0) == []


@given(seed=st.integers(0, 2**63), replication=st.integers(0, 999), hours=st.integers(0, 100))
@settings(derandomize=True, deadline=None, max_examples=30)
def test_any_world_is_sound(seed, replication, hours):
    workload = workload_of(f"horizon={hours + 1} h", seed=seed, replication=replication)
    patients = workload.patients

    assert ((patients.time >= 0) & (patients.time <= hours + 1)).all()
    assert ((patients.acuity >= 0) & (patients.acuity < 3)).all()
    assert all((codes >= 0).all() for codes in patients.codes.values())
    assert (patients.group == patients.codes["living"]).all()
    for name, column in columns(workload).items():
        assert all(value >= 0 for value in column), name
        assert not any(math.isnan(value) for value in column), name


def test_a_scenario_in_which_nobody_comes_has_empty_columns():
    workload = workload_of("horizon=7 h", "arrivals.walk-in.poisson=0", "arrivals.ambulances.poisson=0")

    assert len(workload.patients) == 0
    assert all(column == [] for column in columns(workload).values())
    assert workload.fingerprint()


def test_a_copy_goes_its_own_way():
    workload = workload_of()
    here = workload.durations(0, 0)
    there = copy.deepcopy(workload)
    n = len(here)

    there.extend(workload.patients.take(np.arange(3)))

    assert len(there.durations(0, 0)) == n + 3
    assert len(here) == n


@pytest.mark.slow
def test_a_million_patients_are_drawn_in_seconds():
    workload = workload_of("horizon=220000 h")

    assert len(workload.patients) > 880_000
    assert len(workload.durations(0, 0)) == len(workload.patients)
