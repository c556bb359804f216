"""What waiting, dying and leaving cost: c_g = w x hours untreated within tau + D x deaths + L x left.

Who leaves or dies untreated counts as untreated until tau, so with w = 1, D = tau and L = 0 the costs of an episode are
those by which a policy is judged (`policies.evaluation.measures`).
"""

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

    The wait counts from first presentation, travel included, until treatment begins; of who leaves or dies before,
    until tau. So no price of leaving or of death makes either cheaper than the longest wait. Raises `UsageError` for
    what is no price.
    """

    tau: float
    """Hours after presentation until which untreated time counts."""
    wait: float
    """w, per hour."""
    death: float
    """D, beside the wait."""
    left: float
    """L, beside the wait: left, cancelled or diverted outside."""

    def __post_init__(self) -> None:
        problems = [
            f"{name}: expected a finite number of at least 0, got {value!r}."
            for name in ("tau", "wait", "death", "left")
            for value in (getattr(self, name),)
            if not (np.isfinite(value) and value >= 0)
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


def prices_of(scenario: Scenario, wait: float = 1.0, death: float | None = None, left: float = 0.0) -> Prices:
    """Return prices for a scenario; a death costs as much as a wait of its `tau`, beside the wait, unless more is said.

    So costs are what outcomes count too (`sim.patient_metrics`, `policies.evaluation.measures`).
    """
    return Prices(scenario.tau, wait, wait * scenario.tau if death is None else death, left)
