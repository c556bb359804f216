"""The changes of rosters as the kernel reads them: a list for each role, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.conditions import Codes
from sim.fast import layouts
from sim.order import Kind, priority
from sim.staffing import Levels


def duties_of(levels: Levels, places: Codes, units: Codes) -> tuple[Any, list[tuple[float, int, int]]]:
    """Return all changes after the first level of each role, and the first change of each as an event.

    `places`, `units`: of the roles' pools (H x P), by role. An event: time, rank, number of the change from 0.
    """
    begins = np.zeros(len(levels.times) + 1, dtype=np.bool_)
    begins[levels.firsts] = begins[-1] = True
    rows = np.flatnonzero(~begins)
    made = np.empty(len(rows), layouts.DUTY)
    made["time"] = levels.times[rows]
    made["change"] = (levels.people[rows] - levels.people[rows - 1]) * units[np.cumsum(begins)[rows] - 1]
    made["more"] = ~begins[rows + 1]
    changing = np.flatnonzero(~begins[levels.firsts + 1])
    firsts = levels.firsts[changing] + 1
    ranks = [priority(Kind.SHIFT, place) for place in places[changing].tolist()]
    return made, list(
        zip(levels.times[firsts].tolist(), ranks, (firsts - changing - 1).tolist(), strict=True)
    )
