"""The answer as the report reads it: policies by place, estimates by key, groups in order."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pandas as pd
from matplotlib.figure import Figure

from dashboards.report.ink import Drawing, inline_svg, mark
from dashboards.report.wording import Estimate, counted, sentence_case, tidy
from policies.answer import Answer
from sim.inference import interval
from sim.network import attribute_values
from sim.outcomes import METRICS

FEWEST = 10
"""Groups with fewer patients a run are not shown."""

UNTREATED, SERVED, CENSORED = "untreated_hours", "wait_hours_served", "in_system_share"
COVERAGE, WASTE, UTILISATION = "coverage", "waste_share", "utilisation"
SAME_PATIENTS = ("arrivals", "arrivals_per_1000")
"""No policy changes them, unless the patients are people who come because of what happened before."""

Key = tuple[str, str, str, str]
"""Metric, attribute, group, hospital; empty: all."""


ACUITY = "acuity"
"""Outcomes are always there by urgency, true, at arrival."""


@dataclass(frozen=True, slots=True)
class Group:
    """A value of an attribute."""

    value: str
    label: str
    is_reference: bool = False

    @property
    def shown(self) -> str:
        """The label with a word when the scenario compares the others with it."""
        return f"{self.label} (reference)" if self.is_reference else self.label

    @property
    def quoted(self) -> str:
        """The label inside a sentence."""
        return f"“{self.label}”"


class Described(Protocol):
    """What the report reads of a metric."""

    name: str
    unit: str
    title: str
    better: str
    """`lower`, `higher`, or empty for neither."""

    @property
    def definition(self) -> str:
        """What exactly is counted."""
        ...


class _Unregistered:
    """A metric that the register does not have."""

    unit = better = definition = ""

    def __init__(self, name: str) -> None:
        self.name = name
        self.title = sentence_case(tidy(name))


class Story:
    """An answer with its tables, looked up by name."""

    def __init__(self, answer: Answer, folder: Path, charts: bool = True) -> None:
        """`charts`: whether exhibits are drawn; a page that draws them itself saves most of the time."""
        self.answer, self.charts = answer, charts
        self.scenario = answer.scenario
        self.folder = folder
        self.policies: tuple[str, ...] = tuple(answer.policies)
        self.labels: tuple[str, ...] = tuple(answer.policies)
        self.attributes: tuple[str, ...] = tuple(dict.fromkeys(answer.scenario.equity.groups))
        self._levels = {name: _by_key(frame) for name, frame in answer.summaries.items()}
        self._changes = {name: _by_key(frame) for name, frame in answer.differences.items()}

    def chart(self, name: str, alt: str, figure: Callable[[], Figure]) -> str:
        """Return a chart as the page holds it; empty where charts are not drawn here."""
        return inline_svg(Drawing(figure(), alt), name) if self.charts else ""

    def label(self, place: int) -> str:
        """Return a policy's name, as the user wrote it."""
        return self.labels[place]

    def key(self, places: Iterable[int]) -> str:
        """Return which shape is which policy, as a sentence; nothing when there is one policy in all."""
        if len(self.policies) == 1:
            return ""
        said = ", ".join(f"{mark(p).words}: {self.label(p)}" for p in places)
        return f"{sentence_case(said)}."

    @property
    def runs(self) -> str:
        """Return how many runs there are and so whether there are intervals, for the method under a title."""
        n = len(self.answer.replications)
        return "one run, so without intervals" if n == 1 else f"with 95 % intervals over {counted(n, 'run')}"

    def metric(self, name: str) -> Described:
        """Return what is known of a metric; its bare name when the register does not have it."""
        return METRICS.get(name) or _Unregistered(name)

    @cached_property
    def metrics(self) -> list[Described]:
        """Everything measured for all patients together, in the register's order."""
        present = {key[0] for levels in self._levels.values() for key in levels if key[1:] == ("", "", "")}
        return [m for m in METRICS.values() if m.name in present] + [
            self.metric(name) for name in sorted(present - set(METRICS))
        ]

    def headline_metrics(self) -> list[Described]:
        """Return the metrics that a policy may change."""
        fixed = SAME_PATIENTS if self.scenario.population is None else ()
        return [m for m in self.metrics if m.name not in fixed]

    def absent(self, metric: str) -> bool:
        """Whether it is zero in every run under every policy: nothing of the kind happened."""
        found = [self.level(name, metric) for name in self.policies]
        return all(e.mean == 0 and not (e.high > e.low) for e in found)

    def level(
        self, policy: str, metric: str, attribute: str = "", group: str = "", hospital: str = ""
    ) -> Estimate:
        """Return a mean under a policy."""
        return self._levels.get(policy, {}).get((metric, attribute, group, hospital), Estimate(math.nan))

    def change(
        self, policy: str, metric: str, attribute: str = "", group: str = "", hospital: str = ""
    ) -> Estimate:
        """Return the paired difference from the first policy."""
        return self._changes.get(policy, {}).get((metric, attribute, group, hospital), Estimate(math.nan))

    def gap(self, policy: str, metric: str, attribute: str, one: str, other: str) -> Estimate:
        """Return by how much a group exceeds another, the difference taken within each run."""
        frame = self.answer.outcomes.get(policy)
        if frame is None:
            return Estimate(math.nan)
        rows = frame[
            (frame["metric"] == metric) & (frame["attribute"] == attribute) & (frame["hospital"] == "")
        ]
        by_run = rows.set_index(["replication", "group"])["value"].unstack()
        if one not in by_run or other not in by_run:
            return Estimate(math.nan)
        found = interval((by_run[one] - by_run[other]).to_numpy())
        return Estimate(found.mean, found.low, found.high)

    def has(self, metric: str) -> bool:
        """Whether there is a mean of it for all patients together under any policy."""
        return any(self.level(name, metric).known for name in self.policies)

    def groups(self, attribute: str, metric: str) -> tuple[list[Group], list[Group]]:
        """Return the groups shown and the groups hidden for being small, in the scenario's order."""
        reference = self.scenario.equity.reference.get(attribute)
        shown: list[Group] = []
        hidden: list[Group] = []
        acuity = attribute == ACUITY
        for value in self.scenario.acuities if acuity else attribute_values(self.scenario, attribute):
            group = Group(value, tidy(value), value == reference)
            sizes = [
                e.n for name in self.policies if (e := self.level(name, metric, attribute, value)).n == e.n
            ]
            (shown if sizes and min(sizes) >= FEWEST else hidden).append(group)
        return shown, hidden

    def attribute_title(self, attribute: str) -> str:
        """Return what an attribute is called."""
        if attribute == ACUITY:
            return "urgency at arrival"
        spec = self.scenario.attributes.get(attribute)
        return (spec.title if spec and spec.title else "") or tidy(attribute)

    def hospital_title(self, hospital: str) -> str:
        """Return what a hospital is called."""
        spec = self.scenario.hospitals.get(hospital)
        return (spec.title if spec and spec.title else "") or tidy(hospital)

    def table(
        self, policy: str, name: str, columns: list[str], filters: list[tuple[str, str, object]] | None = None
    ) -> pd.DataFrame | None:
        """Return columns of a table of all replications under a policy, or nothing when it was not written."""
        folder = self.answer.folders.get(policy, policy)
        path = self.folder / "tables" / folder / f"{name}.parquet"
        return pd.read_parquet(path, columns=columns, filters=filters) if path.is_file() else None

    @staticmethod
    def slug(name: str) -> str:
        """Return a name as part of an anchor."""
        return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "x"


def _by_key(frame: pd.DataFrame) -> dict[Key, Estimate]:
    columns = ["metric", "attribute", "group", "hospital", "mean", "low", "high", "n_mean"]
    return {
        (metric, attribute, group if attribute else "", hospital): Estimate(mean, low, high, n)
        for metric, attribute, group, hospital, mean, low, high, n in frame[columns].itertuples(index=False)
    }
