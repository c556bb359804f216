"""Who of many people is offered to be looked at: of a group and a band, and nobody where they are few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboards.app.patients.cohort import Cohort
from dashboards.app.patients.told import FEWEST, Counts
from dashboards.report.wording import tidy

ANYBODY = "anybody"
MOST_OFFERED = 40
"""People in the list: as evenly over their risks as can be."""


@dataclass(frozen=True)
class Offered:
    """A list of people, and what is to be said of it."""

    people: Mapping[str, int]
    """Label -> row of the cohort; empty where they are too few."""
    said: str


def groups_offered(cohort: Cohort, by: str, found: Counts) -> dict[str, str]:
    """Return the groups that can be chosen, as label -> value: those that are there and not small."""
    values = cohort.groups[by][0]
    shown = [g for g in range(len(values)) if found.n[g].sum() and not found.few_group[g]]
    return {ANYBODY: ANYBODY, **{tidy(values[g]): values[g] for g in shown}}


def bands_offered(cohort: Cohort) -> dict[str, str]:
    """Return the bands that can be chosen, as label -> name."""
    return {ANYBODY: ANYBODY, **{tidy(name): name for name in cohort.bands.names}}


def people_offered(cohort: Cohort, by: str, group: str, band: str, came: bool) -> Offered:
    """Return people of a group and a band; `came`: only those who came to a hospital."""
    values, codes = cohort.groups[by]
    chosen = cohort.there.copy()
    if group != ANYBODY:
        chosen &= codes == values.index(group)
    if band != ANYBODY:
        chosen &= cohort.bands.of(cohort.risk) == cohort.bands.names.index(band)
    if came:
        chosen &= cohort.came
    rows = chosen.nonzero()[0]
    if len(rows) < FEWEST:
        return Offered(
            {}, f"Fewer than {FEWEST} people are like this: nobody is offered. Choose a larger group."
        )
    shown = min(len(rows), MOST_OFFERED)
    return Offered(
        spread(cohort, rows), f"{shown} of {len(rows)} people are in the list, the highest risk first."
    )


def spread(cohort: Cohort, rows: NDArray[np.int64]) -> dict[str, int]:
    """Return some people as label -> row, the highest risk first, spread evenly over the risks."""
    ordered = rows[(-cohort.risk[rows]).argsort(kind="stable")]
    n = min(len(ordered), MOST_OFFERED)
    places = [k * (len(ordered) - 1) // max(n - 1, 1) for k in range(n)]
    return {f"{cohort.label(int(row))}, {cohort.risk[row]:.3f}": int(row) for row in ordered[places]}
