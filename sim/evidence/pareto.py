"""Trade-offs between objectives: what is dominated, how much the front covers, where its knee is. Smaller is better.

Points are options (policies, settings) x objectives.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def not_dominated(points: Floats) -> Mask:
    """Return which options no other option dominates; equal ones do not dominate each other.

    >>> not_dominated(np.array([[1.0, 3.0], [2.0, 2.0], [2.0, 4.0]])).tolist()
    [True, True, False]
    """
    return np.asarray(~_dominates(points).any(axis=0))


def hypervolume(points: Floats, reference: Floats) -> float:
    """Return the volume that the points dominate up to a reference corner; points beyond it add nothing.

    >>> hypervolume(np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([3.0, 3.0]))
    3.0
    """
    inside = points[(points < reference).all(axis=1)]
    if not len(inside):
        return 0.0
    if points.shape[1] == 1:
        return float(reference[0] - inside.min())
    inside = inside[np.argsort(inside[:, 0])]
    ends = np.append(inside[1:, 0], reference[0])
    slices = (
        (end - start) * hypervolume(inside[: i + 1, 1:], reference[1:])
        for i, (start, end) in enumerate(zip(inside[:, 0], ends, strict=True))
        if end > start
    )
    return float(sum(slices))


def knee(points: Floats) -> int | None:
    """Return the option on a front of two objectives that bulges most from the line between its ends.

    Objectives are scaled to the range of the front. Source: Das (1999), Structural Optimization 18:107.

    >>> knee(np.array([[0.0, 1.0], [0.1, 0.1], [1.0, 0.0]]))
    1
    """
    on_front = np.flatnonzero(not_dominated(points))
    if points.shape[1] != 2 or len(on_front) < 3:
        return None
    found = points[on_front]
    width = np.ptp(found, axis=0)
    if not (width > 0).all():
        return None
    below = 1.0 - ((found - found.min(axis=0)) / width).sum(axis=1)
    best = int(np.argmax(below))
    return int(on_front[best]) if below[best] > 0 else None


def _dominates(points: Floats) -> Mask:
    """Whether the option of the row dominates that of the column."""
    better = (points[:, None] <= points[None]).all(axis=2) & (points[:, None] < points[None]).any(axis=2)
    return np.asarray(better)
