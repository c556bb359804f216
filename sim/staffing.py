"""Rosters and sickness turned into the number on duty over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from scenarios.hospitals import Shift, Staff
from sim.arrivals import Floats
from sim.conditions import Codes
from sim.order import on_grid, on_second

if TYPE_CHECKING:
    from sim.workload import Workload

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def on_duty(
    workload: Workload, hospital: int, role: int, staff: Staff, since: float = 0.0
) -> list[tuple[float, int]]:
    """Return (time, people on duty from then on). See `levels_on_duty`."""
    times, people = levels_on_duty(workload, hospital, role, staff, since)
    return list(zip(times.tolist(), people.tolist(), strict=True))


def levels_on_duty(
    workload: Workload, hospital: int, role: int, staff: Staff, since: float = 0.0
) -> tuple[Floats, Codes]:
    """Return times, rising from `since` to the horizon, and the people on duty from each on, who differ from before.

    `role` is the index of its pool. A person of a shift is absent for the whole shift with the chance
    `sickness`. Constant staff with sickness are on shifts from midnight to midnight.
    """
    if not staff.roster and not staff.sickness:
        return np.array([since]), np.array([int(staff.count or 0)])
    horizon, scenario = workload.network.horizon, workload.network.scenario
    roster = _roster(scenario.start, on_second(on_grid(scenario.horizon)), staff)
    people = roster.people
    if staff.sickness:
        asked = np.flatnonzero((roster.ends > since) & (roster.begins <= horizon))
        names = [roster.names[shift] for shift in asked.tolist()]
        people = people.copy()
        people[asked] -= workload.sick(
            hospital, role, names, people[asked], staff.sickness, roster.begins[asked]
        )
    levels = roster.levels(people)
    first = int(np.searchsorted(roster.times, since, side="right")) - 1
    last = int(np.searchsorted(roster.times, horizon, side="right"))
    times, levels = roster.times[first:last].copy(), levels[first:last]
    times[0] = since
    new = np.ones(len(levels), dtype=np.bool_)
    np.not_equal(levels[1:], levels[:-1], out=new[1:])
    return times[new], levels[new]


@dataclass(frozen=True, slots=True, eq=False)
class _Roster:
    """All shifts of a role before the scenario's horizon; arrays by shift, but for `times`."""

    names: list[tuple[str, str]]
    """(day, number)."""
    people: Codes
    begins: Floats
    """Hours since the start, at least 0."""
    ends: Floats
    times: Floats
    """0 and when shifts begin or end, rising."""
    begins_at: Codes
    """Index of `times`."""
    ends_at: Codes

    def levels(self, people: Codes) -> Codes:
        """Return how many are on duty from each of the times on, if so many are on the shifts."""
        n = len(self.times)
        change = np.bincount(self.begins_at, people, n) - np.bincount(self.ends_at, people, n)
        return np.cumsum(change).astype(np.int64)


@lru_cache(maxsize=1024)
def _roster(start: datetime, horizon: float, staff: Staff) -> _Roster:
    """Return what is the same in every replication."""
    shifts = staff.roster or (Shift(begins="00:00", ends="24:00", count=int(staff.count or 0)),)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    offset = (start - midnight) / timedelta(hours=1)
    clocks = [(_clock(shift.begins), _clock(shift.ends)) for shift in shifts]
    names, people, begins, ends = [], [], [], []
    for day in range(-1, int((horizon + offset) // 24) + 1):
        date = (midnight + timedelta(days=day)).date()
        weekday, name = WEEKDAYS[date.weekday()], str(date)
        for index, (shift, (begin, end)) in enumerate(zip(shifts, clocks, strict=True)):
            if weekday not in shift.days:
                continue
            first = on_grid(day * 24 + begin - offset)
            last = on_grid(day * 24 + (end if end > begin else end + 24) - offset)
            if last > 0 and first <= horizon:
                names.append((name, str(index)))
                people.append(shift.count)
                begins.append(max(0.0, first))
                ends.append(last)
    times, places = np.unique([0.0, *begins, *ends], return_inverse=True)
    n = len(names)
    return _Roster(
        names,
        np.array(people, dtype=np.int64),
        np.array(begins, dtype=np.float64),
        np.array(ends, dtype=np.float64),
        times,
        places[1 : n + 1],
        places[n + 1 :],
    )


def _clock(text: str) -> float:
    hours, minutes = text.split(":")
    return int(hours) + int(minutes) / 60
