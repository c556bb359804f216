"""The changes of rosters as the kernel reads them: a list for each role, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.arrivals import Floats
from sim.conditions import Codes
from sim.fast import layouts
from sim.network import Network
from sim.order import Kind, priority

Levels = tuple[int, Floats, Codes]
"""Place of a pool (H x P), times, and the people on duty from each on: see `sim.staffing.levels_on_duty`."""


def duties_of(network: Network, levels: Sequence[Levels]) -> tuple[Any, list[tuple[float, int, int]]]:
    """Return all changes after the first level of each, and the first change of each as an event.

    An event is time, rank, and the number of the change from 0.
    """
    numbers = [len(times) - 1 for _, times, _ in levels]
    made = np.empty(sum(numbers), layouts.DUTY)
    made["more"] = 1
    firsts = []
    end = 0
    for n, (place, times, people) in zip(numbers, levels, strict=True):
        first, end = end, end + n
        if n:
            made["time"][first:end] = times[1:]
            made["change"][first:end] = np.diff(people) * network.pools[place % len(network.pools)].unit
            made["more"][end - 1] = 0
            firsts.append((float(times[1]), priority(Kind.SHIFT, place), first))
    return made, firsts
