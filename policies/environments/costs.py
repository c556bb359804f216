"""What waiting, dying and leaving cost: c_g = w x hours waited + D x deaths + L x left or diverted (DESIGN.md 7)."""

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
    """The price of an hour untreated, of a death, of leaving untreated or treated elsewhere.

    Raises `UsageError` if dying or leaving is cheaper than `longest_wait` hours of waiting: a policy would then be
    rewarded for it. The wait counts from first presentation, travel included, until treatment begins.
    """

    longest_wait: float
    """Hours: the longest avoidable wait."""
    wait: float
    """w, per hour."""
    death: float
    """D."""
    left: float
    """L: left, cancelled or diverted outside."""

    def __post_init__(self) -> None:
        problems = [
            f"{name}: expected a finite number of at least 0, got {value!r}."
            for name in ("longest_wait", "wait", "death", "left")
            for value in (getattr(self, name),)
            if not (np.isfinite(value) and value >= 0)
        ]
        least = self.wait * self.longest_wait
        problems += [
            f"{name}: expected at least {least:g}, the price of the longest avoidable wait "
            f"({self.longest_wait:g} h at {self.wait:g}), got {getattr(self, name):g}. Otherwise it pays."
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
    scenario: Scenario,
    wait: float = 1.0,
    death: float | None = None,
    left: float | None = None,
    longest_wait: float | None = None,
) -> Prices:
    """Return prices for a scenario: a death and leaving cost the longest wait unless more is said.

    The longest avoidable wait is the scenario's `tau` unless a longer one is given; `scenario.horizon` covers every
    wait. Raises `UsageError` if it is shorter: outcomes count whoever dies or leaves as untreated until then.
    """
    longest = scenario.tau if longest_wait is None else longest_wait
    if not longest >= scenario.tau:
        raise UsageError(
            f"longest_wait: expected at least the tau of {scenario.name}, {scenario.tau:g} h, got {longest:g}."
        )
    least = wait * longest
    return Prices(longest, wait, least if death is None else death, least if left is None else left)
