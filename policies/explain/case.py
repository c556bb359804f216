"""A question that is explained: rows, their margins, a background, and who the rows are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.explain.scorer import Floats, Margin, Scorer, by_contrast, contrasts, margin_of
from policies.explain.visited import Visited
from scenarios.errors import UsageError

LOGGED = (
    "waiting", "longest wait", "boarding", "in ", "borrowed", "inbound", "ambulances", "flex", "doses",
    "hours to expiry", "on order", "since:", "depot",
)  # fmt: skip
"""What the labels of inputs begin with that are log(1 + x): see `policies.environments.encoding`."""


@dataclass(frozen=True, eq=False)
class Case:
    """N rows of D inputs."""

    question: str
    labels: tuple[str, ...]
    rows: Floats
    """N x D."""
    run: NDArray[np.int64]
    """N: the replication; rows of one run are one cluster."""
    who: tuple[str, ...]
    """N: what a row is, in words."""
    groups: Mapping[str, NDArray[np.str_]]
    """By attribute, N values."""
    margins: tuple[tuple[Margin, NDArray[np.int64]], ...]
    """The margin of some rows each: (margin, numbers of rows); every row once."""
    background: Floats
    """B x D visited states."""
    local: int
    """The row that is shown by itself."""

    def title(self, row: int) -> str:
        """Return what is explained of a row."""
        return next(margin.title for margin, where in self.margins if row in where)

    def margin(self, row: int) -> Margin:
        """Return the margin of a row."""
        return next(margin for margin, where in self.margins if row in where)


def shown(label: str, value: float) -> str:
    """Return an input as people count it.

    >>> shown("waiting care.ward, critical, all", 1.0986122886681098), shown("in use bed", 0.5)
    ('2', '0.5')
    """
    logged = label.startswith(LOGGED) and not label.startswith("in use")
    return f"{np.sign(value) * np.expm1(abs(value)) if logged else value:.3g}"


def sample(n: int, wanted: int, run: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return about `wanted` of n rows, as many of each run, in their order."""
    generator = np.random.Generator(np.random.Philox(key=seed))
    runs = np.unique(run)
    each = max(1, wanted // max(len(runs), 1))
    parts = []
    for number in runs:
        own = np.flatnonzero(run == number)
        parts.append(np.sort(generator.permutation(own)[:each]))
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def varied_dials(scorer: Scorer, visited: Visited) -> list[int]:
    """Return the dials of which several options were chosen, the most varied first."""
    choices = scorer.choices(visited.rows, visited.masks)
    variety = [1 - np.bincount(choices[:, k]).max() / len(choices) for k in range(len(scorer.dials))]
    return [k for k in np.argsort(-np.array(variety), kind="stable") if variety[k] > 0]


def closest_dial(scorer: Scorer, visited: Visited) -> int | None:
    """Return the dial whose choice came nearest to turning in any state; None: there was never a choice."""
    nearest: dict[int, float] = {}
    for k in range(len(scorer.dials)):
        legal = visited.masks[:, scorer.place(k)] > 0
        free = legal.sum(axis=1) > 1
        if free.any():
            best = np.sort(np.where(legal, scorer.of_dial(k, visited.rows), -np.inf)[free], axis=1)
            nearest[k] = float((best[:, -1] - best[:, -2]).min())
    return min(nearest, key=lambda k: nearest[k]) if nearest else None


def dial_case(
    scorer: Scorer,
    visited: Visited,
    dial: int,
    hospitals: tuple[str, ...],
    n_rows: int,
    n_background: int,
    seed: int,
    at: tuple[int, float] | None = None,
) -> Case:
    """Return the case of a dial at visited decisions. `at`: (hospital, hours) of the row that is shown by itself.

    Raises `UsageError` if nothing could ever be chosen.
    """
    masks = visited.masks
    found = contrasts(scorer, dial, visited.rows, masks)
    free = np.array([one is not None for one in found])
    if not free.any():
        raise UsageError(
            f"{scorer.dials[dial][0]}: there was never a choice, so there is nothing to explain."
        )
    candidates = np.flatnonzero(free)
    local = int(candidates[_shown_row(visited, candidates, at)])
    picked = np.union1d(candidates[sample(len(candidates), n_rows, visited.run[candidates], seed)], [local])
    behind = sample(len(visited.rows), n_background, visited.run, seed + 1)
    kinds = by_contrast([found[i] for i in picked])
    names = np.array(hospitals)
    return Case(
        question=f"{scorer.dials[dial][0]}: what was chosen rather than the best legal alternative?",
        labels=scorer.labels,
        rows=visited.rows[picked],
        run=visited.run[picked],
        who=tuple(
            f"{hospitals[visited.hospital[i]]}, run {visited.run[i]}, decision {visited.decision[i]} "
            f"at {visited.time[i]:g} h, {visited.waiting[i]} waiting"
            for i in picked
        ),
        groups={"hospital": names[visited.hospital[picked]]},
        margins=tuple((margin_of(scorer, kind), where) for kind, where in kinds.items()),
        background=visited.rows[behind],
        local=int(np.searchsorted(picked, local)),
    )


def _shown_row(visited: Visited, candidates: NDArray[np.int64], at: tuple[int, float] | None) -> int:
    """The row asked for in the first run; else where most wait."""
    if at is None:
        return int(np.argmax(visited.waiting[candidates]))
    hospital, hours = at
    fits = (
        (visited.hospital[candidates] == hospital)
        & (visited.time[candidates] >= hours)
        & (visited.run[candidates] == visited.run[0])
    )
    if not fits.any():
        raise UsageError(f"there is no decision at or after {hours:g} h with a choice there.")
    return int(np.flatnonzero(fits)[0])
