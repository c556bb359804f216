"""Tests on replication summaries. Each takes one number a run; where the same runs give several, they are paired.

Independent sets of runs (other seeds): Kruskal-Wallis, Mann-Whitney. The same runs, as groups of one network or
policies under common random numbers: Friedman, Wilcoxon's signed ranks, the paired t test. To put numbers from
the same runs into a test for independent ones would throw the pairing away.

All take arrays whose last axis is the runs and work on many studies at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.evidence.estimated import ONE_RUN, Tested

Floats = NDArray[np.float64]

NO_DIFFERENCE = "the same in every run"


def kruskal_wallis(samples: Sequence[Floats]) -> Tested:
    """Test whether several independent sets of runs come from one distribution."""
    return _tested("Kruskal-Wallis", samples, lambda: stats.kruskal(*samples))


def mann_whitney(a: Floats, b: Floats) -> Tested:
    """Test whether one of two independent sets of runs tends to be larger."""
    return _tested("Mann-Whitney", (a, b), lambda: stats.mannwhitneyu(a, b))


def friedman(groups: Sequence[Floats]) -> Tested:
    """Test whether groups measured in the same runs rank alike; two groups are left to the signed ranks."""
    if len(groups) == 2:
        return signed_ranks(groups[0] - groups[1])
    return _tested("Friedman", groups, lambda: stats.friedmanchisquare(*groups))


def signed_ranks(differences: Floats) -> Tested:
    """Test whether paired differences lie symmetrically about zero (Wilcoxon); zeros count by Pratt's rule."""
    return _tested(
        "Wilcoxon signed ranks",
        (differences, np.zeros_like(differences)),
        lambda: stats.wilcoxon(differences, zero_method="pratt"),
    )


def paired_t(differences: Floats) -> Tested:
    """Test whether the mean of paired differences is zero; its interval is that of `sim.inference.paired`."""
    return _tested(
        "paired t", (differences, np.zeros_like(differences)), lambda: stats.ttest_1samp(differences, 0.0)
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values corrected for their number (Holm 1979): compare each with 5 %.

    >>> [round(p, 6) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return [
        float(one) for one in corrected
    ]  # statsmodels has it too, with a garbage collection at every call


def _tested(name: str, samples: Sequence[Floats], call: Any) -> Tested:
    """Say what is missing instead of calling a test that has nothing to work on."""
    kept = [np.asarray(sample, dtype=np.float64) for sample in samples]
    runs = min((len(sample) for sample in kept), default=0)
    if len(kept) < 2:
        return Tested(name, None, n=runs, why="one group has nothing to be compared with")
    if runs < 2:
        return Tested(name, None, n=runs, why=ONE_RUN if runs else "no run")
    everything = np.concatenate(kept)
    if np.isnan(everything).any():
        return Tested(name, None, n=runs, why="some runs have no value")
    if np.ptp(everything) == 0:
        return Tested(name, 1.0, 0.0, runs, NO_DIFFERENCE)
    if all(np.ptp(sample) == 0 for sample in kept) and name == "paired t":
        return Tested(name, None, n=runs, why="the difference is the same in every run, so it has no spread")
    found = call()
    return Tested(name, float(found.pvalue), float(found.statistic), runs)
