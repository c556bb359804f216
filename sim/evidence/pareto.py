"""Trade-offs between objectives: what is dominated, how much the front covers, where its knee is. Smaller is better.

Points are options (policies, settings) x objectives; values are runs x options x objectives, run by run on the same
patients, so that a resample of runs keeps the pairing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.evidence.bootstrap import bootstrap
from sim.evidence.estimated import Estimated

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Front:
    """Options with two or more objectives."""

    on_front: Mask
    dominated_by: tuple[tuple[int, ...], ...]
    """For each option, those that are at least as good in everything and better in something."""
    again: Floats
    """How often each option is on the front when runs are drawn again."""
    hypervolume: Estimated
    reference: Floats
    """The corner from which it is measured: the worst mean in each objective, fixed."""
    knee: int | None
    """The option on the front farthest from the line between its ends; None with fewer than three on it."""


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


def front_of(values: Floats, weights: Floats) -> Front:
    """Return the front of the means over runs, with what resampled runs say of it (percentile bootstrap)."""
    means = values.mean(axis=0)
    reference = means.max(axis=0)
    dominates = _dominates(means)

    def covered(w: Floats) -> Floats:
        return np.array([[hypervolume(points, reference)] for points in _means(w, values)])

    drawn = _means(weights, values)
    return Front(
        on_front=not_dominated(means),
        dominated_by=tuple(tuple(map(int, np.flatnonzero(dominates[:, k]))) for k in range(len(means))),
        again=np.mean([not_dominated(points) for points in drawn], axis=0),
        hypervolume=bootstrap(covered, weights, smooth=False)[0],
        reference=reference,
        knee=knee(means),
    )


def _dominates(points: Floats) -> Mask:
    """Whether the option of the row dominates that of the column."""
    better = (points[:, None] <= points[None]).all(axis=2) & (points[:, None] < points[None]).any(axis=2)
    return np.asarray(better)


def _means(weights: Floats, values: Floats) -> Floats:
    drawn = weights @ values.reshape(len(values), -1) / weights.sum(axis=1, keepdims=True)
    return np.asarray(drawn.reshape(len(weights), *values.shape[1:]))
