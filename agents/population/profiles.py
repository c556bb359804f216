"""Which clinical profile each person has: one that agrees with the person's attributes.

A profile gives the person's risk at the start, and with it, by the scenario's bands and scale, class,
acuity and stay: `profiles.risk` -> risk -> `population.risk.bands` and `.scale` -> whatever asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from scenarios.errors import UsageError
from scenarios.population import Match, Profiles
from scenarios.scenario import Scenario
from sim.arrivals import Floats
from sim.conditions import Codes
from sim.network import attribute_values

SEED = 0
"""Of the profiles that are made: the same for every run, as a file would be. Who has which is drawn in each run."""

MOST_SHOWN = 20
"""Values that are shown of those which are not a profile's."""

DERIVED = ("frailty", "acute")
"""Numbers beside the columns of a profile: the parts of its severity."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The profiles of a scenario, one row each."""

    frame: pd.DataFrame
    """`COLUMNS` of the record, with severity and priority, and `DERIVED`."""
    codes: dict[str, Codes]
    """Matched attribute -> value by profile, an index of `attribute_values`; -1: none of them."""
    risk: Floats | None
    """The risk that each tells, NaN where it is not known; None when they are not asked for it."""


def read_pool(scenario: Scenario) -> Pool | None:
    """Return the scenario's profiles; None when it has none. Raises `UsageError` with what is wrong with them."""
    spec = scenario.profiles
    if spec is None:
        return None
    frame = _frame(spec.file, spec.n)
    if not len(frame):
        raise UsageError(f"{spec.file}: expected at least one profile, got none that is valid.")
    codes = {
        name: _codes(frame, match, attribute_values(scenario, name), f"profiles.match.{name}")
        for name, match in spec.match.items()
    }
    return Pool(frame, codes, _risk(frame, spec))


def assign(pool: Pool, people: dict[str, Codes], n: int, u: Floats) -> tuple[Codes, Codes]:
    """Return each person's profile, a row of the pool, and in how many of the matched attributes it agrees.

    Drawn among those that agree in all; where there is none, the last attributes are given up one by one.
    """
    chosen = np.full(n, -1, dtype=np.int64)
    agreed = np.zeros(n, dtype=np.int64)
    names = list(pool.codes)
    for used in range(len(names), -1, -1):
        left = np.flatnonzero(chosen < 0)
        if not len(left):
            break
        size = max((int(codes.max()) for codes in people.values()), default=0) + 2
        theirs, ours = np.zeros(len(left), dtype=np.int64), np.zeros(len(pool.frame), dtype=np.int64)
        usable = np.ones(len(ours), dtype=np.bool_)
        for name in names[:used]:
            theirs = theirs * size + people[name][left]
            ours = ours * size + np.maximum(pool.codes[name], 0)
            usable &= pool.codes[name] >= 0
        rows = np.flatnonzero(usable)
        rows = rows[np.argsort(ours[rows], kind="stable")]
        first = np.searchsorted(ours[rows], theirs, side="left")
        n_same = np.searchsorted(ours[rows], theirs, side="right") - first
        found = n_same > 0
        place = first[found] + (u[left[found]] * n_same[found]).astype(np.int64)
        chosen[left[found]] = rows[place]
        agreed[left[found]] = used
    return chosen, agreed


@lru_cache(maxsize=2)
def _frame(file: str | None, n: int) -> pd.DataFrame:
    """Return the profiles with what is derived from them; read or made once a process."""
    from agents.profiles.files import frame_of, profiles_of, read_profiles
    from agents.profiles.severity import DEFAULT_WEIGHTS, FACTORS, prepared

    if file is not None:
        reading = read_profiles(Path(file))
        if reading.bad:
            shown = "\n".join(f"  {bad}" for bad in reading.bad[:MOST_SHOWN])
            raise UsageError(
                f"{file}: {len(reading.bad)} values are not those of a profile:\n{shown}\n"
                "Mend them, or let `fairward profiles prepare FILE -o GOOD.csv` leave these patients out."
            )
        profiles = reading.profiles
    else:
        from agents.profiles.calibrated import pictures, variates
        from agents.profiles.census import draw_demographics, read_census

        people = draw_demographics(read_census(), n, SEED)
        made = pictures(people, variates(SEED, n), with_vignettes=True)
        profiles = profiles_of(pd.concat([people, made], axis=1))
    ready = [one if one.severity is not None else prepared(one, DEFAULT_WEIGHTS) for one in profiles]
    frame = frame_of(ready)
    for name in DERIVED:
        frame[name] = [FACTORS[name][1](one, one.severity or 0.0) for one in ready]
    return frame


def _codes(frame: pd.DataFrame, match: Match, values: tuple[str, ...], place: str) -> Codes:
    column = _column(frame, match.field, place)
    if match.limits is not None:
        numbers = _numbers(column, match.field, place)
        codes = np.array([values.index(value) for value in match.limits], dtype=np.int64)
        band = np.searchsorted(np.array(list(match.limits.values())), numbers, side="right") - 1
        return np.where((band >= 0) & ~np.isnan(numbers), codes[np.maximum(band, 0)], -1)
    words = match.values or {value: value for value in values}
    index = {word: values.index(value) for value, word in words.items()}
    return np.array([index.get(_word(cell), -1) for cell in column], dtype=np.int64)


def _risk(frame: pd.DataFrame, spec: Profiles) -> Floats | None:
    if spec.risk is None:
        return None
    risk = _numbers(_column(frame, spec.risk, "profiles.risk"), spec.risk, "profiles.risk") / spec.full_risk
    if (outside := (risk < 0) | (risk > 1)).any():
        worst = float(np.nanmax(np.abs(risk)) * spec.full_risk)
        raise UsageError(
            f"profiles.risk: expected {spec.risk} from 0 to {spec.full_risk:g} (`full_risk`), got up to {worst:g} "
            f"in {int(outside.sum())} profiles."
        )
    return np.asarray(risk)


def _column(frame: pd.DataFrame, name: str, place: str) -> pd.Series:
    if name not in frame:
        raise UsageError(
            f'{place}: "{name}" is not a field of a profile. There are: {", ".join(frame.columns)}.'
        )
    return frame[name]


def _numbers(column: pd.Series, name: str, place: str) -> Floats:
    try:
        return np.asarray(pd.to_numeric(column).astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        raise UsageError(f'{place}: "{name}" is not a number in every profile.') from None


def _word(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell == cell and cell.is_integer() else str(cell)
