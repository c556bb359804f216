"""Who gets the depot's vials: the shares under which most of the doses asked for can be expected to be given."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.special import pdtrc

from policies.vaccine_supply import DepotPolicy
from sim.protocol import Decision, HospitalView

WASTE = 0.1
"""A vial is ordered only if more than this share of it is expected to be used. Assumed."""


class VialPlan(DepotPolicy):
    """Vials by an integer program: each goes where the most of it is expected to be given before the next delivery."""

    name = "lp"

    def share(
        self, decision: Decision, views: Sequence[HospitalView], product: str, depot: int, room: list[int]
    ) -> list[int]:
        """Return vials by hospital.

        The n-th vial at a hospital brings the expected doses given with n less those with n - 1, demand being
        Poisson with those who wait added; this falls with n, so a plan never skips a vial.
        """
        gains = [
            self.gains(decision, view, product, min(depot, space))
            for view, space in zip(views, room, strict=True)
        ]
        value = np.concatenate(gains) if gains else np.zeros(0)
        if not value.size:
            return [0] * len(views)
        found = milp(
            -value, integrality=np.ones_like(value), bounds=Bounds(0, 1),
            constraints=LinearConstraint(np.ones((1, len(value))), -np.inf, depot),
        )  # fmt: skip
        taken = np.round(found.x).astype(int)
        ends = np.cumsum([len(gain) for gain in gains])
        return [int(part.sum()) for part in np.split(taken, ends[:-1])]

    def gains(self, decision: Decision, view: HospitalView, product: str, most: int) -> np.ndarray:
        """Return the doses that the first, second, ... vial is expected to add, less `WASTE` of it."""
        per_vial = self._doses_per_vial(product)
        people, waiting = self.expected(decision, view, product), self.queue(decision, view, product)
        here = self.doses_soon(view, product)
        levels = here + per_vial * np.arange(most + 1)
        given = np.array([_expected_given(people, waiting, int(level)) for level in levels])
        return np.asarray(np.diff(given) - WASTE * per_vial)


def _expected_given(people: float, waiting: int, doses: int) -> float:
    """E min(doses, waiting + Poisson(people))."""
    beyond = doses - waiting
    if beyond <= 0:
        return float(doses)
    below = np.arange(ceil(beyond))
    return waiting + float(pdtrc(below, people).sum())
