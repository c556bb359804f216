"""Many profiles as columns: the form in which they are drawn, counted and compared.

A single value is an array of n entries (choices as text, missing as NaN or None); a list is a matrix of
n x words, true where the patient has the word. A *feature* is a number per person with a name, used alike
by the generator and by the report that checks it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.profiles.record import COLUMNS, KINDS, LISTS, SEPARATOR
from agents.profiles.vocabulary import INFECTIONS

FEVER = 38.0
"""Degrees Celsius from which a temperature counts as fever."""


@dataclass(slots=True)
class People:
    """So many people, as columns."""

    n: int
    single: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    """Numbers as floats, choices and texts as objects."""
    lists: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    """n x words of the vocabulary."""
    complaints: NDArray[np.int64] | None = None
    """n x 3 places in the vocabulary of complaints, the chief one first, -1 for none."""

    def number(self, column: str) -> NDArray[np.float64]:
        """Return a column of numbers, NaN where missing."""
        return np.asarray(self.single[column], dtype=np.float64)

    def has(self, column: str, word: str) -> NDArray[np.bool_]:
        """Return who has this word in this list."""
        return self.lists[column][:, LISTS[column].index(word)]

    def feature(self, name: str) -> NDArray[np.float64]:
        """Return a feature: one of `FEATURES`, `column=word`, or a column of numbers.

        `column=word` is 1 for those who have the word, 0 for the others, NaN where the choice is missing.
        """
        if name in FEATURES:
            return FEATURES[name](self)
        column, equals, word = name.partition("=")
        if not equals:
            return self.number(name)
        if column in LISTS:
            return self.has(column, word).astype(np.float64)
        values = self.single[column]
        known = np.array([value is not None and value == value for value in values])
        return np.where(known, (values == word).astype(np.float64), np.nan)

    def frame(self) -> pd.DataFrame:
        """Return the flat form: a row a person, `COLUMNS` that are here, lists joined."""
        made: dict[str, object] = {}
        for column in COLUMNS:
            kind = KINDS[column]
            if column == "complaints" and self.complaints is not None:
                made[column] = _joined_in_order(self.complaints, LISTS[column])
            elif column in self.lists:
                made[column] = _joined(self.lists[column], LISTS[column])
            elif column in self.single:
                values = self.single[column]
                if kind == "int":
                    made[column] = pd.array(np.asarray(values, np.float64), dtype="Int64")
                elif kind == "float":
                    made[column] = np.asarray(values, np.float64)
                elif kind == "bool":
                    made[column] = pd.array(values, dtype="boolean")
                else:
                    made[column] = pd.Series(values, dtype=object)
        return pd.DataFrame(made)

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> People:
        """Return the people of a flat form."""
        people = cls(len(frame))
        for column in frame.columns:
            kind = KINDS[column]
            if kind == "list":
                place = {word: k for k, word in enumerate(LISTS[column])}
                has = np.zeros((len(frame), len(place)), dtype=np.bool_)
                order = np.full((len(frame), 3), -1, dtype=np.int64)
                for row, cell in enumerate(frame[column]):
                    words = cell.split(SEPARATOR) if isinstance(cell, str) and cell else ()
                    for k, word in enumerate(words):
                        has[row, place[word]] = True
                        if k < 3:
                            order[row, k] = place[word]
                people.lists[column] = has
                if column == "complaints":
                    people.complaints = order
            elif kind in ("int", "float", "bool"):
                people.single[column] = frame[column].to_numpy(np.float64, na_value=np.nan)
            else:
                people.single[column] = frame[column].astype(object).to_numpy()
        return people


def _joined(has: NDArray[np.bool_], words: tuple[str, ...]) -> NDArray[np.object_]:
    """Return one cell a person; few different sets occur, so each is joined once."""
    packed = np.packbits(has, axis=1)
    sets, first, member = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    cells = np.array(
        [SEPARATOR.join(words[k] for k in np.flatnonzero(has[row])) for row in first], dtype=object
    )
    return np.asarray(cells[member.reshape(-1)]) if len(sets) else np.array([], dtype=object)


def _joined_in_order(places: NDArray[np.int64], words: tuple[str, ...]) -> NDArray[np.object_]:
    lookup = np.array([*words, ""], dtype=object)
    return np.array([SEPARATOR.join(filter(None, row)) for row in lookup[places]], dtype=object)


def _by_age(*steps: tuple[float, float]) -> Callable[[People], NDArray[np.float64]]:
    """Return a feature that is a step function of age: pairs of (from this age on, value)."""
    ages, values = np.array([age for age, _ in steps]), np.array([value for _, value in steps])
    return lambda people: values[np.searchsorted(ages, people.number("age"), side="right") - 1]


def _over(column: str, least: float) -> Callable[[People], NDArray[np.float64]]:
    def feature(people: People) -> NDArray[np.float64]:
        values = people.number(column)
        return np.where(np.isnan(values), np.nan, values >= least)

    return feature


def _usual_systolic(people: People) -> NDArray[np.float64]:
    age = people.number("age")
    children = _by_age((0, 85.0), (1, 92.0), (3, 98.0), (6, 104.0), (12, 112.0))(people)
    return np.where(age < 18, children, 114.0 + 0.30 * (age - 18))


FEATURES: dict[str, Callable[[People], NDArray[np.float64]]] = {
    "decades from 50": lambda people: (people.number("age") - 50.0) / 10.0,
    "deprived": _over("deprivation", 4),
    "child": lambda people: (people.number("age") < 16).astype(np.float64),
    "aged 75 or more": _over("age", 75),
    "urgency": lambda people: 3.0 - people.number("triage"),
    "infection": lambda people: np.max([people.has("diagnoses", x) for x in INFECTIONS], axis=0).astype(
        float
    ),
    "bacterial infection": lambda people: np.max(
        [people.has("diagnoses", x) for x in ("pneumonia", "urinary tract infection", "skin infection")],
        axis=0,
    ).astype(np.float64),
    "fever": _over("temperature", FEVER),
    "degrees above 37": lambda people: people.number("temperature") - 37.0,
    # Usual values of the well. Children: middles of the ranges of Advanced Paediatric Life Support, 5th edition
    # (under 1 year 110-160 and 30-40; 1 to 2: 100-150, 25-35; 2 to 5: 95-140, 25-30; 5 to 12: 80-120, 20-25;
    # over 12: 60-100, 15-20); adults and all pressures assumed.
    "usual pulse": _by_age((0, 135.0), (1, 125.0), (2, 117.0), (5, 100.0), (12, 80.0), (18, 76.0)),
    "usual breaths": _by_age((0, 35.0), (1, 30.0), (2, 27.0), (5, 22.0), (12, 17.0), (18, 16.0)),
    "usual systolic": _usual_systolic,
}
"""Features that are more than a column, by name."""
