"""What a study tells, ready to be printed, drawn and written as JSON: a sentence, tables, notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from textwrap import indent
from typing import Any

from policies.sentence import aligned
from sim.evidence.estimated import Estimated
from sim.inference import Interval


@dataclass(frozen=True)
class Dot:
    """One line of a chart of dots with whiskers."""

    label: str
    estimate: Estimated
    """In the unit of the axis."""
    mark: int = 0
    """Which colour and shape."""
    heading: str = ""


@dataclass(frozen=True)
class Block:
    """A table, and the chart that goes with it."""

    name: str
    title: str
    """A question."""
    method: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sentence: str = ""
    dots: tuple[Dot, ...] = ()
    axis: str = ""
    difference: bool = True
    """Whether the dots are differences."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """All that is said of a study."""

    title: str
    question: str
    sentence: str
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]
    content: Mapping[str, Any] = field(default_factory=dict)
    """For JSON; NaN is None."""


def as_estimated(found: Interval) -> Estimated:
    """Return a t interval as an estimate."""
    return Estimated(found.mean, found.low, found.high, "t")


def plain(found: Estimated | Interval | float | None) -> Any:
    """Return an estimate or a number for JSON."""
    if isinstance(found, Interval):
        found = as_estimated(found)
    if isinstance(found, Estimated):
        return {"value": _finite(found.value), "low": _finite(found.low), "high": _finite(found.high)}
    return None if found is None else _finite(found)


def told_text(told: Told) -> str:
    """Return it for a terminal."""
    parts = [f"{told.title}: {told.question}", told.sentence]
    for block in told.blocks:
        table = indent(aligned(block.columns, block.rows), "  ")
        parts.append("\n".join([part for part in (block.title, block.method, table, block.sentence) if part]))
    parts.append("\n".join(f"- {note}" for note in told.notes))
    return "\n\n".join(parts)


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None
