"""What every registered policy must satisfy; a new one is covered by being registered."""

import copy
import dataclasses
import importlib
from pathlib import Path

import numpy as np
import pytest

from agents.build import build_engine
from policies.registry import POLICIES, build_policy, title
from sim.protocol import Directive, Watching
from sim.protocol import run as drive

COMBINED = "acuity+nearest+staff-balancing"
WATCHING = ("rollout",)
"""Policies that decide from the run itself: a decision alone is not enough for them."""
EVERY = [*POLICIES, COMBINED]
BY_DECISION = [name for name in EVERY if name not in WATCHING]


@pytest.fixture
def scenes(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "policies")
    return importlib.import_module("scenes")


def made(name, network):
    return build_policy(name, network.scenario, network, np.random.default_rng(7))


def decisions(engine, policy, n):
    for _ in range(n):
        decision = engine.next_decision()
        if decision is None:
            return
        yield decision
        engine.answer(policy.decide(decision))


@pytest.mark.parametrize("name", EVERY)
def test_the_engine_carries_out_its_orders_to_the_horizon(scenes, name):
    network = scenes.network_of()

    result = drive(build_engine(network.scenario, 1, 1), made(name, network))

    assert len(result.log) > 0


@pytest.mark.parametrize("name", BY_DECISION)
def test_equal_decisions_get_equal_directives_and_are_not_changed(scenes, name):
    network = scenes.network_of()
    policy = made(name, network)

    for decision in decisions(build_engine(network.scenario, 2, 1), made(name, network), 12):
        before = copy.deepcopy(decision)
        first, again, afresh = policy.decide(decision), policy.decide(decision), made(name, network)
        assert first == again == afresh.decide(decision)
        assert decision == before
        assert isinstance(first, Directive)


@pytest.mark.parametrize("name", BY_DECISION)
def test_its_directives_are_not_changed_afterwards(scenes, name):
    network = scenes.network_of()
    policy = made(name, network)
    kept = []

    for decision in decisions(build_engine(network.scenario, 3, 1), policy, 6):
        directive = policy.decide(decision)
        kept.append((directive, copy.deepcopy(directive)))

    assert all(directive == then for directive, then in kept)


@pytest.mark.parametrize("name", BY_DECISION)
def test_it_survives_an_empty_hospital_no_staff_and_no_stock(scenes, name):
    network = scenes.network_of()
    nothing = scenes.empty_view(network, "islet", capacity=(0,) * len(network.pools))
    full_queue = scenes.empty_view(
        network, "south", capacity=(0,) * len(network.pools), queue=scenes.queue(network, scenes.WARD, 5)
    )

    directive = made(name, network).decide(scenes.decision(network, islet=nothing, south=full_queue))

    assert set(directive.orders) <= set(network.hospitals)


@pytest.mark.parametrize("name", BY_DECISION)
def test_it_survives_staff_and_beds_without_limit(scenes, name):
    network = scenes.network_of(
        "hospitals.north.staff.nurse=unlimited", "hospitals.north.beds.bed.count=unlimited"
    )
    endless = scenes.empty_view(
        network, "north", capacity=(-1,) * len(network.pools), queue=scenes.queue(network, scenes.DOSE, 2)
    )

    made(name, network).decide(scenes.decision(network, north=endless))


@pytest.mark.parametrize("name", EVERY)
def test_it_survives_a_scenario_without_vaccine(scenes, name):
    network = scenes.without_vaccine()

    result = drive(build_engine(network.scenario, 1, 1), made(name, network))

    assert len(result.log) > 0


@pytest.mark.parametrize("name", POLICIES)
def test_it_says_whether_it_decides_from_the_run_itself(scenes, name):
    assert isinstance(made(name, scenes.network_of()), Watching) == (name in WATCHING)


@pytest.mark.parametrize("name", POLICIES)
def test_it_has_a_line_for_people(name):
    assert 10 < len(title(name)) <= 120


@pytest.mark.parametrize("name", POLICIES)
def test_it_says_so_when_it_gets_a_parameter_that_it_does_not_know(scenes, name):
    network = scenes.network_of()

    with pytest.raises(Exception, match=name):
        build_policy(f"{name}:nonsense=1", network.scenario, network, np.random.default_rng(1))


def test_orders_are_frozen(scenes):
    network = scenes.network_of()
    orders = made("acuity", network).decide(scenes.decision(network)).orders["north"]

    with pytest.raises(dataclasses.FrozenInstanceError):
        orders.divert = True
