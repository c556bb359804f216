"""Copies in lockstep tell each what the environment of one copy tells: to the bit, episode after episode."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

pytest.importorskip("pettingzoo")

from policies.environments.costs import prices_of
from policies.environments.hospital_network import HospitalNetwork
from policies.environments.lockstep import LockstepNetwork, Seen, Stepped
from policies.environments.menu import Menu, menu_of
from policies.environments.rewards import OrderPrices
from scenarios.errors import DeadlockError, UsageError
from scenarios.loader import load
from scenarios.scenario import Scenario
from sim.network import compile_network
from tests.strategies import seeds, small_scenarios

COPIES, FIRST, STRIDE = 3, 2, 3
ORDER_PRICES = OrderPrices(move=2.0, call_in=1.5, flex=0.25)

CASES = {
    "region": ("region", "decide_every=1 h", "horizon=20 h", "warm_up=0 h"),
    "children": (
        "pediatric",
        "decide_every=3 h",
        "decide_on=[arrival, full, free]",
        "horizon=9 h",
        "warm_up=0 h",
    ),
    "groups unseen": ("urban", "decide_every=2 h", "horizon=36 h", "warm_up=0 h", "group_blind=true"),
    "vaccine": ("vaccine-campaign", "decide_every=5 h", "horizon=4 days", "warm_up=0 h"),
    "surge": ("surge", "decide_every=4 h", "horizon=30 h", "warm_up=0 h"),
    "population": ("flu-season", "decide_every=12 h", "horizon=3 days", "warm_up=0 h"),
}


def scenario(case: str) -> Scenario:
    name, *overrides = CASES[case]
    return load(name, overrides)


def drawn(menu: Menu, masks: Any, draw: np.random.Generator) -> Any:
    """H x K: dials left alone, legal options, and options whether legal or not."""
    action = draw.integers(0, menu.sizes, size=(len(masks), len(menu.sizes)))
    for h, k in np.ndindex(action.shape):
        kind = draw.random()
        if kind < 0.4:
            action[h, k] = 0
        elif kind < 0.8:
            start = menu.starts[k]
            action[h, k] = draw.choice(np.flatnonzero(masks[h, start : start + menu.sizes[k]]))
    return action


def assert_seen(env: HospitalNetwork, observations: dict[str, Any], seen: Seen, b: int) -> None:
    for h, name in enumerate(env.possible_agents):
        np.testing.assert_array_equal(seen.observation[b, h], observations[name]["observation"])
        np.testing.assert_array_equal(seen.mask[b, h], observations[name]["action_mask"])
    np.testing.assert_array_equal(seen.state[b], env.state())
    assert seen.time[b] == env._present().time


@pytest.mark.parametrize("case", CASES)
def test_every_copy_sees_and_pays_what_the_environment_of_its_replication_does(case: str, seed: int) -> None:
    settings: dict[str, Any] = {
        "prices": prices_of(scenario(case), wait=0.7, death=5000.0, left=900.0),
        "order_prices": ORDER_PRICES,
        "seed": seed,
    }
    lockstep = LockstepNetwork(scenario(case), COPIES, first_replication=FIRST, stride=STRIDE, **settings)
    alone = [HospitalNetwork(scenario(case), **settings) for _ in range(COPIES)]
    draw = np.random.default_rng([seed, len(case)])
    seen = lockstep.reset()
    for b, env in enumerate(alone):
        observations, _ = env.reset(options={"replication": FIRST + STRIDE * b})
        assert_seen(env, observations, seen, b)
    episodes, masked_out, charged = np.zeros(COPIES, dtype=np.int64), 0, 0.0

    while episodes.min() < 2:
        actions = np.stack([drawn(lockstep.menu, seen.mask[b], draw) for b in range(COPIES)])
        stepped = lockstep.step(actions)
        seen = stepped.seen
        for b, env in enumerate(alone):
            observations, rewards, _, _, infos = env.step(dict(zip(env.agents, actions[b], strict=True)))
            costs = [info["group_costs"] for info in infos.values()]
            np.testing.assert_array_equal(stepped.costs[b], costs)
            team = env.reward.of(stepped.costs[b], stepped.local[b], env.network.groups)
            assert rewards == dict(zip(env.possible_agents, team.tolist(), strict=True))
            assert stepped.hours[b] == next(iter(infos.values()))["hours"]
            assert stepped.over[b] == (not env.agents)
            if stepped.over[b]:
                assert_seen(env, observations, stepped.last, b)
                episodes[b] += 1
                observations, _ = env.reset(
                    options={"replication": FIRST + STRIDE * (b + COPIES * episodes[b])}
                )
            assert_seen(env, observations, seen, b)
            masked_out += sum(info["masked_out"] for info in infos.values())
            charged += float(np.sum(costs))

    assert masked_out > 5
    assert charged > 20


def episode_of_both(case: Scenario, seed: int, limit: int = 60) -> int:
    """Play an episode in lockstep and alone, or until patients block one another for ever; return its steps."""
    lockstep, env = LockstepNetwork(case, 1, seed=seed), HospitalNetwork(case, seed=seed)
    draw = np.random.default_rng(seed)
    observations, _ = env.reset()
    seen = lockstep.reset()
    assert_seen(env, observations, seen, 0)
    for step in range(limit):
        action = drawn(lockstep.menu, seen.mask[0], draw)
        try:
            observations, *_, infos = env.step(dict(zip(env.agents, action, strict=True)))
        except DeadlockError as error:
            with pytest.raises(DeadlockError, match=re.escape(str(error))):
                lockstep.step(action[None])
            return step
        stepped = lockstep.step(action[None])
        np.testing.assert_array_equal(stepped.costs[0], [info["group_costs"] for info in infos.values()])
        if stepped.over[0]:
            return step + 1
        seen = stepped.seen
        assert_seen(env, observations, seen, 0)
    return limit


@settings(max_examples=40)
@given(case=small_scenarios(), seed=seeds())
def test_lockstep_agrees_whatever_is_simulated_and_ordered(case: Scenario, seed: int) -> None:
    assume(menu_of(compile_network(case)).dials)
    assert episode_of_both(case, seed) > 0


@settings(max_examples=20)
@given(case=small_scenarios(boarding=True, vaccine=False), seed=seeds())
def test_lockstep_agrees_where_patients_block_one_another(case: Scenario, seed: int) -> None:
    assume(menu_of(compile_network(case)).dials)
    episode_of_both(case, seed)


def test_the_warm_up_is_filled_by_neutral_orders_in_every_episode(seed: int) -> None:
    case = load("rural", ["decide_every=2 h", "horizon=14 h", "warm_up=9 h"])
    lockstep, env = (
        LockstepNetwork(case, 2, seed=seed, skip_warm_up=True),
        HospitalNetwork(case, seed=seed, skip_warm_up=True),
    )

    seen = lockstep.reset()
    nothing = np.zeros((2, len(lockstep.hospitals), len(lockstep.menu.dials)), dtype=np.int64)
    assert seen.time.tolist() == [10.0, 10.0]
    lockstep.step(nothing)
    stepped = lockstep.step(nothing)

    assert stepped.over.all()
    assert stepped.seen.time.tolist() == [10.0, 10.0]
    observations, _ = env.reset(options={"replication": 4})
    assert_seen(env, observations, stepped.seen, 1)
    *_, infos = env.step({})
    again = lockstep.step(nothing)
    np.testing.assert_array_equal(again.costs[1], [info["group_costs"] for info in infos.values()])


def test_a_later_reset_goes_on_to_the_next_patients_and_a_new_network_begins_again(seed: int) -> None:
    case = load("rural", ["horizon=12 h", "warm_up=0 h"])
    lockstep, other = (LockstepNetwork(case, 2, seed=seed) for _ in range(2))
    nothing = np.zeros((2, len(lockstep.hospitals), len(lockstep.menu.dials)), dtype=np.int64)

    def episode(network: LockstepNetwork) -> list[bytes]:
        network.reset()
        return [network.step(nothing).costs.tobytes() for _ in range(2)]

    first, second = episode(lockstep), episode(lockstep)

    assert episode(other) == first != second
    assert episode(other) == second


@pytest.mark.parametrize("case", ["children", "vaccine"])
def test_a_position_is_come_back_to_and_gone_on_from(case: str, seed: int) -> None:
    """Also where copies are at different steps of their episodes: `children` decides by events."""
    one, other = (
        LockstepNetwork(scenario(case), COPIES, first_replication=FIRST, stride=STRIDE, seed=seed)
        for _ in range(2)
    )
    draw, seen, began = np.random.default_rng(seed), one.reset(), np.zeros(COPIES, dtype=np.int64)

    def played(network: LockstepNetwork, seen: Seen, draw: np.random.Generator) -> Stepped:
        return network.step(np.stack([drawn(network.menu, mask, draw) for mask in seen.mask]))

    while began.min() < 1:
        stepped = played(one, seen, draw)
        seen, began = stepped.seen, began + stepped.over
    for _ in range(3):
        seen = played(one, seen, draw).seen

    there = other.replay(one.position())

    for _ in range(12):
        for name in ("observation", "mask", "state", "time"):
            np.testing.assert_array_equal(getattr(seen, name), getattr(there, name))
        state = draw.bit_generator.state
        mine = played(one, seen, draw)
        draw.bit_generator.state = state
        its = played(other, there, draw)
        for name in ("costs", "local", "hours", "over"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(its, name))
        seen, there = mine.seen, its.seen


def test_what_is_no_action_is_refused_with_the_place(seed: int) -> None:
    lockstep = LockstepNetwork(load("rural", ["horizon=1 day", "warm_up=0 h"]), 2, seed=seed)
    shape = (2, len(lockstep.hospitals), len(lockstep.menu.dials))
    nothing = np.zeros(shape, dtype=np.int64)
    with pytest.raises(UsageError, match="call reset first"):
        lockstep.step(nothing)
    lockstep.reset()
    too_large = nothing.copy()
    too_large[1, 2, 0] = lockstep.menu.sizes[0]

    with pytest.raises(
        UsageError, match=rf"actions\[1\], {lockstep.hospitals[2]}: expected whole numbers below"
    ):
        lockstep.step(too_large)
    with pytest.raises(UsageError, match="expected whole numbers, copies x hospitals x dials"):
        lockstep.step(nothing[0])
    with pytest.raises(UsageError, match="got float64"):
        lockstep.step(nothing.astype(np.float64))
    with pytest.raises(UsageError, match="copies: expected at least 1, got 0"):
        LockstepNetwork(load("rural"), 0)


@pytest.mark.parametrize("case", ["surge", "population"])
def test_copies_that_begin_alike_are_told_what_one_alone_is_told_as_long_as_they_order_alike(
    case: str, seed: int
) -> None:
    pair = LockstepNetwork(scenario(case), 2, seed=seed)
    alone = LockstepNetwork(scenario(case), 1, seed=seed, first_replication=7, stride=2)
    draw = np.random.default_rng(seed)
    both, one = pair.reset(np.array([7, 7])), alone.reset()

    over = 0
    while over < 2:
        actions = drawn(alone.menu, one.mask[0], draw)[None]
        stepped, of_both = alone.step(actions), pair.step(np.repeat(actions, 2, axis=0))
        one, both = stepped.seen, of_both.seen
        for b in range(2):
            np.testing.assert_array_equal(of_both.costs[b], stepped.costs[0])
            np.testing.assert_array_equal(both.observation[b], one.observation[0])
        over += int(stepped.over[0])
