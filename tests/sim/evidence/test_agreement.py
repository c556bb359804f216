"""What scipy, statsmodels and lifelines say about the same numbers."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from sim.evidence.bootstrap import bootstrap, resamples, weighted_means
from sim.evidence.control_charts import cusum, cusum_limit, p_chart, run_length
from sim.evidence.effect_sizes import cliffs_delta, cohens_d, cohens_dz
from sim.evidence.equivalence import tost
from sim.evidence.log_rank import log_rank, observed_less_expected
from sim.evidence.many_runs import interquartile_mean, performance_profile, probability_of_improvement
from sim.evidence.proportions import design_effect, newcombe, wilson
from sim.evidence.replication_tests import holm
from tests.sim.evidence.telling import rng_of


def test_holm_is_that_of_statsmodels(seed):
    p_values = rng_of(seed).random(30) ** 3

    assert holm(list(p_values)) == pytest.approx(multipletests(p_values, method="holm")[1].tolist())
    assert holm([]) == []


def test_newcombe_is_that_of_statsmodels():
    for events, n in (((30, 12), (200, 150)), ((0, 3), (40, 50)), ((5, 5), (5, 9))):
        low, high = confint_proportions_2indep(*[x for pair in zip(events, n, strict=True) for x in pair],
                                               method="newcomb")  # fmt: skip
        found = newcombe(events, n)

        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_bca_is_that_of_scipy_but_for_the_wider_tails_and_the_draws(seed):
    data = rng_of(seed).gamma(1.5, size=40)
    theirs = stats.bootstrap(
        (data,), np.mean, method="BCa", n_resamples=20_000, rng=np.random.default_rng(1)
    ).confidence_interval
    (ours,) = bootstrap(
        lambda w: weighted_means(w, data[:, None]), resamples(1, 40, 20_000), level=undone(39)
    )

    # The Monte Carlo error of a 2.5 % quantile from 20 000 draws is about 1.5 % of the width.
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.06 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.06 * width)
    assert ours.method == "BCa bootstrap"


def undone(degrees: int) -> float:
    """The level whose widened tails are those of a plain 95 % interval."""
    return 2 * stats.t.cdf(1.959964 * np.sqrt(degrees / (degrees + 1)), degrees) - 1


def test_log_rank_scores_are_those_of_lifelines(seed):
    utils = pytest.importorskip("lifelines.utils")
    rng = rng_of(seed)
    time, event, group = rng.exponential(size=200), rng.random(200) < 0.7, rng.integers(0, 3, size=200)

    names, removed, observed, _ = utils.group_survival_table_from_events(group, time, event)
    at_risk = removed.iloc[::-1].cumsum().iloc[::-1].to_numpy()
    events = observed.to_numpy()
    share = events.sum(axis=1) / np.maximum(at_risk.sum(axis=1), 1)
    expected = (at_risk * share[:, None]).sum(axis=0)

    ours = observed_less_expected(time, event, group, 3)
    theirs = dict(zip(names, events.sum(axis=0) - expected, strict=True))
    assert ours.tolist() == pytest.approx([theirs[g] for g in range(3)])
    assert ours.sum() == pytest.approx(0, abs=1e-9)


def test_log_rank_scores_of_two_groups_make_scipys_statistic(seed):
    rng = rng_of(seed)
    time, event, group = rng.exponential(size=120), rng.random(120) < 0.8, rng.integers(0, 2, size=120)
    a, b = (
        stats.CensoredData(uncensored=time[(group == g) & event], right=time[(group == g) & ~event])
        for g in (0, 1)
    )
    theirs = stats.logrank(a, b).statistic

    order = np.argsort(time)
    at_risk = np.arange(120, 0, -1)
    first = np.cumsum((group[order] == 0)[::-1])[::-1] / at_risk
    variance = (first * (1 - first))[event[order]].sum()

    ours = observed_less_expected(time, event, group, 2)[0] / np.sqrt(variance)
    assert abs(ours) == pytest.approx(abs(theirs), rel=1e-6)


def test_ties_all_censored_one_group_and_one_run_are_said():
    tied = observed_less_expected(np.ones(6), np.ones(6, dtype=bool), np.array([0, 0, 0, 1, 1, 1]), 2)
    censored = observed_less_expected(np.arange(6.0), np.zeros(6, dtype=bool), np.array([0, 1] * 3), 2)

    assert tied.tolist() == pytest.approx([0, 0])
    assert censored.tolist() == [0, 0]
    assert observed_less_expected(np.empty(0), np.empty(0, bool), np.empty(0, int), 2).tolist() == [0, 0]
    assert log_rank(np.zeros((5, 2))).p_value == 1
    assert log_rank(np.ones((1, 2))).why == "one run says nothing about chance"
    assert log_rank(np.ones((5, 1))).why.startswith("one group")
    assert "more than 3 runs" in log_rank(np.eye(3, 4)).why
    assert "no spread" in log_rank(np.array([[1.0, -1.0]] * 5)).why


def test_effect_sizes_by_hand_and_without_spread():
    a, b = np.array([1.0, 2.0, 2.0]), np.array([0.0, 2.0])

    assert cliffs_delta(a, b) == pytest.approx(np.mean([np.sign(x - y) for x in a for y in b]))
    assert np.isnan(cohens_d(np.ones(4), np.ones(4)))
    assert np.isnan(cohens_dz(np.ones(4)))
    assert cohens_dz(np.array([1.0, 3.0])) == pytest.approx(2 / np.sqrt(2))
    assert np.isnan(cliffs_delta(np.empty(0), b))


def test_many_runs_are_summarised_as_in_the_source():
    scores = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]])

    assert interquartile_mean(scores) == pytest.approx(np.mean([2, 3, 4, 5]))
    assert performance_profile(scores, np.array([-1.0, 3.0, 9.0])).tolist() == [1.0, 0.5, 0.0]
    assert probability_of_improvement(scores, scores) == 0.5
    assert probability_of_improvement(scores + 10, scores) == 1.0


def test_no_event_is_no_certainty():
    nothing = wilson(0, 50)

    assert nothing.low == 0
    assert nothing.high == pytest.approx(0.0713, abs=1e-3)
    assert not wilson(0, 0).known
    assert wilson(50, 50).high == 1
    assert design_effect(np.zeros(5), np.full(5, 10.0)) == 1
    assert design_effect(np.array([5.0]), np.array([10.0])) == 1


def test_a_bootstrap_of_few_runs_or_of_no_spread_says_so():
    few = bootstrap(lambda w: weighted_means(w, np.arange(3.0)[:, None]), resamples(1, 3, 50))[0]
    flat = bootstrap(lambda w: weighted_means(w, np.ones((8, 1))), resamples(1, 8, 50))[0]
    gone = bootstrap(lambda w: weighted_means(w, np.full((8, 1), np.nan)), resamples(1, 8, 50))[0]
    rare = np.full((8, 1), np.nan)
    rare[0] = 1.0

    assert (few.value, few.bounded, few.why) == (1.0, False, "fewer than 6 runs")
    assert (flat.low, flat.high, flat.why) == (1.0, 1.0, "the same in every run")
    assert not gone.known
    assert "no value" in bootstrap(lambda w: weighted_means(w, rare), resamples(1, 8, 50))[0].why


@pytest.mark.stats
def test_the_run_lengths_of_the_cusum_are_those_of_simulation(seed):
    limit = cusum_limit(370.0)
    z = rng_of(seed).normal(size=(600, 4000))
    lengths = []
    for row in z:
        up = down = 0.0
        for i, value in enumerate(row):
            up, down = max(0.0, up + value - 0.5), max(0.0, down - value - 0.5)
            if max(up, down) > limit:
                lengths.append(i + 1)
                break
        else:
            lengths.append(len(row))

    assert abs(np.mean(lengths) - 370) < 4 * np.std(lengths) / np.sqrt(len(lengths))
    assert run_length(limit, shift=1.0) == pytest.approx(10, abs=1)  # as tabled for k = .5, h = 4.77


def test_a_cusum_finds_a_shift_and_a_p_chart_a_leap():
    shifted = np.array([0.0] * 5 + [1.5] * 8)

    assert cusum(shifted).alarm in range(9, 12)
    assert cusum(np.zeros(50)).alarm is None
    chart = p_chart(np.array([10.0, 11.0, 40.0, 0.0]), np.array([100.0, 100.0, 100.0, 0.0]), 0.1)
    assert chart.outside.tolist() == [False, False, True, False]
    assert p_chart(np.array([22.0]), np.array([100.0]), 0.1, deff=4.0).outside.tolist() == [False]


def test_few_runs_give_no_interval_that_is_surer_than_they_can_be():
    """Of 7 runs no resample lies as far out as Student's t says for 99.9 %: to stop at the last one would be false."""
    weights = resamples(1, 7, 2000)
    data = np.arange(7.0)[:, None]

    sure = bootstrap(lambda w: weighted_means(w, data), weights, level=0.999)[0]
    usual = bootstrap(lambda w: weighted_means(w, data), weights)[0]

    assert (sure.bounded, sure.why) == (False, "too few runs for an interval as sure as this")
    assert usual.bounded


def test_one_run_far_out_bends_the_interval_and_does_not_turn_it_round():
    for far in (1e3, 1e6, -1e6):
        data = np.array([0.0] * 5 + [1e-3, far])[:, None]
        found = bootstrap(lambda w, d=data: weighted_means(w, d), resamples(2, 7, 2000))[0]

        assert found.low <= found.value <= found.high


def test_a_difference_without_spread_is_not_shown_to_be_small():
    found = tost(np.zeros(5), margin=1.0)

    assert found.p_value is None
    assert "no spread" in found.why
