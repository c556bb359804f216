"""Rosters and sickness turned into the number on duty over time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from scenarios.hospitals import Shift, Staff
from sim.order import on_grid

if TYPE_CHECKING:
    from sim.workload import Workload

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def on_duty(workload: Workload, hospital: int, role: int, staff: Staff) -> list[tuple[float, int]]:
    """Return (time, people on duty from then on), times rising from 0 to the horizon, equal counts merged.

    `role` is the index of its pool. A person of a shift is absent for the whole shift with the chance
    `sickness`. Constant staff with sickness are on shifts from midnight to midnight.
    """
    shifts = staff.roster
    if not shifts:
        count = int(staff.count or 0)
        if not staff.sickness:
            return [(0.0, count)]
        shifts = (Shift(begins="00:00", ends="24:00", count=count),)
    start = workload.network.scenario.start
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    offset = (start - midnight) / timedelta(hours=1)
    changes: dict[float, int] = {0.0: 0}
    clocks = [(_clock(shift.begins), _clock(shift.ends)) for shift in shifts]
    for day in range(-1, int((workload.network.horizon + offset) // 24) + 1):
        date = (midnight + timedelta(days=day)).date()
        weekday = WEEKDAYS[date.weekday()]
        for index, (shift, (begins, ends)) in enumerate(zip(shifts, clocks, strict=True)):
            if weekday not in shift.days:
                continue
            begin = on_grid(day * 24 + begins - offset)
            end = on_grid(day * 24 + (ends if ends > begins else ends + 24) - offset)
            if end <= 0 or begin > workload.network.horizon:
                continue
            sick = (
                workload.sick(hospital, role, date, index, shift.count, staff.sickness)
                if staff.sickness
                else 0
            )
            changes[max(0.0, begin)] = changes.get(max(0.0, begin), 0) + shift.count - sick
            changes[end] = changes.get(end, 0) - shift.count + sick
    timeline: list[tuple[float, int]] = []
    people = 0
    for time in sorted(changes):
        people += changes[time]
        if time <= workload.network.horizon and (not timeline or timeline[-1][1] != people):
            timeline.append((time, people))
    return timeline


def _clock(text: str) -> float:
    hours, minutes = text.split(":")
    return int(hours) + int(minutes) / 60
