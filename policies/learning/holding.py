"""Nobody is to pay: groups are held at what they had where training began, by multipliers.

What a policy does to a group is told from luck with patients only by a policy that met the same ones. So some copies
play what training began with, and some the policy in the middle of all trials: trials themselves stray, and say nothing
of it.

Shapes: C copies, G groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.learning.multipliers import Multipliers

Floats = NDArray[np.float64]

COMPANY = 8
"""Copies that meet the same patients where groups are held: three pairs of trials, the middle and the start."""


@dataclass(frozen=True)
class Company:
    """What each copy plays, and who meets the same patients: they stand side by side, so that these are drawn once."""

    patients: NDArray[np.int64]
    """C numbers from 0, rising: copies with the same one meet the same patients."""
    trials: NDArray[np.int64]
    """The copies that try something, the two of a pair one after the other."""
    middles: NDArray[np.int64]
    """The copies that play the policy in the middle of the trials; none where nobody is held."""
    starts: NDArray[np.int64]
    """The copies that play what training began with, on the same patients in the same order."""

    @classmethod
    def of(cls, copies: int, held: bool) -> Company:
        """Return the company of so many copies: even, a multiple of `COMPANY` where groups are held."""
        one = np.arange(copies)
        if not held:
            return cls(one // 2, one, one[:0], one[:0])
        seat = one % COMPANY
        middle, start = COMPANY - 2, COMPANY - 1
        return cls(
            one // COMPANY,
            np.flatnonzero(seat < middle),
            np.flatnonzero(seat == middle),
            np.flatnonzero(seat == start),
        )


@dataclass
class Hold:
    """Multipliers for J_g <= (1 + allowed) x what J_g was under the start, for every group.

    The breach is a share of what the group pays under the start, averaged over iterations, for one rests on few
    patients. At a breach of 2 % the multiplier is 1, as much as the worst-off have with lambda 1, and it grows by .1 in
    every iteration in which the breach goes on.
    """

    allowed: float
    n: int
    """G."""
    smoothing: float = 0.3
    """The share of the newest iteration in the breach."""
    breach: Floats | None = field(default=None)
    """G; None before the first update."""
    _multipliers: Multipliers = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._multipliers = Multipliers(self.n, kp=50.0, ki=5.0, most=5.0)

    def update(self, now: Floats, then: Floats) -> Floats:
        """Return G multipliers after an iteration. `now`, `then`: levels (G) of the middle and of the start."""
        # A group that pays nothing under the start is measured by what the others pay.
        paid = np.where(then > 0, then, then.mean() or 1.0)
        newest = (now - (1 + self.allowed) * then) / paid
        old = newest if self.breach is None else self.breach
        self.breach = (1 - self.smoothing) * old + self.smoothing * newest
        return self._multipliers.update(self.breach)

    def state(self) -> dict[str, Any]:
        """Return it as plain values, for a checkpoint."""
        return {
            "breach": None if self.breach is None else self.breach.tolist(),
            **self._multipliers.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.breach = None if state["breach"] is None else np.array(state["breach"])
        self._multipliers.load(state)
