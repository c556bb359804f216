"""Control charts over successive runs of one network: p-charts by group, and a CUSUM with a stated false-alarm rate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Floats = NDArray[np.float64]

SIGMAS = 3.0
"""Limits of a p-chart: one point in 370 lies outside by chance (Shewhart)."""

ALLOWANCE = 0.5
"""Of the CUSUM, in standard errors: it is quickest for shifts of twice that."""

IN_CONTROL_LENGTH = 370.0
"""Points between two false alarms of the CUSUM on average: as rare as those of the p-chart."""


@dataclass(frozen=True, slots=True)
class PChart:
    """Shares in the order of time, with limits; all arrays by point."""

    share: Floats
    centre: float
    low: Floats
    high: Floats
    outside: NDArray[np.bool_]


def p_chart(events: Floats, n: Floats, centre: float, deff: float = 1.0) -> PChart:
    """Return a p-chart about a known centre; `deff` widens the limits for patients who are not independent.

    A point without patients has no limits and is never outside.
    """
    n = np.asarray(n, dtype=np.float64)
    safe = np.where(n > 0, n, np.nan)
    share = np.asarray(events, dtype=np.float64) / safe
    reach = SIGMAS * np.sqrt(centre * (1 - centre) * deff / safe)
    low, high = np.maximum(centre - reach, 0.0), np.minimum(centre + reach, 1.0)
    with np.errstate(invalid="ignore"):
        outside = (share < low) | (share > high)
    return PChart(share, centre, low, high, outside)


@dataclass(frozen=True, slots=True)
class Cusum:
    """Sums of what exceeds the allowance on either side; `alarm` is the first point beyond the limit, or None."""

    up: Floats
    down: Floats
    limit: float
    in_control_length: float
    alarm: int | None


def cusum(z: Floats, in_control_length: float = IN_CONTROL_LENGTH) -> Cusum:
    """Return the two-sided CUSUM of standardised values (0 and 1 when in control)."""
    limit = cusum_limit(in_control_length)
    up, down = np.zeros(len(z)), np.zeros(len(z))
    above = below = 0.0
    for i, value in enumerate(np.asarray(z, dtype=np.float64)):
        above = max(0.0, above + value - ALLOWANCE)
        below = max(0.0, below - value - ALLOWANCE)
        up[i], down[i] = above, below
    beyond = np.flatnonzero(np.maximum(up, down) > limit)
    return Cusum(up, down, limit, in_control_length, int(beyond[0]) if len(beyond) else None)


def run_length(limit: float, shift: float = 0.0, n_states: int = 200) -> float:
    """Return the mean number of points until a one-sided CUSUM alarms, for normal values with this mean.

    A Markov chain over a grid of the sum (Brook & Evans 1972, Biometrika 59:539).

    >>> round(run_length(4.0))  # 168 for each side of the well-known two-sided chart with k = 0.5, h = 4
    335
    """
    width = 2 * limit / (2 * n_states - 1)
    state = np.arange(n_states) * width
    upper = stats.norm.cdf(state[None] + width / 2 - state[:, None] + ALLOWANCE - shift)
    move = np.diff(upper, axis=1, prepend=0.0)
    return float(np.linalg.solve(np.eye(n_states) - move, np.ones(n_states))[0])


@cache
def cusum_limit(in_control_length: float) -> float:
    """Return the limit at which the two-sided CUSUM has a mean run length in control: each side half the alarms."""
    return float(
        optimize.brentq(lambda h: np.log(run_length(h) / (2 * in_control_length)), 0.5, 12.0, xtol=1e-6)
    )
