"""On which days people come, and at what hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from sim.arrivals import Floats
from sim.conditions import Codes

HOURS = 24.0
NEVER = np.iinfo(np.int64).max
"""The day of what is not going to happen."""


def weight_of_day(start: datetime, weekday: Sequence[float] | None, day: int) -> float:
    """Return a day's weight, 1 on average over a week; day 0 begins at the start."""
    if weekday is None:
        return 1.0
    return 7 * weekday[(start + timedelta(days=day)).weekday()] / sum(weekday)


def hour_of_day(start: datetime, hourly: Sequence[float] | None, u: Floats) -> Floats:
    """Return hours from 0 to 24 after the beginning of a day that begins at the start's time of day."""
    if hourly is None:
        return HOURS * u
    cumulative = np.concatenate(([0.0], np.cumsum(hourly))) / sum(hourly)
    clock = np.interp(u, cumulative, np.arange(25.0))
    begins = start.hour + start.minute / 60 + start.second / 3600
    return np.asarray((clock - begins) % HOURS)


def invited_on(
    start: datetime, weekday: Sequence[float] | None, begins: float, ends: float, u: Floats
) -> Codes:
    """Return the day on which each is invited: days from `begins` to `ends` (hours), by weekday; or never."""
    days = np.arange(int(begins // HOURS), int(-(-ends // HOURS)), dtype=np.int64)
    weights = np.array([weight_of_day(start, weekday, int(day)) for day in days])
    if not weights.sum():
        return np.full(len(u), NEVER, dtype=np.int64)
    cumulative = np.cumsum(weights) / weights.sum()
    return days[np.minimum(np.searchsorted(cumulative, u, side="right"), len(days) - 1)]
