"""Fairness of a yes-or-no decision: who is given the scarce thing, and who of those that should be.

Demographic parity compares how often each group is given it; equalised odds compares that among those who should be
given it (Y = 1) and among those who should not (Y = 0). What "should" means is not in the data: Y is declared.
Counts come as ... x groups, the leading axes being resamples. Agrees with fairlearn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.fairness.disparity import largest_gap, min_max

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Allocation:
    """Patients and how many of them were given it, by whether they should be: ... x groups each."""

    n_should: Floats
    given_should: Floats
    n_should_not: Floats
    given_should_not: Floats

    @property
    def selection_rate(self) -> Floats:
        """How often each group is given it; NaN for an empty group."""
        return _rate(self.given_should + self.given_should_not, self.n_should + self.n_should_not)

    @property
    def true_positive_rate(self) -> Floats:
        """How often those who should are."""
        return _rate(self.given_should, self.n_should)

    @property
    def false_positive_rate(self) -> Floats:
        """How often those who should not are."""
        return _rate(self.given_should_not, self.n_should_not)

    @property
    def parity_difference(self) -> Floats:
        """The largest less the smallest rate."""
        return largest_gap(self.selection_rate)

    @property
    def parity_ratio(self) -> Floats:
        """The smallest rate over the largest."""
        return min_max(self.selection_rate)

    @property
    def odds_difference(self) -> Floats:
        """The larger of the two gaps, among those who should and those who should not; NaN where one is empty."""
        return np.maximum(largest_gap(self.true_positive_rate), largest_gap(self.false_positive_rate))


def _rate(given: Floats, n: Floats) -> Floats:
    return given / np.where(n > 0, n, np.nan)
