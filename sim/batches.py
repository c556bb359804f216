"""Columns of numbers about patients: of whom they are made, and how they grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.distributions import DurationCase
from sim.arrivals import Floats
from sim.conditions import Codes, Facts, Mask
from sim.distributions import quantile
from sim.patients import Patients


@dataclass(slots=True)
class Batch:
    """Patients of whom a column is made, with what all columns ask."""

    patients: Patients
    facts: Facts
    pathway: Codes
    who: Codes | None = None
    """Their ids, rising, where they are some of `n`; None: they are everybody."""
    n: int = 0
    _ids: list[tuple[int, Codes]] | None = None

    def by_source(self, pathway: int | None) -> Iterator[tuple[int, Codes]]:
        """Give the ids of each source's patients of the pathway."""
        if self._ids is None:
            source = self.patients.source
            order = np.argsort(source, kind="stable")
            present, starts = np.unique(source[order], return_index=True)
            parts = np.split(order, starts[1:]) if len(present) else []
            self._ids = list(zip(present.tolist(), parts, strict=True))
        for source_index, ids in self._ids:
            mine = ids if pathway is None else ids[self.pathway[ids] == pathway]
            if len(mine):
                yield source_index, mine


class Column:
    """One number a patient, as an array and, once somebody has asked for it, as a list."""

    __slots__ = ("_listed", "_n", "_room", "fill")

    def __init__(self, fill: Callable[[Batch], Any], batch: Batch) -> None:
        self.fill = fill
        values = np.ascontiguousarray(fill(batch))
        if batch.who is not None:
            everybody = np.zeros(batch.n, values.dtype)
            everybody[batch.who] = values
            values = everybody
        self._room = values
        self._n = len(self._room)
        self._listed: list[Any] | None = None

    def array(self) -> NDArray[Any]:
        return self._room[: self._n]

    def listed(self) -> list[Any]:
        if self._listed is None:
            self._listed = self.array().tolist()
        return self._listed

    def extend(self, batch: Batch) -> None:
        new = self.fill(batch)
        n = self._n + len(new)
        if n > len(self._room):
            self._room = np.concatenate([self.array(), np.zeros(max(n, 1024), dtype=self._room.dtype)])
        self._room[self._n : n] = new
        self._n = n
        if self._listed is not None:
            self._listed.extend(new.tolist())


def by_case(cases: Sequence[DurationCase], u: Floats, here: Mask, facts: Facts, otherwise: float) -> Floats:
    """Return each patient's quantile of the first case that holds; 0 for those who are not here."""
    hours = np.where(here, otherwise, 0.0)
    for case, taken in facts.take_first(cases):
        mask = taken & here
        hours[mask] = quantile(case, u[mask])
    return hours
