"""Which of the uncertain figures matters: one at a time (tornado), and all together (Sobol' indices).

Every point is run with the same replication numbers, so that luck common to all points cancels. What is left of it
in the mean of a point is the interaction of luck and figures; its share in the variance between points is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import MissingExtra, UsageError
from sim.evidence.replication_tests import holm, paired_t
from sim.inference import LEVEL, Interval, interval
from sim.streams import uniforms

Floats = NDArray[np.float64]

LOW, HIGH = 0.05, 0.95
"""Quantiles of a figure that a tornado looks at."""

RESAMPLES = 1000
"""Of the points, for the intervals of the indices."""


@dataclass(frozen=True)
class Swing:
    """What one figure does, all others as written."""

    name: str
    low: Interval
    """Outcome at the low quantile less that as written, paired by run."""
    high: Interval
    swing: Interval
    """High less low."""
    p_value: float
    """Of no swing, corrected by Holm for the number of figures."""


def tornado(names: Sequence[str], base: Floats, low: Floats, high: Floats) -> list[Swing]:
    """Return the figures by the size of their swing; `base` is by run, the others figures x runs."""
    swings = high - low
    raw = [paired_t(row).p_value for row in swings]
    corrected = iter(holm([p for p in raw if p is not None]))
    found = [
        Swing(
            name, interval(low[k] - base), interval(high[k] - base), interval(swings[k]),
            1.0 if raw[k] is None else next(corrected),
        )
        for k, name in enumerate(names)
    ]  # fmt: skip
    return sorted(found, key=lambda swing: -abs(swing.swing.mean))


@dataclass(frozen=True)
class Index:
    """Shares of the variance between points that go back to a figure, with the half-widths of their intervals."""

    name: str
    first: float
    """By itself."""
    first_half: float
    total: float
    """With all its interactions."""
    total_half: float


@dataclass(frozen=True)
class Sobol:
    """Indices of all figures."""

    indices: tuple[Index, ...]
    """By the size of the total index."""
    n_points: int
    n_runs: int
    variance: float
    """Between points."""
    noise_share: float
    """Of that variance: luck that interacts with the figures. NaN with one run a point."""


def sobol_points(names: Sequence[str], n: int, seed: int) -> Floats:
    """Return n x (figures + 2) rows of uniforms: Saltelli's design on a scrambled Sobol' sequence.

    `n` is a power of 2. Raises `MissingExtra` without SALib.
    """
    if n < 2 or n & (n - 1):
        raise UsageError(f"--points: expected a power of 2, got {n}. Use 64, 128, 256, ...")
    try:
        from SALib.sample import sobol
    except ImportError:
        raise MissingExtra("sensitivity", "Sobol' indices") from None
    points = sobol.sample(_problem(names), n, calc_second_order=False, seed=_seed(seed, "sample"))
    # Exactly 0 or 1 can occur and would be an infinite quantile of some beliefs.
    return np.asarray(np.clip(points, 2.0**-32, 1 - 2.0**-32))


def sobol_indices(names: Sequence[str], outcomes: Floats, seed: int, level: float = LEVEL) -> Sobol:
    """Return the indices from the outcomes at `sobol_points`: points x runs. Raises `UsageError` if nothing varies."""
    try:
        from SALib.analyze import sobol
    except ImportError:
        raise MissingExtra("sensitivity", "Sobol' indices") from None
    means = outcomes.mean(axis=1)
    if not np.isfinite(means).all():
        raise UsageError("some points have no value of this outcome in some run. Use a longer horizon.")
    if np.ptp(means) == 0:
        raise UsageError(
            "the outcome is the same at all points: none of the uncertain figures has an effect on it."
        )
    found = sobol.analyze(
        _problem(names), means, calc_second_order=False, num_resamples=RESAMPLES, conf_level=level,
        seed=_seed(seed, "resamples"),
    )  # fmt: skip
    indices = [
        Index(name, *(float(found[key][k]) for key in ("S1", "S1_conf", "ST", "ST_conf")))
        for k, name in enumerate(names)
    ]
    return Sobol(
        tuple(sorted(indices, key=lambda index: -index.total)), len(outcomes), outcomes.shape[1],
        float(means.var(ddof=1)), noise_share(outcomes),
    )  # fmt: skip


def noise_share(outcomes: Floats) -> float:
    """Return which share of the variance between point means is luck, from points x runs with shared luck.

    Two-way analysis of variance without replication: what neither point nor run explains is the interaction, of
    which a mean over r runs keeps an r-th. NaN with one run.

    >>> noise_share(np.array([[0.0, 1.0], [2.0, 3.0]]))
    0.0
    """
    n, r = outcomes.shape
    if r < 2 or n < 2:
        return float("nan")
    rows, columns = outcomes.mean(axis=1, keepdims=True), outcomes.mean(axis=0, keepdims=True)
    residual = float(((outcomes - rows - columns + outcomes.mean()) ** 2).sum() / ((n - 1) * (r - 1)))
    between = float(rows.var(ddof=1))
    return residual / r / between if between > 0 and isfinite(residual) else float("nan")


def evaluated(points: Floats, function: Callable[[Floats], Floats]) -> Floats:
    """Return a function's values as outcomes of one run a point: for tests against functions that are known."""
    return np.asarray(function(points))[:, None]


def _problem(names: Sequence[str]) -> dict[str, object]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def _seed(seed: int, purpose: str) -> int:
    """A whole number from a named stream, at least 1: SALib takes 0 for no seed."""
    return 1 + int(uniforms(seed, 0, ("sobol", purpose), 1)[0] * (2**31 - 2))
