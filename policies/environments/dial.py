"""A dial: one thing that a hospital sets at a decision. Option 0 is neutral on every dial."""

from __future__ import annotations

from typing import Any, Protocol

from sim.protocol import Decision


class Dial(Protocol):
    """One component of the action of a hospital. All hospitals have the same dials; masks tell them apart."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def options(self) -> tuple[str, ...]:
        """What can be chosen, the neutral option first."""
        ...

    def legal(self, decision: Decision, hospital: int) -> list[bool]:
        """Return which options the hospital may choose now; the first is always among them."""
        ...

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the fields of `Orders` of a legal option other than the neutral one."""
        ...
