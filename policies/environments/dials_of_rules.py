"""Dials for rules that hold until the next decision: queue, overflow, reserve, priority groups, diversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scenarios.rules import OverflowRule, QueueRule
from sim.protocol import Decision


@dataclass(frozen=True)
class QueueRuleDial:
    """How waiting patients are ranked."""

    rules: tuple[QueueRule, ...]
    labels: tuple[str, ...]
    name: str = "queue rule"

    @property
    def options(self) -> tuple[str, ...]:
        """The scenario's own rule, then the others."""
        return ("the scenario's", *self.labels)

    def legal(self, decision: Decision, hospital: int) -> list[bool]:
        """Return that all are."""
        return [True] * len(self.options)

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the rule."""
        return {"queue_rule": self.rules[option - 1]}


@dataclass(frozen=True)
class OverflowRuleDial:
    """Where patients go who find no place."""

    rules: tuple[OverflowRule, ...]
    neighbours: tuple[bool, ...]
    """By hospital: whether it has a neighbour; without one a rule that looks for one is the same as `stay`."""
    name: str = "overflow rule"

    @property
    def options(self) -> tuple[str, ...]:
        """The scenario's own rule, then the others."""
        return ("the scenario's", *(rule.name for rule in self.rules))

    def legal(self, decision: Decision, hospital: int) -> list[bool]:
        """Return which there is a use for."""
        reaching = self.neighbours[hospital]
        return [True, *(reaching or rule.name in ("stay", "outside") for rule in self.rules)]

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the rule."""
        return {"overflow_rule": self.rules[option - 1]}


@dataclass(frozen=True)
class ReserveDial:
    """Beds of a unit that are kept for the most urgent."""

    unit: str
    beds: tuple[int, ...]
    """By option, 0 first."""
    most: tuple[int, ...]
    """By hospital: the beds of the unit, 0 where it is absent."""

    @property
    def name(self) -> str:
        """What it is called."""
        return f"reserve {self.unit}"

    @property
    def options(self) -> tuple[str, ...]:
        """How many."""
        return tuple(str(n) for n in self.beds)

    def legal(self, decision: Decision, hospital: int) -> list[bool]:
        """Return which are fewer than all beds of the unit."""
        return [n == 0 or n < self.most[hospital] for n in self.beds]

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the reserve."""
        return {"reserve": {(self.unit, decision.names.acuities[0]): self.beds[option]}}


@dataclass(frozen=True)
class TierDial:
    """Which priority group goes first for a dose."""

    tiers: tuple[str, ...]
    fridges: tuple[bool, ...]
    """By hospital."""
    name: str = "first for a dose"

    @property
    def options(self) -> tuple[str, ...]:
        """Nobody, then the groups."""
        return ("nobody", *self.tiers)

    def legal(self, decision: Decision, hospital: int) -> list[bool]:
        """Return all where doses are given."""
        return [True, *(self.fridges[hospital] for _ in self.tiers)]

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the group that goes first."""
        return {"tiers": (self.tiers[option - 1],)}


@dataclass(frozen=True)
class DivertDial:
    """Whether ambulances go elsewhere."""

    receives: tuple[bool, ...]
    """By hospital: whether ambulances bring patients."""
    name: str = "divert"
    options: tuple[str, ...] = ("no", "yes")

    def legal(self, decision: Decision, hospital: int) -> list[bool]:
        """Return yes where ambulances come."""
        return [True, self.receives[hospital]]

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the diversion."""
        return {"divert": True}
