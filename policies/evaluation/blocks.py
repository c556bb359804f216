"""Tables and charts of an evaluation; also the pieces of the page of a study."""

from __future__ import annotations

from collections.abc import Sequence

from policies.audit.wording import figure, p_text
from policies.evaluation.comparing import MARGIN, Change, Pair, Test, gap_level, level, scaled
from policies.evaluation.measures import COST, DIED, WAIT, Measure, Measured
from policies.sentence import counted
from policies.told import Block, Dot
from sim.evidence.crossed import Floats
from sim.evidence.estimated import Estimated
from sim.evidence.many_runs import interquartile_mean_interval

NO_CLEAR_CHANGE = "no clear change"


def levels_block(entries: Sequence[Measured], pair: Pair) -> Block:
    """Return how well off everybody and the two groups of the pair are under each entry."""
    rows = [
        (
            one.entry.label,
            figure(level(one, COST.name), "h"),
            figure(level(one, COST.name, pair[0]), "h"),
            figure(gap_level(one, COST.name, pair), "h", sign=True),
            figure(level(one, WAIT), "h"),
            figure(level(one, DIED), "share"),
        )
        for one in entries
    ]
    return Block(
        "levels", "How well off is everybody, and who is worst off?",
        f"{COST.definition} Worst off and gap: {pair[0]}, and {pair[0]} less {pair[1]}, fixed on tuning seeds. "
        "Means over runs with 95 % intervals.",
        ("policy", "cost, everybody", f"cost, {pair[0]}", "gap", "untreated time", "died"), tuple(rows),
    )  # fmt: skip


def changes_block(changes: Sequence[Change], reference: str, pair: Pair) -> Block:
    """Return what each entry changes for the gap and for the worst off."""
    rows = [
        (
            change.entry.label,
            figure(change.gap.difference, "h", sign=True),
            verdict(change.gap, "smaller", "larger"),
            figure(change.worst.difference, "h", sign=True),
            verdict(change.worst, "better off", "worse off"),
            figure(change.died, "share", sign=True),
        )
        for change in changes
    ]
    dots = [
        Dot(c.entry.label, test.difference, mark=k, heading=heading)
        for k, heading in enumerate((f"Gap, {pair[0]} less {pair[1]}", f"Worst off, {pair[0]}"))
        for c in changes
        for test in ((c.gap, c.worst)[k],)
    ]
    return Block(
        "changes", f"What changes against {reference} on the same patients?",
        "Cost of delay, paired by run; p values are Holm's, for gaps and worst-off groups of all policies together.",
        ("policy", "gap", "reading", f"cost, {pair[0]}", "reading", "died"), tuple(rows), dots=tuple(dots),
        axis=f"Cost of delay, h a patient, less {reference}",
    )  # fmt: skip


def efficiency(change: Change) -> str:
    """Return the reading of the test of efficiency."""
    if change.efficient:
        return "not inferior"
    return "inferior" if change.dearer else "not shown"


def efficiency_block(changes: Sequence[Change], reference: str, margin: float = MARGIN) -> Block:
    """Return whether each entry is as efficient as the reference."""
    rows = [
        (
            change.entry.label,
            figure(change.cost, "h", sign=True),
            figure(scaled(change.cost_part, 100), "per cent", sign=True),
            p_text(change.not_worse.corrected),
            efficiency(change),
        )
        for change in changes
    ]
    return Block(
        "efficiency", f"Is efficiency kept within {100 * margin:g} % of {reference}?",
        f"Cost of everybody. One-sided test against costing {100 * margin:g} % more or worse, paired by run, Holm's "
        "correction for all policies. Inferior: all of a 90 % interval is beyond that. Not shown: neither for certain.",
        ("policy", "cost", f"part of {reference}'s", "p", "efficiency"), tuple(rows),
    )  # fmt: skip


def groups_block(changes: Sequence[Change], groups: Sequence[str], reference: str) -> Block:
    """Return what each entry changes for every group."""
    rows = [(change.entry.label, *(figure(e, "h", sign=True) for e in change.groups)) for change in changes]
    return Block(
        "groups", "Who gains, and who pays?",
        f"Cost of delay of every group less {reference}, paired by run, each interval by itself.",
        ("policy", *groups), tuple(rows),
    )  # fmt: skip


def measure_block(entries: Sequence[Measured], measure: Measure) -> Block:
    """Return a measure of everybody and of every group under each entry."""
    groups = entries[0].groups.names
    rows = [
        (one.entry.label, *(figure(level(one, measure.name, group), measure.unit) for group in ("", *groups)))
        for one in entries
    ]
    return Block(
        measure.name.replace("_", "-"), f"{measure.title}: how well off is every group?",
        f"{measure.definition} Means over runs (and training seeds) with 95 % intervals, each by itself.",
        ("policy", "everybody", *groups), tuple(rows),
    )  # fmt: skip


def seeds_block(entries: Sequence[Measured], pair: Pair, seed: int) -> Block | None:
    """Return how far training seeds of one algorithm differ; None where no entry has several."""
    several = [one for one in entries if len(one.entry.members) > 1]
    if not several:
        return None
    rows = [
        (
            one.entry.label,
            counted(len(one.entry.members), "seed"),
            figure(_middle(one.of(COST.name), seed), "h"),
            ", ".join(f"{value:.2f}" for value in one.of(COST.name).mean(axis=1)),
            ", ".join(f"{value:+.2f}" for value in one.gap(COST.name, pair).mean(axis=1)),
        )
        for one in several
    ]
    return Block(
        "seeds", "How much is luck in training?",
        "Interquartile mean of the cost over training seeds x runs, with its stratified bootstrap over the seeds of "
        "every run (Agarwal et al. 2021); then the mean of each seed. With few seeds the bootstrap is too narrow: the "
        "intervals of the other tables, which count seeds as random, are the ones to judge by.",
        ("policy", "trained", "interquartile mean, h", "cost of each seed, h", "gap of each seed, h"), tuple(rows),
    )  # fmt: skip


def verdict(test: Test, less: str, more: str) -> str:
    """Return what a difference says after correction, with its p value."""
    if test.corrected is None:
        return "one run cannot say"
    word = NO_CLEAR_CHANGE if not test.stands else less if test.difference.value < 0 else more
    return f"{word} ({p_text(test.corrected)})"


def _middle(values: Floats, seed: int) -> Estimated:
    return interquartile_mean_interval(values, seed)
