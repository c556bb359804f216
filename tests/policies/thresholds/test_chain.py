"""The chain: exact values agree with simulation, with brute force, and bound one another in the right order."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from policies.thresholds.chain import improved, optimum, reachable, value_of
from policies.thresholds.evaluation import FIXED
from policies.thresholds.moves import ACTIONS, BAND, INDEX, LEVELS, MOVE, SETTINGS, TOP_K, Setting
from policies.thresholds.search import SEARCHED, ascend, best_of_form
from sim.streams import uniforms

SENSIBLE = (5, 5, 5, 0, 0, 5, 3, 5, 5, 5)


def sampled(chain, policy, start, seed, n):
    """Total rewards of `n` episodes of the chain, drawn one visit after another."""
    level = np.searchsorted(np.cumsum(chain.first)[:-1], uniforms(seed, 0, ("first",), n), side="right")
    setting, total = np.full(n, start), np.zeros(n)
    alive = np.arange(n)
    for visit in range(2000):
        if not len(alive):
            return total
        u = uniforms(seed, visit, ("visit",), 3 * n).reshape(3, n)[:, alive]
        now = level[alive]
        setting[alive] = MOVE[setting[alive], np.array(policy)[now]]
        cell = 2 * now + (u[0] >= chain.half[now, 0])
        band = BAND[setting[alive], cell]
        right = np.where(u[1] < (1 + chain.verdict[band, cell]) / 2, 1.0, -1.0)
        total[alive] += np.where(band == 1, 0.0, right) - chain.verbosity * TOP_K[setting[alive]]
        onward = (np.cumsum(chain.onward, axis=2)[band, cell] <= u[2][:, None]).sum(axis=1)
        level[alive] = np.minimum(onward, LEVELS - 1)
        alive = alive[onward < LEVELS]
    raise AssertionError("an episode does not end")


@pytest.mark.stats
def test_the_exact_value_of_a_policy_is_the_mean_of_what_it_earns(chain, start, seed):
    for policy in (FIXED, SENSIBLE):
        earned = sampled(chain, policy, start, seed, 20_000)

        assert abs(earned.mean() - value_of(chain, policy, start)) < 4 * earned.std(ddof=1) / np.sqrt(
            len(earned)
        )


def test_probabilities_are_probabilities_and_some_of_it_always_ends(chain):
    assert chain.first.sum() == pytest.approx(1)
    assert chain.half.sum(axis=1) == pytest.approx(np.ones(LEVELS))
    assert (chain.moving >= 0).all()
    assert chain.moving.sum(axis=2).max() < 1
    assert np.abs(chain.verdict).max() <= 1


def test_an_episode_of_the_chain_is_about_as_long_as_one_of_the_histories(chain):
    assert chain.visits == pytest.approx(12, rel=0.05)


def test_the_optimum_satisfies_bellmans_equation_and_beats_every_policy_that_sees_less(chain, start, seed):
    value, action = optimum(chain)
    assert np.abs(improved(chain, value) - value).max() < 1e-8

    after = chain.after(value)
    rows = np.arange(LEVELS)[:, None]
    assert np.allclose(after[rows, MOVE[np.arange(len(SETTINGS)), action]], value, atol=1e-8)
    best = chain.first @ value[:, start]
    for number in range(10):
        policy = tuple((uniforms(seed, number, ("policy",), LEVELS) * len(ACTIONS)).astype(int))
        assert value_of(chain, policy, start) <= best + 1e-6


def test_a_bound_with_some_actions_given_is_above_every_policy_that_takes_them(chain, start, seed):
    fixed = (5, 5, None, 0, 0, 5, None, 5, 5, 5)
    above = np.full((LEVELS, len(SETTINGS)), 50.0)
    bounds = []
    for _ in range(60):
        above = improved(chain, above, fixed)
        bounds.append(float(chain.first @ above[:, start]))

    assert (np.diff(bounds) <= 1e-9).all()
    best = max(
        value_of(chain, tuple(next(free) if a is None else a for a in fixed), start)
        for choice in itertools.product(range(len(ACTIONS)), repeat=2)
        if (free := iter(choice))
    )
    assert bounds[-1] >= best


def test_lowering_top_k_is_never_worse_than_keeping_or_raising_it(chain, start, seed):
    for number in range(8):
        u = uniforms(seed, number, ("policy",), LEVELS + 1)
        policy = [int(x * len(ACTIONS)) for x in u[:LEVELS]]
        place = int(u[-1] * LEVELS)
        value = {a: value_of(chain, [*policy[:place], a, *policy[place + 1 :]], start) for a in (4, 5, 6)}

        assert value[5] >= max(value[4], value[6]) - 1e-7


def test_only_settings_that_actions_lead_to_are_reachable(start):
    settings, position = reachable(start, frozenset({0, 5}))

    assert {SETTINGS[i] for i in settings} == {Setting(m, 12, k) for m in range(6, 12) for k in (1, 2, 3)}
    assert position[start] >= 0
    assert (position >= 0).sum() == len(settings)


def test_branch_and_bound_finds_what_trying_all_finds(chain, start):
    """Patients who are ever at three levels only, so that the actions at the other seven do not matter."""
    some = np.isin(np.arange(LEVELS), (3, 4, 5))
    narrow = replace(
        chain,
        first=np.where(some, chain.first, 0) / chain.first[some].sum(),
        onward=np.where(some, chain.onward, 0),
    )
    values = [
        value_of(narrow, (5, 5, 5, *actions, 5, 5, 5, 5), start)
        for actions in itertools.product(SEARCHED, repeat=3)
    ]

    found = best_of_form(narrow, start, 1, starts=1, gap=1e-4)

    assert max(values) * (1 - 1e-4) <= found.value <= max(values) + 1e-7
    assert max(values) <= found.bound + 1e-7
    assert found.bound <= found.value * (1 + 1e-4)
    assert np.ptp(values) > 0.01


@pytest.mark.slow
def test_the_best_of_its_form_lies_between_ascent_and_the_full_optimum(chain, start):
    found = best_of_form(chain, start, 1, starts=3)

    ascended = ascend(SENSIBLE, lambda policy: value_of(chain, policy, start))
    assert found.value >= value_of(chain, ascended, start) * (1 - 0.001)
    assert found.value <= found.bound <= found.value * 1.001 + 1e-9
    assert found.bound <= float(chain.first @ optimum(chain)[0][:, start]) * 1.001
    assert found.value > value_of(chain, FIXED, start)


def test_a_fixed_setting_earns_its_reward_at_every_visit(chain):
    setting = INDEX[Setting(9, 10, 1)]
    occupied = np.linalg.solve(np.eye(LEVELS) - chain.moving[setting].T, chain.first)

    assert value_of(chain, FIXED, setting) == pytest.approx(
        float(occupied @ chain.reward[:, setting]), abs=1e-6
    )
