"""A planted gap is found as often as theory says, and intervals hold the truth in 95 % of studies."""

import numpy as np
import pytest
from scipy import stats

from sim.evidence.bootstrap import bootstrap, resamples, weighted_means
from sim.evidence.equivalence import tost
from sim.evidence.many_runs import improvement_interval, interquartile_mean_interval
from sim.evidence.permutation import permutation_gap
from sim.evidence.proportions import design_effect, newcombe, wilson, wilson_of_runs
from sim.evidence.replication_tests import mann_whitney, paired_t
from sim.fairness.disparity import generalised_entropy, generalised_gini, largest_gap, min_max, ratio
from tests.sim.evidence.telling import STUDIES, covers, margin, rejects, rng_of

pytestmark = pytest.mark.stats


def close(share: float, theory: float, studies: int = STUDIES) -> bool:
    return abs(share - theory) <= margin(theory, studies)


def test_the_paired_t_test_finds_a_planted_gap_as_often_as_the_noncentral_t_says(seed):
    differences = rng_of(seed).normal(0.5, 1.0, size=(STUDIES, 25))
    critical, shift = stats.t.ppf(0.975, 24), 0.5 * 5
    theory = stats.nct.sf(critical, 24, shift) + stats.nct.cdf(-critical, 24, shift)

    assert close(rejects(lambda i: paired_t(differences[i]).p_value), theory)


def test_equivalence_is_shown_as_often_as_theory_says(seed):
    differences = rng_of(seed).normal(0.0, 1.0, size=(STUDIES, 30))
    # Both one-sided tests reject when |mean| < margin - t s / sqrt(n): integrate over the distribution of s.
    s = np.sqrt(stats.chi2.ppf((np.arange(4000) + 0.5) / 4000, 29) / 29)
    reach = np.maximum(0.6 - stats.t.ppf(0.95, 29) * s / np.sqrt(30), 0)
    theory = float(np.mean(2 * stats.norm.cdf(reach * np.sqrt(30)) - 1))

    assert close(rejects(lambda i: tost(differences[i], 0.6).p_value), theory)


def test_mann_whitney_finds_a_shift_as_often_as_simulation_of_the_normal_theory_says(seed):
    rng = rng_of(seed)
    a, b = rng.normal(size=(STUDIES, 60)), rng.normal(0.5, 1.0, size=(STUDIES, 60))
    # Noether (1987): P(a < b) = Phi(.5 / sqrt 2); the normal approximation is good to about two points here.
    p = stats.norm.cdf(0.5 / np.sqrt(2))
    theory = stats.norm.cdf(np.sqrt(12 * 60 * 0.25 * 2) * (p - 0.5) - 1.96)

    assert abs(rejects(lambda i: mann_whitney(a[i], b[i]).p_value) - theory) < margin(theory) + 0.02


def test_the_permutation_test_finds_a_planted_gap(seed):
    """Two groups: the largest gap is the difference of means, so the power is that of a normal test."""
    rng = rng_of(seed)

    def one(i: int) -> float | None:
        group = np.repeat([0, 1], 300)
        return permutation_gap(
            rng.normal(size=600) + 0.2 * group, group, np.zeros(600, dtype=int), 2, i, 399
        ).p_value

    theory = stats.norm.sf(1.96 - 0.2 * np.sqrt(150))
    studies = 600
    # 399 permutations make a threshold with an error of its own: up to a point and a half of power.
    assert abs(rejects(one, studies) - theory) < margin(theory, studies) + 0.015


@pytest.fixture(scope="module")
def weights():
    return {runs: resamples(1, runs, 1000) for runs in (10, 20, 30)}


def coverage(runs, weights, draw, statistic, truth, smooth, studies=STUDIES):
    hit = []
    for i in range(studies):
        (found,) = bootstrap(statistic(draw(i)), weights[runs], smooth)
        hit.append(found.low <= truth <= found.high)
    return float(np.mean(hit))


@pytest.mark.parametrize("runs", [10, 20, 30])
@pytest.mark.parametrize("smooth", [True, False])
def test_bootstrap_intervals_of_a_mean_hold_the_truth(seed, weights, runs, smooth):
    data = rng_of(seed + runs).normal(3.0, 1.0, size=(STUDIES, runs, 1))

    share = coverage(runs, weights, lambda i: data[i], lambda x: lambda w: weighted_means(w, x), 3.0, smooth)

    assert covers(share)


def test_bca_intervals_of_a_ratio_hold_the_truth(seed, weights):
    rng = rng_of(seed)
    busy = rng.normal(0.0, 0.5, size=(STUDIES, 30, 1))
    data = np.array([2.0, 3.0]) + busy + rng.normal(0, 0.3, size=(STUDIES, 30, 2))

    def statistic(x):
        return lambda w: ratio(weighted_means(w, x), weighted_means(w, x)[:, 0])[:, 1:]

    assert covers(coverage(30, weights, lambda i: data[i], statistic, 1.5, smooth=True))


@pytest.mark.parametrize(
    ("measure", "truth"),
    [
        (largest_gap, 2.0),
        (min_max, 1.0 / 3.0),
        (lambda m: generalised_gini(m, "lower"), (3.0 + 0.5 * 2.0 + 0.25) / 1.75),
    ],
)
def test_percentile_intervals_of_kinked_measures_hold_the_truth_where_groups_differ(
    seed, weights, measure, truth
):
    data = np.array([1.0, 2.0, 3.0]) + rng_of(seed).normal(0, 0.6, size=(STUDIES, 30, 3))

    def statistic(x):
        return lambda w: measure(weighted_means(w, x))[:, None]

    assert covers(coverage(30, weights, lambda i: data[i], statistic, truth, smooth=False))


def test_bca_intervals_of_the_entropy_hold_the_truth_where_groups_differ(seed, weights):
    data = np.array([1.0, 2.0, 3.0]) + rng_of(seed).normal(0, 0.6, size=(STUDIES, 30, 3))
    people = np.array([1.0, 2.0, 1.0])
    truth = float(generalised_entropy(np.array([1.0, 2.0, 3.0]), people))

    def statistic(x):
        return lambda w: generalised_entropy(weighted_means(w, x), people)[:, None]

    assert covers(coverage(30, weights, lambda i: data[i], statistic, truth, smooth=True))


def test_wilson_holds_a_small_share_of_independent_patients(seed):
    events = rng_of(seed).binomial(400, 0.04, size=STUDIES)
    hit = [found.low <= 0.04 <= found.high for found in (wilson(e, 400) for e in events)]

    # The counts are whole, so the exact coverage is a sum over them; it must be that, and near 95 %.
    exact = sum(
        stats.binom.pmf(k, 400, 0.04) for k in range(60) if wilson(k, 400).low <= 0.04 <= wilson(k, 400).high
    )
    assert close(np.mean(hit), exact)
    assert covers(np.mean(hit))


def test_newcombe_holds_a_difference_of_shares(seed):
    rng = rng_of(seed)
    a, b = rng.binomial(200, 0.3, size=STUDIES), rng.binomial(150, 0.2, size=STUDIES)
    found = [newcombe((x, y), (200, 150)) for x, y in zip(a, b, strict=True)]

    assert covers(np.mean([one.low <= 0.1 <= one.high for one in found]))


def test_the_design_effect_mends_wilson_for_patients_of_one_run(seed):
    rng = rng_of(seed)
    naive, mended = [], []
    for _ in range(STUDIES):
        p = rng.beta(0.3 * 12, 0.7 * 12, size=40)
        events, n = rng.binomial(60, p).astype(float), np.full(40, 60.0)
        for deff, hits in ((1.0, naive), (design_effect(events, n), mended)):
            found = wilson(events.sum(), n.sum(), deff)
            hits.append(found.low <= 0.3 <= found.high)

    assert np.mean(naive) < 0.75
    assert covers(np.mean(mended))


def test_the_interquartile_mean_of_many_runs_is_held(seed):
    scores = rng_of(seed).normal(size=(300, 20, 4))  # symmetric: the middle half has mean 0
    found = [interquartile_mean_interval(s, 1) for s in scores]

    share = np.mean([one.low <= 0 <= one.high for one in found])
    assert abs(share - 0.95) <= margin(0.95, 300)


def test_the_probability_of_improvement_is_held(seed):
    rng = rng_of(seed)
    truth = stats.norm.cdf(0.5 / np.sqrt(2))
    found = [
        improvement_interval(rng.normal(0.5, 1, size=(15, 3)), rng.normal(size=(15, 3)), 1)
        for _ in range(150)
    ]

    share = np.mean([one.low <= truth <= one.high for one in found])
    assert abs(share - 0.95) <= margin(0.95, 150)


def test_wilsons_interval_over_runs_holds_a_rare_share_in_which_runs_differ(seed):
    """A t interval of the same runs covers less often, and reaches below 0 where cases are few."""
    rng, truth = rng_of(seed), 0.02
    rate = np.minimum(truth * rng.gamma(4.0, 0.25, size=(STUDIES, 30)), 1)
    shares = rng.binomial(60, rate) / 60
    found = [wilson_of_runs(float(one.mean()), float(one.std(ddof=1)) / np.sqrt(30), 29) for one in shares]

    assert covers(np.mean([one.low <= truth <= one.high for one in found]))
