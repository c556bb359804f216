"""Rosters and sickness turned into the number on duty over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scenarios.hospitals import Shift, Staff
from sim.arrivals import Floats
from sim.conditions import Codes
from sim.order import on_grid, on_second

if TYPE_CHECKING:
    from sim.workload import Workload

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


Role = tuple[int, int, Staff]
"""Hospital, pool, and how its people work."""


def on_duty(
    workload: Workload, hospital: int, role: int, staff: Staff, since: float = 0.0
) -> list[tuple[float, int]]:
    """Return (time, people on duty from then on) of one role. See `levels_on_duty`."""
    levels = levels_on_duty(workload, ((hospital, role, staff),), since)
    return list(zip(levels.times.tolist(), levels.people.tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """How many are on duty, role after role."""

    times: Floats
    """Of a role: rising, from when it is asked for to the horizon."""
    people: Codes
    """On duty from then on; not the number before."""
    firsts: Codes
    """Where each role begins."""


def levels_on_duty(workload: Workload, roles: tuple[Role, ...], since: float = 0.0) -> Levels:
    """Return how many are on duty in some roles, at least one, from a time to the horizon.

    A person of a shift is absent for the whole shift with the chance `sickness`. Constant staff with sickness are on
    shifts from midnight to midnight.
    """
    horizon, scenario = workload.network.horizon, workload.network.scenario
    rosters = _rosters(scenario.start, on_second(on_grid(scenario.horizon)), roles)
    people = rosters.people
    asked = np.flatnonzero((rosters.sickness > 0) & (rosters.ends > since) & (rosters.begins <= horizon))
    if len(asked):
        people = people.copy()
        people[asked] -= workload.sick(
            rosters.hospital[asked],
            rosters.pool[asked],
            [rosters.names[shift] for shift in asked.tolist()],
            people[asked],
            rosters.sickness[asked],
            rosters.begins[asked],
        )
    n, times, first = len(rosters.times), rosters.times, rosters.first
    # Every shift that begins ends within its role's times: the sum of all before is the role's own.
    levels = np.cumsum(
        np.bincount(rosters.begins_at, people, n) - np.bincount(rosters.ends_at, people, n)
    ).astype(np.int64)
    shown = (times > since) & (times <= horizon)
    shown[1:] &= levels[1:] != levels[:-1]
    now = first + np.add.reduceat(times <= since, first) - 1
    shown[now] = True
    firsts = np.cumsum(shown)[now] - 1
    times, levels = times[shown], levels[shown]
    times[firsts] = since
    return Levels(times, levels, firsts)


@dataclass(frozen=True, slots=True, eq=False)
class _Rosters:
    """All shifts of some roles before the scenario's horizon; arrays by shift, but for `times` and `first`."""

    names: list[tuple[str, str]]
    """(day, number)."""
    hospital: Codes
    pool: Codes
    sickness: Floats
    people: Codes
    begins: Floats
    """Hours since the start, at least 0."""
    ends: Floats
    times: Floats
    """Of each role: 0 and when its shifts begin or end, rising; infinite: never."""
    first: Codes
    """By role: where its times begin."""
    begins_at: Codes
    """Index of `times`."""
    ends_at: Codes


@lru_cache(maxsize=32)  # every replication asks for the same
def _rosters(start: datetime, horizon: float, roles: tuple[Role, ...]) -> _Rosters:
    """Return what is the same in every replication."""
    shifts: list[tuple[int, int, float, _Worked]] = []
    times: list[float] = []
    first, begins_at, ends_at = [], [], []
    for hospital, pool, staff in roles:
        worked = _worked(start, horizon, staff)
        moments = sorted({0.0, *(shift.begin for shift in worked), *(shift.end for shift in worked)})
        place = {moment: len(times) + i for i, moment in enumerate(moments)}
        first.append(len(times))
        times += moments
        begins_at += [place[shift.begin] for shift in worked]
        ends_at += [place[shift.end] for shift in worked]
        shifts += [(hospital, pool, staff.sickness, shift) for shift in worked]
    return _Rosters(
        names=[(shift.day, shift.number) for *_, shift in shifts],
        hospital=np.array([hospital for hospital, *_ in shifts], dtype=np.int64),
        pool=np.array([pool for _, pool, *_ in shifts], dtype=np.int64),
        sickness=np.array([sickness for *_, sickness, _ in shifts], dtype=np.float64),
        people=np.array([shift.people for *_, shift in shifts], dtype=np.int64),
        begins=np.array([shift.begin for *_, shift in shifts], dtype=np.float64),
        ends=np.array([shift.end for *_, shift in shifts], dtype=np.float64),
        times=np.array(times, dtype=np.float64),
        first=np.array(first, dtype=np.int64),
        begins_at=np.array(begins_at, dtype=np.int64),
        ends_at=np.array(ends_at, dtype=np.int64),
    )


class _Worked(NamedTuple):
    """A shift of one day."""

    begin: float
    """Hours since the start, at least 0."""
    end: float
    people: int
    day: str
    number: str


@lru_cache(maxsize=1024)  # hospitals are often staffed alike
def _worked(start: datetime, horizon: float, staff: Staff) -> list[_Worked]:
    """Return all shifts before the horizon; constant staff who are never sick are on one without an end."""
    if not staff.roster and not staff.sickness:
        return [_Worked(0.0, inf, int(staff.count or 0), "", "")]
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
    return found


def _clock(text: str) -> float:
    hours, minutes = text.split(":")
    return int(hours) + int(minutes) / 60
