"""How many staff a roster says are on duty."""

from __future__ import annotations

from datetime import datetime, timedelta

from scenarios.hospitals import Staff

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def scheduled(staff: Staff, start: datetime, hours: float) -> int:
    """Return the people on duty `hours` after the start if nobody is sick; unlimited staff count as 0.

    >>> scheduled(Staff(roster=[{"begins": "19:00", "ends": "07:00", "count": 3}]), datetime(2025, 1, 6), 30.0)
    3
    """
    if not staff.roster:
        return staff.count if isinstance(staff.count, int) else 0
    now = start + timedelta(hours=hours)
    people = 0
    for shift in staff.roster:
        for days_ago in (0, 1):
            day = (now - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)
            begins, ends = _clock(shift.begins), _clock(shift.ends)
            end = ends if ends > begins else ends + timedelta(days=1)
            if WEEKDAYS[day.weekday()] in shift.days and day + begins <= now < day + end:
                people += shift.count
    return people


def _clock(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
