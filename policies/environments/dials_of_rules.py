"""Dials for rules that hold until the next decision: queue, overflow, reserve, priority groups, diversion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from policies.environments.dial import Legality, with_neutral
from scenarios.rules import OverflowRule, QueueRule
from sim.protocol import Decision


class FixedDial:
    """What a hospital may choose does not change."""

    name: str
    options: tuple[str, ...]

    def __init__(self, name: str, options: Sequence[str], legal: Legality) -> None:
        self.name, self.options = name, tuple(options)
        self.always = legal

    def legal(self, decision: Decision) -> Legality:
        """Return H x options."""
        return self.always


class QueueRuleDial(FixedDial):
    """How waiting patients are ranked."""

    def __init__(self, rules: Sequence[QueueRule], labels: Sequence[str], n_hospitals: int) -> None:
        every = np.ones((n_hospitals, len(rules) + 1), dtype=np.bool_)
        super().__init__("queue rule", ("the scenario's", *labels), every)
        self.rules = tuple(rules)

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the rule."""
        return {"queue_rule": self.rules[option - 1]}


class OverflowRuleDial(FixedDial):
    """Where patients go who find no place; where there is no neighbour a rule that looks for one is `stay`."""

    def __init__(self, rules: Sequence[OverflowRule], has_neighbour: Sequence[bool]) -> None:
        legal = [[near or rule.name in ("stay", "outside") for rule in rules] for near in has_neighbour]
        names = (rule.name for rule in rules)
        super().__init__("overflow rule", ("the scenario's", *names), with_neutral(legal))
        self.rules = tuple(rules)

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the rule."""
        return {"overflow_rule": self.rules[option - 1]}


class ReserveDial(FixedDial):
    """Beds of a unit that are kept for the most urgent: fewer than it has."""

    def __init__(self, unit: str, kept: Sequence[int], beds: Sequence[int]) -> None:
        """Offer to keep `kept` beds, 0 first; `beds` is how many each hospital has."""
        legal = with_neutral([[n < most for n in kept[1:]] for most in beds])
        super().__init__(f"reserve {unit}", [str(n) for n in kept], legal)
        self.unit, self.kept = unit, tuple(kept)

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the reserve."""
        return {"reserve": {(self.unit, decision.names.acuities[0]): self.kept[option]}}


class TierDial(FixedDial):
    """Which priority group goes first for a dose, where doses are given."""

    def __init__(self, tiers: Sequence[str], has_fridge: Sequence[bool]) -> None:
        legal = with_neutral([[fridge] * len(tiers) for fridge in has_fridge])
        super().__init__("first for a dose", ("nobody", *tiers), legal)

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the group that goes first."""
        return {"tiers": (self.options[option],)}


class DivertDial(FixedDial):
    """Whether ambulances go elsewhere, where they bring patients."""

    def __init__(self, receives: Sequence[bool]) -> None:
        super().__init__("divert", ("no", "yes"), with_neutral([[comes] for comes in receives]))

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the diversion."""
        return {"divert": True}
