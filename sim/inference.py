"""Intervals over replications, paired differences, when to stop, and how long the warm-up lasts.

A replication is one observation: patients of one run are not independent, runs are. Sums go through
the runs in their order, one by one, so that the same runs give the same bytes on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sim.network import Network
from sim.outcomes import KEYS
from sim.tables import Tables

Runs: TypeAlias = Sequence[pd.DataFrame] | Mapping[int, pd.DataFrame] | pd.DataFrame
"""Outcomes of replications: in the order of their numbers, by number, or one frame with a column `replication`."""

LEVEL = 0.95
"""The confidence of intervals."""

FEWEST_RUNS = 10
"""Runs before a stopping rule may be satisfied. Looking after every run and stopping at the first narrow interval
favours runs that happen to agree. For normal outcomes a 95 % interval then covers the truth as rarely as 88 % of the
time when 2 runs may do, 92 % with 5 and 93 % with 10; 20 gain no more."""

Floats = NDArray[np.float64]


def summarise(runs: Runs) -> pd.DataFrame:
    """Return `KEYS`, n_runs, n_mean, mean, sd, low, high: a t interval over replications for every row.

    A run without a value (nobody of the group came, say) is left out of that row, and `n_runs` says
    how many had one: with none the mean is NaN, with one the interval is.
    """
    numbered = _numbered(runs)
    keys, n, value = _stack([numbered[number] for number in sorted(numbered)])
    return pd.concat([keys, _interval_frame(value, _mean(n))], axis=1)


def paired(a: Runs, b: Runs) -> pd.DataFrame:
    """Return the differences b - a by replication, summarised as by `summarise`; `n_mean` is the mean of both.

    Replications are paired by number: the same patients under two policies. Of runs with numbers,
    those that only one side has are left out; of sequences, the lengths must agree. A replication
    counts in a row where both sides have a value. Also columns mean_a and mean_b, over those pairs.
    """
    by_number = _numbered(a), _numbered(b)
    if isinstance(a, Sequence) and isinstance(b, Sequence) and len(a) != len(b):
        raise ValueError(
            f"expected as many runs on both sides, got {len(a)} and {len(b)}. Pass them by number"
        )
    common = sorted(by_number[0].keys() & by_number[1].keys())
    if not common:
        raise ValueError("expected replications with the same numbers on both sides, got none")
    keys, n, value = _stack([side[number] for side in by_number for number in common])
    value_a, value_b = value[: len(common)], value[len(common) :]
    summary = _interval_frame(value_b - value_a, _mean(n))
    missing = np.isnan(value_a) | np.isnan(value_b)
    summary["mean_a"] = _mean(np.where(missing, np.nan, value_a))
    summary["mean_b"] = _mean(np.where(missing, np.nan, value_b))
    return pd.concat([keys, summary], axis=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over replications with its t interval; NaN where there are too few runs."""

    n_runs: int
    mean: float
    sd: float
    low: float
    high: float


def interval(values: Sequence[float] | Floats, level: float = LEVEL) -> Interval:
    """Return the mean and the t interval of one value a replication; NaN is a run without a value.

    >>> round(interval([1.0, 2.0, 3.0]).low, 6)
    -0.484138
    """
    n, mean, sd, half = _moments(np.asarray(values, dtype=np.float64)[:, None], level)
    return Interval(
        int(n[0]), float(mean[0]), float(sd[0]), float(mean[0] - half[0]), float(mean[0] + half[0])
    )


def half_width(values: Sequence[float] | Floats, level: float = LEVEL) -> float:
    """Return half the width of the t interval; NaN with fewer than two values."""
    return float(_moments(np.asarray(values, dtype=np.float64)[:, None], level)[3][0])


def enough(
    runs: Runs, metric: str, half_width: float, attribute: str = "", group: str = "all", hospital: str = ""
) -> bool:
    """Return whether the 95 % half-width of a row is at most `half_width`, with at least `FEWEST_RUNS` values."""
    numbered = _numbered(runs)
    keys, _, value = _stack([numbered[number] for number in sorted(numbered)])
    row = (keys[KEYS] == [metric, attribute, group, hospital]).all(axis=1).to_numpy()
    if row.sum() != 1:
        raise ValueError(
            f"expected a row of the outcomes, got {metric!r}, {attribute!r}, {group!r}, {hospital!r}"
        )
    n, _, _, half = _moments(value[:, row], LEVEL)
    return bool(n[0] >= FEWEST_RUNS and half[0] <= half_width)


def mser5(series: Sequence[float] | Floats) -> int | None:
    """Return how many observations to cut from the start, or None when the series is too short to tell.

    The cut minimises the half-width of what remains, over means of five (MSER-5; White, Cobb & Spratt
    2000). A minimum in the second half means that no steady state was seen. For several replications,
    pass their average, hour by hour.
    """
    values = np.asarray(series, dtype=np.float64)
    n_batches = len(values) // 5
    if n_batches < 4:
        return None
    batches = values[: 5 * n_batches].reshape(-1, 5).mean(axis=1)
    remaining = np.arange(n_batches, 0, -1)
    centred = batches - batches[-1]  # against cancellation; the sums of squares do not depend on it
    total = np.cumsum(centred[::-1])[::-1]
    squares = np.cumsum((centred**2)[::-1])[::-1]
    # The last few cuts leave too little to have a variance worth the name (Hoad, Robinson & Davies 2010).
    candidates = n_batches - min(5, n_batches // 2)
    scores = ((squares - total**2 / remaining) / remaining.astype(np.float64) ** 2)[:candidates]
    best = int(np.argmin(scores))
    return 5 * best if best <= n_batches / 2 else None


def welch(series: Sequence[Sequence[float]] | Floats, window: int) -> Floats:
    """Return the average over replications (rows), smoothed over `window` neighbours on each side.

    At the start the window is as wide as the past allows; the last `window` points are dropped
    (Welch 1983). The warm-up is over where the curve is flat.

    >>> welch([[0.0, 3.0, 3.0, 6.0, 3.0]], window=1).tolist()
    [0.0, 2.0, 4.0, 4.0]
    """
    average = np.mean(np.atleast_2d(np.asarray(series, dtype=np.float64)), axis=0)
    sums = np.concatenate(([0.0], np.cumsum(average)))
    middle = np.arange(len(average) - window)
    reach = np.minimum(middle, window)
    return np.asarray((sums[middle + reach + 1] - sums[middle - reach]) / (2 * reach + 1))


def in_system_by_hour(tables: Tables, network: Network) -> Floats:
    """Return the exact mean number of patients in the network in every whole hour, warm-up included.

    The series for `mser5` and `welch`: a network has warmed up when its number of patients has.
    """
    visits = tables.visits[tables.visits["outcome_kind"] != "declined"]
    hours = np.arange(floor(network.horizon) + 1, dtype=np.float64)
    present = np.zeros(len(hours))
    for times, sign in (
        (visits["presented"].to_numpy(), 1),
        (visits["left_network"].dropna().to_numpy(), -1),
    ):
        # Hours lived since each event, summed at every whole hour.
        ordered = np.sort(times)
        before = np.searchsorted(ordered, hours)
        present += sign * (before * hours - np.concatenate(([0.0], np.cumsum(ordered)))[before])
    return np.diff(present)


def _numbered(runs: Runs) -> dict[int, pd.DataFrame]:
    if isinstance(runs, pd.DataFrame):
        numbered = dict(iter(runs.groupby("replication")))
    else:
        numbered = dict(runs) if isinstance(runs, Mapping) else dict(enumerate(runs))
    if not numbered:
        raise ValueError("expected at least one replication, got none")
    return numbered


def _stack(frames: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, Floats, Floats]:
    """The keys, and n and value with a row for each frame; a frame that lacks a key has NaN there."""
    keys = frames[0][KEYS].reset_index(drop=True)
    if not all(keys.equals(frame[KEYS].reset_index(drop=True)) for frame in frames[1:]):
        keys = pd.concat([frame[KEYS] for frame in frames]).drop_duplicates(ignore_index=True)
        frames = [keys.merge(frame, on=KEYS, how="left", validate="one_to_one") for frame in frames]
    n = np.array([frame["n"].to_numpy(dtype=np.float64) for frame in frames])
    return keys, n, np.array([frame["value"].to_numpy(dtype=np.float64) for frame in frames])


def _interval_frame(value: Floats, n_mean: Floats) -> pd.DataFrame:
    n_runs, mean, sd, half = _moments(value, LEVEL)
    return pd.DataFrame(
        {"n_runs": n_runs, "n_mean": n_mean, "mean": mean, "sd": sd, "low": mean - half, "high": mean + half}
    )


def _moments(value: Floats, level: float) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """Number, mean, standard deviation and half-width by column; a row is a replication."""
    present = ~np.isnan(value)
    n = present.sum(axis=0)
    mean = _mean(value)
    squares = np.zeros(value.shape[1])
    for row, here in zip(value, present, strict=True):
        squares += np.where(here, row - mean, 0.0) ** 2
    several = n > 1
    degrees = np.where(several, n - 1, 1)
    sd = np.where(several, np.sqrt(squares / degrees), np.nan)
    quantile = stats.t.ppf((1 + level) / 2, np.arange(1, int(degrees.max(initial=1)) + 1))
    return n, mean, sd, quantile[degrees - 1] * sd / np.sqrt(np.maximum(n, 1))


def _mean(value: Floats) -> Floats:
    total, n = np.zeros(value.shape[1]), np.zeros(value.shape[1])
    for row in value:
        here = ~np.isnan(row)
        total += np.where(here, row, 0.0)
        n += here
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
