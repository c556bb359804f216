"""Several policies at once: `acuity+nearest`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sim.protocol import Constant, Decision, Directive, Engine, Orders, Policy, Watching

_NEUTRAL = Orders()


def combined(policies: Sequence[Policy]) -> Policy:
    """Return several policies as one; those that always order the same still do."""
    if all(isinstance(policy, Constant) for policy in policies):
        return Settled([policy.directive for policy in policies if isinstance(policy, Constant)])
    return Combined(policies)


class Combined:
    """The orders of several policies merged hospital by hospital; where two conflict the later one wins.

    Parts that are tables (moves, loans, reserved beds, ...) are merged entry by entry; any other part
    is the last one that is not neutral.
    """

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._policies = tuple(policies)

    def watch(self, engine: Engine) -> None:
        """Show the run to those who look at it."""
        for policy in self._policies:
            if isinstance(policy, Watching):
                policy.watch(engine)

    def decide(self, decision: Decision) -> Directive:
        """Return the merged orders."""
        return _merged([policy.decide(decision) for policy in self._policies])


class Settled:
    """Several directives merged once and for all."""

    def __init__(self, directives: Sequence[Directive]) -> None:
        self.directive = _merged(directives)

    def decide(self, decision: Decision) -> Directive:
        """Return the same orders as ever."""
        return self.directive


def _merged(directives: Sequence[Directive]) -> Directive:
    merged: dict[str, Orders] = {}
    for directive in directives:
        for hospital, orders in directive.orders.items():
            merged[hospital] = _merge(merged[hospital], orders) if hospital in merged else orders
    return Directive(merged)


def _merge(earlier: Orders, later: Orders) -> Orders:
    parts: dict[str, Any] = {}
    for part in fields(Orders):
        before, after = getattr(earlier, part.name), getattr(later, part.name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            parts[part.name] = {**before, **after}
        else:
            parts[part.name] = before if after == getattr(_NEUTRAL, part.name) else after
    return Orders(**parts)
