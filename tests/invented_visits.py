"""Visits written straight into a table, so that the truth is known: who waits, leaves and dies is not simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from policies.audit.results import Results
from scenarios.loader import load_text

SCENARIO = """
fairward: 1
name: invented
title: An invented network
horizon: 20 days
warm_up: 0 h
tau: 24 h
acuities: [urgent, standard]
targets: {urgent: 1 h, standard: 4 h}
attributes:
  area: {title: Area, share: {city: 0.5, country: 0.5}}
  people: {title: People, share: {red: 0.4, green: 0.3, blue: 0.3}}
equity: {groups: [area]}
classes: {ill: {pathway: care, acuity: {urgent: 0.3, standard: 0.7}}}
pathways: {care: {steps: {ward: {needs: bed, treatment: true, duration: {exponential: 5 h}}}}}
hospitals: {north: {beds: {bed: 4}}, south: {beds: {bed: 4}}}
transfers: {travel: {north: {south: 1 h}}}
arrivals:
  door: {hospital: north, classes: ill, poisson: 1 per hour}
  gate: {hospital: south, classes: ill, poisson: 1 per hour}
"""

Table = dict[str, Any]


def shares(n: int, share: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    return rng.choice(len(share), size=n, p=share)


def invented(
    n_runs: int = 12,
    patients: int = 200,
    seed: int = 1,
    change: Callable[[Table, np.random.Generator], None] | None = None,
    area: Sequence[float] = (0.5, 0.5),
    busy: float = 0.2,
) -> Results:
    """Return runs in which everybody waits about an hour; `change` edits the columns of a run before it is a table."""
    scenario = load_text(SCENARIO)
    visits: Mapping[int, pd.DataFrame] = {
        run: table(patients, np.random.default_rng([seed, run]), change, area, busy)
        for run in range(1, n_runs + 1)
    }
    return Results(scenario, "neutral", 1, visits, name="invented", policies=("neutral",))


def table(
    n: int,
    rng: np.random.Generator,
    change: Callable[[Table, np.random.Generator], None] | None,
    area: Sequence[float],
    busy: float,
) -> pd.DataFrame:
    """One run: `wait` hours to treatment, then five of care; `ends` is how it ends (0 well, 1 dies, 2 leaves)."""
    pressure = rng.lognormal(0.0, busy)
    columns: Table = {
        "area": shares(n, area, rng),
        "people": shares(n, (0.4, 0.3, 0.3), rng),
        "hospital": shares(n, (0.5, 0.5), rng),
        "acuity": shares(n, (0.3, 0.7), rng),
        "presented": np.sort(rng.uniform(0, 18 * 24, size=n)),
        "wait": rng.exponential(pressure, size=n),
        "ends": np.where(rng.random(n) < 0.03, 1, np.where(rng.random(n) < 0.05, 2, 0)),
        "n_transfers": (rng.random(n) < 0.1).astype(int),
    }
    if change is not None:
        change(columns, rng)
    return frame(columns)


def frame(columns: Table) -> pd.DataFrame:
    n = len(columns["presented"])
    presented, ends = columns["presented"], columns["ends"]
    left_early = ends == 2
    treated = np.where(left_early, np.nan, presented + columns["wait"])
    left = np.where(left_early, presented + columns["wait"], presented + columns["wait"] + 5.0)
    unfinished = left > 20 * 24
    treated = np.where(treated > 20 * 24, np.nan, treated)
    names = ("discharged", "died", "left", "in system")
    outcome = np.where(unfinished, 3, ends)

    def named(codes: Any, values: Sequence[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(np.asarray(codes, dtype=int), list(values))

    return pd.DataFrame(
        {
            "patient": np.arange(n),
            "hospital": named(columns["hospital"], ("north", "south")),
            "class": named(np.zeros(n), ("ill",)),
            "acuity": named(columns["acuity"], ("urgent", "standard")),
            "area": named(columns["area"], ("city", "country")),
            "people": named(columns["people"], ("red", "green", "blue")),
            "presented": presented,
            "treated": treated,
            "left_network": np.where(unfinished, np.nan, left),
            "outcome_kind": named(outcome, names),
            "n_transfers": columns["n_transfers"],
            "dosed": np.full(n, np.nan),
            "in_warm_up": np.zeros(n, dtype=bool),
        }
    )
