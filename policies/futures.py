"""What if one order had been another? Both futures of one run, under the same random numbers.

>>> from policies.changes import Given
>>> from scenarios.loader import load
>>> three_days = load("surge", ("horizon=3 days", "warm_up=0"))
>>> both = futures(three_days, "neutral", 1, 1, "24 h", Given("central", {"divert": True}))
>>> both.number, both.decision.time
(6, 24.0)

The run is played once, the engine is copied at the decision, and the copy is told something else. Nothing
else differs: who comes, how urgent they are, how long they stay, how patient they are. It is one run: what it
shows is exact for these patients with this luck, and no estimate of what the change does on average.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from agents.build import build_engine
from policies.changes import Change
from policies.registry import build_policy
from policies.replication import policy_stream
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from scenarios.units import parse_duration
from sim.outcomes import KEYS, outcomes
from sim.protocol import Decision, Directive, Policy, Watching
from sim.result import Result
from sim.tables import Tables, attribute_column

if TYPE_CHECKING:
    from sim.fast.engine import FastEngine

WAYS = ("as_it_was", "if_changed")
"""What ends the names of columns that stand for both futures."""


@dataclass(frozen=True, eq=False)
class Future:
    """One of the two."""

    directive: Directive
    """What was ordered at the decision."""
    result: Result
    """Of the whole run, the past that both share included."""
    tables: Tables
    outcomes: pd.DataFrame
    """See `sim.outcomes.outcomes`."""


@dataclass(frozen=True, eq=False)
class Futures:
    """A run as it was and as it would have been."""

    number: int
    """Of the decision, from 0: as in the table `decisions`."""
    decision: Decision
    """What the policy saw."""
    as_it_was: Future
    if_changed: Future
    patients: pd.DataFrame
    """One row for everybody who came in either future, by who they are, not by number: stream, number (in the stream),
    hospital (of first presentation), class, acuity, the equity groups, presented; and with `_as_it_was` and
    `_if_changed`: patient (the id), treated, left_network, outcome, last_hospital, n_transfers, untreated_hours (from
    presentation to treatment, departure or horizon: what waiting costs); change (of untreated_hours), differs
    (whether any of it does). Missing where somebody came in one future only, which needs a population."""
    outcomes: pd.DataFrame
    """`sim.outcomes.KEYS`, and with both endings n and value; change (of the value)."""

    def of(self, patient: int) -> pd.Series:
        """Return the row of a patient by id, as it was. Raises `UsageError` if there is none."""
        rows = self.patients[self.patients["patient_as_it_was"] == patient]
        if rows.empty:
            raise UsageError(f"patient {patient} does not exist in this run.")
        return rows.iloc[0]


def futures(
    scenario: Scenario,
    policy: str,
    seed: int,
    replication: int,
    at: int | str,
    change: Change,
    lasting: bool = False,
) -> Futures:
    """Return a run under a policy, and the same run with its orders changed at one decision.

    `at`: the number of the decision from 0, or a time ("36 h"): the first decision then or later. `lasting`: the
    change holds for all later decisions too, where there is something to change; else the policy goes on freely
    and, for example, may move at the next decision whom it was not allowed to move at this one.
    Raises `UsageError` if there is no such decision or nothing to change, `DirectiveError` if what results is illegal.
    """
    engine, decider = begin(scenario, policy, seed, replication)
    number, decision = _reach(engine, decider, at)
    return both_ways(engine, decider, number, decision, decider.decide(decision), change, lasting)


def both_ways(
    engine: FastEngine,
    decider: Policy,
    number: int,
    decision: Decision,
    directive: Directive,
    change: Change,
    lasting: bool = False,
) -> Futures:
    """Return what follows from a decision that has been seen but not answered, as ordered and as changed.

    See `futures`. The engine and the policy are played to the horizon: give copies (`fork`) to keep them.
    """
    changed = change(directive)
    if changed == directive:
        raise UsageError(f"decision {number}: the change leaves the orders as they were.")
    other, others_decider = fork(engine, decider)
    engine.answer(directive)
    other.answer(changed)
    _finish(engine, decider, lambda ordered: ordered)
    _finish(other, others_decider, _wherever_possible(change) if lasting else lambda ordered: ordered)
    as_it_was, if_changed = _future(engine, directive), _future(other, changed)
    return Futures(
        number=number,
        decision=decision,
        as_it_was=as_it_was,
        if_changed=if_changed,
        patients=_patients(as_it_was, if_changed),
        outcomes=_outcomes(as_it_was, if_changed),
    )


def begin(scenario: Scenario, policy: str, seed: int, replication: int) -> tuple[FastEngine, Policy]:
    """Return an engine at time zero, of the kind that can be copied, and the policy."""
    from sim.fast.engine import FastEngine  # Numba, and the kernel from its cache, take a second

    engine = build_engine(scenario, seed, replication, "fast")
    assert isinstance(engine, FastEngine)
    decider = build_policy(policy, scenario, engine.network, policy_stream(policy, seed, replication))
    if isinstance(decider, Watching):
        decider.watch(engine)
    return engine, decider


def _reach(engine: FastEngine, policy: Policy, at: int | str) -> tuple[int, Decision]:
    """Run to the decision that is asked for; return its number and what is seen there."""
    hours = parse_duration(at) if isinstance(at, str) else None
    number = 0
    while (decision := engine.next_decision()) is not None:
        if decision.time >= hours if hours is not None else number == at:
            return number, decision
        engine.answer(policy.decide(decision))
        number += 1
    raise UsageError(f"there is no decision {at}: the run has {number}, numbered from 0.")


def fork(engine: FastEngine, policy: Policy) -> tuple[FastEngine, Policy]:
    """Return copies of both; what never changes is shared."""
    twin = engine.copy()
    shared = (engine.network, engine.network.scenario)
    known = {id(engine): twin, **{id(one): one for one in shared}}
    return twin, copy.deepcopy(policy, known)


def _finish(engine: FastEngine, policy: Policy, change: Callable[[Directive], Directive]) -> None:
    while (decision := engine.next_decision()) is not None:
        engine.answer(change(policy.decide(decision)))


def _wherever_possible(change: Change) -> Callable[[Directive], Directive]:
    def changed(directive: Directive) -> Directive:
        try:
            return change(directive)
        except UsageError:
            return directive

    return changed


def _future(engine: FastEngine, directive: Directive) -> Future:
    result = engine.result()
    made = Tables(result)
    return Future(directive, result, made, outcomes(made, result.network))


COMPARED = ("treated", "left_network", "outcome", "last_hospital", "n_transfers", "untreated_hours")
"""Columns of a patient that stand beside each other."""


def _patients(*both: Future) -> pd.DataFrame:
    left, right = (_visits(future) for future in both)
    who = [name for name in left.columns if name not in (*COMPARED, "patient")]
    frame = left.merge(right, how="outer", on=who, suffixes=tuple(f"_{way}" for way in WAYS), sort=True)
    a, b = ([f"{name}_{way}" for name in COMPARED] for way in WAYS)
    same = np.logical_and.reduce(
        [(frame[x] == frame[y]) | (frame[x].isna() & frame[y].isna()) for x, y in zip(a, b, strict=True)]
    )
    frame["change"] = frame[f"untreated_hours_{WAYS[1]}"] - frame[f"untreated_hours_{WAYS[0]}"]
    frame["differs"] = ~same
    return frame


def _visits(future: Future) -> pd.DataFrame:
    """Return what is compared, by who they are; whoever declined never waits."""
    result, visits = future.result, future.tables.visits
    network = result.network
    ends = np.fmin(visits["treated"], visits["left_network"]).fillna(network.horizon)
    groups = {name: visits[attribute_column(name)].astype("str") for name in network.scenario.equity.groups}
    return pd.DataFrame(
        {
            "stream": visits["source"].astype("str"),
            "number": result.patients.ordinal,
            **{name: visits[name].astype("str") for name in ("hospital", "class", "acuity")},
            **groups,
            "presented": visits["presented"],
            "patient": visits["patient"],
            **{name: visits[name] for name in ("treated", "left_network")},
            **{name: visits[name].astype("str") for name in ("outcome", "last_hospital")},
            "n_transfers": visits["n_transfers"],
            "untreated_hours": np.where(result.patients.declined, np.nan, ends - visits["presented"]),
        }
    )


def _outcomes(*both: Future) -> pd.DataFrame:
    left, right = (future.outcomes for future in both)
    frame = left.merge(right, how="outer", on=KEYS, suffixes=tuple(f"_{way}" for way in WAYS), sort=False)
    frame["change"] = frame[f"value_{WAYS[1]}"] - frame[f"value_{WAYS[0]}"]
    return frame
