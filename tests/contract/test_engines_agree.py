"""The two engines give one log: every row and every float, and everything that a policy sees and orders.

Also: that these comparisons notice a fault of one row, one tie, one bit.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from agents.build import build_engine
from policies.registry import POLICIES, build_policy
from scenarios.errors import DeadlockError
from scenarios.loader import library_names, load, load_text
from scenarios.scenario import Scenario
from sim.allocation import Desk
from sim.fast.engine import FastEngine
from sim.network import compile_network
from sim.protocol import Decision, Directive, Engine, Policy, run
from sim.reference import ReferenceEngine
from sim.result import Result
from sim.workload import Workload
from tests.strategies import Impulsive, seeds, small_scenarios

ROOT = Path(__file__).resolve().parents[2]
HOURS = 60.0


class Idle:
    """Orders nothing."""

    def decide(self, decision: Decision) -> Directive:
        return Directive()


@dataclass
class Told:
    """A run, what was seen at its decisions, and how it stopped."""

    result: Result
    decisions: list[Decision]
    stopped: tuple[Any, ...]


def told(engine: Engine, policy: Policy) -> Told:
    seen = []
    stopped: tuple[Any, ...] = ()
    try:
        while (decision := engine.next_decision()) is not None:
            seen.append(decision)
            engine.answer(policy.decide(decision))
    except DeadlockError as error:
        stopped = (error.hospital, error.time, error.stuck)
    return Told(engine.result(), seen, stopped)


def assert_equal(reference: Told, fast: Told) -> None:
    for name, column in reference.result.log.columns().items():
        other = fast.result.log.columns()[name]
        assert column.dtype == other.dtype
        assert np.array_equal(column, other), name
    assert reference.decisions == fast.decisions
    assert reference.result.orders == fast.result.orders
    assert reference.result.since == fast.result.since
    assert reference.result.workload_hash == fast.result.workload_hash
    assert reference.stopped == fast.stopped


def days_of(name: str, hours: float = HOURS) -> Scenario:
    return load(name, (f"horizon={min(load(name).horizon, hours)!r} h", "warm_up=0"))


def policy_of(name: str, scenario: Scenario) -> Policy:
    return build_policy(name, scenario, compile_network(scenario), np.random.default_rng(7))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", library_names())
def test_engines_agree_on_the_library(name, seed):
    scenario = days_of(name)

    assert_equal(
        told(build_engine(scenario, seed, 1, "simpy"), Idle()),
        told(build_engine(scenario, seed, 1, "fast"), Idle()),
    )


@pytest.mark.parametrize(
    "policy", [name for name in POLICIES if name != "rollout"]
)  # that needs the fast engine
@pytest.mark.parametrize("name", ["region", "surge", "vaccine-campaign"])
def test_engines_agree_under_every_registered_policy(name, policy):
    scenario = days_of(name)

    assert_equal(
        told(build_engine(scenario, 3, 1, "simpy"), policy_of(policy, scenario)),
        told(build_engine(scenario, 3, 1, "fast"), policy_of(policy, scenario)),
    )


@pytest.mark.parametrize("policy", ["neutral", "acuity", "acuity+nearest"])
@pytest.mark.parametrize("name", ["region", "surge", "vaccine-campaign", "flu-season"])
def test_a_constant_policy_that_is_shown_nothing_gets_the_same_result(name, policy):
    scenario = days_of(name)
    orders = policy_of(policy, scenario)

    seen = told(build_engine(scenario, 4, 1, "simpy"), orders).result
    unseen = run(build_engine(scenario, 4, 1, "fast"), orders)

    assert seen.log.fingerprint() == unseen.log.fingerprint()
    assert seen.orders == unseen.orders
    assert seen.since == unseen.since


def both(scenario: Scenario, seed: int) -> tuple[Told, Told]:
    """Run a small scenario on both engines under the same random orders."""
    network = compile_network(scenario)
    eagerness = [0.0, 0.2, 0.6][seed % 3]
    reference, fast = (
        told(engine(network, Workload(network, seed, 0)), Impulsive(network, seed, eagerness))
        for engine in (ReferenceEngine, FastEngine)
    )
    return reference, fast


@settings(max_examples=200)
@given(scenario=small_scenarios(), seed=seeds())
def test_engines_agree_whatever_is_simulated_and_ordered(scenario, seed):
    assert_equal(*both(scenario, seed))


@settings(max_examples=100)
@given(scenario=small_scenarios(boarding=True, vaccine=False), seed=seeds())
def test_engines_agree_where_patients_block_one_another(scenario, seed):
    assert_equal(*both(scenario, seed))


@settings(max_examples=60)
@given(scenario=small_scenarios(vaccine=True, hazards=True), seed=seeds())
def test_engines_agree_on_doses_and_hazards(scenario, seed):
    assert_equal(*both(scenario, seed))


# A fault in either engine is noticed.

TIES = """
fairward: 1
name: ties
title: Batches of four every half hour, everything takes whole minutes
question: Who goes first?
horizon: 20 h
acuities: [urgent, standard]
classes: {patient: {pathway: care, acuity: {urgent: 0.5, standard: 0.5}}}
pathways:
  care:
    steps:
      seen: {needs: bed, duration: 10 min, next: {treated: 0.6, discharged: 0.4}}
      treated: {needs: bed, duration: 20 min}
hospitals: {here: {beds: {bed: {count: 2, cleaning: 10 min}}}}
arrivals: {all: {hospital: here, classes: patient, schedule: {at: [0], each: 4, every: 1 h}}}
"""


def disagree() -> bool:
    """Whether the comparison fails on a scenario full of ties."""
    scenario = load_text(TIES)
    try:
        assert_equal(
            told(build_engine(scenario, 1, 1, "simpy"), Idle()),
            told(build_engine(scenario, 1, 1, "fast"), Idle()),
        )
    except AssertionError:
        return True
    return False


def test_a_swapped_tie_rule_in_the_reference_engine_is_noticed(monkeypatch):
    """Of those who came at one instant the last goes first."""
    rank = Desk._rank

    def swapped(self, cell, clock, number, now):
        *before, number = rank(self, cell, clock, number, now)
        return (*before, -number)

    assert not disagree()
    monkeypatch.setattr(Desk, "_rank", swapped)
    assert disagree()


def test_a_lost_release_in_the_reference_engine_is_noticed(monkeypatch):
    release, calls = Desk.release, []

    def forgetful(self, need):
        calls.append(need)
        if len(calls) != 10:
            release(self, need)

    monkeypatch.setattr(Desk, "release", forgetful)
    assert disagree()


@pytest.mark.parametrize("fault", ["none", "tie", "release", "order of events"])
def test_a_fault_in_the_kernel_is_noticed(fault):
    """In a process of its own, where the kernel is interpreted, so that one of its functions can be replaced."""
    command = [sys.executable, str(Path(__file__).with_name("fault_in_the_kernel.py")), fault]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}

    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)

    assert done.stderr == ""
    assert done.stdout.strip() == ("they agree" if fault == "none" else "they disagree")
