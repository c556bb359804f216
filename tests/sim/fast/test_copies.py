"""Copies of a run under way, and runs in lockstep."""

import numpy as np
import pytest
from hypothesis import given, settings

from agents.build import build_engine
from policies.registry import build_policy
from scenarios.errors import DeadlockError
from scenarios.loader import load
from sim.fast.batch import FastBatch
from sim.fast.engine import FastEngine
from sim.network import compile_network
from sim.protocol import Directive
from sim.workload import Workload
from tests.strategies import Impulsive, seeds, small_scenarios


def days_of(name, days=3.0):
    hours = min(load(name).horizon, 24 * days)
    return load(name, (f"horizon={hours!r} h", "warm_up=0"))


def finished(engine, policy):
    """Run on to the horizon, or until patients block one another; return everything seen and done."""
    seen, stopped = [], None
    try:
        while (decision := engine.next_decision()) is not None:
            seen.append(decision)
            engine.answer(policy(decision))
    except DeadlockError as error:
        stopped = (error.time, error.stuck)
    result = engine.result()
    return seen, stopped, result.log.fingerprint(), result.orders, result.since


def neutral(decision):
    return Directive()


@settings(max_examples=60)
@given(scenario=small_scenarios(), seed=seeds())
def test_a_copy_goes_the_way_of_its_original_whatever_is_ordered(scenario, seed):
    network = compile_network(scenario)
    engine = FastEngine(network, Workload(network, seed, 0))
    policy, other_policy = (Impulsive(network, seed, 0.4) for _ in range(2))
    try:
        for _ in range(seed % 7):
            decision = engine.next_decision()
            if decision is None:
                return
            engine.answer(policy.decide(decision))
            other_policy.decide(decision)
    except DeadlockError:
        return

    twin = engine.copy()

    assert finished(twin, other_policy.decide) == finished(engine, policy.decide)


@pytest.mark.parametrize("name", ["region", "surge"])
def test_twins_share_their_patients_and_nothing_of_what_happens_to_them(name):
    scenario = days_of(name)
    alone = finished(build_engine(scenario, 1, 1, "fast"), neutral)
    busy = build_policy(
        "acuity+nearest+staff-balancing", scenario, compile_network(scenario), np.random.default_rng(1)
    )

    first = build_engine(scenario, 1, 1, "fast")
    first.next_decision()
    early = first.twin()
    first.answer(busy.decide(first.decision()))
    finished(first, busy.decide)
    late = first.twin()

    assert finished(early, neutral) == finished(late, neutral) == alone
    assert first.result().log.fingerprint() != alone[2]
    assert build_engine(days_of("flu-season"), 1, 1, "fast").twin() is None  # whose patients come day by day


@pytest.mark.parametrize("name", ["region", "flu-season", "surge-epidemic", "vaccine-campaign"])
def test_what_a_copy_is_ordered_the_original_never_hears_of(name):
    scenario = days_of(name)
    network = compile_network(scenario)
    alone = finished(build_engine(scenario, 1, 1, "fast"), neutral)

    engine = build_engine(scenario, 1, 1, "fast")
    engine.next_decision()
    engine.answer(Directive())
    engine.next_decision()
    busy = build_policy("acuity+nearest+staff-balancing", scenario, network, np.random.default_rng(1))
    twin = engine.copy(log=False)
    twin.answer(Directive())
    finished(twin, busy.decide)
    engine.answer(Directive())
    seen, *rest = finished(engine, neutral)

    assert seen == alone[0][2:]
    assert rest == list(alone[1:])


def test_the_log_of_a_copy_without_one_begins_where_it_was_made():
    engine = build_engine(days_of("urban"), 1, 1, "fast")
    for _ in range(5):
        engine.next_decision()
        engine.answer(Directive())
    now = engine.env.now

    finished(twin := engine.copy(log=False), neutral)
    finished(engine, neutral)

    whole, part = engine.result().log, twin.result().log
    for name, column in whole.columns().items():
        assert np.array_equal(column[len(whole) - len(part) :], part.columns()[name])
    assert part.time[0] >= now


def test_simulations_in_lockstep_go_the_ways_that_they_go_alone():
    scenario = days_of("urban")
    alone = [finished(build_engine(scenario, 1, number, "fast"), neutral) for number in (1, 2, 3)]

    batch = FastBatch([build_engine(scenario, 1, number, "fast") for number in (1, 2, 3)])
    seen = [[], [], []]
    while batch.advance().any():
        counted = batch.counted()
        decisions = batch.decisions()
        for i, decision in enumerate(decisions):
            seen[i].append(decision)
            view = decision.hospitals[0]
            assert decision.time == counted.time[i]
            assert np.array_equal(counted.queues[i, 0], view.queue)
            assert counted.inbound[i, 0] == view.inbound
            total = np.add(np.add(view.in_use, view.cleaning), view.reserved)
            assert np.array_equal(counted.taken[i, 0], total)
        batch.answer([Directive()] * 3)

    for each, engine, (decisions, _, fingerprint, *_) in zip(seen, batch.engines, alone, strict=True):
        assert each == decisions
        assert engine.result().log.fingerprint() == fingerprint
