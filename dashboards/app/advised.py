"""What the page Override shows of a run: the census, the orders, both futures; as tables and lines, no panel here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboards.report.exhibit import Cell, Table, row
from dashboards.report.wording import sentence_case
from policies.advice.advised_run import AdvisedRun, Order, effect_of
from policies.advice.ledger import Entry
from policies.futures import WAYS, Futures
from policies.sentence import FEWEST
from sim.protocol import Decision

MOST_PATIENTS = 12
"""Patients named in the table of both futures: those whose wait changes most."""
AHEAD = 72.0
"""Hours after the decision that the chart of both futures shows."""
SAID = {
    "queue_rule": "queue by",
    "overflow_rule": "send on by",
    "moves": "move",
    "lend": "lend",
    "call_in": "call in",
    "flex": "open beds",
    "early_discharge": "discharge early",
    "reserve": "keep for the urgent",
    "vaccine": "order vaccine",
    "tiers": "vaccinate first",
    "divert": "send ambulances elsewhere",
}
"""Part of the orders -> what it is called."""


@dataclass(frozen=True)
class Course:
    """How many wait, hour by hour from the decision on."""

    hours: NDArray[np.float64]
    as_it_was: NDArray[np.int64]
    if_changed: NDArray[np.int64]


def census(run: AdvisedRun, decision: Decision) -> Table:
    """Return who waits where, and how full the beds are."""
    rows = []
    beds = {unit for hospital in run.scenario.hospitals.values() for unit in hospital.beds}
    for h, view in enumerate(decision.hospitals):
        waits = [w.hours for w in decision.waiting if w.hospital == h]
        full = [
            f"{name} {used // unit} of {capacity // unit}"
            for name, used, capacity, unit in zip(
                decision.names.pools, view.in_use, view.capacity, view.unit, strict=True
            )
            if capacity > 0 and name in beds
        ]
        rows.append(
            row(
                view.name,
                str(len(waits)),
                f"{max(waits):.1f} h" if waits else "–",
                str(view.inbound),
                Cell(", ".join(full)),
            )
        )
    caption = f"At hour {decision.time:g} of the scenario"
    return Table(caption, ("Hospital", "Waiting", "Longest wait", "On their way", "Beds in use"), tuple(rows))


def label(order: Order) -> str:
    """Return an order in words, the same in the table and among the boxes to untick."""
    said = f"{order.hospital}: {SAID.get(order.part, order.part)}"
    return said if order.part == "divert" else f"{said} {order.text}"


def sentence(futures: Futures, key: str) -> str:
    """Return what the change does in this one run."""
    found = effect_of(futures)
    if not found["patients_affected"]:
        return "In this run the change makes no difference to any patient."
    change = found["untreated_hours"]
    way = "more" if change > 0 else "less"
    return sentence_case(
        f"{found['patients_affected']:.0f} patients fare differently: {found['patients_who_wait_longer']:.0f} wait "
        f"longer and {found['patients_who_wait_less']:.0f} less, in all {abs(change):.1f} patient-hours {way} "
        f"untreated. It is one run ({key}), exact for these patients and this luck, and no estimate of what happens "
        "on average."
    )


def by_group(futures: Futures, run: AdvisedRun) -> Table | None:
    """Return what the change does to the groups of the scenario's first equity attribute; small ones are hidden."""
    groups = run.scenario.equity.groups
    if not groups:
        return None
    name = groups[0]
    rows, hidden = [], 0
    for group, members in futures.patients.groupby(name, sort=True):
        if len(members) < FEWEST:
            hidden += 1
            continue
        change = members["change"].dropna()
        rows.append(
            row(
                str(group),
                str(len(members)),
                str(int(members["differs"].sum())),
                f"{change.sum():+.1f} h",
            )
        )
    caption = f"By {name}" + (
        f"; {hidden} groups with fewer than {FEWEST} patients are hidden" if hidden else ""
    )
    return Table(caption, (sentence_case(name), "Patients", "Affected", "Hours untreated"), tuple(rows))


def most_changed(futures: Futures) -> Table:
    """Return the patients whose wait changes most."""
    found = futures.patients[futures.patients["differs"]]
    order = found["change"].abs().sort_values(ascending=False, kind="stable").index[:MOST_PATIENTS]
    rows = [
        row(
            _number(one[f"patient_{WAYS[0]}"], one[f"patient_{WAYS[1]}"]),
            f"{one['acuity']}, {one['class']}",
            _fate(one, WAYS[0]),
            _fate(one, WAYS[1]),
            "–" if pd.isna(one["change"]) else f"{one['change']:+.1f} h",
        )
        for _, one in found.loc[order].iterrows()
    ]
    caption = f"The {len(rows)} patients whose wait changes most, of {len(found)} who fare differently"
    return Table(caption, ("Patient", "Who", "As recommended", "As changed", "Hours untreated"), tuple(rows))


def waiting_course(futures: Futures, horizon: float) -> Course:
    """Return how many are untreated in both futures, from the decision on."""
    begin = futures.decision.time
    hours = np.arange(begin, min(horizon, begin + AHEAD) + 1e-9, 1.0)
    return Course(hours, *(_untreated(futures.patients, way, hours) for way in WAYS))


def ledger_table(entries: Sequence[Entry]) -> Table:
    """Return the newest entries of the record."""
    rows = [
        row(
            str(entry.number),
            Cell(entry.at.partition(".")[0].replace("T", " "), below="UTC"),
            entry.verdict.who,
            Cell(entry.verdict.verdict, below=entry.verdict.mode),
            Cell(
                entry.verdict.ordered or "neutral", below=f"advised: {entry.verdict.recommended or 'neutral'}"
            ),
            entry.verdict.rationale,
        )
        for entry in reversed(entries)
    ]
    columns = ("Entry", "When", "Who", "Verdict", "Ordered", "Why")
    return Table("The newest entries first", columns, tuple(rows), numeric=False)


def _untreated(patients: pd.DataFrame, way: str, hours: NDArray[np.float64]) -> NDArray[np.int64]:
    waited = patients[f"untreated_hours_{way}"]
    there = patients[waited.notna()]
    begins = np.sort(there["presented"].to_numpy(dtype=np.float64))
    ends = np.sort((there["presented"] + waited[waited.notna()]).to_numpy(dtype=np.float64))
    return np.searchsorted(begins, hours, side="right") - np.searchsorted(ends, hours, side="right")


def _number(as_it_was: float, if_changed: float) -> str:
    return str(int(if_changed if pd.isna(as_it_was) else as_it_was))


def _fate(one: pd.Series, way: str) -> Cell:
    hours, outcome = one[f"untreated_hours_{way}"], one[f"outcome_{way}"]
    said = "–" if pd.isna(hours) else f"{hours:.1f} h"
    where = one[f"last_hospital_{way}"]
    below = ", ".join(str(part) for part in (outcome, where) if not pd.isna(part) and str(part))
    return Cell(said, below=below)
