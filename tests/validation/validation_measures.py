"""What one replication of a validation scenario gives: plain numbers, from its tables and its log."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.build import build_engine
from scenarios.loader import load
from scenarios.scenario import Scenario
from sim.protocol import Decision, Directive, run
from sim.result import Result
from sim.tables import Tables
from sim.workload import Workload

Floats = NDArray[np.float64]
Numbers = dict[str, float]


class Neutral:
    """Orders nothing."""

    def decide(self, decision: Decision) -> Directive:
        return Directive()


def replication(scenario: Scenario, seed: int, number: int) -> tuple[Result, Tables]:
    result = run(build_engine(scenario, seed, number), Neutral())
    return result, Tables(result)


def hours_at_level(begins: Floats, ends: Floats, start: float, end: float) -> Floats:
    """Hours from start to end during which exactly 0, 1, 2, ... of the spans were open."""
    present = (ends > start) & (begins < end)
    begins, ends = begins[present], ends[present]
    times = np.concatenate([begins, ends]).clip(start, end)
    steps = np.concatenate([np.ones(len(begins)), -np.ones(len(ends))])
    order = np.argsort(times, kind="stable")
    level = np.concatenate([[0], np.cumsum(steps[order])]).astype(np.int64)
    spans = np.diff(np.concatenate([[start], times[order], [end]]))
    return np.bincount(level.clip(0), weights=spans)


def drawn(result: Result, rows: pd.DataFrame) -> Floats:
    """The duration that was drawn for each row of `steps`: of those too who never started or finished.

    A mean over the finished alone would be too small, because long stays are cut off by the horizon.
    """
    network = result.network
    workload = Workload(network, result.seed, result.replication)
    hours = np.zeros(len(rows))
    index = {step.name: step.index for step in network.steps}
    for (name, visit), group in rows.reset_index(drop=True).groupby(["step", "visit"], observed=True):
        column = np.array(workload.durations(index[str(name)], int(visit)))
        hours[group.index] = column[group["patient"]]
    return hours


def single_queue(result: Result, table: Tables) -> Numbers:
    """A scenario of one step: waits, shares, and how the arrivals and services of this run came out."""
    scenario = result.network.scenario
    hours = scenario.horizon - scenario.warm_up
    steps = table.steps[table.steps["queued"] >= scenario.warm_up]
    numbers = {
        "mean wait": float(steps["queued_for"].mean() * 60),
        "waits": float((steps["queued_for"] > 0).mean()),
        "blocked": float((steps["quit_reason"] == "full").mean()),
        "abandons": float((steps["quit_reason"] == "lost patience").mean()),
        "busy": float(table.pools["in_use_hours"].sum() / table.pools["capacity_hours"].sum()),
        "arrivals an hour": len(steps) / hours,
        "mean service": float(drawn(result, steps).mean()),
    }
    acuity = table.visits["acuity"].to_numpy()[steps["patient"]]
    for level in scenario.acuities:
        numbers[f"mean wait {level}"] = float(steps["queued_for"][acuity == level].mean() * 60)
    return numbers


def unlimited_ward(result: Result, table: Tables) -> Numbers:
    """Occupancy of a ward without limit, and the stays of those found in bed every 50 hours."""
    scenario, steps = result.network.scenario, table.steps
    begins, ends = steps["started"].to_numpy(), steps["ended"].fillna(np.inf).to_numpy()
    hours = hours_at_level(begins, ends, scenario.warm_up, scenario.horizon)
    share = hours / hours.sum()
    levels = np.arange(len(share))
    average = float(share @ levels)
    # Stays over 600 h, one in 100 000, end after the horizon for the last of these: left out, without effect.
    looks = np.arange(scenario.warm_up, scenario.horizon - 600, 50.0)
    found = (begins[:, None] <= looks) & (ends[:, None] > looks)
    stay = np.where(np.isfinite(ends), ends - begins, 0.0)
    return {
        "mean occupancy": average,
        "variance / mean": float(share @ (levels - average) ** 2) / average,
        "at most 15": float(share[:16].sum()),
        "at most 25": float(share[:26].sum()),
        "stays found": float((found.sum(axis=1) * stay).sum()),
        "found": float(found.sum()),
        "arrivals an hour": float((begins >= scenario.warm_up).sum() / (scenario.horizon - scenario.warm_up)),
        "mean service": float(drawn(result, steps[steps["started"] >= scenario.warm_up]).mean()),
    }


def two_stations(result: Result, table: Tables) -> Numbers:
    """Mean numbers at each station of the Jackson network, waiting or in service."""
    scenario, steps = result.network.scenario, table.steps
    numbers: Numbers = {}
    for name in ("assess", "treat"):
        mine = steps[steps["step"] == f"visit.{name}"]
        ends = mine["ended"].fillna(np.inf).to_numpy()
        hours = hours_at_level(mine["queued"].to_numpy(), ends, scenario.warm_up, scenario.horizon)
        numbers[f"at {name}"] = float(hours @ np.arange(len(hours)) / hours.sum())
        counted = mine[mine["queued"] >= scenario.warm_up]
        numbers[f"arrivals at {name}"] = len(counted) / (scenario.horizon - scenario.warm_up)
        numbers[f"service at {name}"] = float(drawn(result, counted).mean())
    numbers["in the network"] = numbers["at assess"] + numbers["at treat"]
    return numbers


STROKE_BEDS = {"ASU": range(9, 15), "rehabilitation": (10, 12, 13, 14, 15, 16), "pooled": (22, 26)}


def stroke_wards(result: Result, table: Tables) -> Numbers:
    """Hours at N beds and at no more than N, of each ward and of both together."""
    scenario, steps = result.network.scenario, table.steps
    asu = (steps["step"] == "ward-stay.asu").to_numpy()
    begins, ends = steps["started"].to_numpy(), steps["ended"].fillna(np.inf).to_numpy()
    numbers: Numbers = {}
    for ward, mine in (("ASU", asu), ("rehabilitation", ~asu), ("pooled", np.ones(len(steps), dtype=bool))):
        hours = np.zeros(100)
        found = hours_at_level(begins[mine], ends[mine], scenario.warm_up, scenario.horizon)
        hours[: len(found)] = found
        for beds in STROKE_BEDS[ward]:
            numbers[f"{ward} at {beds}"] = float(hours[beds])
            numbers[f"{ward} up to {beds}"] = float(hours[: beds + 1].sum())
    return numbers


TREATMENT_STEPS = {
    "triage": ("trauma.triage", "minor.triage"),
    "register": ("minor.register",),
    "examine": ("minor.examine",),
    "treat": ("minor.treat",),
    "trauma stabilise": ("trauma.stabilise",),
    "trauma treat": ("trauma.treat",),
}


def treatment_centre(result: Result, table: Tables) -> Numbers:
    """Mean waits of those who started by the end of the run, the share who did not, and arrivals."""
    numbers: Numbers = {"arrivals": float(len(table.visits))}
    for name, steps in TREATMENT_STEPS.items():
        mine = table.steps[table.steps["step"].isin(steps)]
        numbers[f"wait {name}"] = float(mine["wait"].mean() * 60)
        numbers[f"still waiting {name}"] = float(mine["started"].isna().mean())
    first = table.visits["presented"].to_numpy()
    for hour, (begin, end) in enumerate(pairwise(range(20))):
        numbers[f"arrivals in hour {hour}"] = float(((first >= begin) & (first < end)).sum())
    return numbers


MEASURES: dict[str, Callable[[Result, Tables], Numbers]] = {
    "stroke-wards": stroke_wards,
    "treatment-centre": treatment_centre,
    "mg-infinity": unlimited_ward,
    "jackson-two-stations": two_stations,
}
"""By scenario; the others are single queues."""


class Task:
    """One scenario with one seed: a picklable callable of the replication's number."""

    def __init__(self, name: str, seed: int, overrides: tuple[str, ...] = ()) -> None:
        self.name, self.seed, self.overrides = name, seed, overrides

    def __call__(self, number: int) -> Numbers:
        scenario = load(f"validation/{self.name}", self.overrides)
        return MEASURES.get(self.name, single_queue)(*replication(scenario, self.seed, number))
