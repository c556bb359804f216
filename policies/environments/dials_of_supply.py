"""Dials for what a hospital has: flex beds and vaccine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from policies.environments.dial import Legality, with_neutral
from sim.protocol import Decision


@dataclass(frozen=True)
class FlexDial:
    """Flex beds of a unit that are open: none, and up to four levels to all."""

    unit: str
    levels: int
    """Levels above none."""

    @property
    def name(self) -> str:
        """What it is called."""
        return f"flex {self.unit}"

    @property
    def options(self) -> tuple[str, ...]:
        """The share of the hospital's own flex beds."""
        return ("none", *(f"{level}/{self.levels}" for level in range(1, self.levels + 1)))

    def legal(self, decision: Decision) -> Legality:
        """Return the levels at which more beds are open than at the one below."""
        levels = range(self.levels + 1)
        beds = [[self._beds(decision, h, level) for level in levels] for h in range(len(decision.hospitals))]
        return with_neutral(np.diff(beds, axis=1) > 0)

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the beds."""
        return {"flex": {self.unit: self._beds(decision, hospital, option)}}

    def _beds(self, decision: Decision, hospital: int, level: int) -> int:
        most = decision.hospitals[hospital].legal.flex.get(self.unit, 0)
        return ceil(most * level / self.levels)


@dataclass(frozen=True)
class VaccineDial:
    """Vials ordered: the scenario's order-up-to levels, or these times a factor."""

    up_to: tuple[Mapping[str, int], ...]
    """By hospital: product -> its order-up-to level; empty without a fridge."""
    per_vial: Mapping[str, int]
    factors: tuple[float, ...] = (0.0, 0.5, 2.0)
    name: str = "vaccine"

    @property
    def options(self) -> tuple[str, ...]:
        """The scenario's own rule, then the factors."""
        return ("the scenario's", *(f"{factor:g} x" for factor in self.factors))

    def legal(self, decision: Decision) -> Legality:
        """Return all where there is a fridge that is filled."""
        return with_neutral([[any(levels.values())] * len(self.factors) for levels in self.up_to])

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the vials, no more than the depot has."""
        view = decision.hospitals[hospital]
        orders = {}
        for product, level in self.up_to[hospital].items():
            # An open vial counts as a whole one here, so that never more is ordered than the level allows.
            here = sum(
                -(-lot.doses // self.per_vial[product]) for lot in view.stock if lot.product == product
            )
            wanted = ceil(level * self.factors[option - 1]) - here - view.on_order[product]
            orders[product] = min(max(0, wanted), decision.depot[product])
        return {"vaccine": orders}
