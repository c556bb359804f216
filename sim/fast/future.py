"""The future events, in the order of `sim/order.py`, and the log of the past.

What happens in the present slot of time is in a binary heap, which stays small. What happens later lies in unsorted
lists, one a slot, in a ring of slots; it comes into the heap when its slot begins, and what is more than a turn of the
ring ahead is passed over until then. So the cost of an event does not grow with the number of those expected. A bit
for each slot says whether its list is empty: a small hospital has many more slots than events.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.fast.layouts import event_at, hospital_at, item_at, kind_at, later_at, slot_at
from sim.fast.memory import compiled, float_at, integer_at, lowest_bit
from sim.order import GRID, NEAR

SLACK = 64
"""An array with less room than this is made larger before the next event."""

SLOTS = 1 << 12
"""Slots of a turn of the ring: 16 hours."""
SLOTS_PER_HOUR = 256.0
"""A power of two, so that the slot of a time is exact."""
WORD_BITS = 6
WORDS = SLOTS >> WORD_BITS
"""Words of bits, one a slot."""

FREE = 0
"""The rank of a record that is not used."""


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
def slot_of(time: float) -> int:
    """Return the number of the slot of time."""
    return int(time * SLOTS_PER_HOUR)


@compiled
def put(w: Any, time: float, rank: int, what: int) -> int:
    """Expect an event and return its running number; -1: it comes after the horizon."""
    return int(put_exactly(w, on_second(time), rank, what))


@compiled
def put_exactly(w: Any, time: float, rank: int, what: int) -> int:
    """Expect an event at a time that lies on a second where it is near one. See `put`."""
    if time > w.horizon:
        return -1
    w.seq += 1
    expect(w, time, rank, w.seq, what)
    return int(w.seq)


@compiled
def expect(w: Any, time: float, rank: int, seq: int, what: int) -> None:
    """Put an event into the heap, or into the list of its slot."""
    w.n_future += 1
    if w.n_future + SLACK > w.max_events:
        w.crowded = 1
    slot = slot_of(time)
    if slot <= w.slot:
        rise(w, time, rank, seq, what)
        return
    i = w.free_later
    here = later_at(w.later, i)
    w.free_later = here.after
    here.time = time
    here.rank = rank
    here.seq = seq
    here.what = what
    place = slot & (SLOTS - 1)
    first = slot_at(w.slots, place)
    here.after = first.value
    if first.value < 0:
        integer_at(w.filled, place >> WORD_BITS).value |= 1 << (place & ((1 << WORD_BITS) - 1))
    first.value = i


@compiled
def rise(w: Any, time: float, rank: int, seq: int, what: int) -> None:
    """Put an event into the heap."""
    i = w.n_events
    w.n_events = i + 1
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
    here.seq = seq
    here.what = what


@compiled
def copy(to: Any, of: Any) -> None:
    """Copy an event."""
    to.time = of.time
    to.rank = of.rank
    to.seq = of.seq
    to.what = of.what


@compiled
def earlier(a: Any, b: Any) -> bool:
    """Whether an event goes before another: by (time, rank, running number)."""
    if a.time != b.time:
        return bool(a.time < b.time)
    if a.rank != b.rank:
        return bool(a.rank < b.rank)
    return bool(a.seq < b.seq)


@compiled
def drop_first(w: Any) -> None:
    """Take the first event off the heap, and see that the next one is there."""
    n = w.n_events - 1
    w.n_events = n
    w.n_future -= 1
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
    look_ahead(w)


@compiled
def look_ahead(w: Any) -> None:
    """Go on to the next slot in which something happens, if nothing is left in the heap."""
    while w.n_events == 0 and w.n_future:
        w.slot += until_filled(w, (w.slot + 1) & (SLOTS - 1)) + 1
        begin_slot(w)


@compiled
def until_filled(w: Any, place: int) -> int:
    """Return how many slots of the ring, from a place on, are empty before one that is not; there is one."""
    bit = place & ((1 << WORD_BITS) - 1)
    word = place >> WORD_BITS
    bits = integer_at(w.filled, word).value >> bit
    passed = -bit
    while bits == 0:
        passed += 1 << WORD_BITS
        word = (word + 1) & (WORDS - 1)
        bits = integer_at(w.filled, word).value
        bit = 0
    return int(passed + bit + lowest_bit(bits))


@compiled
def begin_slot(w: Any) -> None:
    """Move the events of the slot that begins into the heap; those of later turns of the ring stay."""
    first = slot_at(w.slots, w.slot & (SLOTS - 1))
    i, before = int(first.value), -1
    while i >= 0:
        here = later_at(w.later, i)
        after = here.after
        if slot_of(here.time) == w.slot:
            rise(w, here.time, here.rank, here.seq, here.what)
            if before < 0:
                first.value = after
            else:
                later_at(w.later, before).after = after
            here.rank = FREE
            here.after = w.free_later
            w.free_later = i
        else:
            before = i
        i = after
    if first.value < 0:
        place = w.slot & (SLOTS - 1)
        integer_at(w.filled, place >> WORD_BITS).value &= ~(1 << (place & ((1 << WORD_BITS) - 1)))


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
