"""Why was this patient moved, and what if not? By the log of the run, and by the same run with one order changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policies.changes import Change, Given, Without, WithoutMove
from policies.explain.ranks import Place, place_of
from policies.explain.visited import VisitedRun, watch_policy
from policies.futures import Futures, futures
from scenarios.errors import UsageError
from scenarios.rules import OverflowRule
from scenarios.scenario import Scenario
from sim.event_words import HISTORY, MOVE_REASONS, EventWords
from sim.eventlog import Row
from sim.network import compile_network


@dataclass(frozen=True)
class Departure:
    """One transfer."""

    time: float
    hospital: str
    to: str
    reason: str
    decision: int
    """The number of the last decision before it; -1: none."""


@dataclass(frozen=True, eq=False)
class Journey:
    """What happened to a patient, why, and what would have happened instead."""

    patient: int
    replication: int
    events: tuple[tuple[float, str, str], ...]
    """(hours, where, what)."""
    departures: tuple[Departure, ...]
    place: Place | None
    """In the first queue at a decision; None: never seen waiting."""
    what_if: Futures | None
    changed: str
    """What was changed in `what_if`, or why nothing was."""


def journey(
    scenario: Scenario, policy: str, seed: int, replication: int, patient: int, transfer: int = 1
) -> Journey:
    """Follow a patient (number in the visits of the replication) under a policy.

    `transfer`: which of the patient's transfers, from 1, is undone in the other future.
    Raises `UsageError` if there is no such patient or transfer.
    """
    network = compile_network(scenario)
    run = watch_policy(scenario, network, policy, seed, replication, None)
    n = len(run.result.patients)
    if not 0 <= patient < n:
        raise UsageError(
            f"--patient: expected a number below {n} in replication {replication}, got {patient}."
        )
    events, departures = _events(run, patient), _departures(run, patient)
    if departures and not 1 <= transfer <= len(departures):
        raise UsageError(f"--transfer: patient {patient} was moved {len(departures)} times, got {transfer}.")
    what_if, changed = None, "The patient was never moved, so there is no transfer to undo."
    if departures:
        chosen = departures[transfer - 1]
        what_if, changed = _undone(scenario, policy, seed, replication, patient, chosen, run)
    return Journey(
        patient, replication, events, departures, place_of(network, run, patient), what_if, changed
    )


def _undone(
    scenario: Scenario, policy: str, seed: int, replication: int, patient: int, departure: Departure, run: VisitedRun
) -> tuple[Futures | None, str]:  # fmt: skip
    if departure.decision < 0:
        return (
            None,
            f"The transfer at {departure.time:g} h came before the first decision: no order can change it.",
        )
    change: Change
    if departure.reason == "ordered":
        change, words = WithoutMove(patient), f"the order to move patient {patient} is left out"
    elif departure.reason == "overflow":
        stay = OverflowRule.model_validate({"stay": {}})
        change = Given(departure.hospital, {"overflow_rule": stay})
        words = f"nobody overflows from {departure.hospital} until the next decision"
    elif departure.reason == "diversion":
        change = Without(departure.hospital, "divert")
        words = f"{departure.hospital} does not divert ambulances until the next decision"
    else:
        return None, "Patients blocked one another and were exchanged: no order did it, so none can undo it."
    try:
        both = futures(scenario, policy, seed, replication, departure.decision, change)
    except UsageError as error:
        return None, f"It cannot be undone by an order: {error}"
    return (
        both,
        f"At decision {both.number} ({both.decision.time:g} h) {words}; all else is as it was, luck too.",
    )


def _departures(run: VisitedRun, patient: int) -> tuple[Departure, ...]:
    log, hospitals = run.result.log, run.result.network.hospitals
    rows = np.flatnonzero((log.patient == patient) & (log.kind == Row.DEPARTED_FOR))
    decided = log.time[log.kind == Row.DECIDED]
    order = np.flatnonzero(log.kind == Row.DECIDED)
    found = []
    for row in rows:
        # Orders are carried out in the rows after DECIDED, so the last one above is the one in force.
        before = int(np.searchsorted(order, row)) - 1
        assert before < len(decided)
        found.append(
            Departure(
                float(log.time[row]), hospitals[log.hospital[row]], hospitals[log.item[row]],
                MOVE_REASONS[int(log.value[row])], before,
            )
        )  # fmt: skip
    return tuple(found)


def _events(run: VisitedRun, patient: int) -> tuple[tuple[float, str, str], ...]:
    log, words = run.result.log, EventWords.of(run.result.network)
    found = []
    for row in np.flatnonzero(log.patient == patient):
        if (kind := int(log.kind[row])) in HISTORY:
            where = words.hospitals[log.hospital[row]] if log.hospital[row] >= 0 else ""
            said = words.say(kind, int(log.item[row]), float(log.value[row]))
            found.append((float(log.time[row]), where, said))
    return tuple(found)
