"""What the pool is asked to do for the page Patients: pictures and words, ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.app.patients.cohort import Cohort, Source
from dashboards.app.patients.one_told import person_exhibits
from dashboards.app.patients.told import Counts, cohort_exhibits, counts
from dashboards.report.exhibit import Exhibit
from scenarios.loader import library_names, load


@dataclass(frozen=True, eq=False)
class Gathered:
    """People, and what is said of them together."""

    cohort: Cohort
    by: str
    counts: Counts
    exhibits: tuple[Exhibit, ...]


@dataclass(frozen=True)
class Seen:
    """One person."""

    label: str
    exhibits: tuple[Exhibit, ...]


def gather(source: Source, by: str) -> Gathered:
    """Return the people of a source by an attribute; by their first one if they have no such attribute."""
    cohort = source.cohort()
    by = by if by in cohort.groups else next(iter(cohort.groups))
    return Gathered(cohort, by, counts(cohort, by), cohort_exhibits(cohort, by))


def look_at(source: Source, row: int, top_k: int) -> Seen:
    """Return one person of a source."""
    person = source.person(row)
    return Seen(person.label, person_exhibits(source.cohort(), person, top_k))


def library_with_people() -> dict[str, str]:
    """Return the scenarios of the library that have a population: title -> name."""
    found = {}
    for name in library_names():
        scenario = load(name) if "/" not in name else None
        if scenario is not None and scenario.population is not None:
            found[scenario.title or name] = name
    return found
