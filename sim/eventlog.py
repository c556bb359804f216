"""The event log: what happened, one row an event, the only source of every table.

Columns: `time` (float64, hours), `kind` (int8, `Row`), `patient` (int64, -1: nobody), `hospital`
(int16, -1: none or the depot), `item` (int32) and `value` (float64), whose meaning depends on the
kind. Rows are in the order in which things happened. Two engines agree when their logs are equal
row by row and float by float.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sim.codes import Codes


class Row(Codes):
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
    """The step's duration is over, or was cut. item: step; value: 0 finished, 1 early discharge, 2 lost:
    died in it, or a hazard of leaving struck."""
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
            digest.update(np.ascontiguousarray(column, column.dtype.newbyteorder("<")).data)
        return digest.hexdigest()


class LogBuilder:
    """Collects rows. `append` takes one row as a tuple; it is a list's own method for the sake of speed."""

    def __init__(self) -> None:
        self._cells: list[float] = []
        """Row after row; all numbers are exact as float64."""
        self._blocks: list[NDArray[np.float64]] = []
        self.append: Callable[[tuple[float, int, int, int, int, float]], None] = self._cells.extend

    def pack(self) -> None:
        """Keep the rows so far as an array: a quarter of the memory, and nothing for the garbage collector to walk."""
        if self._cells:
            self._blocks.append(np.array(self._cells, dtype=np.float64).reshape(-1, 6))
            self._cells.clear()

    def build(self) -> EventLog:
        """Return all rows as columns."""
        self.pack()
        rows = np.concatenate(self._blocks or [np.empty((0, 6))])
        kinds = (np.float64, np.int8, np.int64, np.int16, np.int32, np.float64)
        return EventLog(*(rows[:, i].astype(k) for i, k in enumerate(kinds)))
