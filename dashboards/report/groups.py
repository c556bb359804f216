"""Who waits? The mean untreated time of every group, policy by policy."""

from __future__ import annotations

from dashboards.report.dot_rows import DotRow, dot_figure
from dashboards.report.exhibit import Cell, Exhibit, Table, row
from dashboards.report.ink import mark
from dashboards.report.reading import ACUITY, FEWEST, UNTREATED, Group, Story
from dashboards.report.wording import (
    NO_CLEAR_CHANGE,
    Estimate,
    decimals,
    full,
    interval,
    listed,
    mid_sentence,
    number,
    sentence_case,
    unit,
    verdict,
    with_unit,
)

CAUTION = (
    "A ring marks the group that waits longest. It is picked from these same runs, so chance has a part in it where "
    "groups are close, and its gap to others is a little exaggerated. Intervals are not widened for their number."
)

WORST = "longest"

Levels = list[tuple[Group, Estimate]]


def group_exhibits(story: Story) -> list[Exhibit]:
    """Return one exhibit for each attribute that the scenario compares, and one by urgency when there are levels."""
    urgency = [ACUITY] if len(story.scenario.acuities) > 1 else []
    return [
        _exhibit(story, UNTREATED, attribute) for attribute in dict.fromkeys((*story.attributes, *urgency))
    ]


def worst_off(levels: list[tuple[Group, Estimate]], better: str) -> Group | None:
    """Return the group with the worst mean, if there are at least two that are known."""
    known = [(g, e) for g, e in levels if e.known]
    if len(known) < 2 or len({e.mean for _, e in known}) == 1:
        return None
    return (min if better == "higher" else max)(known, key=lambda pair: pair[1].mean)[0]


def _exhibit(story: Story, metric_name: str, attribute: str) -> Exhibit:
    metric = story.metric(metric_name)
    scale = unit(metric.unit)
    shown, hidden = story.groups(attribute, metric_name)
    levels = {
        p: [(g, story.level(name, metric_name, attribute, g.value).times(scale.factor)) for g in shown]
        for p, name in enumerate(story.policies)
    }
    worst = {p: worst_off(pairs, metric.better) for p, pairs in levels.items()}
    title = mid_sentence(story.attribute_title(attribute))
    exhibit_title = f"Who waits, by {title}?"
    subtitle = (
        f"{metric.title}, {story.runs}, groups in the order of the scenario. "
        f"{story.key(range(len(story.policies)))} A ring: the group that waits longest."
    )
    notes = _notes(hidden)
    name = f"groups-{story.slug(attribute)}"
    if not shown:
        return Exhibit(
            name, exhibit_title, subtitle, "No group has enough patients to be shown.", notes=notes
        )
    rows = [
        DotRow(
            label=group.shown,
            lanes=tuple((p, pairs[k][1]) for p, pairs in levels.items()),
            ringed=frozenset(p for p, w in worst.items() if w == group),
        )
        for k, group in enumerate(shown)
    ]
    everything = [e for pairs in levels.values() for _, e in pairs]
    places = decimals(everything)
    alt = f"Dot and whisker chart, {metric.title} by {title}. " + " ".join(
        f"{story.label(p)} ({mark(p).words}): "
        + ", ".join(f"{g.label} {full(e, places, scale.level)}" for g, e in pairs)
        + "."
        for p, pairs in levels.items()
    )
    axis = f"{scale.axis}, from 0"
    return Exhibit(
        name=name,
        title=exhibit_title,
        subtitle=subtitle,
        sentence=_sentence(story, metric_name, attribute, levels, worst, places),
        svg=story.chart(name, alt, lambda: dot_figure(rows, axis)),
        table=_table(story, metric_name, attribute, levels, worst, places, with_counts=not hidden),
        notes=notes,
        rows=tuple(rows),
        axis=axis,
    )


def _compared(pairs: Levels, worst: Group, better: str) -> tuple[Group, str]:
    """Return whom the worst-off group is held against: the scenario's reference, else the best-off."""
    known = [(g, e) for g, e in pairs if e.known and g != worst]
    for group, _ in known:
        if group.is_reference:
            return group, ", the reference"
    return (max if better == "higher" else min)(known, key=lambda pair: pair[1].mean)[0], " waits least"


def _sentence(
    story: Story,
    metric: str,
    attribute: str,
    levels: dict[int, Levels],
    worst: dict[int, Group | None],
    places: int,
) -> str:
    scale = unit(story.metric(metric).unit)
    said = []
    for p, pairs in levels.items():
        group = worst[p]
        if group is None:
            continue
        other, words = _compared(pairs, group, story.metric(metric).better)
        means = dict(pairs)
        gap = story.gap(story.policies[p], metric, attribute, group.value, other.value).times(scale.factor)
        said.append(
            f"Under {story.label(p)}, {group.quoted} waits longest, {full(means[group], places, scale.level)}; "
            f"{other.quoted}{words}, {full(means[other], places, scale.level)}. {_gap_said(gap, scale.level)}"
        )
    shown = [g for g, _ in levels[0]]
    better = story.metric(metric).better
    for p in range(1, len(story.policies)):
        kinds: dict[str, list[str]] = {}
        for group in shown:
            reading = verdict(story.change(story.policies[p], metric, attribute, group.value), better)
            kinds.setdefault(reading, []).append(group.quoted)
        parts = [
            f"{words} for {_all_or_listed(kinds[kind], len(shown), 'every' if 'clearly' in words else 'any')}"
            for kind, words in (
                ("better", "clearly shorter"),
                ("worse", "clearly longer"),
                (NO_CLEAR_CHANGE, NO_CLEAR_CHANGE),
                ("no difference in any run", "no difference"),
            )
            if kind in kinds
        ]
        if parts:
            said.append(f"{sentence_case(story.label(p))} against {story.label(0)}: {'; '.join(parts)}.")
    return "\n".join(said) or "There is nothing to compare."


def _gap_said(gap: Estimate, symbol: str) -> str:
    if not gap.bounded:
        return ""
    clear = gap.low > 0 or gap.high < 0
    return f"The gap within a run is {full(gap, decimals([gap]), symbol)}{'' if clear else ', not clearly a gap'}."


def _all_or_listed(labels: list[str], of: int, all_of_them: str) -> str:
    return f"{all_of_them} group" if len(labels) == of > 1 else listed(labels)


def _table(
    story: Story,
    metric: str,
    attribute: str,
    levels: dict[int, Levels],
    worst: dict[int, Group | None],
    places: int,
    with_counts: bool,
) -> Table:
    symbol = unit(story.metric(metric).unit).level
    factor = unit(story.metric(metric).unit).factor
    changes = story.policies[1:] if len(story.policies) == 2 else ()
    rows = []
    for k, (group, first) in enumerate(levels[0]):
        below = f"{number(first.n, 0)} a run" if with_counts and first.n == first.n else ""
        cells = [
            Cell(with_unit(number(e.mean, places), symbol) if e.known else "not known", interval(e, places),
                 WORST if worst[p] == group else "")
            for p, e in ((p, pairs[k][1]) for p, pairs in levels.items())
        ]  # fmt: skip
        for name in changes:
            e = story.change(name, metric, attribute, group.value).times(factor)
            own = decimals([e])
            cells.append(Cell(with_unit(number(e.mean, own, sign=True), symbol) if e.known else "not known",
                              interval(e, own, sign=True), verdict(e, story.metric(metric).better)))  # fmt: skip
        rows.append(row(Cell(group.shown, below), *cells))
    by = mid_sentence(story.attribute_title(attribute))
    return Table(
        caption=f"{story.metric(metric).title} by {by}: mean and 95 % interval"
        f"{'; below a group, its patients' if with_counts else ''}",
        columns=("Group", *story.labels, *(["Difference"] if changes else [])),
        rows=tuple(rows),
    )


def _notes(hidden: list[Group]) -> tuple[str, ...]:
    notes = []
    if hidden:
        notes.append(
            f"Not shown: {listed([g.quoted for g in hidden])}, with fewer than {FEWEST} patients a run. The counts of "
            "the other groups are left out here, so that the hidden cannot be worked out by subtraction."
        )
    return tuple(notes)
