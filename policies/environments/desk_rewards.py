"""Rewards of the desk: how much need is met, and how evenly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import UsageError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ledger:
    """Need by group (G): how much of it has presented, how much was met."""

    presented: Floats
    met: Floats

    @property
    def gap(self) -> float:
        """The largest share of need met in a group less the smallest, of groups that presented; from 0 to 1."""
        seen = self.presented > 0
        share = self.met[seen] / self.presented[seen]
        return float(share.max() - share.min()) if seen.any() else 0.0


class DeskReward(Protocol):
    """From the ledgers before and after a step to its reward; injected into the desk."""

    def of(self, before: Ledger, after: Ledger, expected: float) -> float:
        """Return the reward. `expected`: the need that all units together meet, were it of average patients."""
        ...


@dataclass(frozen=True)
class Balance:
    """(1 - lambda) x need met in the step - lambda x expected x what the step adds to the gap.

    Summed over an episode: (1 - lambda) x need met - lambda x expected x gap at the end. So the whole gap weighs as
    much as all the need that the units meet.
    """

    weight: float = 0.0
    """lambda, from 0 (only need counts) to 1 (only the gap counts)."""

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise UsageError(f"lambda: expected a number from 0 to 1, got {self.weight!r}.")

    def of(self, before: Ledger, after: Ledger, expected: float) -> float:
        """Return the reward of a step."""
        met = float(after.met.sum() - before.met.sum())
        return (1 - self.weight) * met - self.weight * expected * (after.gap - before.gap)
