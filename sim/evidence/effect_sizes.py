"""Sizes of effect on replication summaries. They say how far apart runs lie, not how far patients do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


def cliffs_delta(a: Floats, b: Floats) -> float:
    """Return P(a > b) - P(a < b) over all pairs of runs: 1 where every run of `a` is above every one of `b`.

    >>> cliffs_delta(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0]))
    0.5
    """
    if not (len(a) and len(b)):
        return np.nan
    u = stats.mannwhitneyu(a, b, method="asymptotic").statistic
    return float(2 * u / (len(a) * len(b)) - 1)


def cohens_d(a: Floats, b: Floats) -> float:
    """Return the difference of the means in pooled standard deviations; NaN where there is no spread.

    >>> round(cohens_d(np.array([2.0, 4.0, 6.0]), np.array([1.0, 3.0, 5.0])), 6)
    0.5
    """
    if len(a) < 2 or len(b) < 2:
        return np.nan
    degrees = len(a) + len(b) - 2
    pooled = np.sqrt(((len(a) - 1) * np.var(a, ddof=1) + (len(b) - 1) * np.var(b, ddof=1)) / degrees)
    return float((np.mean(a) - np.mean(b)) / pooled) if pooled > 0 else np.nan


def cohens_dz(differences: Floats) -> float:
    """Return the mean of paired differences in their own standard deviations; NaN where there is no spread."""
    if len(differences) < 2:
        return np.nan
    spread = np.std(differences, ddof=1)
    return float(np.mean(differences) / spread) if spread > 0 else np.nan
