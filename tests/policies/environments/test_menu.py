"""What the masks allow is never refused; neutral is neutral to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings

from agents.build import build_engine
from policies.environments.acting import Acting
from policies.environments.menu import Menu, menu_of
from policies.heuristics import Neutral
from scenarios.rules import QueueRule
from sim.network import compile_network
from sim.protocol import run
from tests.strategies import seeds, small_scenarios

CONFLICT = "the depot had"
"""Two hospitals order the last vials: what one may do alone, both may not; the protocol logs the loser."""


class AtRandom:
    """Chooses at random among what the masks allow."""

    def __init__(self, menu: Menu, seed: int) -> None:
        self.menu, self.draw = menu, np.random.default_rng(seed)

    def __call__(self, observations, masks):
        assert np.isfinite(observations).all()
        assert masks[:, self.menu.starts].all()
        rows = [np.split(row, np.cumsum(self.menu.sizes)[:-1]) for row in masks]
        return np.array([[self.draw.choice(np.flatnonzero(dial)) for dial in row] for row in rows])


@given(scenario=small_scenarios(), seed=seeds())
@settings(max_examples=50)
def test_what_the_masks_allow_is_neither_illegal_nor_refused(scenario, seed):
    scenario = scenario.model_copy(update={"on_deadlock": "swap"})
    network = compile_network(scenario)
    menu = menu_of(network)

    result = run(build_engine(scenario, seed, 1, "simpy"), Acting(network, AtRandom(menu, seed), menu))

    refused = [order for order in result.orders if order.refused]
    assert [order for order in refused if CONFLICT not in order.refused] == []


@given(scenario=small_scenarios(vaccine=True), seed=seeds())
@settings(max_examples=8)
def test_the_hospital_that_comes_first_gets_all_the_vials_it_chooses(scenario, seed):
    scenario = scenario.model_copy(update={"on_deadlock": "swap"})
    network = compile_network(scenario)
    menu = menu_of(network)
    place = next((k for k, dial in enumerate(menu.dials) if dial.name == "vaccine"), None)
    at_random = AtRandom(menu, seed)

    def choose(observations, masks):
        actions = at_random(observations, masks)
        if place is not None:
            legal = masks[0, menu.starts[place] + 1 : menu.starts[place] + menu.sizes[place]]
            actions[0, place] = len(legal) if legal.all() else 0
        return actions

    result = run(build_engine(scenario, seed, 1, "simpy"), Acting(network, choose, menu))

    first = [o for o in result.orders if o.hospital == network.hospitals[0] and o.part == "vaccine"]
    assert [o for o in first if o.refused] == []


@given(scenario=small_scenarios(), seed=seeds())
@settings(max_examples=25)
def test_option_0_everywhere_gives_the_log_of_the_neutral_policy(scenario, seed):
    scenario = scenario.model_copy(update={"on_deadlock": "swap"})
    network = compile_network(scenario)
    menu = menu_of(network)

    def nothing(observations, masks):
        return np.zeros((len(network.hospitals), len(menu.dials)), dtype=np.int64)

    acting = run(build_engine(scenario, seed, 1, "simpy"), Acting(network, nothing, menu))
    neutral = Neutral(scenario, network, np.random.default_rng(0), {})
    plain = run(build_engine(scenario, seed, 1, "simpy"), neutral)

    assert acting.log.fingerprint() == plain.log.fingerprint()
    assert acting.orders == plain.orders


@pytest.mark.parametrize("engine", ["simpy", "fast"])
def test_both_engines_allow_the_same_and_end_the_same(scene, engine, seed):
    network = scene("horizon=1 day")
    menu = menu_of(network)

    result = run(build_engine(network.scenario, seed, 1, engine), Acting(network, AtRandom(menu, seed), menu))
    other = run(build_engine(network.scenario, seed, 1, "simpy"), Acting(network, AtRandom(menu, seed), menu))

    assert result.log.fingerprint() == other.log.fingerprint()


def test_a_choice_that_is_masked_out_becomes_neutral_on_its_dial_alone():
    menu = Menu(("a",), (_Two(), _Two()))
    masks = np.array([[1, 0, 1, 1]], dtype=np.int8)

    assert menu.within(masks, np.array([[1, 1]])).tolist() == [[0, 1]]


def test_there_are_only_dials_that_the_scenario_gives_a_use_for(scene):
    names = [dial.name for dial in menu_of(scene()).dials]

    assert names == [
        "queue rule", "overflow rule", "reserve bed", "move to", "lend", "first for a dose"
    ]  # fmt: skip


def test_a_group_blind_scenario_offers_no_rule_that_sees_the_group(scene):
    open_eyes = scene("attributes.home.protected=true")
    blind = scene("attributes.home.protected=true", "group_blind=true")

    assert any("equity" in option for option in menu_of(open_eyes).dials[0].options)
    assert not any("equity" in option for option in menu_of(blind).dials[0].options)


def test_the_queue_rules_on_offer_can_be_chosen(scene):
    only = [QueueRule.model_validate({"acuity": {}})]

    assert menu_of(scene(), queue_rules=only).dials[0].options == ("the scenario's", "acuity")


class _Two:
    name, options = "two", ("no", "yes")

    def legal(self, decision):
        return np.ones((1, 2), dtype=bool)

    def parts(self, decision, hospital, option):
        return {}
