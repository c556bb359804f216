"""How many are on duty through the week, by a roster."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

from scenarios.hospitals import Shift, Weekday

DAYS: tuple[str, ...] = get_args(Weekday)
DAY = 24 * 60
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the week, in minutes from Monday 00:00, in which nobody comes or goes."""

    begins: int
    ends: int
    n_shifts: int
    count: int


def stretches(roster: Iterable[Shift]) -> list[Stretch]:
    """Return the week cut where shifts begin and end; a shift of Sunday night goes on into Monday."""
    spans = [span for shift in roster for day in dict.fromkeys(shift.days) for span in _spans(shift, day)]
    cuts = sorted({0, WEEK, *(minute for begins, ends, _ in spans for minute in (begins, ends))})
    found = []
    for begins, ends in pairwise(cuts):
        on_duty = [count for first, last, count in spans if first <= begins and ends <= last]
        found.append(Stretch(begins, ends, len(on_duty), sum(on_duty)))
    return found


def first_gap(roster: Iterable[Shift]) -> str | None:
    """Return the first time that no shift covers, such as `mon 15:00 to mon 23:00`; None if there is none."""
    bare = [stretch for stretch in stretches(roster) if stretch.n_shifts == 0]
    if not bare:
        return None
    end = bare[0].ends
    for stretch in bare[1:]:
        if stretch.begins != end:
            break
        end = stretch.ends
    return f"{_clock(bare[0].begins)} to {_clock(end)}"


def _spans(shift: Shift, day: str) -> list[tuple[int, int, int]]:
    start = DAYS.index(day) * DAY + _minute(shift.begins)
    end = DAYS.index(day) * DAY + _minute(shift.ends)
    end += DAY if end <= start else 0
    if end <= WEEK:
        return [(start, end, shift.count)]
    return [(start, WEEK, shift.count), (0, end - WEEK, shift.count)]


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _clock(minute: int) -> str:
    if minute == WEEK:
        return "sun 24:00"
    return f"{DAYS[minute // DAY]} {minute % DAY // 60:02}:{minute % 60:02}"
