"""Learning: its arithmetic, its repeatability, what it reaches, and what is honest to say of it."""

from types import SimpleNamespace

import numpy as np
import pytest

from policies.thresholds.chain import value_of
from policies.thresholds.evaluation import FIXED, best_fixed, difference, is_settled, settles_at, worth
from policies.thresholds.explorers import EXPLORERS
from policies.thresholds.learning import Recipe, _targets, greedy, learn
from policies.thresholds.moves import ACTIONS, INDEX, LEVELS, SETTINGS, TOP_K, Setting
from policies.thresholds.search import best_of_form
from policies.thresholds.training import Question, run_learner
from policies.thresholds.walk import following, walk
from sim.streams import uniforms

VERBOSITY = 0.01
QUICK = Recipe(rounds=60)


def test_the_reward_is_of_the_band_that_was_in_force_until_the_evaluation(simulator, start):
    episodes = simulator.episodes(1, "test")
    seen = walk(episodes, following((0,) * LEVELS), np.full(len(episodes), start), VERBOSITY)

    for visit in range(3):
        spec = SETTINGS[seen.setting[visit, 0]]
        assert spec.moderate == min(6 + visit + 1, 11)  # the action acts at once
        for patient in range(20):
            risk, present = seen.risk[visit, patient], seen.present[visit + 1, patient]
            band = "high" if risk >= spec.high / 20 else "moderate" if risk >= spec.moderate / 20 else "low"
            right = {"high": present, "low": not present}.get(band)
            expected = 0 if right is None else 1 if right else -1
            assert seen.reward[visit, patient] == pytest.approx(expected - VERBOSITY * spec.top_k)


def test_targets_are_the_reward_and_a_promise_or_the_rest_of_the_episode(simulator, start):
    episodes = simulator.episodes(1, "test")
    seen = walk(episodes, following(FIXED), np.full(len(episodes), start), VERBOSITY)
    table = uniforms(1, 0, ("table",), LEVELS * len(ACTIONS)).reshape(LEVELS, -1)

    one_step, whole = _targets(seen, table, 0.0), _targets(seen, table, 1.0)

    assert np.allclose(one_step[:-1], seen.reward[:-1] + table.max(axis=1)[seen.level[1:]])
    assert np.allclose(whole, np.cumsum(seen.reward[::-1], axis=0)[::-1])
    assert (one_step[-1] == seen.reward[-1]).all()


def test_the_same_seed_learns_the_same_and_another_seed_something_else(simulator, start):
    a, b, c = (learn(simulator, QUICK, start, VERBOSITY, seed) for seed in (1, 1, 2))

    assert (a.table == b.table).all()
    assert (a.curve == b.curve).all()
    assert (a.table != c.table).any()


@pytest.mark.parametrize("explorer", EXPLORERS)
def test_every_explorer_tries_every_action_and_the_table_counts_it(explorer, simulator, start):
    learned = learn(simulator, Recipe(explorer=explorer, rounds=60), start, VERBOSITY, 3)

    assert learned.tries.sum() == 60 * 12 * len(simulator.patients)
    assert (learned.tries > 0).all()
    assert greedy(learned.table) == learned.policy == list(learned.candidates)[-1]


@pytest.mark.parametrize("explorer", EXPLORERS)
def test_at_the_end_an_explorer_mostly_does_what_it_believes_best(explorer):
    n = 20_000
    value = np.tile([0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0], (n, 1))
    tries = np.full((n, 7), 1_000_000)

    chosen = EXPLORERS[explorer](value, tries, uniforms(1, 0, (explorer,), 2 * n).reshape(n, 2), 1.0)

    assert (chosen == 2).mean() > 0.94


def test_epsilon_greedy_starts_by_trying_everything_alike():
    n = 70_000
    value = np.tile(np.arange(7.0), (n, 1))
    u = uniforms(1, 0, ("start",), 2 * n).reshape(n, 2)

    counts = np.bincount(EXPLORERS["epsilon-greedy"](value, np.zeros((n, 7), dtype=int), u, 0.0), minlength=7)

    assert np.abs(counts - n / 7).max() < 4 * np.sqrt(n * 6 / 49)


def test_ucb_prefers_what_it_hardly_knows():
    value, tries = np.array([[1.0] * 7]), np.array([[1000, 1000, 1000, 3, 1000, 1000, 1000]])

    assert EXPLORERS["ucb"](value, tries, np.array([[0.5, 0.5]]), 0.5)[0] == 3


def test_thresholds_settle_where_no_action_moves_them(simulator, start):
    policy = (5, 5, 5, 0, 0, 5, 3, 5, 5, 5)

    setting, agreement = settles_at(simulator, policy, start, 1, orders=40)

    assert is_settled(policy, setting)
    assert SETTINGS[setting].top_k == 1
    assert 0 < agreement <= 1


def test_a_controller_is_worth_nothing_more_than_itself(simulator, start):
    a = worth(simulator, FIXED, start, VERBOSITY, 1, copies=3)

    same = difference(a, worth(simulator, FIXED, start, VERBOSITY, 1, copies=3))
    shorter = difference(
        a, worth(simulator, FIXED, INDEX[SETTINGS[start]._replace(top_k=1)], VERBOSITY, 1, copies=3)
    )

    assert (same.mean, same.low, same.high) == (0.0, 0.0, 0.0)
    assert shorter.mean == pytest.approx(VERBOSITY * (TOP_K[start] - 1))


def test_trying_all_fixed_thresholds_finds_the_one_that_others_do_not_beat(simulator):
    best = best_fixed(simulator, VERBOSITY, 1, copies=1)
    value = worth(simulator, FIXED, best, VERBOSITY, 1, copies=1).reward.mean()

    for other in (Setting(6, 12, 1), Setting(9, 10, 1), Setting(1, 19, 1), Setting(10, 12, 1)):
        assert worth(simulator, FIXED, INDEX[other], VERBOSITY, 1, copies=1).reward.mean() <= value


def test_a_learner_beats_the_thresholds_it_started_from(simulator, chain, start):
    learned = learn(simulator, Recipe(rounds=300), start, VERBOSITY, 1)

    best = max(value_of(chain, policy, start) for policy in list(learned.candidates)[-30:])
    assert best > value_of(chain, FIXED, start)


@pytest.mark.slow
@pytest.mark.stats
def test_what_a_learner_keeps_is_near_the_best_of_its_form_and_never_above_it(simulator, chain, start):
    """The claim for 20 seeds is shown by `fairward thresholds train --learners 20`; see docs/thresholds.md."""
    form = best_of_form(chain, start, 1, starts=3)
    ground = SimpleNamespace(learning=simulator, chain=chain)

    runs = [run_learner(ground, Question(recipe=Recipe(rounds=800)), start, seed) for seed in (1, 2)]

    for run in runs:
        assert 0.97 * form.value < run.kept_value <= form.bound + 1e-6
        assert run.kept_value >= run.last_value
        assert greedy(run.table) == run.kept
