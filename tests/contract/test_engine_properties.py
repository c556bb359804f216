"""What every engine must satisfy, on random small networks (VALIDATION, "Properties").

A new engine is one line of `ENGINES`. What must hold after every row of its log is in `tests/replay.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from agents.patients import MesaPatients
from scenarios.errors import DeadlockError
from scenarios.loader import dump_yaml, load_text
from scenarios.scenario import Scenario
from sim.eventlog import EventLog, Row
from sim.fast.engine import FastEngine
from sim.network import compile_network
from sim.outcomes import outcomes
from sim.patient import PatientFactory, PlainPatients
from sim.protocol import Decision, Directive, Engine, Policy
from sim.reference import ReferenceEngine
from sim.result import Result
from sim.tables import Tables
from sim.workload import Workload
from tests.replay import replay
from tests.strategies import Impulsive, seeds, small_scenarios

ENGINES: Mapping[str, Callable[[Any, Workload, PatientFactory], Engine]] = {
    "simpy": ReferenceEngine,
    "fast": FastEngine,
}

every_engine = pytest.mark.parametrize("engine", ENGINES)


class Idle:
    """Orders nothing."""

    def decide(self, decision: Decision) -> Directive:
        return Directive()


@dataclass
class Watched:
    """A run, with what a policy saw."""

    result: Result
    workload: Workload
    policy: Any
    since: list[Any]


def watch(
    engine: str,
    scenario: Scenario,
    seed: int,
    policy: Callable[[Any], Policy] = lambda network: Idle(),
    factory: PatientFactory | None = None,
) -> Watched:
    """Run to the horizon, or until patients block one another and the scenario cannot resolve it."""
    network = compile_network(scenario)
    workload = Workload(network, seed, 0)
    running = ENGINES[engine](network, workload, factory or PlainPatients())
    decides = policy(network)
    since = []
    try:
        while (decision := running.next_decision()) is not None:
            since.append(decision.since)
            running.answer(decides.decide(decision))
    except DeadlockError as error:
        result = running.result()
        cut = replace(result, log=_before(result.log, error.time))
        return Watched(cut, workload, decides, since)
    result = running.result()
    return Watched(result, workload, decides, [*since, result.since])


def _before(log: EventLog, time: float) -> EventLog:
    kept = log.time < time
    return EventLog(**{name: column[kept] for name, column in log.columns().items()})


def impulsive(seed: int, eagerness: float = 0.4) -> Callable[[Any], Impulsive]:
    return lambda network: Impulsive(network, seed, eagerness)


def read_again(run: Watched) -> Any:
    return replay(run.result, run.workload, run.policy.directives, run.policy.decisions)


# What must hold after every row.


@every_engine
@settings(max_examples=150)
@given(scenario=small_scenarios(), seed=seeds())
def test_every_row_of_the_log_is_possible_whatever_is_ordered(engine, scenario, seed):
    run = watch(engine, scenario, seed, impulsive(seed, eagerness=[0.0, 0.2, 0.6][seed % 3]))

    books = read_again(run)

    arrived = {number for number, time in enumerate(run.workload.patients.time) if number in books.arrivals}
    assert arrived == books.present.keys() | books.gone.keys()
    assert not books.present.keys() & books.gone.keys()


@every_engine
@settings(max_examples=90)
@given(scenario=small_scenarios(boarding=True, vaccine=False), seed=seeds())
def test_boarders_are_never_blocked_silently(engine, scenario, seed):
    read_again(watch(engine, scenario, seed, impulsive(seed, eagerness=[0.0, 0.5][seed % 2])))


@every_engine
@settings(max_examples=30)
@given(scenario=small_scenarios(vaccine=True, hazards=False), seed=seeds())
def test_every_dose_is_accounted_for(engine, scenario, seed):
    run = watch(engine, scenario, seed, impulsive(seed))

    books = read_again(run)

    doses = Tables(run.result).doses
    by_event = doses.groupby("event", observed=False)["doses"].sum()
    arrived = doses[(doses["event"] == "received")]["doses"].sum()
    assert arrived == sum(books.on_hand.values()) + by_event.get("given", 0) + by_event.get("wasted", 0)


@every_engine
@settings(max_examples=30)
@given(scenario=small_scenarios(hazards=True, vaccine=False), seed=seeds())
def test_hazards_strike_when_their_threshold_is_used_up_whatever_is_ordered(engine, scenario, seed):
    read_again(watch(engine, scenario, seed, impulsive(seed, eagerness=0.6)))


# Determinism and common random numbers.


@every_engine
@settings(max_examples=15)
@given(scenario=small_scenarios(), seed=seeds())
def test_same_seed_same_log_whoever_makes_the_patients(engine, scenario, seed):
    first = watch(engine, scenario, seed, impulsive(seed)).result
    again = watch(engine, scenario, seed, impulsive(seed)).result
    with_mesa = watch(engine, scenario, seed, impulsive(seed), MesaPatients()).result

    assert first.log.fingerprint() == again.log.fingerprint() == with_mesa.log.fingerprint()
    assert first.orders == again.orders
    assert first.since == with_mesa.since


@every_engine
@settings(max_examples=15)
@given(scenario=small_scenarios(), seed=seeds())
def test_policy_and_capacity_leave_every_patients_luck_unchanged(engine, scenario, seed):
    larger = load_text(dump_yaml(scenario), ["hospitals.north.beds.ward.count=9", "backfill=fit"])

    here = watch(engine, scenario, seed, impulsive(seed))
    there = watch(engine, larger, seed, impulsive(seed + 1))

    assert here.result.workload_hash == there.result.workload_hash
    assert _luck(here.workload) == _luck(there.workload)
    assert _presentations(here.result) == _presentations(there.result)


def _luck(workload: Workload) -> list[Any]:
    visits = [(step, visit) for step in range(len(workload.network.steps)) for visit in range(3)]
    kinds = (workload.durations, workload.patience, workload.route, workload.balk)
    return [kind(*visit) for kind in kinds for visit in visits] + [
        workload.thresholds(cause, ordinal) for cause in range(3) for ordinal in range(2)
    ]


def _presentations(result: Result) -> list[tuple[float, int, int]]:
    """The first twenty: a run may stop early when patients block one another."""
    rows = result.log.kind == Row.PRESENTED
    return list(zip(result.log.time[rows], result.log.hospital[rows], result.log.item[rows], strict=True))[
        :20
    ]


@every_engine
@settings(max_examples=15)
@given(scenario=small_scenarios(hazards=False, n_hospitals=2), seed=seeds())
def test_patients_take_the_same_way_under_every_policy(engine, scenario, seed):
    quiet = read_again(watch(engine, scenario, seed, impulsive(seed, eagerness=0)))
    busy = read_again(watch(engine, scenario, seed, impulsive(seed, eagerness=0.6)))

    shared = quiet.routes.keys() & busy.routes.keys()
    assert {key: quiet.routes[key] for key in shared} == {key: busy.routes[key] for key in shared}


@every_engine
@settings(max_examples=10)
@given(scenario=small_scenarios(vaccine=False), seed=seeds())
def test_one_more_hospital_leaves_the_arrivals_of_the_others_unchanged(engine, scenario, seed):
    raw = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    raw["hospitals"]["elsewhere"] = raw["hospitals"]["north"]
    name, stream = next(iter(raw["arrivals"].items()))
    raw["arrivals"]["elsewhere"] = {**stream, "hospital": "elsewhere"}

    before = watch(engine, scenario, seed).workload.patients
    after = watch(engine, load_text(json.dumps(raw)), seed).workload.patients

    old = after.take(after.hospital < len(scenario.hospitals))
    assert name in scenario.arrivals
    for column, values in before.columns().items():
        assert np.array_equal(values, old.columns()[column]), column


# What is counted twice is equal.


@every_engine
@settings(max_examples=30)
@given(scenario=small_scenarios(on_deadlock="swap"), seed=seeds())
def test_tallies_add_up_to_what_the_tables_say(engine, scenario, seed):
    run = watch(engine, scenario, seed, impulsive(seed))
    network = run.result.network
    visits = Tables(run.result).visits
    visits = visits[visits["outcome"] != "declined"]
    if run.result.since is not run.since[-1]:
        return  # Blocked for ever: there is no last interval.

    def tallied(what: str) -> list[float]:
        return np.sum([getattr(tally, what) for tally in run.since], axis=0).ravel().tolist()

    def counted(rows: Any) -> list[float]:
        return [
            rows[(visits["hospital"] == hospital) & (visits["group"] == group)].sum()
            for hospital in network.hospitals
            for group in network.groups
        ]

    until = visits[["treated", "left_network"]].min(axis=1).fillna(network.horizon)
    kind = visits["outcome_kind"]
    assert tallied("arrived") == counted(visits["patient"] >= 0)
    assert tallied("treated") == counted(visits["treated"].notna())
    assert tallied("died") == counted(kind == "died")
    assert tallied("left") == counted(kind.isin(["left", "cancelled", "diverted"]))
    never = visits["treated"].isna() & kind.isin(["died", "left", "cancelled", "diverted"])
    hours = (until - visits["presented"]).clip(upper=network.tau).mask(never, network.tau)
    assert tallied("wait_hours") == counted(hours)
    assert sum(tally.hours for tally in run.since) == network.horizon
    given_doses = (run.result.log.kind == Row.DOSED).sum()
    assert sum(tallied("doses")) == given_doses


@every_engine
@settings(max_examples=15)
@given(scenario=small_scenarios(), seed=seeds())
def test_tables_and_outcomes_can_be_made_of_every_log(engine, scenario, seed):
    run = watch(engine, scenario, seed, impulsive(seed))

    frames = Tables(run.result)

    assert len(frames.visits) == len(run.workload.patients)
    assert (frames.steps["started"].dropna() >= frames.steps["queued"][frames.steps["started"].notna()]).all()
    assert len(outcomes(frames, run.result.network)) > 0


# The horizon.


@every_engine
@settings(max_examples=20)
@given(scenario=small_scenarios(), seed=seeds())
def test_a_horizon_cuts_the_log_just_after_what_happens_at_it(engine, scenario, seed):
    idle = load_text(dump_yaml(scenario), ["decide_every=0"])
    whole = watch(engine, idle, seed).result.log
    middle = float(whole.time[len(whole) * 2 // 3])
    if middle == 0 or Row.PRESENTED in whole.kind[whole.time == middle]:
        return  # arrivals are drawn to the horizon before they are rounded to the grid
    shorter = idle.model_copy(update={"horizon": middle})

    cut = watch(engine, shorter, seed).result.log

    kept = whole.time <= middle
    for name, column in whole.columns().items():
        assert np.array_equal(column[kept], cut.columns()[name]), name
