"""Rosters and sickness turned into the number on duty over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from scenarios.hospitals import Shift, Staff
from sim.arrivals import Floats, all_on_grid
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

    names: dict[int, tuple[str, str]]
    """(day, number) of the shifts from which somebody may be absent."""
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
    worked = [_worked(start, horizon, staff) for *_, staff in roles]
    each = [len(one.people) for one in worked]
    sickness = np.repeat([staff.sickness for *_, staff in roles], each)
    day, number = (np.concatenate([getattr(one, name) for one in worked]) for name in ("day", "number"))
    times = np.concatenate([one.times for one in worked])
    first = np.cumsum([0, *(len(one.times) for one in worked)])[:-1]
    begins_at, ends_at = (
        np.repeat(first, each) + np.concatenate([getattr(one, name) for one in worked])
        for name in ("begins_at", "ends_at")
    )
    return _Rosters(
        names={
            shift: (str(start.date() + timedelta(days=int(day[shift]))), str(number[shift]))
            for shift in np.flatnonzero(sickness).tolist()
        },
        hospital=np.repeat([hospital for hospital, *_ in roles], each),
        pool=np.repeat([pool for _, pool, _ in roles], each),
        sickness=sickness,
        people=np.concatenate([one.people for one in worked]),
        begins=times[begins_at],
        ends=times[ends_at],
        times=times,
        first=first,
        begins_at=begins_at,
        ends_at=ends_at,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Worked:
    """All shifts of a role; arrays by shift, but for `times`."""

    day: Codes
    """On which they begin, counted from the day of the start."""
    number: Codes
    """Which of the roster's."""
    people: Codes
    times: Floats
    """0 and when shifts begin or end, rising, in hours since the start; infinite: never."""
    begins_at: Codes
    """Index of `times`."""
    ends_at: Codes


@lru_cache(maxsize=1024)  # hospitals are often staffed alike
def _worked(start: datetime, horizon: float, staff: Staff) -> _Worked:
    """Return all shifts before the horizon; constant staff who are never sick are on one without an end."""
    if not staff.roster and not staff.sickness:
        once = np.zeros(1, dtype=np.int64)
        return _Worked(once, once, np.array([int(staff.count or 0)]), np.array([0.0, inf]), once, once + 1)
    shifts = staff.roster or (Shift(begins="00:00", ends="24:00", count=int(staff.count or 0)),)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    offset = (start - midnight) / timedelta(hours=1)
    clocks = [(_clock(shift.begins), _clock(shift.ends)) for shift in shifts]
    days = np.arange(-1, int((horizon + offset) // 24) + 1)
    begins = all_on_grid(days[:, None] * 24 + np.array([begin for begin, _ in clocks]) - offset)
    following = np.array([end if end > begin else end + 24 for begin, end in clocks])
    ends = all_on_grid(days[:, None] * 24 + following - offset)
    on = np.array([[name in shift.days for shift in shifts] for name in WEEKDAYS])
    day, number = np.nonzero(on[(start.weekday() + days) % 7] & (ends > 0) & (begins <= horizon))
    people = np.array([shift.count for shift in shifts])[number]
    begin, end = np.maximum(begins[day, number], 0.0), ends[day, number]
    times, at = np.unique(np.concatenate([[0.0], begin, end]), return_inverse=True)
    return _Worked(days[day], number, people, times, at[1 : len(day) + 1], at[len(day) + 1 :])


def _clock(text: str) -> float:
    hours, minutes = text.split(":")
    return int(hours) + int(minutes) / 60
