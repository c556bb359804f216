"""Rewards: what controllers are told, made from the costs of groups and from what their own orders cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import UsageError
from sim.protocol import Directive, Orders

Floats = NDArray[np.float64]


class Reward(Protocol):
    """From costs to rewards; injected into the environment."""

    def of(self, costs: Floats, local: Floats, groups: tuple[str, ...]) -> Floats:
        """Return a reward for each hospital (H), or a vector for each (H x N).

        `costs`: H x G, by hospital of first presentation and group; `local`: H, what its own orders cost.
        """
        ...


@dataclass(frozen=True)
class TeamReward:
    """The same for all: -(sum over groups of rho_g c_g); less what a hospital's own orders cost."""

    rho: Mapping[str, float] = field(default_factory=dict)
    """Weight by group; 1 when not named."""

    def of(self, costs: Floats, local: Floats, groups: tuple[str, ...]) -> Floats:
        """Return H rewards."""
        if unknown := [name for name in self.rho if name not in groups]:
            raise UsageError(
                f"rho: {', '.join(map(repr, unknown))} is not a group. There are: {', '.join(groups)}."
            )
        weights = np.array([self.rho.get(name, 1.0) for name in groups])
        return np.asarray(-(costs.sum(axis=0) @ weights) - local, dtype=np.float64)


@dataclass(frozen=True)
class VectorReward:
    """The parts by themselves: minus the team's cost of every group, then minus what the own orders cost."""

    def of(self, costs: Floats, local: Floats, groups: tuple[str, ...]) -> Floats:
        """Return H x (G + 1) rewards."""
        team = np.tile(-costs.sum(axis=0), (len(local), 1))
        return np.column_stack([team, -local])


@dataclass(frozen=True)
class OrderPrices:
    """What orders cost the hospital that gives them, beside the patients; nothing unless said."""

    move: float = 0.0
    """A patient moved by order."""
    call_in: float = 0.0
    """A person called in, per hour."""
    flex: float = 0.0
    """A flex bed ordered open, per hour."""

    def of(self, directive: Directive, hospitals: tuple[str, ...], hours: float) -> Floats:
        """Return H: what the orders cost over an interval of so many hours."""
        return np.array([self._one(directive.orders.get(name, Orders()), hours) for name in hospitals])

    def _one(self, orders: Orders, hours: float) -> float:
        called, opened = sum(orders.call_in.values()), sum(orders.flex.values())
        return self.move * len(orders.moves) + hours * (self.call_in * called + self.flex * opened)
