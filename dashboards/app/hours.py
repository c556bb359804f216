"""How full each hospital is, who waits there and who is moved, hour by hour of one run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.event_words import MOVE_REASONS
from sim.eventlog import EventLog, Row
from sim.network import Network
from sim.tables import Tables

KINDS = ("beds", "staff", "equipment")
"""What fills a hospital: the first of these that the network has."""


@dataclass(frozen=True, eq=False)
class Frame:
    """What one map shows. H hospitals."""

    in_use: NDArray[np.float64]
    """H, whole units; NaN where the hospital has none."""
    capacity: NDArray[np.float64]
    """H; NaN where there is none or no limit."""
    waiting: NDArray[np.float64]
    """H patients in queues."""
    moved: dict[tuple[int, int], int]
    """(from, to) -> patients who departed."""

    @property
    def occupancy(self) -> NDArray[np.float64]:
        """In use of what is open, H; above 1 where capacity fell under those who were there; NaN: not known."""
        full = np.where(self.in_use > 0, np.inf, 0.0)
        known = np.where(self.capacity == 0, full, np.nan)
        return np.divide(self.in_use, self.capacity, out=known, where=self.capacity > 0)


@dataclass(frozen=True, eq=False)
class Hours:
    """T whole hours by H hospitals; hour t is just before t, from 1."""

    kind: str
    """Of `KINDS`."""
    in_use: NDArray[np.float32]
    """T x H."""
    capacity: NDArray[np.float32]
    """T x H."""
    waiting: NDArray[np.float32]
    """T x H."""
    moves: pd.DataFrame
    """One row a departure: hour (the whole hour that it precedes), time, origin, to, patient, reason."""
    warm_up: float

    def __len__(self) -> int:
        return len(self.in_use)

    def frame(self, hour: int) -> Frame:
        """Return the state just before a whole hour, and who was moved in the hour up to it."""
        now = self.moves[self.moves["hour"] == hour]
        k = hour - 1
        return Frame(
            self.in_use[k].astype(np.float64),
            self.capacity[k].astype(np.float64),
            self.waiting[k].astype(np.float64),
            _pairs(now),
        )

    def whole(self) -> Frame:
        """Return the means over the hours after the warm-up, and all who departed after it."""
        seen = slice(min(int(np.ceil(self.warm_up)), len(self) - 1), None)
        later = self.moves[self.moves["time"] >= self.warm_up]
        means = (
            column[seen].astype(np.float64).mean(axis=0)
            for column in (self.in_use, self.capacity, self.waiting)
        )
        return Frame(*means, _pairs(later))


def hours_of(made: Tables, log: EventLog, network: Network) -> Hours:
    """Return the hours of a run."""
    n_hospitals = len(network.hospitals)
    kind = next((k for k in KINDS if any(pool.kind == k for pool in network.pools)), "beds")
    pools = [pool.name for pool in network.pools if pool.kind == kind]
    census = made.census[made.census["pool"].isin(pools)]
    n_hours = max(int(np.floor(network.horizon)), 1)
    in_use, capacity = (
        _by_hour(census, column, n_hours, n_hospitals, np.nan) for column in ("in_use", "capacity")
    )
    waiting = _by_hour(made.queues, "waiting", n_hours, n_hospitals, 0.0)
    rows = np.flatnonzero(log.kind == Row.DEPARTED_FOR)
    moves = pd.DataFrame(
        {
            # What happens at exactly the horizon belongs to the last hour.
            "hour": np.minimum(np.floor(log.time[rows]).astype(np.int64) + 1, n_hours),
            "time": log.time[rows],
            "origin": log.hospital[rows].astype(np.int64),
            "to": log.item[rows].astype(np.int64),
            "patient": log.patient[rows],
            "reason": pd.Categorical.from_codes(
                log.value[rows].astype(np.int64), pd.Index(MOVE_REASONS, dtype="str")
            ),
        }
    )
    return Hours(kind, in_use, capacity, waiting, moves, network.warm_up)


def _by_hour(
    table: pd.DataFrame, column: str, n_hours: int, n_hospitals: int, absent: float
) -> NDArray[np.float32]:
    """Add a column up by hour and hospital; a pool without limit makes its hospital's sum unknown."""
    found = np.full((n_hours, n_hospitals), absent)
    at = (table["time"].to_numpy().astype(np.int64) - 1, table["hospital"].cat.codes.to_numpy())
    found[at] = 0.0
    np.add.at(found, at, table[column].to_numpy().astype(np.float64))
    return found.astype(np.float32)


def _pairs(moves: pd.DataFrame) -> dict[tuple[int, int], int]:
    counted = moves.groupby(["origin", "to"]).size()
    return {(int(a), int(b)): int(n) for (a, b), n in counted.items()}
