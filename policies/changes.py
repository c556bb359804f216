"""One directive made into another: an order left out, another destination, other orders for a hospital."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol

from policies.parameters import suggestion
from scenarios.errors import UsageError
from sim.protocol import Directive, Orders

PARTS = tuple(part.name for part in fields(Orders))
"""The parts of a hospital's orders."""


class Change(Protocol):
    """Makes another directive of one."""

    def __call__(self, directive: Directive) -> Directive:
        """Return the directive after the change. Raises `UsageError` if there is nothing to change."""
        ...


@dataclass(frozen=True)
class Without:
    """Leave out a part of a hospital's orders, or one entry of it: `Without("north", "lend", ("nurse", "south"))`."""

    hospital: str
    part: str
    """A field of `sim.protocol.Orders`."""
    entry: Any = None
    """The key of an entry; None: the whole part."""

    def __call__(self, directive: Directive) -> Directive:
        """Return the directive without it."""
        if self.part not in PARTS:
            raise UsageError(f'"{self.part}" is not a part of orders. {suggestion(self.part, PARTS)}')
        orders = directive.orders.get(self.hospital, Orders())
        given, neutral = getattr(orders, self.part), getattr(Orders(), self.part)
        if given == neutral or (self.entry is not None and self.entry not in given):
            what = self.part if self.entry is None else f"{self.part}[{self.entry}]"
            raise UsageError(
                f"{self.hospital} was not ordered {what} at this decision: nothing to leave out."
            )
        if self.entry is not None:
            neutral = {key: value for key, value in given.items() if key != self.entry}
        return _with(directive, self.hospital, replace(orders, **{self.part: neutral}))


@dataclass(frozen=True)
class WithoutMove:
    """Leave out the move of a patient, wherever it was ordered."""

    patient: int

    def __call__(self, directive: Directive) -> Directive:
        """Return the directive without the move."""
        return Without(_mover(directive, self.patient), "moves", self.patient)(directive)


@dataclass(frozen=True)
class MovedTo:
    """Have a patient who is to be moved taken to another hospital."""

    patient: int
    to: str

    def __call__(self, directive: Directive) -> Directive:
        """Return the directive with the other destination; whether it is legal the engine says."""
        hospital = _mover(directive, self.patient)
        moves = {**directive.orders[hospital].moves, self.patient: self.to}
        return Given(hospital, {"moves": moves})(directive)


@dataclass(frozen=True)
class Given:
    """Put other values in place of parts of a hospital's orders: `Given("north", {"divert": True})`."""

    hospital: str
    parts: Mapping[str, Any] = field(default_factory=dict)
    """Field of `sim.protocol.Orders` -> its new value, whole."""

    def __call__(self, directive: Directive) -> Directive:
        """Return the directive with the parts replaced; whether it is legal the engine says."""
        for name in self.parts:
            if name not in PARTS:
                raise UsageError(f'"{name}" is not a part of orders. {suggestion(name, PARTS)}')
        orders = directive.orders.get(self.hospital, Orders())
        return _with(directive, self.hospital, replace(orders, **self.parts))


@dataclass(frozen=True)
class Instead:
    """Order something else altogether: a directive of another policy, or of a person."""

    directive: Directive

    def __call__(self, directive: Directive) -> Directive:
        """Return the other directive."""
        return self.directive


def _with(directive: Directive, hospital: str, orders: Orders) -> Directive:
    return Directive({**directive.orders, hospital: orders})


def _mover(directive: Directive, patient: int) -> str:
    """Return the hospital that was told to move a patient."""
    for hospital, orders in directive.orders.items():
        if patient in orders.moves:
            return hospital
    moved = sorted(number for orders in directive.orders.values() for number in orders.moves)
    known = f"Moved were: {', '.join(map(str, moved))}." if moved else "Nobody was."
    raise UsageError(f"patient {patient} was not ordered to move at this decision. {known}")
