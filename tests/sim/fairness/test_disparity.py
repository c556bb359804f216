import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.fairness import disparity
from sim.fairness.decisions import Allocation
from sim.fairness.standardisation import (
    adjusted_difference,
    crude_difference,
    direct,
    mantel_haenszel,
    observed_over_expected,
    overlap,
    support,
)

positive = st.lists(st.floats(0.01, 100), min_size=2, max_size=6)
NAN = float("nan")


@given(positive)
def test_equality_is_zero_entropy_and_one_by_ratio_and_inequality_is_not(values):
    x, people = np.array(values), np.ones(len(values))
    equal = np.full(len(values), values[0])

    for alpha in (0.0, 1.0, 2.0):
        assert disparity.generalised_entropy(equal, people, alpha) == pytest.approx(0, abs=1e-9)
        assert disparity.generalised_entropy(x, people, alpha) >= -1e-9
    assert disparity.min_max(equal) == 1
    assert 0 < disparity.min_max(x) <= 1
    assert disparity.largest_gap(equal) == 0


@given(positive, st.floats(0.1, 10))
def test_entropy_does_not_depend_on_the_unit_and_the_gap_does(values, factor):
    x, people = np.array(values), np.arange(1.0, len(values) + 1)

    assert disparity.generalised_entropy(factor * x, people) == pytest.approx(
        float(disparity.generalised_entropy(x, people)), abs=1e-9
    )
    assert disparity.largest_gap(factor * x) == pytest.approx(factor * float(disparity.largest_gap(x)))


@given(positive)
def test_the_generalised_gini_lies_between_the_worst_and_the_mean(values):
    x = np.array(values)

    lower, higher = disparity.generalised_gini(x, "lower"), disparity.generalised_gini(x, "higher")
    assert x.mean() - 1e-9 <= lower <= x.max() + 1e-9
    assert x.min() - 1e-9 <= higher <= x.mean() + 1e-9


@given(positive, st.floats(0.001, 0.5))
def test_a_transfer_from_the_better_to_the_worse_off_improves_the_generalised_gini(values, share):
    x = np.sort(np.array(values))
    moved = share * (x[-1] - x[0]) / 2
    fairer = x.copy()
    fairer[0] += moved
    fairer[-1] -= moved

    assert disparity.generalised_gini(fairer, "lower") <= disparity.generalised_gini(x, "lower") + 1e-9
    assert disparity.generalised_gini(fairer, "higher") >= disparity.generalised_gini(x, "higher") - 1e-9


def test_the_generalised_gini_of_negative_outcomes_keeps_its_direction():
    assert disparity.generalised_gini(np.array([-2.0, 4.0]), "higher") == pytest.approx((-2 + 0.5 * 4) / 1.5)


def test_groups_without_a_value_and_no_groups_at_all_are_left_out():
    x = np.array([1.0, NAN, 3.0])

    assert disparity.best(x, "lower") == 1
    assert disparity.worst(x, "lower") == 3
    assert disparity.worst(x, "higher") == 1
    assert disparity.generalised_entropy(x, np.ones(3)) == pytest.approx(0.125)
    assert disparity.generalised_gini(x, "lower") == pytest.approx((3 + 0.5) / 1.5)
    nothing = np.array([NAN, NAN])
    for measure in (
        disparity.largest_gap,
        disparity.min_max,
        lambda v: disparity.generalised_gini(v, "lower"),
    ):
        assert np.isnan(measure(nothing))
    assert np.isnan(disparity.generalised_entropy(nothing, np.ones(2)))


def test_where_nobody_waits_there_is_no_ratio_instead_of_a_false_one():
    zeros = np.zeros(3)

    assert np.isnan(disparity.min_max(zeros))
    assert np.isnan(disparity.ratio(zeros, np.array(0.0))).all()
    assert disparity.largest_gap(zeros) == 0


def test_the_best_off_is_chosen_again_in_every_resample():
    drawn = np.array([[1.0, 2.0], [3.0, 1.5]])
    overall = drawn.mean(axis=1)

    chosen = disparity.reference_values(drawn, overall, disparity.BEST, ("a", "b"), "lower")

    assert chosen.tolist() == [1.0, 1.5]
    assert disparity.reference_values(drawn, overall, "b", ("a", "b"), "lower").tolist() == [2.0, 1.5]
    assert disparity.reference_values(drawn, overall, disparity.OVERALL, ("a", "b"), "lower").tolist() == [
        1.5,
        2.25,
    ]


# Berkeley's admissions turned round: within both hospitals the north side waits less, over all it waits longer.
SIMPSON_N = np.array([[[10.0, 90.0], [90.0, 10.0]]])  # north, south x two hospitals
SIMPSON_MEAN = np.array([[[1.0, 5.0], [2.0, 6.0]]])


def test_a_simpson_reversal_shows_when_like_is_compared_with_like():
    total = SIMPSON_N * SIMPSON_MEAN

    assert crude_difference(total, SIMPSON_N, 0, 1)[0] == pytest.approx(4.6 - 2.4)
    assert adjusted_difference(total, SIMPSON_N, 0, 1)[0] == pytest.approx(-1)
    assert direct(total, SIMPSON_N)[0].tolist() == pytest.approx([3, 4])
    assert observed_over_expected(total, SIMPSON_N)[0, 0] < 1 < observed_over_expected(total, SIMPSON_N)[0, 1]


@given(st.integers(0, 2**32 - 1))
def test_a_group_with_everybodys_rates_has_o_over_e_of_one_whatever_its_mix(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 50, size=(3, 4)).astype(float)
    rate = rng.random(4)

    assert observed_over_expected(n * rate, n).tolist() == pytest.approx([1, 1, 1])
    assert mantel_haenszel(n * rate, n, 0).tolist() == pytest.approx([1, 1, 1])
    assert np.ptp(direct(n * rate, n)) == pytest.approx(0, abs=1e-12)
    assert adjusted_difference(n * rate, n, 0, 2) == pytest.approx(0, abs=1e-12)


def test_expected_deaths_sum_to_those_observed():
    rng = np.random.default_rng(3)
    n = rng.integers(1, 50, size=(3, 4)).astype(float)
    deaths = rng.binomial(n.astype(int), 0.3).astype(float)

    observed = deaths.sum(axis=1)
    assert (observed / observed_over_expected(deaths, n)).sum() == pytest.approx(observed.sum())


def test_the_risk_ratio_is_that_of_statsmodels():
    from statsmodels.stats.contingency_tables import StratifiedTable

    rng = np.random.default_rng(4)
    n = rng.integers(20, 80, size=(2, 5)).astype(float)
    deaths = rng.binomial(n.astype(int), [[0.2], [0.35]]).astype(float)
    tables = [
        [[deaths[1, s], n[1, s] - deaths[1, s]], [deaths[0, s], n[0, s] - deaths[0, s]]] for s in range(5)
    ]

    assert mantel_haenszel(deaths, n, 0)[1] == pytest.approx(StratifiedTable(tables).riskratio_pooled)


def test_strata_in_which_a_group_has_nobody_are_said_and_nothing_to_compare_is_not_a_number():
    n = np.array([[10.0, 0.0], [10.0, 20.0]])
    total = np.array([[5.0, 0.0], [2.0, 4.0]])

    assert support(n).tolist() == pytest.approx([0.5, 1.0])
    assert overlap(n, 0, 1) == pytest.approx(0.5)
    assert direct(total, n)[0] == pytest.approx(0.5)
    apart = np.array([[10.0, 0.0], [0.0, 20.0]])
    assert np.isnan(adjusted_difference(apart * 0.1, apart, 0, 1))
    assert np.isnan(observed_over_expected(np.zeros((2, 2)), n)).all()
    assert np.isnan(direct(np.zeros((2, 2)), np.zeros((2, 2)))).all()


def test_parity_and_equalised_odds_are_those_of_fairlearn():
    metrics = pytest.importorskip("fairlearn.metrics")
    rng = np.random.default_rng(5)
    group = rng.integers(0, 3, size=600)
    should = rng.random(600) < 0.3 + 0.1 * group
    given_it = rng.random(600) < np.where(should, 0.8 - 0.1 * group, 0.2)

    def count(mask):
        return np.bincount(group[mask], minlength=3).astype(float)

    ours = Allocation(count(should), count(should & given_it), count(~should), count(~should & given_it))
    frame = pd.DataFrame({"should": should, "given": given_it, "group": group})

    theirs = {"sensitive_features": frame["group"]}
    assert ours.parity_difference == pytest.approx(
        metrics.demographic_parity_difference(frame["should"], frame["given"], **theirs)
    )
    assert ours.parity_ratio == pytest.approx(
        metrics.demographic_parity_ratio(frame["should"], frame["given"], **theirs)
    )
    assert ours.odds_difference == pytest.approx(
        metrics.equalized_odds_difference(frame["should"], frame["given"], **theirs)
    )


def test_a_group_of_whom_nobody_should_be_treated_has_no_rate_instead_of_a_perfect_one():
    ours = Allocation(np.array([0.0, 5.0]), np.array([0.0, 4.0]), np.array([3.0, 5.0]), np.array([1.0, 1.0]))

    assert np.isnan(ours.true_positive_rate[0])
    assert ours.odds_difference == pytest.approx(1 / 3 - 1 / 5)
