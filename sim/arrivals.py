"""When the patients of a stream arrive: Poisson, renewal and scheduled, with batches.

Every process is a deterministic function of numbered uniforms, so that a longer horizon only adds
arrivals, and a higher Poisson rate only brings the same ones sooner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from math import ceil, floor, inf, sqrt

import numpy as np
from numpy.typing import NDArray

from scenarios.people import Arrivals, Poisson, Renewal, Schedule
from sim.distributions import mean, quantile
from sim.order import GRID, on_grid

Floats = NDArray[np.float64]
Draw = Callable[[str, int], Floats]
"""(purpose, n) -> the first n uniforms of the stream for this purpose."""

WEEK = 168
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def all_on_grid(hours: Floats) -> Floats:
    """Round times or durations to the nearest point of the grid, halves up; infinity stays."""
    steps = hours * GRID
    steps += 0.5
    np.floor(steps, out=steps)
    steps *= 1 / GRID  # a power of two: no other bits than a division would give
    return steps


@dataclass(frozen=True, slots=True)
class Rate:
    """A piecewise constant rate that repeats."""

    starts: Floats
    """Where each interval starts after the origin, the first at 0."""
    rates: Floats
    """Per hour."""
    period: float
    origin: float = 0.0

    def pieces(self, begin: float, end: float) -> tuple[Floats, Floats]:
        """Return the edges that cut [begin, end] into pieces of constant rate, and the rates."""
        before = floor((begin - self.origin) / self.period) - 1  # one more than exact arithmetic would need
        turns = np.arange(before, ceil((end - self.origin) / self.period) + 1)
        edges = (self.origin + turns[:, None] * self.period + self.starts).ravel()
        rates = np.tile(self.rates, len(turns))
        first = int(np.searchsorted(edges, begin, side="right")) - 1
        last = int(np.searchsorted(edges, end, side="left"))
        return np.concatenate([[begin], edges[first + 1 : last], [end]]), rates[first:last]


@lru_cache(maxsize=256)  # every replication asks for the same
def rate_of(poisson: Poisson, start: datetime) -> Rate:
    """Return the rate of a Poisson stream in hours since the scenario's start, without `scale`."""
    if poisson.table is not None:
        table = poisson.table
        n = len(table.rates)
        starts = table.breakpoints or [table.period * i / n for i in range(n)]
        return Rate(np.array(starts, float), np.array(table.rates, float), table.period, table.origin)
    rate = poisson.rate or 0.0
    if poisson.hourly is None and poisson.weekday is None:
        return Rate(np.zeros(1), np.array([rate]), float(WEEK))
    weights = np.outer(poisson.weekday or np.ones(7), poisson.hourly or np.ones(24)).ravel()
    hours = np.arange(WEEK, dtype=np.float64)
    return Rate(hours, rate * weights / weights.mean(), float(WEEK), -hours_into_week(start))


def hours_into_week(start: datetime) -> float:
    """Return the hours since Monday, midnight."""
    midnight = datetime.combine(start.date(), time.min, start.tzinfo)
    return start.weekday() * 24 + (start - midnight) / timedelta(hours=1)


def expected_arrivals(stream: Arrivals, start: datetime, begin: float, end: float) -> float:
    """Return the exact mean number of Poisson events of a stream from `begin` to `end`; a batch is one event."""
    assert stream.poisson is not None
    begin, end = max(begin, stream.begins), min(end, inf if stream.ends is None else stream.ends)
    if end <= begin:
        return 0.0
    edges, rates = rate_of(stream.poisson, start).pieces(begin, end)
    return stream.scale * float(rates @ np.diff(edges))


def arrival_times(
    stream: Arrivals, start: datetime, horizon: float, draw: Draw
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the time of each arrival to the horizon, on the grid, and its ordinal in the stream."""
    if stream.poisson is not None:
        times = _poisson(stream.poisson, stream, start, horizon, draw)
    elif stream.renewal is not None:
        times = _renewal(stream.renewal, stream, horizon, draw)
    else:
        assert stream.schedule is not None
        times = _slots(stream.schedule, horizon)
    times = all_on_grid(times)
    if stream.batch is not None:
        sizes = np.floor(quantile(stream.batch, draw("batch", len(times))) + 0.5).astype(np.int64)
        times = np.repeat(times, sizes)
    comes = (times >= on_grid(stream.begins)) & (times < _end(stream))
    if stream.schedule is not None:
        comes &= _on_days(stream.schedule, start, times)
        if stream.schedule.no_show:
            comes &= draw("no-show", len(times)) >= stream.schedule.no_show
        if stream.schedule.lateness is not None:
            times = all_on_grid(times + quantile(stream.schedule.lateness, draw("lateness", len(times))))
    ordinals = np.flatnonzero(comes & (times <= horizon))
    return times if len(ordinals) == len(times) else times[ordinals], ordinals


def _end(stream: Arrivals) -> float:
    return inf if stream.ends is None else on_grid(stream.ends)


def _poisson(poisson: Poisson, stream: Arrivals, start: datetime, horizon: float, draw: Draw) -> Floats:
    """Invert the cumulative rate at the partial sums of unit exponentials."""
    end = min(horizon, _end(stream))
    if end <= stream.begins:
        return np.empty(0)
    edges, rates, cumulative = _expected(poisson, start, stream.begins, end, stream.scale)
    total = float(cumulative[-1])
    times = partial_sums(lambda n: _exponentials(draw("gap", n)), total, total)
    # Both rise: how many fall into each piece is found by looking each edge up, not each of the sums.
    numbers = np.diff(np.searchsorted(times, cumulative, side="right"))
    times -= np.repeat(cumulative[:-1], numbers)
    times /= np.repeat(rates, numbers)
    times += np.repeat(edges[:-1], numbers)
    return times


def _exponentials(u: Floats) -> Floats:
    """Return unit exponentials in the place of uniforms."""
    np.negative(u, out=u)
    np.log1p(u, out=u)
    return np.negative(u, out=u)


@lru_cache(maxsize=64)  # every replication asks for the same
def _expected(
    poisson: Poisson, start: datetime, begin: float, end: float, scale: float
) -> tuple[Floats, Floats, Floats]:
    """Return the edges between pieces of constant rate, the rates, and how many are expected until each edge."""
    edges, rates = rate_of(poisson, start).pieces(begin, end)
    rates = rates * scale
    return edges, rates, np.concatenate([[0.0], np.cumsum(rates * np.diff(edges))])


def _renewal(renewal: Renewal, stream: Arrivals, horizon: float, draw: Draw) -> Floats:
    """Add up gaps from the beginning of the stream."""
    end = min(horizon, _end(stream))
    length = end - stream.begins + 1 / GRID  # so that a sum of many gaps is not lost by a rounding error
    if length < 0:
        return np.empty(0)
    sums = partial_sums(lambda n: quantile(renewal.gap, draw("gap", n)), length, length / mean(renewal.gap))
    return stream.begins + (np.concatenate([[0.0], sums]) if renewal.first == "start" else sums)


def partial_sums(gaps: Callable[[int], Floats], total: float, expected: float) -> Floats:
    """Return the partial sums of gaps that are at most `total`; about so many are expected.

    `gaps(n)` are the first n gaps, whatever n; the sums take their place.
    """
    n = ceil(expected + 6 * sqrt(expected)) + 16
    while True:
        sums = gaps(n)
        np.cumsum(sums, out=sums)
        if sums[-1] > total:
            return sums[: np.searchsorted(sums, total, side="right")]
        n *= 2


def _slots(schedule: Schedule, horizon: float) -> Floats:
    """Return the written times, round by round; some may lie beyond the horizon."""
    rounds = 1 if schedule.every is None else floor(horizon / schedule.every) + 2
    begins = np.arange(rounds)[:, None] * (schedule.every or 0.0)
    return np.repeat((begins + np.array(schedule.at)).ravel(), schedule.each)


def _on_days(schedule: Schedule, start: datetime, times: Floats) -> NDArray[np.bool_]:
    if schedule.weekdays is None:
        return np.ones(len(times), dtype=np.bool_)
    # A slot at midnight must not fall on the day before by a rounding error.
    day = np.floor(all_on_grid(hours_into_week(start) + times) / 24).astype(np.int64) % 7
    return np.array([name in schedule.weekdays for name in DAYS])[day]
