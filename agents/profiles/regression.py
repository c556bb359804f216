"""The two regressions by which planted associations are estimated, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.profiles.calibrated import in_domain
from agents.profiles.laws import Law
from agents.profiles.people import People

FEWEST = 10
"""People with and without an outcome, below which an odds ratio is not estimated (assumed)."""

STEPS = 50
LARGEST = 12.0
"""Log odds beyond which the groups are taken to be separated."""

Z = 1.959963984540054
"""Normal quantile of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A slope and its standard error, or why there is none."""

    estimate: float | None
    error: float | None
    n: int
    """People in the regression."""
    why_not: str = ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval."""
        if self.estimate is None or self.error is None:
            return None
        return self.estimate - Z * self.error, self.estimate + Z * self.error


def fit(people: People, law: Law, feature: str) -> Fit:
    """Return the slope of a feature in the regression that a law is, over the people in its domain."""
    inside = in_domain(people, law)
    outcome = people.feature(law.outcome)
    names = [slope.feature for slope in law.slopes]
    columns = [people.feature(name) for name in names]
    kept = inside & np.isfinite(outcome) & np.all([np.isfinite(c) for c in columns], axis=0)
    n = int(kept.sum())
    if n <= len(names) + 1:
        return Fit(None, None, n, "too few people")
    varied = [k for k, c in enumerate(columns) if np.ptp(c[kept]) > 0]
    if names.index(feature) not in varied:
        return Fit(None, None, n, "everybody is alike in it")
    X = np.column_stack([np.ones(n), *(columns[k][kept] for k in varied)])
    place = 1 + varied.index(names.index(feature))
    y = outcome[kept]
    if law.kind == "odds" and min(y.sum(), n - y.sum()) < FEWEST:
        return Fit(None, None, n, f"fewer than {FEWEST} with or without it")
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return Fit(None, None, n, "two features go together completely")
    solved = logistic(X, y) if law.kind == "odds" else least_squares(X, y)
    if solved is None:
        return Fit(None, None, n, "a feature separates those with it from those without")
    slopes, covariance = solved
    return Fit(float(slopes[place]), float(np.sqrt(covariance[place, place])), n)


def logistic(
    X: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return slopes and their covariance by maximum likelihood; None if there is no finite maximum.

    `X` is n x k with a column of ones, `y` 0 or 1.
    """
    slopes = np.zeros(X.shape[1])
    for _ in range(STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(X @ slopes, -30, 30)))
        information = (X * (p * (1 - p))[:, None]).T @ X
        try:
            step = np.linalg.solve(information, X.T @ (y - p))
        except np.linalg.LinAlgError:
            return None
        slopes = slopes + step
        if np.abs(slopes[1:]).max(initial=0) > LARGEST:
            return None
        if np.abs(step).max() < 1e-9:
            return slopes, np.asarray(np.linalg.inv(information), dtype=np.float64)
    return None


def least_squares(
    X: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slopes and their covariance, robust to unequal spread (White 1980, HC1)."""
    n, k = X.shape
    bread = np.linalg.inv(X.T @ X)
    slopes = bread @ X.T @ y
    residual = y - X @ slopes
    meat = (X * (residual**2)[:, None]).T @ X
    return slopes, bread @ meat @ bread * (n / (n - k))
