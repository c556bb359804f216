"""Replications laid on one another: arrays of runs x groups (x strata)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.evidence.proportions import design_effect
from sim.fairness.by_group import HOSPITAL, Measured, Plan, Sums, groups_of
from sim.fairness.disparity import Better
from sim.metric import Codes, Floats, PatientMetric
from sim.network import Network


@dataclass(frozen=True)
class Panel:
    """One metric by the groups of one attribute; arrays are runs x groups."""

    metric: PatientMetric
    attribute: str
    groups: tuple[str, ...]
    value: Floats
    """NaN where a run has none."""
    n: Floats
    """At risk."""
    events: Floats | None
    """Of shares."""
    overall: Floats
    """By run."""
    deff: float
    """Design effect of a share over everybody, 1 where it cannot be told."""

    @property
    def better(self) -> Better:
        """The direction of improvement."""
        return self.metric.better


class Stacked:
    """All replications of one policy."""

    def __init__(self, measured: Mapping[int, Measured], network: Network, plan: Plan) -> None:
        if not measured:
            raise ValueError("expected at least one replication, got none")
        self.numbers = tuple(sorted(measured))
        self.runs = [measured[number] for number in self.numbers]
        self.network = network
        self.plan = plan
        self.metrics = {metric.name: metric for metric in plan.metrics}

    def groups(self, attribute: str) -> tuple[str, ...]:
        """Return the groups of an attribute, after pooling; "" is everybody."""
        if attribute == HOSPITAL:
            return self.network.hospitals
        return groups_of(self.network, attribute, self.plan.pooled) if attribute else ("all",)

    def panel(self, metric: str, attribute: str) -> Panel:
        """Return a metric by an attribute; "" is everybody."""
        key = (metric, attribute)
        has_events = all(key in run.events for run in self.runs)
        return Panel(
            self.metrics[metric],
            attribute,
            self.groups(attribute),
            np.array([run.value[key] for run in self.runs]),
            np.array([run.n[key] for run in self.runs]),
            np.array([run.events[key] for run in self.runs]) if has_events else None,
            np.array([run.value[metric, ""][0] for run in self.runs]),
            self._deff(metric),
        )

    def _deff(self, metric: str) -> float:
        key = (metric, "")
        if not all(key in run.events for run in self.runs):
            return 1.0
        return design_effect(
            np.array([run.events[key][0] for run in self.runs]),
            np.array([run.n[key][0] for run in self.runs]),
        )

    def by_place(self, metric: str, attribute: str) -> tuple[Floats, Floats] | None:
        """Return sums and patients by hospital x acuity: runs x groups x strata; None without patient scores."""
        key = (metric, attribute)
        if not all(key in run.by_place for run in self.runs):
            return None
        return _laid([run.by_place[key] for run in self.runs])

    def deaths(self, attribute: str) -> tuple[Floats, Floats]:
        """Return deaths and patients by the case mix: runs x groups x strata."""
        return _laid([run.deaths[attribute] for run in self.runs])

    def log_rank(self, attribute: str) -> Floats:
        """Return treated less expected: runs x groups."""
        return np.array([run.log_rank[attribute] for run in self.runs])

    def allocation(self, attribute: str) -> Floats | None:
        """Return runs x 4 x groups, as `sim.fairness.decisions.Allocation`; None where nobody has a target."""
        if not all(attribute in run.allocation for run in self.runs):
            return None
        return np.array([run.allocation[attribute] for run in self.runs])

    def heads(self, attribute: str) -> Floats:
        """Return runs x 3 x groups: came, treated, died."""
        return np.array([run.heads[attribute] for run in self.runs])

    def patients(self, metric: str, attribute: str) -> tuple[Floats, Codes, Codes] | None:
        """Return score, group and stratum (run x hospital x acuity) of every patient of all runs."""
        kept = [run.patients.get(metric) for run in self.runs]
        if any(one is None for one in kept):
            return None
        there = [one for one in kept if one is not None]
        n_places = len(self.network.hospitals) * len(self.network.acuities)
        return (
            np.concatenate([score for score, _, _ in there]),
            np.concatenate([groups[attribute] for _, _, groups in there]),
            np.concatenate([place + i * n_places for i, (_, place, _) in enumerate(there)]),
        )

    @cached_property
    def n_runs(self) -> int:
        """How many replications."""
        return len(self.runs)


def _laid(sums: Sequence[Sums]) -> tuple[Floats, Floats]:
    return np.array([one.total for one in sums]), np.array([one.n for one in sums])
