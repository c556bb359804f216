"""The future events: a binary heap in the order of `sim/order.py`, and the log of the past."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.fast.layouts import event_at, hospital_at, item_at, kind_at
from sim.fast.memory import compiled, float_at, integer_at
from sim.order import GRID, NEAR

SLACK = 64
"""An array with less room than this is made larger before the next event."""


@compiled
def on_grid(hours: float) -> Any:
    """See `sim.order.on_grid`."""
    return np.floor(hours * GRID + 0.5) / GRID


@compiled
def on_second(time: float) -> Any:
    """See `sim.order.on_second`."""
    seconds = time * 3600.0
    second = np.floor(seconds + 0.5)
    if -NEAR < seconds - second < NEAR:
        return np.floor(second / 3600.0 * GRID + 0.5) / GRID
    return time


@compiled
def earlier(a: Any, b: Any) -> bool:
    """Whether an event goes before another: by (time, rank, running number)."""
    if a.time != b.time:
        return bool(a.time < b.time)
    if a.rank != b.rank:
        return bool(a.rank < b.rank)
    return bool(a.seq < b.seq)


@compiled
def put(w: Any, time: float, rank: int, what: int) -> int:
    """Expect an event and return its running number; -1: it comes after the horizon."""
    time = on_second(time)
    if time > w.horizon:
        return -1
    w.seq += 1
    i = w.n_events
    w.n_events = i + 1
    if i + SLACK > w.max_events:
        w.crowded = 1
    while i > 0:
        parent = (i - 1) >> 1
        above = event_at(w.events, parent)
        if above.time < time or (above.time == time and above.rank <= rank):
            break
        copy(event_at(w.events, i), above)
        i = parent
    here = event_at(w.events, i)
    here.time = time
    here.rank = rank
    here.seq = w.seq
    here.what = what
    return int(w.seq)


@compiled
def copy(to: Any, of: Any) -> None:
    """Copy an event."""
    to.time = of.time
    to.rank = of.rank
    to.seq = of.seq
    to.what = of.what


@compiled
def drop_first(w: Any) -> None:
    """Take the first event off the heap."""
    n = w.n_events - 1
    w.n_events = n
    last = event_at(w.events, n)
    i, child = 0, 1
    while child < n:
        smaller = event_at(w.events, child)
        if child + 1 < n:
            other = event_at(w.events, child + 1)
            if earlier(other, smaller):
                smaller = other
                child += 1
        if not earlier(smaller, last):
            break
        copy(event_at(w.events, i), smaller)
        i = child
        child = 2 * i + 1
    if i != n:
        copy(event_at(w.events, i), last)


@compiled
def log(w: Any, kind: int, patient: int, hospital: int, item: int, value: float) -> None:
    """Write a row of the event log at the present time."""
    n = w.n_rows
    float_at(w.row_time, n).value = w.now
    kind_at(w.row_kind, n).value = kind
    integer_at(w.row_patient, n).value = patient
    hospital_at(w.row_hospital, n).value = hospital
    item_at(w.row_item, n).value = item
    float_at(w.row_value, n).value = value
    w.n_rows = n + 1
    if n + SLACK > w.max_rows:
        w.crowded = 1
