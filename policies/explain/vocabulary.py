"""What was ordered, as settings of dials: those of a menu, or those that a policy is seen to use.

Heuristics and optimisers order more than any menu offers (three nurses at once, a rule with other costs), so their
dials are made from what they ordered: a dial for every part of the orders, an option for every value seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from policies.explain.scorer import Choices, Masks
from scenarios.rules import OverflowRule, QueueRule
from sim.protocol import Decision, Directive, Orders

MOST_OPTIONS = 8
"""Values of an amount that are told apart; rarer ones count as the nearest of these."""
NOT_IMITATED = ("moves",)
"""Parts that name patients: how many are moved is explained, whom is not imitated."""
_NEUTRAL = Orders()


@dataclass(frozen=True)
class OrderedDial:
    """A part of the orders, or an entry of one, with the values that were seen; the first is neutral."""

    name: str
    part: str
    entry: Any
    """The key of the entry; None: the whole part."""
    values: tuple[Any, ...]

    @property
    def options(self) -> tuple[str, ...]:
        """The values in words."""
        return tuple(_words(self.part, value) for value in self.values)

    def read(self, orders: Orders) -> int:
        """Return which option was ordered; of amounts never seen the nearest."""
        value = _value(orders, self.part, self.entry)
        if value in self.values:
            return self.values.index(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return min(range(len(self.values)), key=lambda i: abs((self.values[i] or 0) - value))
        return 0

    def write(self, option: int) -> dict[str, Any]:
        """Return the field of `Orders` of an option; nothing when it is neutral or cannot be imitated."""
        value = self.values[option]
        if option == 0 or self.part in NOT_IMITATED:
            return {}
        return {self.part: value if self.entry is None else {self.entry: value}}


@dataclass(frozen=True)
class Ordered:
    """Dials made from what was ordered; the same for all hospitals."""

    hospitals: tuple[str, ...]
    dials: tuple[OrderedDial, ...]
    seen: Masks
    """H x M: 1 for what a hospital was ever seen to order; nothing else is known to be legal there."""

    def masks(self, decision: Decision) -> Masks:
        """Return what each hospital was seen to order."""
        return self.seen

    def read(self, directive: Directive) -> Choices:
        """Return H x K: which options a directive holds."""
        orders = [directive.orders.get(name, _NEUTRAL) for name in self.hospitals]
        return np.array([[dial.read(one) for dial in self.dials] for one in orders], dtype=np.int64)

    def directive(self, decision: Decision, choices: Choices) -> Directive:
        """Return the orders of choices (H x K)."""
        written = {}
        for name, own in zip(self.hospitals, choices.tolist(), strict=True):
            parts: dict[str, Any] = {}
            for dial, option in zip(self.dials, own, strict=True):
                for part, order in dial.write(option).items():
                    parts[part] = {**parts.get(part, {}), **order} if isinstance(order, Mapping) else order
            if parts:
                written[name] = Orders(**parts)
        return Directive(written)


def ordered(hospitals: tuple[str, ...], directives: Sequence[Directive]) -> Ordered:
    """Return the dials of what was ever ordered."""
    orders = [directive.orders.get(name, _NEUTRAL) for directive in directives for name in hospitals]
    dials = []
    for part in (field.name for field in fields(Orders)):
        for entry in _entries(orders, part):
            seen = Counter(_key(_value(one, part, entry)) for one in orders)
            by_key = {_key(value): value for value in (_value(one, part, entry) for one in orders)}
            neutral = _value(_NEUTRAL, part, entry)
            others = [by_key[key] for key, _ in seen.most_common() if by_key[key] != neutral]
            values = (neutral, *_in_order(others[: MOST_OPTIONS - 1]))
            if len(values) > 1:
                dials.append(OrderedDial(_named(part, entry), part, entry, values))
    masks = [_seen(dials, [d.orders.get(name, _NEUTRAL) for d in directives]) for name in hospitals]
    return Ordered(hospitals, tuple(dials), np.array(masks, dtype=np.int8).reshape(len(hospitals), -1))


def _seen(dials: Sequence[OrderedDial], orders: Sequence[Orders]) -> list[int]:
    """Which options a hospital ever ordered, dial after dial; neutral is always among them."""
    found: list[int] = []
    for dial in dials:
        used = {0, *(dial.read(one) for one in orders)}
        found += [int(option in used) for option in range(len(dial.values))]
    return found


def _entries(orders: Sequence[Orders], part: str) -> list[Any]:
    """The keys of a part that was ever ordered; [None] for a part that is one value, and for moves by destination."""
    if part == "moves":
        return sorted({to for one in orders for to in one.moves.values()})
    if part == "vaccine" or isinstance(getattr(_NEUTRAL, part), Mapping):
        return list(dict.fromkeys(key for one in orders for key in (getattr(one, part) or {})))
    return [None] if any(getattr(one, part) != getattr(_NEUTRAL, part) for one in orders) else []


def _value(orders: Orders, part: str, entry: Any) -> Any:
    given = getattr(orders, part)
    if part == "moves":
        return sum(to == entry for to in given.values())
    if entry is None:
        return given
    if part == "vaccine":
        return None if given is None else given.get(entry)
    return int(given.get(entry, 0))


def _in_order(values: list[Any]) -> list[Any]:
    amounts = all(isinstance(value, int) for value in values)
    return sorted(values) if amounts else values


def _key(value: Any) -> str:
    return value.model_dump_json() if isinstance(value, QueueRule | OverflowRule) else repr(value)


def _named(part: str, entry: Any) -> str:
    what = part.replace("_", " ")
    if entry is None:
        return what
    if part == "lend":
        return f"lend {entry[0]} to {entry[1]}"
    if part == "reserve":
        return f"reserve {entry[0]} for {entry[1]}"
    return f"{'move to' if part == 'moves' else what} {entry}"


def _words(part: str, value: Any) -> str:
    if isinstance(value, QueueRule | OverflowRule):
        return value.name
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "the scenario's"
    if isinstance(value, tuple):
        return ", ".join(value) or "nobody"
    return str(value)
