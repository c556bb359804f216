"""A calibrated logistic model of heart risk: what is kept of it, and how it is fitted.

The fit is scikit-learn's: logistic regression on scaled numbers and one-hot codes, and a sigmoid
(Platt 1999) fitted to out-of-fold scores. Both are linear in the encoded features, so the model is one
vector of weights on the log-odds: kept as JSON, read without scikit-learn, and explained exactly.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from agents.risk.features import FEATURES, NAMES, Feature, HeartPatients
from scenarios.errors import MissingExtra, UsageError
from sim.streams import uniforms

SCHEMA = "fairward.heart-risk/1"
EXTRA = "risk"
FOLDS = 10
FEWEST_OF_EACH = 2 * FOLDS
"""Patients with and without the disease: fewer cannot be split into folds that hold both."""

STRENGTH = 0.3
"""scikit-learn's C, the inverse of the penalty: stricter than its default of 1, for some 200 patients (assumed)."""

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class RiskModel:
    """Log-odds = intercept + encoded features x weights."""

    columns: tuple[str, ...]
    """Encoded columns: a feature's name, or `name = code`."""
    centre: tuple[float, ...]
    """The mean of each encoded column over the patients it was fitted to."""
    weights: tuple[float, ...]
    """Calibrated log-odds per unit of each encoded column."""
    intercept: float
    """The calibrated log-odds of a patient who is average in every column."""

    def log_odds(self, features: pd.DataFrame) -> Floats:
        """Return the calibrated log-odds of disease."""
        return np.asarray(self.intercept + self.contributions(features).sum(axis=1), dtype=np.float64)

    def predict(self, features: pd.DataFrame) -> Floats:
        """Return the calibrated probability of disease."""
        return np.asarray(expit(self.log_odds(features)), dtype=np.float64)

    def contributions(self, features: pd.DataFrame) -> Floats:
        """Return patients x features: what each adds to the average patient's log-odds. They sum exactly."""
        added = (encoded(features) - np.array(self.centre)) * np.array(self.weights)
        owner = np.array([NAMES.index(column.partition(" = ")[0]) for column in self.columns])
        return np.stack([added[:, owner == i].sum(axis=1) for i in range(len(NAMES))], axis=1)

    def write(self, path: Path) -> None:
        """Write the model as JSON."""
        path.write_text(json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1) + "\n", encoding="utf-8")


def read_model(path: Path) -> RiskModel:
    """Return a model that was written by `RiskModel.write`."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["schema"] != SCHEMA or tuple(kept["columns"]) != tuple(_columns()):
            raise ValueError(f"expected {SCHEMA} with the columns of this version")
        numbers = [np.array(kept[name], dtype=np.float64) for name in ("centre", "weights", "intercept")]
        if [n.shape for n in numbers] != [(len(_columns()),)] * 2 + [()] or not all(map(_finite, numbers)):
            raise ValueError("expected a finite number for each column")
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = f"no {error}" if isinstance(error, KeyError) else error
        raise UsageError(f"{path} is not a risk model: {said}. Make one: fairward thresholds train") from None
    return RiskModel(
        tuple(kept["columns"]), tuple(kept["centre"]), tuple(kept["weights"]), float(kept["intercept"])
    )


def fit(patients: HeartPatients, seed: int) -> RiskModel:
    """Return a model fitted to all these patients. Raises `MissingExtra` without scikit-learn."""
    present = patients.outcomes()
    _enough_of_each(present)
    try:
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise MissingExtra(EXTRA, "fitting a risk model") from None
    X = encoded(patients.features)
    plain = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=1000))
    folds = stratified_folds(present, 5, seed, "calibration")
    whole = CalibratedClassifierCV(plain, method="sigmoid", cv=_pairs(folds), ensemble=False)
    with warnings.catch_warnings():
        # A code that nobody has makes a constant column, whose weight is 0.
        warnings.simplefilter("ignore", RuntimeWarning)
        whole.fit(X, present)
    inner = whole.calibrated_classifiers_[0]
    scaler, logistic = inner.estimator[0], inner.estimator[1]
    sigmoid = inner.calibrators[0]  # p = 1 / (1 + exp(a score + b))
    weights = -sigmoid.a_ * logistic.coef_[0] / scaler.scale_
    intercept = -sigmoid.a_ * logistic.intercept_[0] - sigmoid.b_
    return RiskModel(
        tuple(_columns()), tuple(scaler.mean_.tolist()), tuple(weights.tolist()), float(intercept)
    )


def cross_fitted(patients: HeartPatients, seed: int, folds: int = FOLDS) -> Floats:
    """Return each patient's risk by a model that was fitted to the others (in `folds` folds)."""
    present = patients.outcomes()
    _enough_of_each(present)
    fold = stratified_folds(present, folds, seed, "cross-fit")
    risk = np.full(len(patients), np.nan)
    for number in range(folds):
        model = fit(patients.only(np.flatnonzero(fold != number)), seed)
        held = fold == number
        risk[held] = model.predict(patients.features[held])
    return risk


def split(patients: HeartPatients, held_out: float, seed: int) -> tuple[Rows, Rows]:
    """Return the rows to learn from and the rows kept for judging, a share of each outcome."""
    present = patients.outcomes()
    chance = uniforms(seed, 0, ("heart risk", "held out"), len(patients))
    kept: list[Rows] = []
    for value in (True, False):
        rows = np.flatnonzero(present == value)
        kept.append(rows[np.argsort(chance[rows], kind="stable")][: round(held_out * len(rows))])
    judged = np.sort(np.concatenate(kept))
    return np.setdiff1d(np.arange(len(patients)), judged), judged


def stratified_folds(present: NDArray[np.bool_], folds: int, seed: int, purpose: str) -> Rows:
    """Return the fold of each patient; the folds share both outcomes as evenly as can be."""
    chance = uniforms(seed, 0, ("heart risk", "folds", purpose), len(present))
    fold = np.zeros(len(present), dtype=np.int64)
    first = 0
    for value in (True, False):
        rows = np.flatnonzero(present == value)
        fold[rows[np.argsort(chance[rows], kind="stable")]] = (first + np.arange(len(rows))) % folds
        first += len(rows)
    return fold


def encoded(features: pd.DataFrame) -> Floats:
    """Return patients x encoded columns: numbers as they are, codes one-hot without the first."""
    parts = []
    for feature in FEATURES:
        values = features[feature.name].to_numpy(dtype=np.float64)
        parts += [values] if not feature.codes else [(values == code) * 1.0 for code in feature.codes[1:]]
    return np.stack(parts, axis=1)


def _columns() -> list[str]:
    return [name for feature in FEATURES for name in _columns_of(feature)]


def _columns_of(feature: Feature) -> list[str]:
    return [f"{feature.name} = {code}" for code in feature.codes[1:]] if feature.codes else [feature.name]


def _pairs(fold: Rows) -> Sequence[tuple[Rows, Rows]]:
    return [(np.flatnonzero(fold != n), np.flatnonzero(fold == n)) for n in range(int(fold.max()) + 1)]


def _enough_of_each(present: NDArray[np.bool_]) -> None:
    n = int(present.sum()), int((~present).sum())
    if min(n) < FEWEST_OF_EACH:
        raise UsageError(
            f"a risk model needs at least {FEWEST_OF_EACH} patients with and {FEWEST_OF_EACH} without the disease, "
            f"got {n[0]} and {n[1]}."
        )


def _finite(numbers: Floats) -> bool:
    return bool(np.isfinite(numbers).all())
