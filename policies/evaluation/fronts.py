"""The entries as points of two objectives: hours untreated, and their gap between groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from policies.evaluation.measures import WAIT, Measured
from policies.objective import Values, parse_objective
from policies.told import Block
from policies.tradeoffs.front import Front, front
from policies.tradeoffs.telling import tell_front

LEFT_OUT = (
    "Hours untreated only: deaths, and the gap of the cost of delay between the worst and the best off, are no "
    "objectives here. What is dominated may have fewer deaths, or a smaller gap of that cost."
)


def front_of(entries: Sequence[Measured], seed: int) -> Front:
    """Return the front; training seeds of one algorithm are averaged run by run, and the gap is of all groups."""
    return front([_values(one) for one in entries], [one.entry.label for one in entries], seed)


def front_blocks(found: Front) -> tuple[Block, ...]:
    """Return the tables of the front, with what its two objectives leave out."""
    first, *others = tell_front(found, "", "").blocks
    return (replace(first, notes=(*first.notes, LEFT_OUT)), *others)


def _values(one: Measured) -> tuple[Values, ...]:
    groups = one.groups
    wait = np.asarray(one.value[WAIT].mean(axis=0))
    return (
        Values(parse_objective(WAIT), ("all",), wait[:, :1]),
        Values(parse_objective(f"gap:{WAIT}:{groups.attribute}"), groups.names, wait[:, 1:], groups.left_out),
    )
