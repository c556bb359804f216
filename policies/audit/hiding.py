"""Which groups are hidden, outcome by outcome, so that no table of the audit gives a small one away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.fairness.by_group import groups_of, parts_of
from sim.fairness.stacked import Stacked
from sim.fairness.suppression import Line, Smallest, protected
from sim.metric import Floats, Mask

EVERYBODY = 0
"""The first cell of the linked table."""


@dataclass(frozen=True)
class Linked:
    """All tables of the audit as one: everybody, the groups of each attribute, and of crossings."""

    start: dict[str, int]
    """Attribute -> its first cell."""
    size: dict[str, int]
    lines: tuple[Line, ...]

    def cells(self, attribute: str) -> slice:
        """Return where the groups of an attribute stand."""
        return slice(self.start[attribute], self.start[attribute] + self.size[attribute])


def linked(stacked: Stacked) -> Linked:
    """Return how the tables of the plan's attributes hang together; a crossing sums to both of its attributes."""
    start, size, n = {}, {}, 1
    for attribute in stacked.plan.attributes:
        start[attribute], size[attribute] = n, len(groups_of(stacked.network, attribute))
        n += size[attribute]
    lines: list[Line] = []
    for attribute in stacked.plan.attributes:
        parts = parts_of(attribute)
        cells = np.arange(start[attribute], start[attribute] + size[attribute])
        if len(parts) == 1:
            lines.append((EVERYBODY, tuple(map(int, cells))))
            continue
        grid = cells.reshape(size[parts[0]], size[parts[1]])
        lines += [(start[parts[0]] + i, tuple(map(int, row))) for i, row in enumerate(grid)]
        lines += [(start[parts[1]] + j, tuple(map(int, column))) for j, column in enumerate(grid.T)]
    return Linked(start, size, tuple(lines))


def hidden_groups(stacked: Stacked, smallest: Smallest) -> dict[tuple[str, str], Mask]:
    """Return by (metric, attribute) which groups to hide; metric "" is every outcome. Empty groups are not hidden."""
    table = linked(stacked)
    came = _cells(stacked, table, lambda attribute: stacked.heads(attribute)[:, 0].sum(axis=0))
    few = max(smallest.patients, smallest.a_run * stacked.n_runs)
    base = protected(came, table.lines, (came > 0) & (came < few))
    found = _by_attribute("", table, base)
    for metric in stacked.metrics:
        n = _cells(stacked, table, lambda attribute, m=metric: stacked.panel(m, attribute).n.sum(axis=0))  # type: ignore[misc]
        hidden = protected(n, table.lines, base | ((n > 0) & (n < few)))
        if stacked.panel(metric, "").events is not None:
            events = _cells(stacked, table, lambda attribute, m=metric: _events(stacked, m, attribute))  # type: ignore[misc]
            rare = (n > 0) & (events < smallest.events)
            hidden = protected(events, table.lines, hidden | rare, most=n)
            hidden[EVERYBODY] = False
        found |= _by_attribute(metric, table, hidden)
    return found


def _events(stacked: Stacked, metric: str, attribute: str) -> Floats:
    events = stacked.panel(metric, attribute).events
    assert events is not None
    return np.asarray(events.sum(axis=0))


def _cells(stacked: Stacked, table: Linked, counts: Callable[[str], Floats]) -> Floats:
    out = np.zeros(1 + sum(table.size.values()))
    out[EVERYBODY] = counts("")[0]
    for attribute in stacked.plan.attributes:
        out[table.cells(attribute)] = counts(attribute)
    return out


def _by_attribute(metric: str, table: Linked, hidden: Mask) -> dict[tuple[str, str], Mask]:
    return {(metric, attribute): hidden[table.cells(attribute)] for attribute in table.start}
