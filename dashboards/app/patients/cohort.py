"""Many people with a risk each, and one of them at close range: what every source of people gives the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dashboards.report.exhibit import Table
from dashboards.report.wording import listed
from policies.thresholds.moves import BANDS, SETTINGS, STEPS

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

GENERATED, COMPUTED, ASSUMED, GIVEN = "generated", "computed", "assumed", "from the file"
ORIGINS = {
    GENERATED: "drawn or written by a program, after figures that have a source",
    ASSUMED: "drawn by a program, after figures that nobody measured",
    COMPUTED: "follows from the other fields by a formula of this program",
    GIVEN: "as in the file that was uploaded; whether somebody measured it, the program cannot know",
}
"""How a field came to be known. Nothing that Fairward makes was measured on a person."""


@dataclass(frozen=True)
class Bands:
    """Thresholds on a risk."""

    names: tuple[str, ...]
    limits: tuple[float, ...]
    """The least risk of each band, rising, the first 0."""
    origin: str
    """Who set them."""

    def of(self, risk: Floats) -> Codes:
        """Return the band of each, an index of `names`; a risk at a threshold is above it."""
        return np.searchsorted(np.array(self.limits), risk + 1e-12, side="right") - 1

    @property
    def said(self) -> str:
        """The bands in words."""
        rest = [f"{name} from {low:g}" for name, low in zip(self.names[1:], self.limits[1:], strict=True)]
        return f"{self.names[0]} below {self.limits[1]:g}, {listed(rest)}" if rest else self.names[0]


def bands_of_setting(setting: int, origin: str) -> Bands:
    """Return the bands that two thresholds make."""
    chosen = SETTINGS[setting]
    return Bands(BANDS, (0.0, chosen.moderate / STEPS, chosen.high / STEPS), origin)


@dataclass(frozen=True, eq=False)
class Cohort:
    """People, a row each."""

    title: str
    measure: str
    """What `risk` is, for example `risk of heart disease`."""
    when: str
    """When the risks are those shown, for example `on day 30`; empty: once and for all."""
    origin: str
    """Where the people come from, a sentence or two."""
    places: tuple[tuple[str, int], ...]
    """Their labels: a word and how many are counted through after it, in the order of the rows."""
    risk: Floats
    groups: dict[str, tuple[tuple[str, ...], Codes]]
    """Attribute -> its values, and which each person has; -1: not known."""
    bands: Bands
    there: NDArray[np.bool_]
    """Whether they are counted: the living."""
    came: NDArray[np.bool_]
    """Whether they were in contact with a hospital."""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.risk)

    def label(self, row: int) -> str:
        """Return what a person is called here."""
        for word, n in self.places:
            if row < n:
                return f"{word} {row}"
            row -= n
        raise IndexError(row)

    def row(self, label: str) -> int | None:
        """Return the row of a label; None if nobody is called that."""
        word, _, number = label.rpartition(" ")
        start = 0
        for place, n in self.places:
            if word == place and number.isdecimal() and int(number) < n:
                return start + int(number)
            start += n
        return None


@dataclass(frozen=True)
class Fact:
    """One field of a profile."""

    field: str
    value: str
    origin: str
    """One of `ORIGINS`."""
    source: str = ""


@dataclass(frozen=True, eq=False)
class Course:
    """A risk over time."""

    days: Floats
    risk: Floats
    low: Floats
    high: Floats
    """What chance could have made of it: the middle 95 %; equal to the risk where there is no chance."""
    interval: str
    """What that range is, a sentence; empty: there is no chance."""
    said: str
    """Where it is going, a sentence."""
    marks: tuple[tuple[float, str], ...] = ()
    """(day, what happened)."""
    now: float | None = None
    """The day of the cohort, where it is one of them."""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """More columns of its table: head, a text for each day."""


@dataclass(frozen=True, eq=False)
class Reasons:
    """A risk, or its log-odds, as a sum; `base` and `values` sum to `total`."""

    base: float
    base_said: str
    """Whose value the base is, for example `the mean of all`."""
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    """The inputs' values, as words; empty: none."""
    values: Floats
    total: float
    scale: str
    """What is summed, for example `risk` or `log-odds`."""
    method: str
    """How, and why it is exact."""

    @property
    def order(self) -> Codes:
        """The largest first, whatever their sign; those of 0 left out."""
        found = np.argsort(-np.abs(self.values), kind="stable")
        return found[self.values[found] != 0]


@dataclass(frozen=True, eq=False)
class Person:
    """One of a cohort at close range."""

    label: str
    risk: float
    """At the time of the cohort."""
    text: str
    """The written vignette; empty: there is none."""
    facts: tuple[Fact, ...]
    course: Course | None
    no_course: str
    """Why there is no course, when there is none."""
    reasons: Reasons
    contacts: Table | None
    contacts_said: str
    notes: tuple[str, ...] = ()


class Source(Protocol):
    """Where people come from; picklable."""

    @property
    def key(self) -> str:
        """Everything that decides who they are."""
        ...

    def cohort(self) -> Cohort:
        """Return all of them. Raises `FairwardError`."""
        ...

    def person(self, row: int) -> Person:
        """Return one of them. Raises `FairwardError`."""
        ...
