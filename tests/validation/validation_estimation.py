"""Estimates of a mean or a ratio of means over replications, with their standard errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    value: float
    standard_error: float
    degrees_of_freedom: int

    @property
    def half_width(self) -> float:
        """Of the 95 % interval."""
        return float(stats.t.ppf(0.975, self.degrees_of_freedom) * self.standard_error)

    def errors_from(self, expected: float) -> float:
        """How many standard errors lie between the estimate and what is expected."""
        return abs(self.value - expected) / self.standard_error


def mean(values: Sequence[float]) -> Estimate:
    y = np.asarray(values, dtype=np.float64)
    y = y[~np.isnan(y)]
    return Estimate(float(y.mean()), float(y.std(ddof=1) / np.sqrt(len(y))), len(y) - 1)


def controlled_mean(values: Sequence[float], controls: Sequence[Sequence[float]]) -> Estimate:
    """A mean, corrected for what chance did to quantities whose expectation is known.

    `controls` holds one row a replication: how far each such quantity (arrivals, mean service time) was from
    its expectation. The estimate is the intercept of the regression on them (Lavenberg & Welch 1981, Management
    Science 27:322): as valid as the plain mean, with a much smaller error.
    """
    y = np.asarray(values, dtype=np.float64)
    x = np.column_stack([np.ones(len(y)), np.asarray(controls, dtype=np.float64)])
    x[:, 1:] /= np.abs(x[:, 1:]).max(axis=0)
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    residuals = y - x @ coefficients
    freedom = len(y) - x.shape[1]
    covariance = np.linalg.inv(x.T @ x) * (residuals @ residuals) / freedom
    return Estimate(float(coefficients[0]), float(np.sqrt(covariance[0, 0])), freedom)


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Estimate:
    """The ratio of two means, with the error of its linear approximation."""
    top, bottom = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    value = top.mean() / bottom.mean()
    spread = (top - value * bottom).std(ddof=1) / np.sqrt(len(top))
    return Estimate(float(value), float(spread / bottom.mean()), len(top) - 1)
