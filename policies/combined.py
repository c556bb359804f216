"""Several policies at once: `acuity+nearest`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sim.protocol import Decision, Directive, Orders, Policy

_NEUTRAL = Orders()


class Combined:
    """The orders of several policies merged hospital by hospital; where two conflict the later one wins.

    Parts that are tables (moves, loans, reserved beds, ...) are merged entry by entry; any other part
    is the last one that is not neutral.
    """

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._policies = tuple(policies)

    def decide(self, decision: Decision) -> Directive:
        """Return the merged orders."""
        merged: dict[str, Orders] = {}
        for policy in self._policies:
            for hospital, orders in policy.decide(decision).orders.items():
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
