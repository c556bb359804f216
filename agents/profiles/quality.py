"""How good a file of profiles is: margins, associations, coherence, duplicates, uniqueness.

Margins are compared with a census, associations with the laws of the calibrated generator (`laws.PLANTED`),
each by the regression that the law is. Nothing here says that profiles are like real patients: only that they
are like the census and the laws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from agents.profiles.calibrated import in_domain, linear
from agents.profiles.census import VARIABLES, Census, band_limits
from agents.profiles.coherence import RULES, broken
from agents.profiles.files import frame_of
from agents.profiles.laws import CHRONIC_LAWS, PLANTED, Law
from agents.profiles.people import People
from agents.profiles.record import PICTURE_COLUMNS, Profile
from agents.profiles.regression import fit

SCHEMA = "fairward.profiles-report/1"

WITHIN, OFF, UNSURE = "recovered", "off", "too few to tell"
"""Verdicts on an association."""

MOST_SHOWN = 10
"""Profiles named for each broken rule."""

DISEASES_BY_AGE = ("hypertension", "type 2 diabetes", "chronic kidney disease", "atrial fibrillation")
AGE_GROUPS = ((18, 34), (35, 49), (50, 64), (65, 74), (75, 105))


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a variable."""

    value: str
    count: int
    share: float
    """Of those whose value is known."""
    target: float
    """The census' share."""


@dataclass(frozen=True, slots=True)
class Margin:
    """One variable against the census."""

    variable: str
    cells: tuple[Cell, ...]
    n_missing: int
    exact: bool
    """Whether every count is within one person of its target, and none is missing."""
    distance: float | None
    """Total variation distance: half the sum of absolute differences of shares; None if no value is known."""
    source: str
    given: str
    """The variable on which the census lets it depend; empty if none."""
    joint_distance: float | None
    """Total variation distance of the pair of both; None if it depends on none or no pair is known."""

    @property
    def worst(self) -> Cell:
        """The value whose share is farthest from its target."""
        return max(self.cells, key=lambda cell: abs(cell.share - cell.target))


@dataclass(frozen=True, slots=True)
class Association:
    """One planted association, estimated."""

    title: str
    unit: str
    truth: float
    tolerance: float
    source: str
    n: int
    estimate: float | None
    low: float | None
    high: float | None
    verdict: str
    why: str
    """Why there is no estimate; empty otherwise."""


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """One rule of coherence, how many profiles break it, and some of them."""

    name: str
    title: str
    count: int
    profiles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgeShare:
    """A disease in one age group: its share, and what its law expects of these people."""

    disease: str
    ages: str
    n: int
    share: float
    low: float
    high: float
    expected: float


@dataclass(frozen=True, slots=True)
class Quality:
    """The report's findings."""

    n: int
    n_prepared: int
    census: str
    margins: tuple[Margin, ...]
    associations: tuple[Association, ...]
    broken: tuple[BrokenRule, ...]
    n_incoherent: int
    """Profiles that break any rule."""
    n_duplicate_rows: int
    """Profiles equal to an earlier one in all but their label."""
    n_duplicate_pictures: int
    """Pictures equal to an earlier one, whoever has them."""
    n_duplicate_vignettes: int
    smallest_cell: int
    """People in the smallest group of equal demographics, ages in the census' bands."""
    n_alone: int
    """People who share their demographics, with the band of age, with nobody."""
    n_alone_by_year: int
    """The same with the year of age."""
    missing: dict[str, int]
    """Columns of the picture with missing values, and how many."""
    by_age: tuple[AgeShare, ...]

    def as_json(self) -> dict[str, Any]:
        """Return one versioned object."""
        return {"schema": SCHEMA, **asdict(self)}


def examine(profiles: Sequence[Profile], census: Census) -> Quality:
    """Return the quality of at least one profile."""
    frame = frame_of(profiles)
    people = People.of_frame(frame)
    ages = _bands(frame["age"], census)
    who = frame.assign(age=ages)[list(VARIABLES)].astype(object).where(lambda f: f.notna(), "missing")
    by_band = who.value_counts(dropna=False)
    by_year = who.assign(age=frame["age"].astype(str)).value_counts(dropna=False)
    rules = [(profile.demographics.profile_id, broken(profile)) for profile in profiles]
    picture = frame[list(PICTURE_COLUMNS)].astype(str)
    told = frame["vignette"][frame["vignette"] != ""]
    lists = [c for c in PICTURE_COLUMNS if frame[c].isna().any()]
    return Quality(
        n=len(profiles),
        n_prepared=int(frame["severity"].notna().sum()),
        census=census.title,
        margins=tuple(_margin(name, frame, ages, census) for name in VARIABLES),
        associations=tuple(_association(people, law, k) for law, k in _planted()),
        broken=tuple(_rules(rules)),
        n_incoherent=sum(bool(names) for _, names in rules),
        n_duplicate_rows=int(frame.drop(columns="profile_id").astype(str).duplicated().sum()),
        n_duplicate_pictures=int(picture.duplicated().sum()),
        n_duplicate_vignettes=int(told.duplicated().sum()),
        smallest_cell=int(by_band.min()),
        n_alone=int((by_band == 1).sum()),
        n_alone_by_year=int((by_year == 1).sum()),
        missing={column: int(frame[column].isna().sum()) for column in lists},
        by_age=tuple(_by_age(people)),
    )


def verdict(truth: float, tolerance: float, estimate: float, low: float, high: float) -> str:
    """Return whether an estimate recovers a truth.

    Recovered: within the tolerance, by an interval no wider than four tolerances. Off: the whole interval lies
    outside the tolerance. Else the people are too few to tell.

    >>> verdict(1.0, 0.5, 1.2, 0.9, 1.5), verdict(1.0, 0.5, 2.0, 1.6, 2.4), verdict(1.0, 0.5, 1.2, -1.0, 3.4)
    ('recovered', 'off', 'too few to tell')
    """
    if abs(estimate - truth) <= tolerance and high - low <= 4 * tolerance:
        return WITHIN
    if low > truth + tolerance or high < truth - tolerance:
        return OFF
    return UNSURE


def _planted() -> list[tuple[Law, int]]:
    return [(law, law.slopes.index(slope)) for law, slope in PLANTED]


def _association(people: People, law: Law, place: int) -> Association:
    slope = law.slopes[place]
    found = fit(people, law, slope.feature)
    interval = found.interval
    said = UNSURE
    if found.estimate is not None and interval is not None:
        said = verdict(slope.value, slope.tolerance, found.estimate, *interval)
    low, high = interval or (None, None)
    unit = law.unit + (" per decade" if slope.feature == "decades from 50" else "")
    return Association(
        slope.title, unit, slope.value, slope.tolerance, slope.source, found.n, found.estimate, low, high, said,
        found.why_not,
    )  # fmt: skip


def _bands(ages: pd.Series, census: Census) -> pd.Series:
    bands = [(band, *band_limits(band)) for band in census.values("age")]
    named = {age: band for band, first, last in bands for age in range(first, last + 1)}
    return ages.map(lambda age: named.get(int(age), "older"))


def _margin(name: str, frame: pd.DataFrame, ages: pd.Series, census: Census) -> Margin:
    values = ages if name == "age" else _texts(frame[name])
    counts, targets = Counter(values.dropna()), census.margin(name)
    known = sum(counts.values())
    cells = [
        Cell(value, counts[value], counts[value] / max(known, 1), target) for value, target in targets.items()
    ]
    strange = sum(count for value, count in counts.items() if value not in targets)
    if strange:
        cells.append(Cell("outside the census", strange, strange / known, 0.0))
    n = len(frame)
    given = census.variables[name].given or ""
    joint = None
    if given:
        joint = _joint_distance(ages if given == "age" else _texts(frame[given]), values, census.joint(name))
    return Margin(
        variable=name,
        cells=tuple(cells),
        n_missing=n - known,
        exact=known == n and all(abs(c.count - n * c.target) < 1 - 1e-9 for c in cells),
        distance=sum(abs(c.share - c.target) for c in cells) / 2 if known else None,
        source=census.variables[name].source,
        given=given,
        joint_distance=joint,
    )


def _joint_distance(given: pd.Series, values: pd.Series, target: pd.DataFrame) -> float | None:
    both = given.notna().to_numpy() & values.notna().to_numpy()
    if not both.any():
        return None
    seen = pd.crosstab(given[both].to_numpy(), values[both].to_numpy(), normalize=True)
    seen, target = seen.align(target, fill_value=0.0)
    return float((seen.fillna(0.0) - target.fillna(0.0)).abs().to_numpy().sum() / 2)


def _texts(values: pd.Series) -> pd.Series:
    return pd.Series(
        [None if v is None or v is pd.NA else str(v) for v in values.astype(object)], dtype=object
    )


def _rules(rules: list[tuple[str, list[str]]]) -> list[BrokenRule]:
    found = []
    for rule in RULES:
        who = [label for label, names in rules if rule.name in names]
        found.append(BrokenRule(rule.name, rule.title, len(who), tuple(who[:MOST_SHOWN])))
    return found


def _by_age(people: People) -> list[AgeShare]:
    laws = {law.outcome.partition("=")[2]: law for law in CHRONIC_LAWS}
    age = people.number("age")
    found = []
    for disease in DISEASES_BY_AGE:
        law = laws[disease]
        expected, has = (
            np.where(in_domain(people, law), expit(linear(people, law)), 0.0),
            people.has("diagnoses", disease),
        )
        for first, last in AGE_GROUPS:
            who = (age >= first) & (age <= last)
            if n := int(who.sum()):
                low, high = _wilson(int(has[who].sum()), n)
                found.append(AgeShare(disease, f"{first}-{last}", n, float(has[who].mean()), low, high,
                                      float(expected[who].mean())))  # fmt: skip
    return found


def _wilson(k: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share. Source: Wilson (1927)."""
    z2 = 3.841458820694124
    middle, half = (k + z2 / 2) / (n + z2), (z2 * (k * (n - k) / n + z2 / 4)) ** 0.5 / (n + z2)
    return max(middle - half, 0.0), min(middle + half, 1.0)
