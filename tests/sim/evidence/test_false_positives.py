"""2 000 simulated studies for each test that is offered, at its own null boundary: 5 % may be called clear."""

import numpy as np
import pytest
from scipy import stats

from sim.evidence.equivalence import tost
from sim.evidence.log_rank import log_rank, observed_less_expected
from sim.evidence.permutation import permutation_gap
from sim.evidence.replication_tests import (
    friedman,
    holm,
    kruskal_wallis,
    mann_whitney,
    paired_t,
    signed_ranks,
)
from tests.sim.evidence.telling import STUDIES, margin, nominal, not_liberal, rejects, rng_of

pytestmark = pytest.mark.stats

RUNS = 20


@pytest.fixture
def shared(seed) -> np.ndarray:
    """Studies x groups x runs: groups differ by chance only, and those of one run hang together."""
    rng = rng_of(seed)
    return rng.gamma(2.0, size=(STUDIES, 1, RUNS)) + rng.normal(size=(STUDIES, 4, RUNS))


@pytest.fixture
def independent(seed) -> np.ndarray:
    return rng_of(seed).gamma(2.0, size=(STUDIES, 4, RUNS))


def test_kruskal_wallis_on_independent_runs(independent):
    assert nominal(rejects(lambda i: kruskal_wallis(list(independent[i])).p_value))


def test_mann_whitney_on_independent_runs(independent):
    assert nominal(rejects(lambda i: mann_whitney(independent[i, 0], independent[i, 1]).p_value))


def test_friedman_on_groups_of_the_same_runs(shared):
    assert nominal(rejects(lambda i: friedman(list(shared[i])).p_value))


def test_friedman_of_two_groups_is_the_signed_ranks(shared):
    assert nominal(rejects(lambda i: friedman(list(shared[i, :2])).p_value))


def test_signed_ranks_of_paired_differences(shared):
    assert nominal(rejects(lambda i: signed_ranks(shared[i, 0] - shared[i, 1]).p_value))


def test_the_paired_t_test(shared):
    assert nominal(rejects(lambda i: paired_t(shared[i, 0] - shared[i, 1]).p_value))


def test_a_test_for_independent_runs_would_waste_the_pairing(shared):
    share = rejects(lambda i: mann_whitney(shared[i, 0], shared[i, 1]).p_value)

    assert share < 0.05 - margin(0.05)


def test_holm_calls_anything_clear_in_5_percent_of_studies(shared):
    def least(i: int) -> float:
        return min(holm([paired_t(shared[i, g] - shared[i, g + 1]).p_value for g in (0, 2)]))

    # Two independent comparisons: 1 - (1 - .025)^2 = 4.94 %.
    assert nominal(rejects(least))


def test_holm_is_never_liberal_however_the_comparisons_hang_together(shared):
    def least(i: int) -> float:
        return min(holm([paired_t(shared[i, a] - shared[i, b]).p_value for a in range(4) for b in range(a)]))

    assert not_liberal(rejects(least))


def test_equivalence_at_its_margin(shared):
    # The truth lies on the margin: a true difference of 1 and a margin of 1.
    assert nominal(rejects(lambda i: tost(shared[i, 0] - shared[i, 1] + 1.0, margin=1.0).p_value))


def test_equivalence_is_conservative_where_both_margins_are_near(shared):
    assert not_liberal(rejects(lambda i: tost(shared[i, 0] - shared[i, 1] + 0.3, margin=0.3).p_value))


def waits(rng: np.random.Generator, runs: int, patients: int, gap: float = 1.0):
    """Waits of one study: a run is busy or quiet as a whole, some leave; labels mean nothing while `gap` is 1."""
    busy = rng.gamma(4.0, 0.25, size=(runs, 1))
    group = rng.integers(0, 3, size=(runs, patients))
    time = rng.exponential(busy * np.where(group == 2, gap, 1.0), size=(runs, patients))
    leaves = rng.exponential(3.0, size=(runs, patients))
    return np.minimum(time, leaves), time < leaves, group


def log_rank_p(rng: np.random.Generator, gap: float = 1.0) -> float | None:
    time, event, group = waits(rng, 15, 40, gap)
    scores = np.array(
        [observed_less_expected(t, e, g, 3) for t, e, g in zip(time, event, group, strict=True)]
    )
    return log_rank(scores).p_value


def test_the_clustered_log_rank_test(seed):
    rng = rng_of(seed)

    assert nominal(rejects(lambda i: log_rank_p(rng)))


def test_the_clustered_log_rank_test_holds_where_runs_differ_in_who_waits(seed):
    """A random effect of the group by run, zero on average: patients as units would call it a gap again and again."""
    rng = rng_of(seed)

    def one(clustered: bool) -> float | None:
        favour = np.exp(rng.normal(0, 0.5, size=(15, 1)))
        group = rng.integers(0, 2, size=(15, 60))
        time = rng.exponential(np.where(group == 1, favour, 1 / favour))
        event = np.ones_like(time, dtype=bool)
        if clustered:
            scores = [observed_less_expected(t, e, g, 2) for t, e, g in zip(time, event, group, strict=True)]
            return log_rank(np.array(scores)).p_value
        return float(stats.mannwhitneyu(time[group == 0], time[group == 1]).pvalue)

    assert nominal(rejects(lambda i: one(clustered=True)))
    assert rejects(lambda i: one(clustered=False), studies=300) > 0.2


def test_the_permutation_test_of_the_largest_gap(seed):
    """Groups are unequally spread over the hospitals, and one hospital waits long: labels within it mean nothing."""
    rng = rng_of(seed)

    def one(i: int) -> float | None:
        stratum = rng.integers(0, 4, size=160)
        group = (rng.random(160) < 0.2 + 0.15 * stratum).astype(int) + (rng.random(160) < 0.3)
        score = rng.exponential(1.0 + stratum) + rng.normal(size=4)[stratum]
        return permutation_gap(score, group, stratum, 3, seed=i, draws=199).p_value

    assert nominal(rejects(one))


def test_the_permutation_test_by_its_limit(seed, monkeypatch):
    monkeypatch.setattr("sim.evidence.permutation.SHUFFLED_UP_TO", 0)
    rng = rng_of(seed)

    def one(i: int) -> float | None:
        stratum = rng.integers(0, 6, size=900)
        group = (rng.random(900) < 0.2 + 0.1 * stratum).astype(int) + (rng.random(900) < 0.3)
        return permutation_gap(rng.exponential(1.0 + stratum), group, stratum, 3, seed=i, draws=399).p_value

    assert nominal(rejects(one))


def test_shuffling_and_its_limit_agree(seed, monkeypatch):
    rng = rng_of(seed)
    stratum, group = rng.integers(0, 5, size=3000), rng.integers(0, 4, size=3000)
    score = rng.exponential(1.0 + stratum) + 0.15 * (group == 2)

    shuffled = permutation_gap(score, group, stratum, 4, seed=1)
    monkeypatch.setattr("sim.evidence.permutation.SHUFFLED_UP_TO", 0)
    limit = permutation_gap(score, group, stratum, 4, seed=1)

    assert shuffled.statistic == limit.statistic
    p = shuffled.p_value
    assert abs(p - limit.p_value) < 5 * np.sqrt(2 * p * (1 - p) / 1999) + 0.005
