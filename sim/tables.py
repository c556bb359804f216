"""The tables of one replication, derived from its log and its patients and from nothing else.

Every patient is a row of `visits`, every queue joined a row of `steps`; who is still in the system
at the horizon is kept, with NaN where something has not happened. Names are categoricals in the
scenario's order; times are hours since the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from math import floor

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.catchments import person_numbers
from sim.eventlog import EventLog, Row, Waste
from sim.levels import Levels, census, occupancy_distribution, pool_hours, pool_levels
from sim.network import Network, attribute_values
from sim.ordering import order_of
from sim.result import Result

IN_SYSTEM = "in system"
"""The outcome of those whose journey was not over at the horizon."""

QUIT_REASONS = ("lost patience", "left", "died", "moved", "full", "balked", "ineligible")
"""Why a patient stopped waiting, by the `value` of `Row.QUIT`."""

ENDINGS = ("finished", "early discharge", "lost")
"""How a step ended, by the `value` of `Row.ENDED`."""

__all__ = [
    "ENDINGS",
    "IN_SYSTEM",
    "QUIT_REASONS",
    "Tables",
    "attribute_column",
    "occupancy_distribution",
]


class Tables:
    """One replication as data frames, each made when it is first asked for."""

    NAMES = ("visits", "steps", "census", "queues", "decisions", "pools", "doses")

    def __init__(self, result: Result) -> None:
        self._result = result

    @classmethod
    def of(cls, **frames: pd.DataFrame) -> Tables:
        """Return tables of which only some are known, by name."""
        if strange := frames.keys() - set(cls.NAMES):
            raise TypeError(f"expected tables among {', '.join(cls.NAMES)}, got {', '.join(sorted(strange))}")
        made = cls.__new__(cls)
        vars(made).update(frames)
        return made

    @cached_property
    def visits(self) -> pd.DataFrame:
        """One row a patient: patient, source, hospital (of first presentation), class, acuity (true, at arrival),
        triage, the attributes, person (only with a `population`: see `person_numbers`), presented, treated,
        left_network, outcome, outcome_kind, last_hospital, n_transfers, n_steps (started), dosed, in_warm_up.
        Those who declined have `presented` when they were invited."""
        return _visits(self._result, self.steps)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """One row a queue joined: patient, step, visit, hospital, queued, started, ended, quit, quit_reason, ending,
        need (what was seized), wait (of those who started), queued_for (until start, quit or horizon), stayed
        (in the step, until its end or the horizon)."""
        return _steps(self._result)

    @cached_property
    def census(self) -> pd.DataFrame:
        """Pools at whole hours, just before them: time, hospital, pool, capacity (NaN: unlimited), in_use, cleaning,
        reserved, understaffed, and mean_in_use over the hour just ended; in whole units."""
        return census(self._result.network, self._levels)

    @cached_property
    def queues(self) -> pd.DataFrame:
        """Queues at whole hours, just before them: time, hospital, step, waiting; steps for which somebody can wait."""
        return _queues(self._result.network, self.steps)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """Every order that was not neutral: decision, time, trigger, hospital, part, order, refused."""
        return _decisions(self._result)

    @cached_property
    def pools(self) -> pd.DataFrame:
        """Exact amount x hours after the warm-up: hospital, pool, capacity_hours (NaN: unlimited), in_use_hours,
        cleaning_hours, reserved_hours, understaffed_hours."""
        return pool_hours(self._result.network, self._levels)

    @cached_property
    def doses(self) -> pd.DataFrame:
        """Vaccine: time, hospital (missing: the depot), product, event (received: negative
        where the depot sends on; given, wasted), reason, doses."""
        return _doses(self._result)

    @cached_property
    def _levels(self) -> tuple[Levels, ...]:
        return tuple(pool_levels(self._result))


_VISIT_COLUMNS = (
    "patient", "source", "hospital", "class", "acuity", "triage", "person", "presented", "treated", "left_network",
    "outcome", "outcome_kind", "last_hospital", "n_transfers", "n_steps", "dosed", "in_warm_up",
)  # fmt: skip


def attribute_column(attribute: str) -> str:
    """Return the column of `visits` that holds an attribute: its name, unless that is a column already."""
    return f"attribute {attribute}" if attribute in (*_VISIT_COLUMNS, "replication") else attribute


def named(codes: NDArray[np.generic], names: Sequence[str]) -> pd.Categorical:
    """Return names by index; -1 is missing."""
    return pd.Categorical.from_codes(codes.astype(np.int64), pd.Index(list(names), dtype="str"))


def _visits(result: Result, steps: pd.DataFrame) -> pd.DataFrame:
    network, patients, log = result.network, result.patients, result.log
    n = len(patients.time)
    presented = patients.time.astype(np.float64)
    left = _first(log, Row.LEFT_NETWORK, n)
    declined = network.outcomes.index("declined")
    in_system = len(network.outcomes)
    outcome = np.where(patients.declined, declined, in_system)
    outcome[left >= 0] = log.item[left[left >= 0]]
    kinds = list(dict.fromkeys((*network.outcome_kind, IN_SYSTEM)))
    kind_of = np.array([kinds.index(kind) for kind in (*network.outcome_kind, IN_SYSTEM)])
    last_hospital = patients.hospital.astype(np.int64)
    moved = np.flatnonzero(log.kind == Row.HANDED_OVER)
    last_hospital[log.patient[moved]] = log.hospital[moved]
    departures = log.patient[log.kind == Row.DEPARTED_FOR]
    columns: dict[str, object] = {
        "patient": np.arange(n),
        "source": named(patients.source, result.sources),
        "hospital": named(patients.hospital, network.hospitals),
        "class": named(patients.cls, network.classes),
        "acuity": named(patients.acuity, network.acuities),
        "triage": named(patients.triage, network.acuities),
    }
    for name, spec in network.scenario.attributes.items():
        columns[attribute_column(name)] = (
            patients.numbers[name].astype(np.float64)
            if spec.share is None
            else named(patients.codes[name], attribute_values(network.scenario, name))
        )
    if network.scenario.population is not None:
        columns["person"] = person_numbers(network.scenario, result.sources, patients)
    columns |= {
        "presented": presented,
        "treated": _time_of(log, _first(log, Row.TREATED, n)),
        "left_network": _time_of(log, left),
        "outcome": named(outcome, (*network.outcomes, IN_SYSTEM)),
        "outcome_kind": named(kind_of[outcome], kinds),
        "last_hospital": named(last_hospital, network.hospitals),
        "n_transfers": np.bincount(departures, minlength=n),
        "n_steps": np.bincount(steps["patient"].to_numpy()[steps["started"].notna().to_numpy()], minlength=n),
        "dosed": _time_of(log, _first(log, Row.DOSED, n)),
        "in_warm_up": presented < network.warm_up,
    }
    return pd.DataFrame(columns)


def _first(log: EventLog, kind: int, n_patients: int) -> NDArray[np.int64]:
    """The first row of a kind for each patient; -1: none."""
    rows = np.flatnonzero(log.kind == kind)
    first = np.full(n_patients, -1, dtype=np.int64)
    first[log.patient[rows[::-1]]] = rows[::-1]
    return first


def _time_of(log: EventLog, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    times = np.full(len(rows), np.nan)
    times[rows >= 0] = log.time[rows[rows >= 0]]
    return times


def _steps(result: Result) -> pd.DataFrame:
    network, log = result.network, result.log
    rows = np.flatnonzero(np.isin(log.kind, (Row.QUEUED, Row.STARTED, Row.ENDED, Row.QUIT, Row.LEFT_NETWORK)))
    rows = rows[order_of(log.patient[rows], len(result.patients))]
    kind, patient, time = log.kind[rows], log.patient[rows], log.time[rows]
    opening = np.flatnonzero(kind == Row.QUEUED)
    entry = np.searchsorted(opening, np.arange(len(rows)), side="right") - 1
    own = entry >= 0
    own[own] = patient[opening[entry[own]]] == patient[own]

    def filled(chosen: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.float64]:
        column = np.full(len(opening), np.nan)
        column[entry[chosen & own]] = values[chosen & own]
        return column

    value = log.value[rows]
    is_started, is_ended, is_quit = kind == Row.STARTED, kind == Row.ENDED, kind == Row.QUIT
    queued, started, ended = time[opening], filled(is_started, time), filled(is_ended, time)
    quit_time = filled(is_quit, time)
    gone = filled(kind == Row.LEFT_NETWORK, time)
    step = log.item[rows][opening].astype(np.int64)
    after = np.full(len(opening), np.nan)
    same = patient[opening[1:]] == patient[opening[:-1]]
    after[:-1][same] = queued[1:][same]
    departs = np.where(np.isnan(started), quit_time, started)
    until = np.where(np.isnan(ended), np.where(np.isnan(after), gone, after), ended)
    frame = pd.DataFrame(
        {
            "patient": patient[opening],
            "step": named(step, [one.name for one in network.steps]),
            "visit": value[opening].astype(np.int64),
            "hospital": named(log.hospital[rows][opening], network.hospitals),
            "queued": queued,
            "started": started,
            "ended": ended,
            "quit": quit_time,
            "quit_reason": named(np.nan_to_num(filled(is_quit, value), nan=-1), QUIT_REASONS),
            "ending": named(np.nan_to_num(filled(is_ended, value), nan=-1), ENDINGS),
            "need": named(np.nan_to_num(filled(is_started, value), nan=-1), need_names(network)),
            "wait": started - queued,
            "queued_for": np.where(np.isnan(departs), network.horizon, departs) - queued,
            "stayed": np.where(np.isnan(until), network.horizon, until) - started,
        }
    )
    return frame.iloc[order_of(rows[opening], len(log))].reset_index(drop=True)


def need_names(network: Network) -> list[str]:
    """Return what each need takes, for example `1 ward + 1/4 nurse`."""

    def amount(pool: int, integer: int) -> str:
        unit = network.pools[pool].unit
        whole = str(integer // unit) if integer % unit == 0 else f"{integer}/{unit}"
        return f"{whole} {network.pools[pool].name}"

    return [" + ".join(amount(*pair) for pair in need.amounts) or "nothing" for need in network.needs]


def _queues(network: Network, steps: pd.DataFrame) -> pd.DataFrame:
    times = np.arange(1, floor(network.horizon) + 1, dtype=np.float64)
    n_steps = len(network.steps)
    key = (
        steps["hospital"].cat.codes.to_numpy().astype(np.int64) * n_steps + steps["step"].cat.codes.to_numpy()
    )
    order = order_of(key, len(network.hospitals) * n_steps)
    queued = steps["queued"].to_numpy()[order]
    # Whoever still waits leaves the queue at the horizon, after the last look at it.
    leaves = queued + steps["queued_for"].to_numpy()[order]
    bounds = np.searchsorted(key[order], np.arange(len(network.hospitals) * n_steps + 1))
    shown, waiting = [], []
    for cell, (begin, end) in enumerate(pairwise(bounds)):
        hospital, step = divmod(cell, n_steps)
        can_wait = bool(network.steps[step].options) or network.steps[step].product >= 0
        if end == begin and not (can_wait and network.serves[hospital][step]):
            continue
        joined = np.searchsorted(np.sort(queued[begin:end]), times, side="left")
        waiting.append(joined - np.searchsorted(np.sort(leaves[begin:end]), times, side="left"))
        shown.append(cell)
    cells = np.repeat(np.array(shown, dtype=np.int64), len(times))
    return pd.DataFrame(
        {
            "time": np.tile(times, len(shown)),
            "hospital": named(cells // n_steps, network.hospitals),
            "step": named(cells % n_steps, [one.name for one in network.steps]),
            "waiting": np.concatenate(waiting) if waiting else np.empty(0, dtype=np.int64),
        }
    )


def _decisions(result: Result) -> pd.DataFrame:
    orders = result.orders
    if orders is None:
        raise ValueError("expected noted orders, got a run that was answered by numbers")
    return pd.DataFrame(
        {
            "decision": np.array([order.decision for order in orders], dtype=np.int64),
            "time": np.array([order.time for order in orders], dtype=np.float64),
            **{
                name: pd.array([getattr(order, name) for order in orders], dtype="str")
                for name in ("trigger", "hospital", "part", "order", "refused")
            },
        }
    )


_DOSE_EVENTS = {Row.VIALS: "received", Row.DOSED: "given", Row.WASTED: "wasted"}


def _doses(result: Result) -> pd.DataFrame:
    network, log = result.network, result.log
    rows = np.flatnonzero(np.isin(log.kind, tuple(_DOSE_EVENTS)))
    wasted = log.kind[rows] == Row.WASTED
    item = log.item[rows].astype(np.int64)
    event = np.searchsorted(np.array(sorted(_DOSE_EVENTS)), log.kind[rows])
    return pd.DataFrame(
        {
            "time": log.time[rows],
            "hospital": named(log.hospital[rows], network.hospitals),
            "product": named(np.where(wasted, item // 8, item), network.products),
            "event": named(event, [_DOSE_EVENTS[kind] for kind in sorted(_DOSE_EVENTS)]),
            "reason": named(np.where(wasted, item % 8, -1), [reason.name.lower() for reason in Waste]),
            "doses": np.where(log.kind[rows] == Row.DOSED, 1.0, log.value[rows]),
        }
    )
