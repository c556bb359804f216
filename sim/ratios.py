"""Ratios of means over replications, such as cost per patient, with Fieller's interval.

The ratio of the means, not the mean of the ratios: runs with few patients do not weigh more. Fieller's interval is
exact for normal means and says honestly when the denominator may be 0: then no bounded interval exists. Source:
Fieller (1954), JRSS B 16:175.
"""

from __future__ import annotations

from math import inf, nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.evidence.estimated import ONE_RUN, Estimated
from sim.inference import LEVEL

Floats = NDArray[np.float64]

FIELLER = "Fieller"


def ratio_of_means(above: Floats, below: Floats, level: float = LEVEL) -> Estimated:
    """Return mean(above) / mean(below), paired by run, with its interval.

    >>> round(ratio_of_means(np.array([2.0, 4.0, 6.0]), np.array([1.0, 2.0, 3.0])).value, 6)
    2.0
    """
    there = np.isfinite(above) & np.isfinite(below)
    a, b = above[there], below[there]
    n = len(a)
    if not n or b.mean() == 0:
        return Estimated(nan, why="nothing to divide by")
    value = float(a.mean() / b.mean())
    if n < 2:
        return Estimated(value, why=ONE_RUN)
    covariance = np.cov(a, b) / n
    t2 = float(stats.t.ppf((1 + level) / 2, n - 1)) ** 2
    # Roots of (b^2 - t2 var_b) r^2 - 2 (ab - t2 cov) r + (a^2 - t2 var_a).
    square = float(b.mean()) ** 2 - t2 * float(covariance[1, 1])
    middle = float(a.mean() * b.mean()) - t2 * float(covariance[0, 1])
    rest = float(a.mean()) ** 2 - t2 * float(covariance[0, 0])
    if square <= 0:
        return Estimated(value, -inf, inf, FIELLER, "the denominator may be 0")
    half = sqrt(max(middle**2 - square * rest, 0.0))
    return Estimated(value, (middle - half) / square, (middle + half) / square, FIELLER)
