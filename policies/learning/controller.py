"""Lambda that adapts itself: as much weight for the worst-off as holds the gap between groups at a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.learning.levels import finite

Floats = NDArray[np.float64]


@dataclass
class GapController:
    """A PI controller: lambda = kp x (gap - target) + integral, between 0 and 1.

    The integral is kept between 0 and 1 as well, so that it does not wind up while lambda is at an end: when patient
    flow changes, lambda leaves the end at once. The gap is the largest level less the smallest, of groups that come.
    """

    target: float
    """In the unit of levels: the cost of an average patient under neutral orders."""
    kp: float = 0.5
    ki: float = 0.1
    integral: float = 0.0

    def update(self, levels: Floats, rho: Floats) -> float:
        """Return lambda after an iteration with these levels (G)."""
        error = gap_of(levels, rho) - self.target
        self.integral = float(np.clip(self.integral + self.ki * error, 0.0, 1.0))
        return float(np.clip(self.kp * error + self.integral, 0.0, 1.0))

    def state(self) -> dict[str, Any]:
        """Return what it remembers."""
        return {"integral": self.integral}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.integral = float(state["integral"])


def gap_of(levels: Floats, rho: Floats) -> float:
    """Return the largest level less the smallest, of groups of whom somebody comes."""
    present = finite("levels of groups", levels)[rho > 0]
    return float(present.max() - present.min())
