"""Intervals and tests of standardised figures: clustered by run, they hold the truth in 95 % of 2 000 studies."""

import numpy as np
import pytest

from sim.evidence.bootstrap import bootstrap, pseudo_values, resamples, weighted_sums
from sim.evidence.replication_tests import paired_t
from sim.fairness.standardisation import adjusted_difference, direct, mantel_haenszel, observed_over_expected
from tests.sim.evidence.telling import STUDIES, covers, margin, rng_of

pytestmark = pytest.mark.stats

RUNS = 30
PEOPLE = np.array([[400.0, 100.0], [150.0, 150.0], [80.0, 240.0]])  # groups x strata
RATE = np.array([0.03, 0.12])
HARM = np.array([1.0, 1.0, 1.4])
"""Of each group, on all its rates."""


def studies(seed, harm=HARM, n=STUDIES):
    """Deaths and patients, runs x groups x strata: a bad run is bad for all."""
    rng = rng_of(seed)
    for _ in range(n):
        people = rng.poisson(PEOPLE, size=(RUNS, 3, 2)).astype(float)
        bad = rng.gamma(20, 1 / 20, size=(RUNS, 1, 1))
        rate = np.minimum(RATE * harm[:, None] * bad, 1)
        yield rng.binomial(people.astype(int), rate).astype(float), people


EXPECTED = PEOPLE * RATE * HARM[:, None]
TRUTHS = {
    "o/e": (lambda d, n: observed_over_expected(d, n), observed_over_expected(EXPECTED, PEOPLE)[2]),
    "direct": (lambda d, n: direct(d, n), direct(EXPECTED, PEOPLE)[2]),
    "risk ratio": (lambda d, n: mantel_haenszel(d, n, 0), 1.4),
}


@pytest.mark.parametrize("measure", TRUTHS)
def test_bca_intervals_of_standardised_deaths_hold_the_truth(seed, measure):
    function, truth = TRUTHS[measure]
    weights = resamples(1, RUNS, 1000)
    hit = []
    for deaths, people in studies(seed):
        found = bootstrap(
            lambda w, d=deaths, n=people: function(weighted_sums(w, d), weighted_sums(w, n))[:, 2:], weights
        )[0]
        hit.append(found.low <= truth <= found.high)

    assert covers(np.mean(hit))


def test_the_jackknife_test_of_a_gap_within_strata_calls_5_percent_clear_where_only_the_mix_differs(seed):
    called = []
    for deaths, people in studies(seed, harm=np.ones(3)):
        values = pseudo_values(
            lambda w, d=deaths, n=people: adjusted_difference(weighted_sums(w, d), weighted_sums(w, n), 2, 0)[
                :, None
            ],
            RUNS,
        )
        called.append(paired_t(values).p_value <= 0.05)

    assert abs(np.mean(called) - 0.05) <= margin(0.05)
