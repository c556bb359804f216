"""What does the policy change? Paired differences with their intervals, zero always shown."""

from __future__ import annotations

from dashboards.report import people
from dashboards.report.dot_rows import DotRow, dot_figure
from dashboards.report.exhibit import Cell, Exhibit, Table, row
from dashboards.report.ink import mark
from dashboards.report.reading import Described, Story
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

LESS, MORE = "less is better", "more is better"


CHARTED = {"h": "How do times change?", "share": "How many are treated in time, leave or die?"}
"""Units with a chart of their own, since hours and shares do not share an axis; the others share a table."""


def difference_exhibits(story: Story) -> list[Exhibit]:
    """Return what changes against the first policy; nothing for a single policy."""
    if len(story.policies) == 1:
        return []
    metrics = [m for m in story.headline_metrics() if not story.absent(m.name)]
    absent = [m.title for m in story.headline_metrics() if story.absent(m.name)]
    exhibits = [
        _charted(story, unit_name, chosen)
        for unit_name in CHARTED
        if (chosen := [m for m in metrics if m.unit == unit_name])
    ]
    rest = [m for m in metrics if m.unit not in CHARTED]
    if rest or absent:
        exhibits.append(_tabled(story, rest, absent))
    return exhibits


def _changes(story: Story, metrics: list[Described]) -> dict[str, list[Estimate]]:
    return {
        m.name: [story.change(p, m.name).times(unit(m.unit).factor) for p in story.policies[1:]]
        for m in metrics
    }


def _charted(story: Story, unit_name: str, metrics: list[Described]) -> Exhibit:
    changes = _changes(story, metrics)
    others = range(1, len(story.policies))
    alone = len(others) == 1
    rows = [
        DotRow(
            label=metric.title,
            lanes=tuple(zip(others, changes[metric.name], strict=True)),
            value=_short(changes[metric.name][0]) if alone else "",
            hollow_when_unclear=True,
        )
        for metric in metrics
    ]
    first = story.label(0)
    alt = f"Dot and whisker chart of differences from {first}. " + " ".join(
        f"{m.title}: {'; '.join(_said(story, p, e, m) for p, e in zip(others, changes[m.name], strict=True))}."
        for m in metrics
    )
    name = f"change-{story.slug(unit_name)}"
    axis = f"difference from {first}, {_axis_unit(unit_name)}"
    return Exhibit(
        name=name,
        title=CHARTED[unit_name],
        subtitle=f"Mean of the differences between paired runs (the same {people.same(story.scenario)}), "
        f"{story.runs}. Hollow: {NO_CLEAR_CHANGE}, the interval does not leave out zero. {story.key(others)}",
        sentence=_sentence(story, metrics, changes),
        svg=story.chart(name, alt, lambda: dot_figure(rows, axis, difference=True)),
        table=_table(story, metrics, changes),
        rows=tuple(rows),
        axis=axis,
    )


def _tabled(story: Story, metrics: list[Described], absent: list[str]) -> Exhibit:
    changes = _changes(story, metrics)
    never = f"Did not happen under any policy: {listed([mid_sentence(title) for title in absent])}."
    return Exhibit(
        name="change-rest",
        title="What else changes?",
        subtitle=f"Mean of the differences between paired runs, {story.runs}; each row in its own unit.",
        sentence=_sentence(story, metrics, changes) if metrics else never,
        table=_table(story, metrics, changes) if metrics else None,
        notes=(never,) if absent and metrics else (),
    )


def _axis_unit(unit_name: str) -> str:
    return "percentage points" if unit(unit_name).level == "%" else unit(unit_name).axis


def _short(e: Estimate) -> str:
    places = decimals([e])
    return (
        f"{number(e.mean, places, sign=True)} {interval(e, places, sign=True)}".strip()
        if e.known
        else "not known"
    )


def _said(story: Story, place: int, e: Estimate, metric: Described) -> str:
    size = full(e, decimals([e]), unit(metric.unit).change, sign=True)
    return f"{story.label(place)} ({mark(place).words}) {size}, {verdict(e, metric.better)}"


def _sentence(story: Story, metrics: list[Described], changes: dict[str, list[Estimate]]) -> str:
    said = []
    for k, name in enumerate(story.labels[1:]):
        kinds: dict[str, list[str]] = {}
        for metric in metrics:
            kinds.setdefault(verdict(changes[metric.name][k], metric.better), []).append(
                mid_sentence(metric.title)
            )
        order = (
            "better",
            "worse",
            "lower",
            "higher",
            NO_CLEAR_CHANGE,
            "no difference in any run",
            "one run: cannot say",
        )
        parts = [f"{kind} for {listed(kinds[kind])}" if kind in order[:2] else f"{kind}: {listed(kinds[kind])}"
                 for kind in order if kind in kinds]  # fmt: skip
        said.append(f"{name} against {story.label(0)}: {'; '.join(parts) or 'nothing to compare'}.")
    return "\n".join(sentence_case(s) for s in said)


def _table(story: Story, metrics: list[Described], changes: dict[str, list[Estimate]]) -> Table:
    rows = []
    for metric in metrics:
        direction = {"lower": LESS, "higher": MORE}.get(metric.better, "")
        symbol = unit(metric.unit).change
        cells = []
        for e in changes[metric.name]:
            places = decimals([e])
            cells.append(Cell(with_unit(number(e.mean, places, sign=True), symbol) if e.known else "not known",
                              interval(e, places, sign=True), verdict(e, metric.better)))  # fmt: skip
        rows.append(row(Cell(metric.title, direction), *cells))
    return Table(
        caption=f"Difference from {story.label(0)}: mean, 95 % interval, reading",
        columns=("What", *story.labels[1:]),
        rows=tuple(rows),
    )
