"""Whether an explanation says what the score does (deletion, insertion) and says the same twice (stability)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from policies.explain.attribution import Attribution
from policies.explain.scorer import Floats, Margin
from policies.explain.summaries import by_run
from sim.inference import Interval, interval

STEPS = (0, 1, 2, 3, 5, 8, 13, 21, 34, 55)
"""How many inputs are replaced."""
DRAWN = 16
"""States of the background that stand in for what is replaced."""
TOP = 5


@dataclass(frozen=True)
class Faithfulness:
    """Mean margins while inputs are replaced, over the steps; paired with a random order of the same inputs."""

    deletion: Interval
    """Inputs that speak for the choice are taken away, the strongest first: less is better."""
    deletion_random: Interval
    deletion_gain: Interval
    """Random less explained: above 0 means that the explanation finds what matters."""
    insertion: Interval
    """Put into a usual state in the same order: more is better."""
    insertion_random: Interval
    insertion_gain: Interval
    """Explained less random."""


@dataclass(frozen=True)
class Stability:
    """The same rows explained against two halves of the background that share no state."""

    rank_correlation: Interval
    """Spearman's, of the contributions of a row."""
    top_shared: Interval
    """Share of the 5 largest inputs in common."""


def faithfulness(
    margin_rows: Sequence[tuple[Margin, NDArray[np.int64]]],
    rows: Floats,
    found: Attribution,
    background: Floats,
    run: NDArray[np.int64],
    seed: int = 0,
) -> Faithfulness:
    """Return both curves' means by run. `margin_rows`: the margin of some rows each (numbers of rows)."""
    generator = np.random.Generator(np.random.Philox(key=seed))
    behind = background[np.linspace(0, len(background) - 1, min(DRAWN, len(background))).astype(int)]
    four = np.zeros((len(rows), 4))
    varies = np.flatnonzero((background != background[0]).any(axis=0))
    for margin, where in margin_rows:
        for i in where:
            best = varies[np.argsort(-found.values[i, varies], kind="stable")]
            drawn = generator.permutation(varies)
            for k, order in enumerate((best, drawn)):
                four[i, 2 * k] = _curve(margin, rows[i], behind, order, delete=True)
                four[i, 2 * k + 1] = _curve(margin, rows[i], behind, order, delete=False)
    means = by_run(four, run)
    deletion, insertion, deletion_random, insertion_random = means.T
    return Faithfulness(
        interval(deletion),
        interval(deletion_random),
        interval(deletion_random - deletion),
        interval(insertion),
        interval(insertion_random),
        interval(insertion - insertion_random),
    )


def stability(one: Attribution, other: Attribution, run: NDArray[np.int64]) -> Stability:
    """Return how alike two explanations of the same rows are."""
    pairs = []
    for a, b in zip(one.values, other.values, strict=True):
        used = (a != 0) | (b != 0)
        alike = (
            stats.spearmanr(a[used], b[used]).statistic if used.sum() > 2 and _vary(a[used], b[used]) else 1.0
        )
        pairs.append((float(alike), shared(a, b)))
    means = by_run(np.array(pairs), run)
    return Stability(interval(means[:, 0]), interval(means[:, 1]))


def shared(a: Floats, b: Floats, top: int = TOP) -> float:
    """Return the share of the largest contributions that two have in common; of the shorter list, zeros left out."""
    one, other = ({int(j) for j in np.argsort(-np.abs(v), kind="stable")[:top] if v[j] != 0} for v in (a, b))
    most = min(len(one), len(other))
    return len(one & other) / most if most else float(len(one) == len(other))


def _vary(a: Floats, b: Floats) -> bool:
    return bool(np.ptp(a) > 0 and np.ptp(b) > 0)


def _curve(margin: Margin, row: Floats, behind: Floats, order: NDArray[np.int64], delete: bool) -> float:
    """Return the mean margin over the steps."""
    steps = [k for k in STEPS if k <= len(order)]
    states = []
    for k in steps:
        some = np.repeat(row[None, :], len(behind), axis=0) if delete else behind.copy()
        where = order[:k]
        some[:, where] = behind[:, where] if delete else row[where]
        states.append(some)
    return float(margin.of(np.concatenate(states)).mean())
