"""What each group pays: cost per patient in units of a fixed baseline, smoothed over iterations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import UsageError

Floats = NDArray[np.float64]


@dataclass
class GroupLevels:
    """J_g, the level of each of G groups: cost / (expected patients x baseline), an exponential moving average.

    Fixed for a training run are the expected patients an hour of each group and one baseline for all, what a patient
    costs on average under neutral orders. So 1 is the average patient's lot before anything was learned, and levels
    of different groups can be compared. Advantages are standardised alike (`scaled`), so that weights on them are
    gradients of a function of J. Raises `UsageError` if a number is not finite, or there is nothing to compare with.
    """

    per_hour: Floats
    """G: expected patients an hour; 0 for a group of whom nobody comes, which then has no weight."""
    baseline: float
    """The cost of an average patient under neutral orders."""
    smoothing: float = 0.3
    """The share of the newest iteration in the average."""
    level: Floats | None = field(default=None)
    """J (G); None before the first update."""

    def __post_init__(self) -> None:
        self.per_hour = np.asarray(self.per_hour, dtype=np.float64)
        if not (np.isfinite(self.per_hour).all() and (self.per_hour >= 0).all() and self.per_hour.any()):
            raise UsageError(
                f"expected patients an hour: expected numbers of at least 0, not all 0, got {self.per_hour}."
            )
        if not (np.isfinite(self.baseline) and self.baseline > 0):
            raise UsageError(
                f"baseline cost of a patient: expected a positive number, got {self.baseline!r}. Nobody waits under "
                "neutral orders, or prices are 0: there is nothing to learn."
            )
        if not 0 < self.smoothing <= 1:
            raise UsageError(f"smoothing: expected more than 0 and at most 1, got {self.smoothing!r}.")

    @property
    def rho(self) -> Floats:
        """G: shares of all patients, which add up to 1."""
        return np.asarray(self.per_hour / self.per_hour.sum())

    def update(self, costs: Floats, hours: float) -> Floats:
        """Return J after an iteration of `costs` (G, summed) in so many hours of simulation (of all copies)."""
        costs = finite("costs of groups", costs)
        newest = self._per_patient(costs) / max(hours, 1e-12)
        old = newest if self.level is None else self.level
        self.level = (1 - self.smoothing) * old + self.smoothing * newest
        return self.level

    def scaled(self, costs: Floats) -> Floats:
        """Return costs (... x G) per expected patient an hour and baseline: their mean over hours is J."""
        return self._per_patient(costs)

    def scaled_rest(self, costs: Floats) -> Floats:
        """Return costs that belong to no group, so that rho . scaled + scaled_rest is the whole, in one unit."""
        return np.asarray(costs / (self.per_hour.sum() * self.baseline), dtype=np.float64)

    def state(self) -> dict[str, Any]:
        """Return it as plain values, for a checkpoint."""
        level = None if self.level is None else self.level.tolist()
        return {
            "per_hour": self.per_hour.tolist(), "baseline": self.baseline, "smoothing": self.smoothing, "level": level,
        }  # fmt: skip

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> GroupLevels:
        """Return what `state` was made of."""
        level = None if state["level"] is None else np.array(state["level"], dtype=np.float64)
        return cls(np.array(state["per_hour"]), float(state["baseline"]), float(state["smoothing"]), level)

    def _per_patient(self, costs: Floats) -> Floats:
        divisor = np.where(self.per_hour > 0, self.per_hour, np.inf) * self.baseline
        return np.asarray(costs / divisor, dtype=np.float64)


def finite(what: str, values: Any) -> Floats:
    """Return the values, or raise `UsageError` at once: a NaN would spread over every weight without a word."""
    found = np.asarray(values, dtype=np.float64)
    if not np.isfinite(found).all():
        bad = int((~np.isfinite(found)).sum())
        raise UsageError(
            f"{what}: expected finite numbers, got {bad} of {found.size} that are NaN or infinite."
        )
    return found
