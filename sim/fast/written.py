"""The event log as the kernel writes it: an array for each column, so that a finished log is those arrays.

It is written in blocks that are never moved. Memory that is asked for and not written costs nothing, so the first
block has room for what a run usually writes, and most logs are one block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.eventlog import EventLog
from sim.fast.layouts import HOSPITAL, ITEM, KIND
from sim.fast.memory import FLOAT, INTEGER, address

LAYOUTS = {
    "time": FLOAT,
    "kind": KIND,
    "patient": INTEGER,
    "hospital": HOSPITAL,
    "item": ITEM,
    "value": FLOAT,
}

Block = dict[str, Any]
"""Columns of one length by name."""


class Written:
    """The rows so far; `n_rows` and `max_rows` of the world count those of the present block."""

    def __init__(self, world: Any, room: int, earlier: list[Block] | None = None) -> None:
        """Begin with an empty block for `room` rows after the `earlier` ones."""
        self._w = world[0]
        self._earlier = [] if earlier is None else earlier
        self._n_earlier = sum(len(block["time"]) for block in self._earlier)
        self._begin(room)

    def __len__(self) -> int:
        return self._n_earlier + int(self._w["n_rows"])

    def append(self, row: tuple[Any, Any, Any, Any, Any, Any], n: int = 1) -> None:
        """Write time, kind, patient, hospital, item, value of n rows, one for all or by row. There must be room."""
        first = int(self._w["n_rows"])
        for column, value in zip(self._block.values(), row, strict=True):
            column["value"][first : first + n] = value
        self._w["n_rows"] = first + n

    def more(self) -> None:
        """Put the present block by and begin another, twice as long."""
        n = int(self._w["n_rows"])
        self._earlier = [*self._earlier, self._present(n)]
        self._n_earlier += n
        self._begin(2 * len(self._block["time"]))

    def log(self, first: int = 0) -> EventLog:
        """Return the rows from number `first` on."""
        blocks = [*self._earlier, self._present(int(self._w["n_rows"]))]
        while len(blocks) > 1 and first >= len(blocks[0]["time"]):
            first -= len(blocks.pop(0)["time"])
        if len(blocks) == 1:
            return EventLog(**{name: column[first:] for name, column in blocks[0].items()})
        return EventLog(
            **{name: np.concatenate([block[name] for block in blocks])[first:] for name in LAYOUTS}
        )

    def copy(self, world: Any, log: bool, room: int) -> Written:
        """Return the log of a copy of the run; `log=False`: without what has been written."""
        if not log:
            return Written(world, room)
        n = int(self._w["n_rows"])
        present = {name: column.copy() for name, column in self._present(n).items()}
        return Written(world, room, [*self._earlier, present])

    def _begin(self, room: int) -> None:
        self._block = {name: np.empty(room, layout) for name, layout in LAYOUTS.items()}
        for name, column in self._block.items():
            self._w[f"row_{name}"] = address(column)
        self._w["n_rows"], self._w["max_rows"] = 0, room

    def _present(self, n: int) -> Block:
        return {name: column["value"][:n] for name, column in self._block.items()}
