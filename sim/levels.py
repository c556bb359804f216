"""How full every pool was at every moment, read from the log: the census and exact time averages.

Times lie on a grid of 2^-20 h and amounts are integers, so the integrals below are exact sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.eventlog import EventLog, Row
from sim.network import UNLIMITED, Network
from sim.ordering import order_of
from sim.result import Result

CAPACITY, IN_USE, CLEANING, RESERVED, EXCESS = range(5)
"""Columns of a level: open capacity, used by patients, being cleaned, reserved, and more than is open."""

_NEED_ROWS = (
    (Row.STARTED, "value", IN_USE, 1),
    (Row.RELEASED, "item", IN_USE, -1),
    (Row.CLEANING, "item", CLEANING, 1),
    (Row.CLEANED, "item", CLEANING, -1),
    (Row.RESERVED, "item", RESERVED, 1),
    (Row.UNRESERVED, "item", RESERVED, -1),
)


@dataclass(frozen=True, slots=True)
class Levels:
    """One pool of one hospital: piecewise constant amounts in the pool's integer unit."""

    hospital: int
    pool: int
    limited: bool
    time: NDArray[np.float64]
    """m breakpoints, the first at 0; the level holds from its breakpoint to the next."""
    level: NDArray[np.int64]
    """m x 5."""

    def before(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the levels just before each time (what happens at that instant left out)."""
        return self.level[self._last_before(times)]

    def integral(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return amount x hours from 0 to each time, for every column."""
        area = np.zeros(self.level.shape)
        np.cumsum(self.level[:-1] * np.diff(self.time)[:, None], axis=0, out=area[1:])
        last = self._last_before(times)
        return np.asarray(area[last] + self.level[last] * (times - self.time[last])[:, None])

    def _last_before(self, times: NDArray[np.float64]) -> NDArray[np.intp]:
        return np.maximum(np.searchsorted(self.time, times, side="left") - 1, 0)


def pool_levels(result: Result) -> Iterator[Levels]:
    """Yield the levels of every pool that a hospital has, by hospital and pool."""
    network = result.network
    n_pools = len(network.pools)
    key, time, change = _changes(result.log, network)
    bounds = np.searchsorted(key, np.arange(len(network.hospitals) * n_pools + 1))
    for hospital, name in enumerate(network.hospitals):
        spec = network.scenario.hospitals[name]
        for index, pool in enumerate(network.pools):
            begin, end = bounds[hospital * n_pools + index], bounds[hospital * n_pools + index + 1]
            if pool.name not in getattr(spec, pool.kind) and begin == end:
                continue
            open_at_start = network.capacity[hospital][index]
            limited = open_at_start < UNLIMITED
            level = np.zeros((end - begin + 1, 5), dtype=np.int64)
            level[0, CAPACITY] = open_at_start if limited else 0
            level[1:, :EXCESS] = change[begin:end]
            np.cumsum(level, axis=0, out=level)
            if limited:
                level[:, EXCESS] = np.maximum(level[:, IN_USE:EXCESS].sum(axis=1) - level[:, CAPACITY], 0)
            yield Levels(hospital, index, limited, np.concatenate(([0.0], time[begin:end])), level)


def census(network: Network, every: Sequence[Levels]) -> pd.DataFrame:
    """Return every pool at every whole hour, just before it, and its mean over the hour just ended."""
    times = np.arange(1, floor(network.horizon) + 1, dtype=np.float64)
    columns: dict[str, list[NDArray[np.generic]]] = {
        name: [] for name in ("time", "hospital", "pool", *_AMOUNTS, "mean_in_use")
    }
    for levels in every:
        unit = network.pools[levels.pool].unit
        now = levels.before(times) / unit
        if not levels.limited:
            now[:, CAPACITY] = np.nan
        area = levels.integral(np.concatenate(([0.0], times)))[:, IN_USE]
        columns["time"].append(times)
        columns["hospital"].append(np.full(len(times), levels.hospital))
        columns["pool"].append(np.full(len(times), levels.pool))
        for index, name in enumerate(_AMOUNTS):
            columns[name].append(now[:, index])
        columns["mean_in_use"].append(np.diff(area) / unit)
    return _named(network, columns)


def pool_hours(network: Network, every: Sequence[Levels]) -> pd.DataFrame:
    """Return amount x hours of every pool from the end of the warm-up to the horizon, in whole units."""
    window = np.array([network.warm_up, network.horizon])
    columns: dict[str, list[NDArray[np.generic]]] = {
        name: [] for name in ("hospital", "pool", *(f"{name}_hours" for name in _AMOUNTS))
    }
    for levels in every:
        start, end = levels.integral(window)
        hours = (end - start) / network.pools[levels.pool].unit
        if not levels.limited:
            hours[CAPACITY] = np.nan
        columns["hospital"].append(np.array([levels.hospital]))
        columns["pool"].append(np.array([levels.pool]))
        for index, name in enumerate(_AMOUNTS):
            columns[f"{name}_hours"].append(hours[index : index + 1])
    return _named(network, columns)


def occupancy_distribution(result: Result, hospital: str, pool: str) -> pd.DataFrame:
    """Return the share of time after the warm-up with each occupancy of a pool, by patients.

    Columns `occupancy` (whole units, every multiple of the smallest amount up to the largest seen)
    and `probability`. Cleaning and reservations are not occupancy.
    """
    network = result.network
    wanted = (network.hospitals.index(hospital), network.pool(pool))
    levels = next((one for one in pool_levels(result) if (one.hospital, one.pool) == wanted), None)
    if levels is None:
        raise ValueError(f"expected a pool of {hospital}, got {pool!r}")
    edges = np.clip(np.concatenate((levels.time, [network.horizon])), network.warm_up, network.horizon)
    hours = np.bincount(levels.level[:, IN_USE], weights=np.diff(edges))
    return pd.DataFrame(
        {
            "occupancy": np.arange(len(hours)) / network.pools[wanted[1]].unit,
            "probability": hours / (network.horizon - network.warm_up),
        }
    )


_AMOUNTS = ("capacity", "in_use", "cleaning", "reserved", "understaffed")


def _changes(
    log: EventLog, network: Network
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return (hospital x P + pool, time, n x 4 changes), by that key and then in the order of the log."""
    n_pools = len(network.pools)
    sizes = np.array([len(need.amounts) for need in network.needs], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    flat = [pair for need in network.needs for pair in need.amounts]
    pool_of = np.array([pool for pool, _ in flat], dtype=np.int64)
    amount_of = np.array([amount for _, amount in flat], dtype=np.int64)
    row, key, column, change = [], [], [], []
    for kind, holder, target, sign in _NEED_ROWS:
        rows = np.flatnonzero(log.kind == kind)
        need = getattr(log, holder)[rows].astype(np.int64)
        rows, need = rows[need >= 0], need[need >= 0]
        times = sizes[need]
        within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        entry = np.repeat(starts[need], times) + within
        row.append(np.repeat(rows, times))
        key.append(log.hospital[row[-1]].astype(np.int64) * n_pools + pool_of[entry])
        column.append(np.full(len(entry), target))
        change.append(sign * amount_of[entry])
    rows, keys, changes = _capacity_changes(log, network)
    row.append(rows)
    key.append(keys)
    column.append(np.full(len(rows), CAPACITY))
    change.append(changes)
    all_rows, all_keys = np.concatenate(row), np.concatenate(key)
    order = order_of(all_rows, len(log))
    order = order[order_of(all_keys[order], len(network.hospitals) * n_pools)]
    by_column = np.zeros((len(order), EXCESS), dtype=np.int64)
    by_column[np.arange(len(order)), np.concatenate(column)[order]] = np.concatenate(change)[order]
    return all_keys[order], log.time[all_rows[order]], by_column


def _capacity_changes(
    log: EventLog, network: Network
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The log says what capacity becomes; return by how much it changes."""
    rows = np.flatnonzero(log.kind == Row.CAPACITY)
    keys = log.hospital[rows].astype(np.int64) * len(network.pools) + log.item[rows]
    order = np.lexsort((rows, keys))
    rows, keys = rows[order], keys[order]
    at_start = np.array(network.capacity, dtype=np.int64).ravel()
    becomes = np.where(at_start[keys] < UNLIMITED, log.value[rows].astype(np.int64), 0)
    first = np.concatenate(([True], keys[1:] != keys[:-1]))[: len(keys)]
    previous = np.concatenate(([0], becomes))[: len(becomes)]
    at_start = np.where(at_start < UNLIMITED, at_start, 0)
    return rows, keys, becomes - np.where(first, at_start[keys], previous)


def _named(network: Network, columns: dict[str, list[NDArray[np.generic]]]) -> pd.DataFrame:
    arrays = {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in columns.items()}
    names = {"hospital": network.hospitals, "pool": tuple(pool.name for pool in network.pools)}
    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(array.astype(np.int64), list(names[name]))
            if name in names
            else array
            for name, array in arrays.items()
        }
    )
