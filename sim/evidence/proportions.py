"""Intervals for proportions whose patients come in runs: Wilson for one, Newcombe for a difference.

Patients of a run are not independent. The design effect says how many of them count as one: the variance of the
share between runs over the variance that independent patients would have. It is never taken below 1, since with
few runs a small value is luck.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from sim.evidence.estimated import Estimated
from sim.inference import LEVEL

Floats = NDArray[np.float64]


def design_effect(events: Floats, n: Floats) -> float:
    """Return the design effect of a share, from events and patients by run; 1 where it cannot be told."""
    total, runs = n.sum(), len(n)
    p = events.sum() / total if total > 0 else 0.0
    if runs < 2 or not 0 < p < 1:
        return 1.0
    between = runs / (runs - 1) * ((events - p * n) ** 2).sum() / total**2
    return float(max(between / (p * (1 - p) / total), 1.0))


def wilson(events: float, n: float, deff: float = 1.0, level: float = LEVEL) -> Estimated:
    """Return a proportion with Wilson's interval, on the effective number of patients.

    >>> zero = wilson(0, 100)
    >>> zero.low, round(zero.high, 4)
    (0.0, 0.037)
    """
    if n <= 0:
        return Estimated(np.nan, why="nobody at risk")
    low, high = proportion_confint(events / deff, n / deff, alpha=1 - level, method="wilson")
    low, high = (0.0 if events == 0 else low), (1.0 if events == n else high)  # but for rounding
    return Estimated(events / n, float(low), float(high), "Wilson")


def wilson_of_runs(mean: float, se: float, degrees: int, level: float = LEVEL) -> Estimated:
    """Return Wilson's interval about a mean share of runs with its standard error: it stays between 0 and 1.

    The effective number of patients is the one at which independent patients would have this standard error, made
    smaller by the square of normal over t quantiles for the runs. Source: Korn & Graubard (1998), Survey Methodology
    24:193 (effective number); Franco et al. (2019), J. Survey Statistics and Methodology 7:334 (Wilson with it).
    """
    tail = (1 + level) / 2
    effective = mean * (1 - mean) / se**2 * (stats.norm.ppf(tail) / stats.t.ppf(tail, degrees)) ** 2
    found = wilson(mean * effective, effective, level=level)
    return Estimated(mean, found.low, found.high, "Wilson over runs")


def newcombe(
    events: tuple[float, float], n: tuple[float, float], deff: tuple[float, float] = (1.0, 1.0)
) -> Estimated:
    """Return the difference of the first proportion less the second, with Newcombe's hybrid interval.

    For independent groups. Source: Newcombe (1998), Statistics in Medicine 17:873, method 10.
    """
    a, b = (wilson(e, m, d) for e, m, d in zip(events, n, deff, strict=True))
    if not (a.known and b.known):
        return Estimated(np.nan, why="nobody at risk")
    value = a.value - b.value
    low = value - np.hypot(a.value - a.low, b.high - b.value)
    high = value + np.hypot(a.high - a.value, b.value - b.low)
    return Estimated(value, float(low), float(high), "Newcombe")
