"""One number that a user names: a metric of everybody, of a group, of the worst-off group, or a gap between groups.

    untreated_hours                         everybody
    untreated_hours:deprivation=5           one group
    untreated_hours:ethnicity=black/white   one group less another
    worst:untreated_hours:deprivation       the group that is worst off
    gap:untreated_hours:deprivation         the largest of the groups less the smallest

`min:` or `max:` before it says which way is better where the metric itself does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policies.sentence import FEWEST, SHOWN_AS
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from scenarios.shape import did_you_mean, listing
from sim.evidence.bootstrap import weighted_means
from sim.fairness.disparity import largest_gap, worst
from sim.network import Network, attribute_values
from sim.outcomes import METRICS

Floats = NDArray[np.float64]
Kind = Literal["everybody", "group", "difference", "worst", "gap"]

FORM = re.compile(
    r"(?:(?P<way>min|max):)?(?:(?P<kind>worst|gap):)?(?P<metric>[a-z0-9_]+)"
    r"(?::(?P<attribute>[^=]+?)(?:=(?P<group>[^/]+?)(?:/(?P<other>[^/]+))?)?)?"
)


@dataclass(frozen=True, slots=True)
class Objective:
    """What is to be small or large."""

    written: str
    kind: Kind
    metric: str
    attribute: str = ""
    group: str = ""
    other: str = ""
    lower_is_better: bool = True

    @property
    def title(self) -> str:
        """What it is called in tables: `Untreated time: gap by deprivation`."""
        name = METRICS[self.metric].title
        match self.kind:
            case "everybody":
                return name
            case "group":
                return f"{name}: {self.group} ({self.attribute})"
            case "difference":
                return f"{name}: {self.group} less {self.other} ({self.attribute})"
            case "worst":
                return f"{name}: worst by {self.attribute}"
        return f"{name}: gap by {self.attribute}"

    @property
    def unit(self) -> tuple[float, str]:
        """The factor by which it is multiplied to be shown, and what is written behind it."""
        factor, unit = SHOWN_AS.get(METRICS[self.metric].unit, (1.0, METRICS[self.metric].unit))
        return factor, "points" if unit == "%" and self.kind in ("gap", "difference") else unit

    def groups(self, network: Network) -> tuple[str, ...]:
        """Return the groups that it is made of, in the scenario's order."""
        if self.kind == "everybody":
            return ("all",)
        if self.kind in ("worst", "gap"):
            return _groups(network, self.attribute)
        return (self.group, self.other) if self.kind == "difference" else (self.group,)

    def of(self, values: Floats) -> Floats:
        """Return the objective of values by group (the last axis)."""
        match self.kind:
            case "worst":
                return worst(values, "lower" if self.lower_is_better else "higher")
            case "gap":
                return largest_gap(values)
            case "difference":
                return np.asarray(values[..., 0] - values[..., 1])
        return np.asarray(values[..., 0])


def parse_objective(written: str, directed: bool = True) -> Objective:
    """Read an objective; `directed`: one way must be better. Raises `UsageError`."""
    found = FORM.fullmatch(written.strip())
    if found is None:
        raise UsageError(
            f"expected an objective such as untreated_hours or gap:untreated_hours:deprivation, got {written!r}."
        )
    metric, attribute = found["metric"], (found["attribute"] or "").strip()
    if metric not in METRICS:
        raise UsageError(
            f'"{metric}" is not a metric. {did_you_mean(metric, METRICS, "See `fairward list`.")}'
        )
    if found["kind"] and (not attribute or found["group"]):
        raise UsageError(f"{written}: expected {found['kind']}:{metric}:ATTRIBUTE.")
    if attribute and not (found["kind"] or found["group"]):
        raise UsageError(
            f"{written}: expected gap: or worst: before it, or one group as {metric}:{attribute}=GROUP."
        )
    better = METRICS[metric].better
    kind: Kind = "difference" if found["other"] else "group" if found["group"] else "everybody"
    if found["kind"]:
        kind = "worst" if found["kind"] == "worst" else "gap"
    if kind == "gap" and found["way"] is None:
        better = "lower"
    if directed and found["way"] is None and not better:
        raise UsageError(f"{written}: which way is better? Write min:{written} or max:{written}.")
    lower = found["way"] == "min" if found["way"] else better == "lower"
    return Objective(
        written.strip(), kind, metric, attribute, found["group"] or "", found["other"] or "", lower
    )


def check_objective(objective: Objective, network: Network) -> None:
    """Raise `UsageError` if a scenario does not have what the objective is about."""
    if not METRICS[objective.metric].applies(network):
        raise UsageError(f"{objective.written}: this scenario has nothing that {objective.metric} is about.")
    if objective.attribute:
        known = _groups(network, objective.attribute)
        for group in (objective.group, objective.other):
            if group and group not in known:
                remedy = did_you_mean(group, known, f"There are: {listing(known)}.")
                raise UsageError(
                    f'{objective.written}: "{group}" is not a value of {objective.attribute}. {remedy}'
                )


def attributes_of(objectives: Sequence[Objective], scenario: Scenario) -> tuple[str, ...]:
    """Return the scenario's attributes by which outcomes must be taken, beyond class and acuity."""
    return tuple(dict.fromkeys(o.attribute for o in objectives if o.attribute in scenario.attributes))


@dataclass(frozen=True)
class Values:
    """The values of an objective's groups: runs x groups."""

    objective: Objective
    groups: tuple[str, ...]
    value: Floats
    left_out: tuple[str, ...] = ()
    """Groups with too few patients a run."""

    def by_run(self) -> Floats:
        """Return the objective of each run by itself."""
        return self.objective.of(self.value)

    def drawn(self, weights: Floats) -> Floats:
        """Return the objective of the means over drawn runs: one a row of weights (draws x runs).

        A worst group or a gap is chosen among the means, anew in every draw: chosen run by run, noise would look
        like inequality.
        """
        return self.objective.of(weighted_means(weights, self.value))


def values_of(objective: Objective, outcomes: pd.DataFrame, groups: Sequence[str] | None = None) -> Values:
    """Return an objective's values from outcomes with a column `replication`, runs in the order of their numbers.

    Of worst and gap, groups with fewer than 10 patients a run are left out. `groups` are all, in order; as they
    stand in the outcomes when None.
    """
    rows = outcomes[
        (outcomes["metric"] == objective.metric)
        & (outcomes["attribute"].fillna("") == objective.attribute)
        & (outcomes["hospital"].fillna("") == "")
    ]
    if objective.kind in ("worst", "gap"):
        wanted = list(groups) if groups is not None else list(dict.fromkeys(rows["group"]))
    else:
        wanted = [g for g in (objective.group or "all", objective.other) if g]
    table = (
        rows.pivot(index="replication", columns="group", values="value").sort_index().reindex(columns=wanted)
    )
    n = rows.pivot(index="replication", columns="group", values="n").reindex(columns=wanted).mean()
    small = [g for g in wanted if objective.kind in ("worst", "gap") and not n[g] >= FEWEST]
    kept = [g for g in wanted if g not in small]
    if not kept or table.empty:
        raise UsageError(f"{objective.written}: the runs have no value of it.")
    return Values(objective, tuple(kept), table[kept].to_numpy(dtype=np.float64), tuple(small))


def _groups(network: Network, attribute: str) -> tuple[str, ...]:
    scenario = network.scenario
    built_in = {"acuity": network.acuities, "class": network.classes}
    if attribute in built_in:
        return tuple(built_in[attribute])
    spec = scenario.attributes.get(attribute)
    if spec is None or spec.share is None:
        known = [*built_in, *(name for name, one in scenario.attributes.items() if one.share is not None)]
        remedy = did_you_mean(attribute, known, f"There are: {listing(known)}.")
        raise UsageError(f'"{attribute}" is not a category. {remedy}')
    return attribute_values(scenario, attribute)
