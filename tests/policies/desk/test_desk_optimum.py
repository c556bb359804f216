"""The optimum of the desk is the best of all rules where all can be tried, and what it promises is what it earns."""

from itertools import product

import numpy as np
import pytest

from policies.desk.optimum import FairOptimum, Kind, clairvoyant, optimum
from policies.desk.rules import always, best_rule, bounds, rewards, seed_of, threshold, tuned_threshold
from policies.environments.cohorts import Drawn, People
from policies.environments.desk_rewards import Balance, Ledger

gymnasium = pytest.importorskip("gymnasium")

from policies.environments.hospital_desk import HospitalDesk  # noqa: E402


def people_of_needs(need, group=None):
    n = len(need)
    group = np.zeros(n, dtype=np.int64) if group is None else np.array(group)
    names = tuple(str(g) for g in range(group.max() + 1))
    return People(np.array(need), np.array(need), np.full(n, 40.0), group, names)


def best_of_all_histories(kinds, n_patients, n_units, weight):
    """Expectimax over histories, with the environment's own reward after every step: no tallies, no telescoping."""
    reward = Balance(weight)
    n_groups = max(kind.group for kind in kinds) + 1

    def ledger(history, n):
        presented, met = np.zeros(n_groups), np.zeros(n_groups)
        for kind, admitted in history[:n]:
            presented[kinds[kind].group] += kinds[kind].need
            met[kinds[kind].group] += kinds[kind].need * admitted
        return Ledger(presented, met)

    def value(history):
        if len(history) == n_patients:
            total = sum(kinds[kind].need for kind, _ in history)
            expected = n_units * total / n_patients
            return sum(
                reward.of(ledger(history, n), ledger(history, n + 1), expected) for n in range(n_patients)
            )
        left = n_units - sum(admitted for _, admitted in history)
        return sum(
            kind.chance * max(value((*history, (k, a))) for a in ((0, 1) if left else (0,)))
            for k, kind in enumerate(kinds)
        )

    return value(())


KINDS = [Kind(0, 0.2, 0.4), Kind(0, 0.9, 0.1), Kind(1, 0.5, 0.3), Kind(1, 0.8, 0.2)]


@pytest.mark.parametrize(("n_patients", "n_units"), list(product([1, 3, 4], [1, 2])))
def test_the_optimum_is_the_best_of_all_histories(n_patients, n_units):
    need = np.repeat([0.2, 0.9, 0.5, 0.8], [4, 1, 3, 2])

    found = optimum(need, n_patients, n_units).value[n_patients, n_units]

    assert found == pytest.approx(best_of_all_histories(KINDS, n_patients, n_units, 0.0), abs=1e-12)


@pytest.mark.parametrize(("weight", "n_units"), list(product([0.0, 0.3, 0.7, 1.0], [1, 2])))
def test_the_fair_optimum_is_the_best_of_all_histories(weight, n_units):
    found = FairOptimum(KINDS[1:], 3, n_units, weight).value

    assert found == pytest.approx(best_of_all_histories(KINDS[1:], 3, n_units, weight), abs=1e-12)


def test_without_a_weight_on_fairness_both_optima_agree():
    need = np.repeat([0.9, 0.5, 0.8], [1, 3, 2])
    kinds = [Kind(0, 0.9, 1 / 6), Kind(1, 0.5, 0.5), Kind(1, 0.8, 1 / 3)]

    assert FairOptimum(kinds, 5, 2, 0.0).value == pytest.approx(optimum(need, 5, 2).value[5, 2])


def test_a_fair_optimum_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="expected few kinds and patients"):
        FairOptimum(KINDS, 40, 12, 0.3)


def test_the_environment_pays_the_optimal_rule_what_was_computed(seed):
    rng = np.random.default_rng(seed)
    people = people_of_needs(rng.beta(1, 5, 200))
    desk = HospitalDesk(Drawn(people, 20), n_units=5, n_patients=20)
    best = optimum(people.severity, 20, 5)

    earned = rewards(desk, best_rule(best, 0, 5, 20), seed_of("test", seed), range(1, 301))

    standard_error = earned.std(ddof=1) / np.sqrt(300)
    assert abs(earned.mean() - best.value[20, 5]) < 4 * standard_error


def test_no_rule_beats_the_bound_and_the_optimum_beats_plain_rules(seed):
    people = people_of_needs(np.random.default_rng(seed).beta(1, 5, 200))
    desk = HospitalDesk(Drawn(people, 20), n_units=5, n_patients=20)
    cohorts, fresh = range(1, 201), seed_of("test", seed)
    best = rewards(desk, best_rule(optimum(people.severity, 20, 5), 0, 5, 20), fresh, cohorts)
    bound = bounds(desk, fresh, cohorts)
    tuned = threshold(tuned_threshold(desk, seed_of("tuning", seed), 30), 0)

    for rule in (always, tuned):
        gain = best - rewards(desk, rule, fresh, cohorts)
        assert gain.mean() > -4 * gain.std(ddof=1) / np.sqrt(200)
    assert (best - rewards(desk, always, fresh, cohorts)).mean() > 0.5
    assert np.all(bound >= best - 1e-9)


def test_the_bound_is_the_best_choice_of_all(seed):
    need = np.random.default_rng(seed).random(7)

    every = [sum(x for x, taken in zip(need, chosen, strict=True) if taken)
             for chosen in product([0, 1], repeat=7) if sum(chosen) <= 3]  # fmt: skip

    assert clairvoyant(need, 3) == pytest.approx(max(every))


def test_cohorts_to_learn_tune_and_judge_are_others():
    assert len({seed_of(what, n) for what in ("training", "tuning", "evaluation") for n in range(50)}) == 150
