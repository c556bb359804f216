"""The event log: what happened, one row an event, the only source of every table.

Columns: `time` (float64, hours), `kind` (int8, `Row`), `patient` (int64, -1: nobody), `hospital`
(int16, -1: none or the depot), `item` (int32) and `value` (float64), whose meaning depends on the
kind. Rows are in the order in which things happened. Two engines agree when their logs are equal
row by row and float by float.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Row(IntEnum):
    """Kinds of rows, with what `item` and `value` hold."""

    PRESENTED = 1
    """A patient presents at a hospital. item: class; value: arrival stream."""
    QUEUED = 2
    """Joins the queue for a step here. item: step; value: visit number of this step, from 0."""
    STARTED = 3
    """Starts the step waited for. item: step; value: the need seized (index of `Network.needs`)."""
    TREATED = 4
    """The first treatment starts (just after its STARTED). item: step."""
    ENDED = 5
    """The step's duration is over, or was cut. item: step; value: 0 finished, 1 early discharge, 2 died in it."""
    RELEASED = 6
    """Gives up what was seized. item: the need; value: the step that seized it."""
    CLEANING = 7
    """Beds go out of use for cleaning (just after RELEASED). item: the need made of these beds."""
    CLEANED = 8
    """They are clean. item: the need."""
    QUIT = 9
    """Stops waiting without starting. item: step; value: 0 lost patience, 1 hazard of leaving, 2 died,
    3 moved away, 4 cancelled because full, 5 balked, 6 ineligible."""
    DEPARTED_FOR = 10
    """Leaves for another hospital. hospital: from; item: to; value: 0 ordered, 1 overflow, 2 diversion, 3 deadlock."""
    RESERVED = 11
    """A bed is reserved at the destination (`hospital`). item: the need."""
    UNRESERVED = 12
    """The reservation is used (on arrival, before STARTED) or lapses. item: the need; value: 0 used, 1 lapsed."""
    HANDED_OVER = 13
    """Reaches the other hospital."""
    DETERIORATED = 14
    """Becomes more urgent. value: the new acuity."""
    LEFT_NETWORK = 15
    """The journey ends. item: outcome (index of `Network.outcomes`); hospital: where."""
    CAPACITY = 16
    """A pool's open capacity becomes. item: pool; value: amount in the pool's integer unit."""
    VIALS = 17
    """Vaccine is received. item: product; value: doses; hospital: -1 for the depot.."""
    DOSED = 18
    """A patient receives a dose. item: product."""
    WASTED = 19
    """Doses are lost. item: product x 8 + reason (`Waste`); value: doses; hospital: -1 for the depot."""
    DECIDED = 20
    """A directive is carried out. item: 0 regular, 1 arrival, 2 full, 3 free; value: decision number."""
    DEADLOCK = 21
    """Patients block one another. value: how many; item: 0 an exchange follows, 1 somebody is sent away, 2 nothing
    can be done yet."""


class Waste(IntEnum):
    """Why doses were lost."""

    EXPIRED = 0
    """The lot passed its date."""
    OPEN = 1
    """An open vial passed its limit."""
    BREACH = 2
    """The cold chain failed, in a delivery or a fridge."""
    OVERFLOW = 3
    """The fridge was full."""


@dataclass(frozen=True, slots=True)
class EventLog:
    """The columns of the log, all of one length n."""

    time: NDArray[np.float64]
    kind: NDArray[np.int8]
    patient: NDArray[np.int64]
    hospital: NDArray[np.int16]
    item: NDArray[np.int32]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time)

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """Return the columns by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    def fingerprint(self) -> str:
        """Return a SHA-256 of every row, equal on any machine for equal logs."""
        digest = hashlib.sha256()
        for column in self.columns().values():
            digest.update(np.ascontiguousarray(column).astype(column.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()


_TYPES = (np.float64, np.int8, np.int64, np.int16, np.int32, np.float64)


class LogBuilder:
    """Collects rows. `append` takes (time, kind, patient, hospital, item, value); `pack` keeps memory small."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, int, int, int, int, float]] = []
        self._packed: list[list[NDArray[np.generic]]] = [[] for _ in _TYPES]
        self.append = self._rows.append

    def pack(self) -> None:
        """Turn the rows so far into columns: a seventh of the memory."""
        for parts, column, kind in zip(self._packed, zip(*self._rows, strict=True), _TYPES, strict=False):
            parts.append(np.array(column, dtype=kind))
        self._rows.clear()

    def build(self) -> EventLog:
        """Return all rows as columns."""
        self.pack()
        empty = [[np.empty(0, dtype=kind)] for kind in _TYPES]
        return EventLog(*(np.concatenate(e + p) for e, p in zip(empty, self._packed, strict=True)))
