"""What every entry changes against a reference on the same patients, and whether that stands.

The pair of groups is fixed beforehand (on tuning seeds), so a gap is a difference of two means and its interval is
exact; a pair chosen on the evaluated runs would make noise look like inequality. Two families are corrected by Holm
by themselves: gap and worst-off group of every entry (two-sided), and non-inferiority of every entry (one-sided).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

from policies.evaluation.entries import Entry
from policies.evaluation.measures import COST, Measured
from sim.evidence.crossed import Crossed, Floats, crossed
from sim.evidence.estimated import Estimated
from sim.evidence.replication_tests import holm

MARGIN = 0.02
"""Of the reference's cost: an entry that costs less than this more counts as no less efficient."""

ALPHA = 0.05

Pair = tuple[str, str]
"""(worst off, best off)."""


@dataclass(frozen=True)
class Test:
    """A difference with its p value, alone and after Holm's correction for its family."""

    difference: Estimated
    p_value: float | None
    corrected: float | None

    @property
    def stands(self) -> bool:
        """Whether it is there after correction."""
        return self.corrected is not None and self.corrected < ALPHA


@dataclass(frozen=True)
class Change:
    """What an entry changes against the reference; below zero is better."""

    entry: Entry
    gap: Test
    worst: Test
    """Of the group that was worst off on the tuning seeds."""
    cost: Estimated
    """Of everybody."""
    cost_part: Estimated
    """As a part of the reference's mean cost."""
    not_worse: Test
    """Cost of the entry less (1 + margin) times that of the reference; its p value is of being inferior."""
    groups: tuple[Estimated, ...]
    """Cost by group."""
    died: Estimated

    @property
    def efficient(self) -> bool:
        """Whether non-inferiority stands after Holm's correction."""
        return self.not_worse.stands

    @property
    def dearer(self) -> bool:
        """Whether it costs more than the margin for certain: all of a 90 % interval is beyond it."""
        return self.not_worse.difference.low > 0


def changes(
    entries: Sequence[Measured], reference: Measured, pair: Pair, margin: float = MARGIN
) -> list[Change]:
    """Return a change for every entry but the reference, which has one member."""
    others = [one for one in entries if one is not reference]
    gaps = [_less(one.gap(COST.name, pair), reference.gap(COST.name, pair)) for one in others]
    worst = [_less(one.of(COST.name, pair[0]), reference.of(COST.name, pair[0])) for one in others]
    base = reference.of(COST.name)
    excess = [crossed(one.of(COST.name) - (1 + margin) * base) for one in others]
    fair = _corrected(
        [p for pair_of in zip(gaps, worst, strict=True) for p in (c.p_two_sided() for c in pair_of)]
    )
    efficient = _corrected([c.p_at_least() for c in excess])
    mean = float(crossed(base).mean)
    found = []
    for k, one in enumerate(others):
        cost = _less(one.of(COST.name), base).interval()
        found.append(
            Change(
                entry=one.entry,
                gap=Test(gaps[k].interval(), gaps[k].p_two_sided(), fair[2 * k]),
                worst=Test(worst[k].interval(), worst[k].p_two_sided(), fair[2 * k + 1]),
                cost=cost,
                cost_part=scaled(cost, 1 / mean if mean else nan),
                not_worse=Test(excess[k].interval(0.9), excess[k].p_at_least(), efficient[k]),
                groups=tuple(
                    _less(one.of(COST.name, g), reference.of(COST.name, g)).interval()
                    for g in one.groups.names
                ),
                died=_less(one.of("died_share"), reference.of("died_share")).interval(),
            )
        )
    return found


def level(one: Measured, measure: str, group: str = "") -> Estimated:
    """Return the mean of an entry with its interval over training seeds and replications."""
    return crossed(one.of(measure, group)).interval()


def gap_level(one: Measured, measure: str, pair: Pair) -> Estimated:
    """Return the gap between the fixed pair."""
    return crossed(one.gap(measure, pair)).interval()


def fixed_pair(one: Measured, measure: str = COST.name) -> Pair:
    """Return the group with the largest and the group with the smallest mean: on tuning seeds."""
    means = {group: crossed(one.of(measure, group)).mean for group in one.groups.names}
    return max(means, key=lambda g: means[g]), min(means, key=lambda g: means[g])


def scaled(e: Estimated, factor: float) -> Estimated:
    """Return an estimate times a positive factor."""
    return Estimated(e.value * factor, e.low * factor, e.high * factor, e.method, e.why)


def _less(one: Floats, reference: Floats) -> Crossed:
    return crossed(one - reference)


def _corrected(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's correction of those that there are."""
    there = [p for p in p_values if p is not None]
    corrected = iter(holm(there)) if there else iter(())
    return [None if p is None else next(corrected) for p in p_values]
