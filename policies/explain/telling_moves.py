"""Why a patient was moved, and what if not: in words, tables and JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from policies.explain.moved import Journey
from policies.explain.ranks import Place
from policies.told import Block, Told
from scenarios.scenario import Scenario

SCHEMA = "fairward.journey/1"
_WHY = {
    "ordered": "the policy ordered it",
    "overflow": "nothing was free and the overflow rule sent the patient on",
    "diversion": "the hospital diverted ambulances",
    "deadlock": "patients blocked one another and were exchanged",
}


def tell_journey(scenario: Scenario, policy: str, seed: int, found: Journey) -> Told:
    """Return what is said of one patient: exact in this run, and so without an interval."""
    blocks = [_events(found)]
    if found.place is not None:
        blocks.append(_place(found.place))
    if found.what_if is not None:
        blocks.append(_both(found))
    return Told(
        title=scenario.title or scenario.name,
        question=f"why was patient {found.patient} treated so, and what if not?",
        sentence=" ".join([_moved(found), *_effect(found)]),
        facts=(
            ("Policy", policy), ("Patient", str(found.patient)), ("Run", str(found.replication)),
            ("Seed", str(seed)), ("Data", "synthetic"),
        ),
        blocks=tuple(blocks),
        notes=(
            found.changed,
            "One run and one patient: exact for these patients with this luck, and no estimate of what such a change "
            "does on average.",
            "Beds are shared: what others gain or lose by the change is counted apart from the patient's own.",
        ),
        content=_content(scenario, policy, seed, found),
    )  # fmt: skip


def _moved(found: Journey) -> str:
    if not found.departures:
        return f"Patient {found.patient} was never moved between hospitals."
    parts = [
        f"from {one.hospital} to {one.to} at {one.time:.1f} h because {_WHY[one.reason]}"
        for one in found.departures
    ]
    return f"Patient {found.patient} was moved {'; '.join(parts)}."


def _effect(found: Journey) -> list[str]:
    if found.what_if is None:
        return [found.changed]
    row, others = _row(found), _others(found)
    own = row["change"]
    said = (
        f"Had it not been so: untreated for {row['untreated_hours_if_changed']:.2f} h instead of "
        f"{row['untreated_hours_as_it_was']:.2f} h ({own:+.2f} h)"
        if np.isfinite(own)
        else "Had it not been so, the patient's time untreated cannot be compared"
    )
    n, hours = int(others["differs"].sum()), float(others["change"].sum())
    return [f"{said}; {n} of {len(others)} others fare differently, {hours:+.2f} h untreated in all."]


def _events(found: Journey) -> Block:
    return Block(
        "journey",
        f"What happened to patient {found.patient}?",
        f"From the log of run {found.replication}.",
        ("hours", "hospital", "event"),
        tuple((f"{time:.2f}", where, what) for time, where, what in found.events),
    )


def _place(place: Place) -> Block:
    labels, ranks = place.ranks.labels, place.ranks
    rows = []
    for one in place.ahead:
        parts = [
            f"{label} {value:+.3g} ({ranks.words(label, one.row[j])} beside {ranks.words(label, place.row[j])})"
            for j, (label, value) in enumerate(zip(labels, one.why.values[0], strict=True))
            if value != 0
        ]
        same = "the same index: whoever came first"
        rows.append((str(one.patient), f"{one.score:.4g}", f"{one.own_score:.4g}", "; ".join(parts) or same))
    first = "Nobody was ahead." if place.place == 1 else f"{place.place - 1} were ahead; the next are shown."
    return Block(
        "who-was-ahead", f"Why were others ahead of patient {place.patient}?",
        f"{place.hospital}, {place.step}, first decision at which the patient waited ({place.time:.1f} h). "
        f"{place.ranks.margin.title}: the rule's own, exact; it compares those who wait for the same step.",
        ("patient ahead", "index", "own index", "difference through"),
        tuple(rows) or (("nobody", "", "", ""),),
        f"Place {place.place} of {place.n_waiting}. {first}",
    )  # fmt: skip


def _both(found: Journey) -> Block:
    row = _row(found)
    names = ("treated", "left_network", "outcome", "last_hospital", "n_transfers", "untreated_hours")
    rows = [
        (
            name.replace("_", " "),
            _cell(row[f"{name}_as_it_was"]),
            _cell(row[f"{name}_if_changed"]),
        )
        for name in names
    ]
    return Block(
        "both-futures",
        "What if not?",
        found.changed,
        ("patient", "as it was", "if changed"),
        tuple(rows),
        _effect(found)[0],
    )


def _row(found: Journey) -> pd.Series:
    assert found.what_if is not None
    return found.what_if.of(found.patient)


def _others(found: Journey) -> pd.DataFrame:
    assert found.what_if is not None
    patients = found.what_if.patients
    return patients[patients["patient_as_it_was"] != found.patient]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.2f}"
    return str(value)


def _content(scenario: Scenario, policy: str, seed: int, found: Journey) -> dict[str, Any]:
    both = None
    if found.what_if is not None:
        others = _others(found)
        row = {name: _plain(value) for name, value in _row(found).items()}
        both = {
            "decision": found.what_if.number, "time": found.what_if.decision.time, "patient": row,
            "others": len(others), "others_differ": int(others["differs"].sum()),
            "others_change_hours": float(others["change"].sum()),
        }  # fmt: skip
    place = found.place
    return {
        "schema": SCHEMA, "scenario": scenario.name, "policy": policy, "seed": seed,
        "replication": found.replication, "patient": found.patient,
        "events": [list(event) for event in found.events],
        "transfers": [vars(one) for one in found.departures],
        "place": None if place is None else {
            "hours": place.time, "hospital": place.hospital, "step": place.step, "place": place.place,
            "of": place.n_waiting, "rule": place.ranks.rule.name, "inputs": list(place.ranks.labels),
            "ahead": [
                {"patient": one.patient, "index": one.score, "own": one.own_score, "why": one.why.values[0].tolist()}
                for one in place.ahead
            ],
        },
        "what_if": both, "changed": found.changed,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
