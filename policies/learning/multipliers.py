"""Multipliers of constraints, by a PI controller (Stooke et al. 2020, ICML).

Shapes: G constraints, one a group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import UsageError

Floats = NDArray[np.float64]


@dataclass
class Multipliers:
    """The multiplier of a constraint is kp x breach + the integral of ki x breach, never below 0.

    Raises `UsageError` for negative constants.
    """

    n: int
    """G."""
    kp: float = 1.0
    ki: float = 0.1
    most: float = 10.0
    """The integral never exceeds it (no wind-up)."""
    integral: Floats = field(init=False)

    def __post_init__(self) -> None:
        negative = [name for name in ("kp", "ki", "most") if not getattr(self, name) >= 0]
        if negative:
            raise UsageError(f"{', '.join(negative)}: expected numbers of at least 0.")
        self.integral = np.zeros(self.n)

    def update(self, breach: Floats) -> Floats:
        """Return G multipliers after a step in which constraints were overstepped by `breach` (G)."""
        self.integral = np.clip(self.integral + self.ki * breach, 0.0, self.most)
        return np.asarray(np.maximum(0.0, self.kp * breach + self.integral))

    def state(self) -> dict[str, Any]:
        """Return the integrals as plain values, for a checkpoint."""
        return {"integral": self.integral.tolist()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from these integrals."""
        self.integral = np.array(state["integral"], dtype=np.float64)
