"""Which groups are hidden, outcome by outcome, so that no table of the audit gives a small one away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.fairness.by_group import HOSPITAL, parts_of
from sim.fairness.stacked import Stacked
from sim.fairness.suppression import Line, Smallest, protected
from sim.metric import Floats, Mask

DIED = "died_share"

Shown = dict[tuple[str, str], Mask]
"""(metric, attribute) -> which groups to hide."""

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
        start[attribute], size[attribute] = n, len(stacked.groups(attribute))
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


def hidden_groups(stacked: Stacked, smallest: Smallest) -> Shown:
    """Return by (metric, attribute) which groups to hide; metric "" is every outcome. Empty groups are not hidden.

    Attribute "" is everybody, who are hidden only where the number at risk would give a small group away.
    """
    table = linked(stacked)
    came = _cells(stacked, table, lambda attribute: stacked.heads(attribute)[:, 0].sum(axis=0))
    few = max(smallest.patients, smallest.a_run * stacked.n_runs)
    base = protected(came, table.lines, (came > 0) & (came < few))
    found = _by_attribute("", table, base)
    for metric in stacked.metrics:
        left_out = _given_by_those_left_out(stacked, table, metric, came, base)
        n = _cells(stacked, table, lambda attribute, m=metric: stacked.panel(m, attribute).n.sum(axis=0))  # type: ignore[misc]
        hidden = protected(n, table.lines, base | ((n > 0) & (n < few)) | left_out)
        if stacked.panel(metric, "").events is not None:
            events = _cells(stacked, table, lambda attribute, m=metric: _events(stacked, m, attribute))  # type: ignore[misc]
            # Where more is better, few cases are the worst-off, who must be told of, not hidden.
            harm = stacked.metrics[metric].better != "higher"
            rare = (n > 0) & (events < smallest.events) & harm
            hidden = protected(events, table.lines, hidden | rare, most=n)
            hidden[EVERYBODY] = False
        hidden[EVERYBODY] = left_out[EVERYBODY]
        found |= _by_attribute(metric, table, hidden)
    return found


def hidden_heads(stacked: Stacked, smallest: Smallest, hidden: Shown) -> dict[str, Mask]:
    """Return by attribute which counts per head to hide: came, treated, died x groups; they are counts like others.

    `hidden` is what `hidden_groups` found; nobody is shown to have died whose deaths are hidden elsewhere.
    """
    table = linked(stacked)
    came = _cells(stacked, table, lambda attribute: stacked.heads(attribute)[:, 0].sum(axis=0))
    masks = [_joined(hidden, "", table)]
    for k, metric in ((1, ""), (2, DIED)):
        counts = _cells(stacked, table, lambda attribute, k=k: stacked.heads(attribute)[:, k].sum(axis=0))  # type: ignore[misc]
        few = _joined(hidden, metric, table) | ((came > 0) & (counts < smallest.events) & (k == 2))
        masks.append(protected(counts, table.lines, few, most=came))
        masks[-1][EVERYBODY] = k == 2 and counts[EVERYBODY] < smallest.events
    found = {
        attribute: np.array([mask[table.cells(attribute)] for mask in masks]) for attribute in table.start
    }
    found[""] = np.array([mask[EVERYBODY : EVERYBODY + 1] for mask in masks])
    found[HOSPITAL] = _of_places(stacked, smallest)
    return found


def _of_places(stacked: Stacked, smallest: Smallest) -> Mask:
    """Hospitals are in no other table, so they are protected by themselves."""
    heads = stacked.heads(HOSPITAL).sum(axis=0)
    counts = np.concatenate([heads.sum(axis=1, keepdims=True), heads], axis=1)
    lines = [(EVERYBODY, tuple(range(1, counts.shape[1])))]
    few = max(smallest.patients, smallest.a_run * stacked.n_runs)
    came = protected(counts[0], lines, (counts[0] > 0) & (counts[0] < few))
    masks = [came]
    for k in (1, 2):
        rare = came | ((counts[0] > 0) & (counts[k] < smallest.events) & (k == 2))
        masks.append(protected(counts[k], lines, rare, most=counts[0]))
    return np.array([mask[1:] for mask in masks])


def _joined(hidden: Shown, metric: str, table: Linked) -> Mask:
    out = np.zeros(1 + sum(table.size.values()), dtype=np.bool_)
    for attribute in table.start:
        out[table.cells(attribute)] = hidden[metric, attribute]
    return out


def _given_by_those_left_out(stacked: Stacked, table: Linked, metric: str, came: Floats, base: Mask) -> Mask:
    """Which cells would give a hidden one away because an outcome leaves it out.

    Patients whose acuity has no target count among those who came and not among those with a target: the difference
    of the two numbers is theirs.
    """
    n = _cells(stacked, table, lambda attribute: stacked.panel(metric, attribute).n.sum(axis=0))
    gone = base & (n == 0) & (came > 0)
    out = np.zeros(len(n), dtype=np.bool_)
    for total, parts in table.lines:
        out[total] |= bool(gone[list(parts)].any()) and n[total] > 0
    return out


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
    found = {(metric, attribute): hidden[table.cells(attribute)] for attribute in table.start}
    return {(metric, ""): hidden[EVERYBODY : EVERYBODY + 1], **found}
