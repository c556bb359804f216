"""What happened to one person at the hospitals in a run: contacts, steps, doses, moves."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import pandas as pd

from dashboards.report.exhibit import Table, row, words
from dashboards.report.wording import counted, sentence_case, tidy
from scenarios.scenario import Scenario
from scenarios.units import format_duration

DAY, MINUTE = 24.0, 1 / 60
COLUMNS = (
    "When", "Came as", "Urgency", "Band then", "Hospital", "Waited for treatment", "Steps", "Dose", "Moved", "Outcome",
)  # fmt: skip


def contacts(scenario: Scenario, visits: pd.DataFrame, steps: pd.DataFrame) -> Table | None:
    """Return a row a visit, in the order of time; None without any."""
    if visits.empty:
        return None
    rows = []
    for visit in visits.to_dict("records"):
        mine = steps[steps["patient"] == visit["patient"]]
        rows.append(
            row(
                f"day {visit['presented'] / DAY:.1f}",
                came_as(scenario, str(visit["class"])),
                tidy(str(visit["acuity"])),
                _band_then(scenario, visit),
                hospital_title(scenario, str(visit["hospital"])),
                _waited(visit),
                "; ".join(_step(one) for one in mine.to_dict("records")),
                f"day {visit['dosed'] / DAY:.1f}" if isfinite(visit["dosed"]) else "",
                counted(int(visit["n_transfers"]), "time") if visit["n_transfers"] else "",
                tidy(str(visit["outcome"])),
            )
        )
    return words("Contacts in this run", COLUMNS, rows)


def contacts_said(label: str, visits: pd.DataFrame) -> str:
    """Return the same in a sentence."""
    if visits.empty:
        return f"{sentence_case(label)} did not come to any hospital in this run."
    declined = int((visits["outcome"] == "declined").sum())
    came, doses = len(visits) - declined, int(visits["dosed"].notna().sum())
    said = f"{sentence_case(label)} came {counted(came, 'time')}"
    said += f", declined {counted(declined, 'invitation')}" if declined else ""
    return f"{said}, and received {counted(doses, 'dose') if doses else 'no dose'}."


def came_as(scenario: Scenario, name: str) -> str:
    """Return the title of a class of patient."""
    return scenario.classes[name].title or tidy(name)


def hospital_title(scenario: Scenario, name: str) -> str:
    """Return the title of a hospital."""
    return scenario.hospitals[name].title or tidy(name)


def _band_then(scenario: Scenario, visit: Mapping[Any, Any]) -> str:
    bands = scenario.population.risk.bands if scenario.population else None
    return "" if bands is None else tidy(str(visit[bands.attribute]))


def _waited(visit: Mapping[Any, Any]) -> str:
    if visit["outcome"] == "declined":
        return "did not come"
    if not isfinite(visit["treated"]):
        return "not treated"
    waited = visit["treated"] - visit["presented"]
    return format_duration(waited, digits=2) if waited > MINUTE / 2 else "not at all"


def _step(step: Mapping[Any, Any]) -> str:
    name = tidy(str(step["step"]).rpartition(".")[2])
    if not isfinite(step["started"]):
        why = "" if pd.isna(step["quit_reason"]) else f" ({step['quit_reason']})"
        return f"{name}: waited {format_duration(step['queued_for'], digits=2)}, not begun{why}"
    return f"{name}: {format_duration(step['stayed'], digits=2)}"
