"""How good a risk model is, from predictions for patients that it was not fitted to.

Intervals are 95 % percentile intervals of a bootstrap over patients. They do not contain the chance of the fold
allotment, nor what another cohort would be like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import rankdata

from sim.streams import uniforms

RESAMPLES = 1000
TAIL = 0.025
EDGE = 1e-6
"""Log-odds are taken of risks within this distance from 0 and 1 at the nearest."""
BINS = 5
"""Points of the calibration curve: fifths of the patients by risk."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class CalibrationPoint:
    """Patients of a fifth by risk: what was predicted on average, and how many had the disease."""

    n: int
    predicted: float
    observed: Estimate
    """The share with the disease; Wilson's interval."""


@dataclass(frozen=True)
class Assessment:
    """What out-of-fold predictions are worth."""

    n: int
    n_present: int
    brier: Estimate
    """Mean squared error of the risk; smaller is better."""
    brier_of_the_mean: float
    """The same for somebody who predicts everybody the prevalence."""
    auc: Estimate
    """The chance that of a patient with and one without the disease the first has the higher risk."""
    slope: Estimate
    """Of the true log-odds on the predicted ones: 1 is right, below 1 the risks are too extreme."""
    level: Estimate
    """Log-odds to add to every prediction so that as many have the disease as predicted: 0 is right."""
    curve: tuple[CalibrationPoint, ...]


def assess(risk: Floats, present: Flags, seed: int) -> Assessment:
    """Return the assessment of risks against the truth (`patients`, `patients`)."""
    n = len(risk)
    drawn = (
        (uniforms(seed, 0, ("heart risk", "bootstrap"), RESAMPLES * n) * n)
        .astype(np.int64)
        .reshape(RESAMPLES, n)
    )
    figures = {"brier": _brier, "auc": auc, "slope": _slope, "level": _level}
    estimates = {
        name: _with_interval(figure(risk, present), [figure(risk[rows], present[rows]) for rows in drawn])
        for name, figure in figures.items()
    }
    share = float(present.mean())
    return Assessment(
        n=n,
        n_present=int(present.sum()),
        brier_of_the_mean=share * (1 - share),
        curve=_curve(risk, present),
        **estimates,
    )


def auc(risk: Floats, present: Flags) -> float:
    """Return the area under the receiver operating curve; NaN unless both outcomes occur.

    >>> auc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, False, True, True]))
    0.875
    """
    n1 = int(present.sum())
    n0 = len(present) - n1
    if not n0 or not n1:
        return float("nan")
    return float((rankdata(risk)[present].sum() - n1 * (n1 + 1) / 2) / (n0 * n1))


def _brier(risk: Floats, present: Flags) -> float:
    return float(np.mean((risk - present) ** 2))


def _slope(risk: Floats, present: Flags) -> float:
    """The slope of a logistic regression on the predicted log-odds (Cox 1958), by Newton's method."""
    X = np.stack([np.ones(len(risk)), logit(np.clip(risk, EDGE, 1 - EDGE))], axis=1)
    beta = np.array([0.0, 1.0])
    for _ in range(25):
        p = expit(X @ beta)
        information = (X * (p * (1 - p))[:, None]).T @ X
        step = np.linalg.solve(information + 1e-12 * np.eye(2), X.T @ (present - p))
        beta = beta + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return float(beta[1])


def _level(risk: Floats, present: Flags) -> float:
    """The intercept when the slope is held at 1, by Newton's method."""
    odds = logit(np.clip(risk, EDGE, 1 - EDGE))
    added = 0.0
    for _ in range(25):
        p = expit(odds + added)
        step = float((present - p).sum() / max((p * (1 - p)).sum(), 1e-12))
        added += step
        if abs(step) < 1e-9:
            break
    return added


def _with_interval(value: float, resampled: list[float]) -> Estimate:
    low, high = np.nanquantile(resampled, (TAIL, 1 - TAIL))
    return Estimate(value, float(low), float(high))


def _curve(risk: Floats, present: Flags) -> tuple[CalibrationPoint, ...]:
    parts = np.array_split(np.argsort(risk, kind="stable"), min(BINS, len(risk)))
    return tuple(
        CalibrationPoint(len(rows), float(risk[rows].mean()), _wilson(int(present[rows].sum()), len(rows)))
        for rows in parts
    )


def _wilson(k: int, n: int) -> Estimate:
    """The share k / n with Wilson's 95 % interval (1927)."""
    z = 1.959963984540054
    share = k / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Estimate(share, float(middle - half), float(middle + half))
