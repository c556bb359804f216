"""Many explanations together: which inputs matter, and what parts two groups; intervals over runs.

States of one run resemble each other, so a run counts as one observation: means by run first, then a t interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.explain.attribution import Attribution
from policies.explain.scorer import Floats
from sim.inference import Interval, interval


@dataclass(frozen=True)
class Importance:
    """How much an input moves the margin, either way."""

    label: str
    column: int
    size: Interval
    """Mean absolute contribution."""
    signed: Interval
    """Mean contribution."""


@dataclass(frozen=True)
class Gap:
    """What parts a group's mean margin from that of the others."""

    group: str
    reference: str
    n_rows: int
    n_reference: int
    total: Interval
    """Of the margin."""
    parts: tuple[tuple[str, Interval], ...]
    """By input, the largest first; all inputs' parts sum to the total in every run."""


def importances(found: Attribution, run: NDArray[np.int64], labels: Sequence[str]) -> list[Importance]:
    """Return every input, the most important first."""
    size, signed = by_run(np.abs(found.values), run), by_run(found.values, run)
    order = np.argsort(-np.nanmean(size, axis=0), kind="stable")
    return [Importance(labels[j], int(j), interval(size[:, j]), interval(signed[:, j])) for j in order]


def gap(
    found: Attribution,
    run: NDArray[np.int64],
    labels: Sequence[str],
    groups: NDArray[np.str_],
    group: str,
    reference: str,
) -> Gap:
    """Return the difference of a group's mean margin to the reference, and what each input adds to it.

    Paired by run: a run in which one of them does not occur is left out.
    """
    mine, others = groups == group, groups == reference
    runs = np.unique(run)
    difference = by_run(found.values[mine], run[mine], runs) - by_run(found.values[others], run[others], runs)
    total = (
        by_run(found.margin[mine, None], run[mine], runs) - by_run(found.margin[others, None], run[others], runs)
    )[:, 0]  # fmt: skip
    mean = np.nanmean(difference, axis=0) if np.isfinite(difference).any() else np.zeros(len(labels))
    order = np.argsort(-np.abs(mean), kind="stable")
    parts = tuple((labels[j], interval(difference[:, j])) for j in order)
    return Gap(group, reference, int(mine.sum()), int(others.sum()), interval(total), parts)


def by_run(values: Floats, run: NDArray[np.int64], runs: NDArray[np.int64] | None = None) -> Floats:
    """Return runs x columns: the mean of each run's rows, NaN where it has none."""
    runs = np.unique(run) if runs is None else runs
    found = np.full((len(runs), values.shape[1]), np.nan)
    for i, number in enumerate(runs):
        own = values[run == number]
        if len(own):
            found[i] = own.mean(axis=0)
    return found
