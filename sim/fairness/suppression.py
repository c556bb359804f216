"""What may be shown of small groups: they are hidden, with as many others as it takes that nobody can subtract.

A table is a list of cells, and lines say which cells sum to which: all patients, the groups of one attribute, the
crossing of two. Cells that are shown and sums that are known bound every hidden cell from both sides; the bounds are
found by linear programming. A hidden cell is safe when at least two whole numbers fit. While one is not, the
smallest shown cell on a line with it is hidden too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

Line = tuple[int, tuple[int, ...]]
"""A cell, and the cells that sum to it."""

ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Smallest:
    """Groups below any of these are hidden."""

    patients: int = 30
    """In all runs together."""
    events: int = 10
    """In all runs together, for shares of harm; where more is better, few cases are a finding and not hidden."""
    a_run: int = 10
    """Patients in a run, on average: as in the answer and the report."""


def protected(
    count: Floats, lines: Sequence[Line], small: Mask, most: Floats | None = None, root: int = 0
) -> Mask:
    """Return which cells to hide: the small ones and those that would give them away. The root stays shown.

    `most` is a public upper bound of each cell (for events: the patients of the cell); absent: none.
    """
    hidden = small.copy()
    hidden[root] = False
    while True:
        exposed = [
            cell for cell, (low, high) in intervals(count, lines, hidden, most).items() if not _two(low, high)
        ]
        if not exposed:
            return hidden
        beside = {
            other
            for total, parts in lines
            for other in (total, *parts)
            if not hidden[other] and other != root and set(exposed) & {total, *parts}
        } or {cell for cell in range(len(count)) if not hidden[cell] and cell != root}
        if not beside:
            return hidden
        hidden[min(beside, key=lambda cell: (count[cell] == 0, count[cell], cell))] = True


def intervals(
    count: Floats, lines: Sequence[Line], hidden: Mask, most: Floats | None = None
) -> dict[int, tuple[float, float]]:
    """Return for every hidden cell the smallest and largest value that agree with all that is shown."""
    cells = np.flatnonzero(hidden)
    if not len(cells):
        return {}
    place = {int(cell): i for i, cell in enumerate(cells)}
    rows, sums = [], []
    for total, parts in lines:
        row, known = np.zeros(len(cells)), 0.0
        for cell, sign in ((total, -1.0), *((part, 1.0) for part in parts)):
            if cell in place:
                row[place[cell]] += sign
            else:
                known += sign * count[cell]
        if row.any():
            rows.append(row)
            sums.append(-known)
    upper = [None if most is None or (hidden[c] and not np.isfinite(most[c])) else most[c] for c in cells]
    bounds = [(0.0, bound) for bound in upper]
    equal = (np.array(rows), np.array(sums)) if rows else (None, None)
    found: dict[int, tuple[float, float]] = {}
    for cell, i in place.items():
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(len(cells))
            aim[i] = sign
            solved = linprog(aim, A_eq=equal[0], b_eq=equal[1], bounds=bounds, method="highs")
            if solved.status not in (0, 3):
                raise ValueError(
                    "expected sums that agree with their parts, got a table that contradicts itself"
                )
            ends.append(sign * solved.fun if solved.status == 0 else sign * -np.inf)
        found[cell] = (float(ends[0]), float(ends[1]))
    return found


def _two(low: float, high: float) -> bool:
    """Whether two whole numbers lie between the bounds."""
    return bool(np.floor(high + ROUNDING) - np.ceil(low - ROUNDING) >= 1)
