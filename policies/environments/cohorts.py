"""The generator of the desk: people with severity and priority, and who of them comes in an episode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agents.profiles.record import Profile
from scenarios.errors import UsageError
from sim.streams import uniforms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOT_RECORDED = "not recorded"
GROUPINGS = ("deprivation", "ethnicity", "rurality", "insurance", "language", "sex")
POOL = 1000
"""People drawn when no file is given; assumed."""


@dataclass(frozen=True)
class People:
    """N people, as columns."""

    severity: Floats
    """N, from 0 to 1."""
    priority: Floats
    """N, from 0 to 1."""
    age: Floats
    """N, years."""
    group: Ints
    """N, index of `groups`."""
    groups: tuple[str, ...]

    def chosen(self, which: Ints) -> People:
        """Return some of them, in this order."""
        return People(
            self.severity[which], self.priority[which], self.age[which], self.group[which], self.groups
        )

    def __len__(self) -> int:
        return len(self.severity)


class CohortGenerator(Protocol):
    """Says who comes; injected into the desk."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that all cohorts share."""
        ...

    def cohort(self, seed: int, replication: int) -> People:
        """Return those who come in an episode, in order. Equal arguments give equal cohorts."""
        ...


@dataclass(frozen=True)
class Drawn:
    """Cohorts drawn with replacement from prepared profiles, by a stream of their own."""

    people: People
    n_patients: int

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of the people."""
        return self.people.groups

    def cohort(self, seed: int, replication: int) -> People:
        """Return `n_patients` people."""
        u = uniforms(seed, replication, ("desk", "cohort"), self.n_patients)
        return self.people.chosen((u * len(self.people)).astype(np.int64))


def people_of(profiles: Sequence[Profile], grouping: str = "deprivation") -> People:
    """Return prepared profiles as columns; groups in the order of their values, then those not recorded.

    Raises `UsageError` if there are none, or some have no severity or priority.
    """
    if grouping not in GROUPINGS:
        raise UsageError(f'grouping: expected one of {", ".join(GROUPINGS)}, got "{grouping}".')
    bare = [p.demographics.profile_id for p in profiles if p.severity is None or p.priority is None]
    if not profiles or bare:
        got = f"{len(bare)} of {len(profiles)} without (the first is {bare[0]})" if bare else "no profiles"
        raise UsageError(
            f"expected profiles with severity and priority, got {got}. Run `fairward profiles prepare` first."
        )
    values = [getattr(p.demographics, grouping) for p in profiles]
    known = sorted({value for value in values if value is not None}, key=str)
    groups = [*known, *([None] if None in values else [])]
    return People(
        severity=np.array([p.severity for p in profiles], dtype=np.float64),
        priority=np.array([p.priority for p in profiles], dtype=np.float64),
        age=np.array([p.demographics.age for p in profiles], dtype=np.float64),
        group=np.array([groups.index(value) for value in values], dtype=np.int64),
        groups=tuple(NOT_RECORDED if value is None else str(value) for value in groups),
    )


def people_of_file(path: Path, grouping: str = "deprivation") -> People:
    """Return the people of a CSV or Parquet file that `fairward profiles prepare` wrote."""
    from agents.profiles.files import read_profiles

    reading = read_profiles(path)
    if reading.bad:
        raise UsageError(
            f"{path}: {len(reading.bad)} values cannot be read. See `fairward profiles prepare {path}`."
        )
    return people_of(reading.profiles, grouping)


def calibrated_people(seed: int, n: int = POOL, grouping: str = "deprivation") -> People:
    """Return people of the default census with pictures by the calibrated generator."""
    import pandas as pd

    from agents.profiles.calibrated import pictures, variates
    from agents.profiles.census import draw_demographics, read_census
    from agents.profiles.files import profiles_of
    from agents.profiles.severity import DEFAULT_WEIGHTS, prepared

    who = draw_demographics(read_census(), n, seed)
    pages = pictures(who, variates(seed, n), with_vignettes=False)
    profiles = profiles_of(pd.concat([who, pages], axis=1))
    return people_of([prepared(profile, DEFAULT_WEIGHTS) for profile in profiles], grouping)
