"""What the finished parts of a study say: measured values by scenario and case, and whether the goal is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf, nan

from policies.evaluation.comparing import Change, Pair, changes
from policies.evaluation.entries import Entry
from policies.evaluation.measures import COST, Groups, Measured, measured
from policies.study.kept import Kept
from sim.evidence.crossed import crossed
from sim.evidence.estimated import Estimated

SMALLER = 0.25
"""Of the rival's gap: what the goal asks for."""


@dataclass(frozen=True)
class Judged:
    """One case of one scenario."""

    kept: Kept
    case: str
    pair: Pair
    groups: Groups
    entries: tuple[Measured, ...]
    rival: Measured
    learned: tuple[str, ...]
    """Labels."""
    margin: float

    @cached_property
    def changes(self) -> list[Change]:
        """Every entry against the rival."""
        return changes(self.entries, self.rival, self.pair, self.margin)

    @cached_property
    def level_by_group(self) -> dict[str, float]:
        """The mean cost of every group under the rival."""
        return {group: crossed(self.rival.of(COST.name, group)).mean for group in self.groups.names}

    @property
    def rule(self) -> str:
        """The rule to beat as it is written, whatever it is called."""
        (written,) = self.rival.entry.members
        return str(self.kept.manifest["tuned"].get(self.rival.entry.label, written))


def judged(kept: Kept, labels: Mapping[str, str] | None = None) -> Judged:
    """Return the values of an evaluation that was kept. `labels`: of entries that are to be called otherwise."""
    other = labels or {}
    content = kept.manifest
    groups = Groups(content["attribute"], tuple(content["groups"]), tuple(content["left_out"]))
    outcomes = dict(iter(kept.outcomes().groupby("policy", sort=False, observed=True)))
    entries = tuple(
        measured(Entry(other.get(label, label), tuple(members)), outcomes, groups, float(content["tau"]))
        for label, members in content["entries"].items()
    )
    rival = next(one for one in entries if one.entry.label == other.get(content["rival"], content["rival"]))
    return Judged(
        kept, str(content["case"]), (content["pair"][0], content["pair"][1]), groups, entries, rival,
        tuple(content["learned"]), float(content["margin"]),
    )  # fmt: skip


@dataclass(frozen=True)
class Goal:
    """The goal of the study for one learner: each part of it, and whether it is shown."""

    label: str
    smaller: Estimated
    """By which part of the rival's gap the learner's is smaller, in size; without bounds where the gap turns round."""
    gap_closes: bool
    """Whether that it closes towards zero stands after correction."""
    worst_better: bool
    pays_most: tuple[str, float]
    """The group with the highest upper bound, and that bound as a part of its cost under the rival."""
    efficient: bool
    margin: float

    @property
    def missing(self) -> list[str]:
        """The parts that are not shown."""
        shown = (
            ("gap", self.smaller.value >= SMALLER and self.gap_closes),
            ("worst off", self.worst_better),
            (f"{self.pays_most[0]} pays", self.pays_most[1] <= self.margin),
            ("efficiency", self.efficient),
        )
        return [part for part, whether in shown if not whether]

    @property
    def reached(self) -> bool:
        """Whether everything is shown."""
        return not self.missing


def goals(case: Judged) -> list[Goal]:
    """Return how far every learner gets against the rival."""
    gap = crossed(case.rival.gap(COST.name, case.pair)).mean
    by_label = {one.entry.label: one for one in case.entries}
    found = []
    for change in case.changes:
        label = change.entry.label
        if label not in case.learned:
            continue
        own = crossed(by_label[label].gap(COST.name, case.pair)).mean
        found.append(
            Goal(
                label=label,
                smaller=_smaller(own, gap, change.gap.difference),
                gap_closes=change.gap.stands and abs(own) < abs(gap),
                worst_better=change.worst.stands and change.worst.difference.value < 0,
                pays_most=pays_most(case, change),
                efficient=change.efficient,
                margin=case.margin,
            )
        )
    return found


def pays_most(case: Judged, change: Change) -> tuple[str, float]:
    """Return the group with the highest upper bound, and that bound as a part of its cost under the rival."""
    parts = {}
    for group, e in zip(case.groups.names, change.groups, strict=True):
        base = case.level_by_group[group]
        # Where nobody of a group waits under the rival, any wait is more than a part of it.
        parts[group] = e.high / base if base else (inf if e.high > 0 else 0.0)
    worst = max(parts, key=lambda group: parts[group])
    return worst, parts[worst]


def _smaller(own: float, gap: float, difference: Estimated) -> Estimated:
    if not gap:
        return Estimated(nan, nan, nan)
    value = 1 - abs(own) / abs(gap)
    if own * gap < 0:
        return Estimated(value, nan, nan, why="the gap turns round")
    low, high = sorted((-difference.low / gap, -difference.high / gap))
    return Estimated(value, low, high, difference.method)
