"""Running normalisation of what a network sees, kept with its weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.learning.levels import finite

Floats = NDArray[np.float64]
Vector = NDArray[np.float32]

FARTHEST = 5.0
"""Standard deviations: an entry that never varied in training says no more than this when it first does."""


AT_ONCE = 128
"""Rows."""


@dataclass
class Normaliser:
    """Mean and variance of each of D entries over all that was seen (Chan et al. 1983, in parallel)."""

    size: int
    mean: Floats = field(init=False)
    spread: Floats = field(init=False)
    """Sum of squared deviations."""
    count: float = 0.0

    def __post_init__(self) -> None:
        self.mean, self.spread = np.zeros(self.size), np.zeros(self.size)

    def update(self, seen: NDArray[Any]) -> None:
        """Take rows (... x D) into account."""
        rows = np.asarray(seen).reshape(-1, self.size)
        with np.errstate(invalid="ignore", over="ignore"):
            mean, spread = _moments(rows)
        if not np.isfinite(spread).all():
            finite("observation", rows)
            finite("spread of observations", spread)
        total = self.count + len(rows)
        shift = mean - self.mean
        self.spread += spread + shift**2 * self.count * len(rows) / total
        self.mean += shift * len(rows) / total
        self.count = total

    @property
    def scale(self) -> Floats:
        """D standard deviations; never below .01."""
        return np.maximum(np.sqrt(self.spread / max(self.count, 1.0)), 0.01)

    def __call__(self, seen: NDArray[Any]) -> Vector:
        """Return rows (... x D) less the mean, in standard deviations, at most `FARTHEST` from 0."""
        found = seen - self.mean
        found /= self.scale
        return np.clip(found, -FARTHEST, FARTHEST, out=found).astype(np.float32)

    def state(self) -> dict[str, Any]:
        """Return arrays by name, for a checkpoint."""
        return {"mean": self.mean, "spread": self.spread, "count": np.array(self.count)}

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> Normaliser:
        """Return what `state` was made of."""
        made = cls(len(state["mean"]))
        made.mean, made.spread = np.array(state["mean"]), np.array(state["spread"])
        made.count = float(state["count"])
        return made


def _moments(rows: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return the mean of rows (N x D) and the sum of squared deviations from it, D each.

    In the rows' own precision, less the first of them, so that an entry that never varies has no deviation at all; and
    a few rows at a time, which the processor's cache holds.
    """
    first, sums, squares = rows[0], np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
    for start in range(0, len(rows), AT_ONCE):
        away = rows[start : start + AT_ONCE] - first
        sums += away.sum(axis=0)
        squares += np.square(away, out=away).sum(axis=0)
    shift = sums / len(rows)
    return first + shift, np.maximum(squares - sums * shift, 0.0)
