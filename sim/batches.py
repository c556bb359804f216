"""Columns of numbers about patients: of whom they are made, and how they grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.distributions import Distribution, DurationCase
from sim.arrivals import Floats
from sim.conditions import Codes, Facts, Mask
from sim.distributions import quantile
from sim.ordering import order_of
from sim.patients import Patients
from sim.streams import Spans, spans_of

Drawn = tuple[Codes | None, Codes, Spans]
"""Positions of patients, None: all; their sources; and which elements of the sources' streams are theirs, in order."""


@dataclass(slots=True)
class Batch:
    """Patients of whom a column is made, with what all columns ask."""

    patients: Patients
    facts: Facts
    pathway: Codes
    who: Codes | None = None
    """Their ids, rising, where they are some of `n`; None: they are everybody."""
    n: int = 0
    _drawn: dict[int | None, Drawn] = field(default_factory=dict)

    def by_source(self, pathway: int | None) -> Drawn:
        """Return what is drawn for the patients of the pathway, or for all."""
        if pathway not in self._drawn:
            here = None if pathway is None else np.flatnonzero(self.pathway == pathway)
            if here is not None and len(here) == len(self.patients):
                here = None
            source, ordinal = self.patients.source, self.patients.ordinal
            if here is not None:
                source, ordinal = source[here], ordinal[here]
            numbers = np.bincount(source)
            some = np.flatnonzero(numbers)
            if len(some) == 1:
                spans = spans_of([ordinal])
            else:
                order = order_of(source, len(numbers))
                spans = spans_of(np.split(ordinal[order], np.cumsum(numbers[some])[:-1]) if len(some) else [])
                places = np.empty(len(order), dtype=np.int64)
                places[order] = np.arange(len(order)) if spans.places is None else spans.places
                spans = replace(spans, places=places)
            self._drawn[pathway] = here, some, spans
        return self._drawn[pathway]


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
        hours = drawn_for(taken & here, case, u, hours)
    return hours


def drawn_for(chosen: Mask, law: Distribution[float], u: Floats, hours: Floats) -> Floats:
    """Return the hours with the law's quantiles at u for the chosen; the hours that were given may change."""
    if chosen.all():
        return quantile(law, u)
    who = np.flatnonzero(chosen)
    hours[who] = quantile(law, u[who])
    return hours
