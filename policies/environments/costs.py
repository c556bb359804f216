"""What waiting, dying and leaving cost: c_g = w x hours untreated within tau + D x deaths + L x left (DESIGN.md 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.protocol import Tally

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prices:
    """The price of an hour untreated within tau, of a death, of leaving untreated or treated elsewhere.

    Raises `UsageError` if dying or leaving is cheaper than waiting for `tau`, the most that a wait can cost: a policy
    would then be rewarded for it. The wait counts from first presentation, travel included, until treatment begins.
    """

    tau: float
    """Hours after presentation until which untreated time counts."""
    wait: float
    """w, per hour."""
    death: float
    """D."""
    left: float
    """L: left, cancelled or diverted outside."""

    def __post_init__(self) -> None:
        problems = [
            f"{name}: expected a finite number of at least 0, got {value!r}."
            for name in ("tau", "wait", "death", "left")
            for value in (getattr(self, name),)
            if not (np.isfinite(value) and value >= 0)
        ]
        least = self.wait * self.tau
        problems += [
            f"{name}: expected at least {least:g}, the most that a wait can cost "
            f"({self.tau:g} h at {self.wait:g}), got {getattr(self, name):g}. Otherwise it pays."
            for name in ("death", "left")
            if not problems and getattr(self, name) < least
        ]
        if problems:
            raise UsageError("\n".join(problems))

    def of(self, tally: Tally) -> Floats:
        """Return H x G: the cost of an interval by hospital of first presentation and group."""
        return np.asarray(
            self.wait * np.array(tally.wait_hours, dtype=np.float64)
            + self.death * np.array(tally.died)
            + self.left * np.array(tally.left),
            dtype=np.float64,
        )


def prices_of(
    scenario: Scenario, wait: float = 1.0, death: float | None = None, left: float | None = None
) -> Prices:
    """Return prices for a scenario: a death and leaving cost as much as waiting for its `tau` unless more is said.

    So costs are what outcomes count too (`sim.patient_metrics`, `policies.evaluation.measures`), but for who dies or
    leaves: they cost their wait until then as well.
    """
    least = wait * scenario.tau
    return Prices(scenario.tau, wait, least if death is None else death, least if left is None else left)
