"""Rosters and sickness turned into the number on duty over time."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from scenarios.hospitals import Shift, Staff
from sim.order import on_grid, on_second

if TYPE_CHECKING:
    from sim.workload import Workload

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def on_duty(
    workload: Workload, hospital: int, role: int, staff: Staff, since: float = 0.0
) -> list[tuple[float, int]]:
    """Return (time, people on duty from then on), times rising from `since` to the horizon, equal counts merged.

    `role` is the index of its pool. A person of a shift is absent for the whole shift with the chance
    `sickness`. Constant staff with sickness are on shifts from midnight to midnight.
    """
    if not staff.roster and not staff.sickness:
        return [(since, int(staff.count or 0))]
    horizon, scenario = workload.network.horizon, workload.network.scenario
    shifts = [
        shift
        for shift in _worked(scenario.start, on_second(on_grid(scenario.horizon)), staff)
        if shift.end > since and shift.begin <= horizon
    ]
    counts = [shift.people for shift in shifts]
    if staff.sickness:
        names = [(shift.day, shift.number) for shift in shifts]
        sick = workload.sick(hospital, role, names, counts, staff.sickness, [shift.begin for shift in shifts])
        counts = [count - n for count, n in zip(counts, sick, strict=True)]
    changes: dict[float, int] = {since: 0}
    for shift, count in zip(shifts, counts, strict=True):
        begin = max(since, shift.begin)
        changes[begin] = changes.get(begin, 0) + count
        changes[shift.end] = changes.get(shift.end, 0) - count
    timeline: list[tuple[float, int]] = []
    people = 0
    for time in sorted(changes):
        people += changes[time]
        if time <= horizon and (not timeline or timeline[-1][1] != people):
            timeline.append((time, people))
    return timeline


class _Worked(NamedTuple):
    """A shift of one day."""

    begin: float
    """Hours since the start, at least 0."""
    end: float
    people: int
    day: str
    number: str


@lru_cache(maxsize=1024)
def _worked(start: datetime, horizon: float, staff: Staff) -> tuple[_Worked, ...]:
    """Return all shifts before the horizon: the same in every replication."""
    shifts = staff.roster or (Shift(begins="00:00", ends="24:00", count=int(staff.count or 0)),)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    offset = (start - midnight) / timedelta(hours=1)
    clocks = [(_clock(shift.begins), _clock(shift.ends)) for shift in shifts]
    found = []
    for day in range(-1, int((horizon + offset) // 24) + 1):
        date = (midnight + timedelta(days=day)).date()
        weekday, name = WEEKDAYS[date.weekday()], str(date)
        for index, (shift, (begins, ends)) in enumerate(zip(shifts, clocks, strict=True)):
            if weekday not in shift.days:
                continue
            begin = on_grid(day * 24 + begins - offset)
            end = on_grid(day * 24 + (ends if ends > begins else ends + 24) - offset)
            if end > 0 and begin <= horizon:
                found.append(_Worked(max(0.0, begin), end, shift.count, name, str(index)))
    return tuple(found)


def _clock(text: str) -> float:
    hours, minutes = text.split(":")
    return int(hours) + int(minutes) / 60
