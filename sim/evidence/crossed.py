"""The mean of a learner over training seeds and replications: luck in training and luck with patients, both counted.

Every training seed is evaluated on the same replications, so the values form a crossed table, seeds x replications,
and neither its rows nor its columns are independent observations alone. The variance of the grand mean is estimated
from the mean squares of the two-way random-effects model, as readers x cases are in radiology (Dorfman, Berbaum & Metz
1992; degrees of freedom by Satterthwaite as in Hillis 2007, Statistics in Medicine 26:596, with the term of the
replications kept). With one training seed it is the t interval over replications, and says nothing about training.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.evidence.estimated import Estimated
from sim.inference import LEVEL

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crossed:
    """A grand mean with what is needed for its interval and its tests."""

    mean: float
    error: float
    """Standard error; NaN where there is no spread to judge by."""
    degrees: float
    """Degrees of freedom."""

    def interval(self, level: float = LEVEL) -> Estimated:
        """Return the mean with its two-sided t interval."""
        if self.error != self.error:
            return Estimated(self.mean, why="one run says nothing about chance")
        half = self.error * float(stats.t.ppf((1 + level) / 2, self.degrees)) if self.error else 0.0
        return Estimated(self.mean, self.mean - half, self.mean + half, "t, seeds x runs")

    def p_two_sided(self) -> float | None:
        """Return the p value of a mean of zero; None where nothing can be said."""
        if self.error != self.error:
            return None
        if self.error == 0:
            return 1.0 if self.mean == 0 else 0.0
        return float(2 * stats.t.sf(abs(self.mean) / self.error, self.degrees))

    def p_at_least(self, limit: float = 0.0) -> float | None:
        """Return the p value of the mean being `limit` or more: small means that it is less."""
        if self.error != self.error:
            return None
        if self.error == 0:
            return 0.0 if self.mean < limit else 1.0
        return float(stats.t.cdf((self.mean - limit) / self.error, self.degrees))


def crossed(values: Floats) -> Crossed:
    """Return the mean of training seeds x replications (K x R); replications with a missing value are left out.

    >>> found = crossed(np.array([[1.0, 2.0, 3.0]]))
    >>> round(found.interval().low, 6), found.degrees
    (-0.484138, 2.0)
    """
    kept = values[:, ~np.isnan(values).any(axis=0)]
    k, r = kept.shape
    if r == 0:
        return Crossed(nan, nan, nan)
    mean = float(kept.mean())
    if r == 1:
        return Crossed(mean, nan, nan)
    by_seed, by_run = kept.mean(axis=1), kept.mean(axis=0)
    runs = k * float(np.var(by_run, ddof=1))
    if k == 1:
        return Crossed(mean, sqrt(runs / r), float(r - 1))
    seeds = r * float(np.var(by_seed, ddof=1))
    rest = kept - by_seed[:, None] - by_run[None] + mean
    both = float((rest**2).sum()) / ((k - 1) * (r - 1))
    spread = seeds + max(runs - both, 0.0)
    if spread <= 0:
        return Crossed(mean, 0.0, float(k - 1))
    terms = seeds**2 / (k - 1)
    if runs > both:
        terms += runs**2 / (r - 1) + both**2 / ((k - 1) * (r - 1))
    return Crossed(mean, sqrt(spread / (k * r)), spread**2 / terms)
