"""What entries are judged by: hours untreated, deaths and the cost of both, of everybody and of every group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from policies.evaluation.entries import Entry
from policies.sentence import FEWEST
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.evidence.crossed import Floats
from sim.network import attribute_values

WAIT, DIED = "untreated_hours", "died_share"
METRICS_NEEDED = (WAIT, DIED)
"""The metrics of a run from which all measures are made."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that is better when smaller."""

    name: str
    title: str
    unit: str
    definition: str


COST = Measure(
    "cost", "Cost of delay", "h",
    "Restricted mean untreated time plus tau for every death, in hours a patient: who leaves or dies untreated counts "
    "tau, and a death tau more, so that neither ever pays.",
)  # fmt: skip
UNTREATED = Measure(WAIT, "Untreated time", "h", "Restricted mean untreated time to tau (Aalen-Johansen).")
MORTALITY = Measure(DIED, "Died", "share", "Share who die in the network (Aalen-Johansen).")
MEASURES = {measure.name: measure for measure in (COST, UNTREATED, MORTALITY)}


@dataclass(frozen=True, slots=True)
class Groups:
    """By what people are told apart."""

    attribute: str
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Groups with too few patients a run to be compared."""


@dataclass(frozen=True, slots=True)
class Measured:
    """All values of one entry."""

    entry: Entry
    groups: Groups
    value: Mapping[str, Floats]
    """By measure: K members x R runs x (1 + G), everybody first."""

    def of(self, measure: str, group: str = "") -> Floats:
        """Return K x R of a group, or of everybody."""
        place = 1 + self.groups.names.index(group) if group else 0
        return self.value[measure][:, :, place]

    def gap(self, measure: str, pair: tuple[str, str]) -> Floats:
        """Return K x R: the first group less the second."""
        return self.of(measure, pair[0]) - self.of(measure, pair[1])


def attribute_of(scenario: Scenario, wanted: str | None) -> str:
    """Return the attribute by which groups are compared: the one that is wanted, else the first of `equity.groups`, by
    which learners are told costs too. Raises `UsageError`."""
    known = [name for name, spec in scenario.attributes.items() if spec.share is not None]
    if wanted is not None:
        if wanted not in known:
            raise UsageError(
                f'"{wanted}" is not a category of {scenario.name}. There are: {", ".join(known)}.'
            )
        return wanted
    groups = [name for name in scenario.equity.groups if name in known]
    if not groups:
        raise UsageError(
            f"{scenario.name} names no groups in equity.groups. Name an attribute to compare by."
        )
    return groups[0]


def groups_of(scenario: Scenario, attribute: str, outcomes: Sequence[pd.DataFrame]) -> Groups:
    """Return the groups with enough patients a run in all outcomes; at least two are needed."""
    names = attribute_values(scenario, attribute)
    least = dict.fromkeys(names, np.inf)
    for frame in outcomes:
        rows = frame[(frame["metric"] == WAIT) & (frame["attribute"] == attribute)]
        n = rows.groupby("group", observed=True)["n"].mean()
        least = {name: min(least[name], float(n.get(name, 0.0))) for name in names}
    kept = tuple(name for name in names if least[name] >= FEWEST)
    if len(kept) < 2:
        raise UsageError(
            f"{scenario.name}: expected two groups by {attribute} with at least {FEWEST} patients a run, got "
            f"{len(kept)}. Take another attribute or a longer horizon."
        )
    return Groups(attribute, kept, tuple(name for name in names if name not in kept))


def measured(entry: Entry, outcomes: Mapping[str, pd.DataFrame], groups: Groups, tau: float) -> Measured:
    """Return the values of an entry from the outcomes of its members (with a column `replication`)."""
    frames = [outcomes[member] for member in entry.members]
    wait = np.stack([_table(frame, WAIT, groups) for frame in frames])
    died = np.stack([_table(frame, DIED, groups) for frame in frames])
    return Measured(entry, groups, {COST.name: wait + tau * died, WAIT: wait, DIED: died})


def tau_of(scenario: Scenario) -> float:
    """Return the hours to which the untreated time is restricted."""
    return min(scenario.tau, scenario.horizon - scenario.warm_up)


def _table(frame: pd.DataFrame, metric: str, groups: Groups) -> Floats:
    """R x (1 + G)."""
    rows = frame[(frame["metric"] == metric) & (frame["hospital"] == "")]
    everybody = rows[rows["attribute"] == ""].set_index("replication")["value"].sort_index()
    by_group = rows[rows["attribute"] == groups.attribute].pivot(
        index="replication", columns="group", values="value"
    )
    table = by_group.reindex(index=everybody.index, columns=list(groups.names))
    return np.column_stack([everybody.to_numpy(dtype=np.float64), table.to_numpy(dtype=np.float64)])
