"""Cumulative incidence with competing events (Aalen-Johansen), for many groups of patients at once.

Aalen-Johansen puts on every event the mass 1 / (n G(T-)), where G is the Kaplan-Meier curve of the
time to *censoring* (Satten & Datta 2001); events come before censoring at one instant. Any
cumulative incidence or restricted mean is then a sum of masses, exact without a grid of times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.ordering import order_of


def event_masses(
    time: NDArray[np.float64],
    censored: NDArray[np.bool_],
    group: NDArray[np.int64],
    n_groups: int,
    by_time: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return the probability that the estimator puts on each patient's event, 0 where censored.

    Within a group the masses of all kinds of events sum to 1, less the probability that nobody
    was followed long enough to place: what lies beyond a last observation that is censored.
    `by_time` is `time_order(time, censored)`, when the caller has it already.

    >>> event_masses(np.array([1.0, 2.0, 3.0]), np.array([False, True, False]), np.zeros(3, dtype=int), 1)
    array([0.33333333, 0.        , 0.66666667])
    """
    by_time = time_order(time, censored) if by_time is None else by_time
    order = by_time[order_of(group[by_time], n_groups)]
    sizes = np.bincount(group, minlength=n_groups)
    starts = np.cumsum(sizes) - sizes
    at_risk = np.repeat(starts + sizes, sizes) - np.arange(len(order))
    kept = np.where(censored[order], 1.0 - 1.0 / np.maximum(at_risk, 1), 1.0)
    uncensored = np.ones(len(order))
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        if size > 1:
            np.cumprod(kept[start : start + size - 1], out=uncensored[start + 1 : start + size])
    masses = np.empty(len(order))
    masses[order] = np.where(censored[order], 0.0, 1.0 / (np.repeat(sizes, sizes) * uncensored))
    return masses


def time_order(time: NDArray[np.float64], censored: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the order of the observations: by time, events before censoring."""
    return np.lexsort((censored, time)).astype(np.int64)


def summed(values: NDArray[np.float64], group: NDArray[np.int64], n_groups: int) -> NDArray[np.float64]:
    """Return the sum of the values by group, in the order of the rows."""
    return np.bincount(group, weights=values, minlength=n_groups).astype(np.float64)
