"""Who gets the vaccine, and how much of it is lost?"""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.report.dot_rows import DotRow, dot_figure
from dashboards.report.exhibit import Cell, Exhibit, Table, row
from dashboards.report.reading import COVERAGE, FEWEST, WASTE, Story
from dashboards.report.wording import (
    Estimate,
    decimals,
    full,
    interval,
    listed,
    mid_sentence,
    number,
    unit,
    verdict,
    with_unit,
)

LEAST = "least"
AXIS = "% of those eligible"


def vaccine_exhibits(story: Story) -> list[Exhibit]:
    """Return coverage by group and waste; nothing when the scenario has no vaccine."""
    if story.scenario.vaccine is None:
        return []
    return [e for e in (_coverage(story), _waste(story)) if e is not None]


@dataclass(frozen=True, slots=True)
class _Covered:
    """One row: everybody, or a group of an attribute."""

    label: str
    attribute: str
    heading: str
    levels: tuple[Estimate, ...]
    changes: tuple[Estimate, ...]


def _coverage(story: Story) -> Exhibit | None:
    if not story.has(COVERAGE):
        return None
    rows = [_covered(story, "Everybody eligible", "", "")]
    hidden = []
    for attribute in story.attributes:
        shown, small = story.groups(attribute, COVERAGE)
        hidden += [f"{g.quoted} ({mid_sentence(story.attribute_title(attribute))})" for g in small]
        rows += [_covered(story, g.shown, attribute, g.value) for g in shown]
    places = decimals([e for r in rows for e in r.levels])
    least = _least(rows, len(story.policies))
    drawn = [
        DotRow(
            r.label,
            tuple(enumerate(r.levels)),
            ringed=frozenset(p for p in range(len(r.levels)) if (p, k) in least),
            heading=r.heading if k and r.heading != rows[k - 1].heading else "",
        )
        for k, r in enumerate(rows)
    ]
    alt = "Dot and whisker chart of vaccine coverage. " + " ".join(
        f"{r.label}: "
        + ", ".join(f"{story.label(p)} {full(e, places, '%')}" for p, e in enumerate(r.levels))
        + "."
        for r in rows
    )
    said = listed([f"{full(e, places, '%')} under {story.label(p)}" for p, e in enumerate(rows[0].levels)])
    notes = [f"Not shown, with fewer than {FEWEST} patients a run: {listed(hidden)}."] if hidden else []
    if least:
        notes.append("Which group has the least is picked from these same runs, so chance has a part in it.")
    return Exhibit(
        name="vaccine-coverage",
        title="Who is vaccinated?",
        subtitle=f"Share of those eligible who got a dose, {story.runs}. "
        f"{story.key(range(len(story.policies)))} A ring: the group of each kind with the least.",
        sentence=f"Of everybody eligible, {said} got a dose.\n{_spread(story, rows, places)}".strip(),
        svg=story.chart("coverage", alt, lambda: dot_figure(drawn, AXIS, most=100.0)),
        table=_coverage_table(story, rows, least, places),
        notes=tuple(notes),
        rows=tuple(drawn),
        axis=AXIS,
    )


def _covered(story: Story, label: str, attribute: str, value: str) -> _Covered:
    factor = unit(story.metric(COVERAGE).unit).factor
    return _Covered(
        label,
        attribute,
        story.attribute_title(attribute) if attribute else "",
        tuple(story.level(p, COVERAGE, attribute, value).times(factor) for p in story.policies),
        tuple(story.change(p, COVERAGE, attribute, value).times(factor) for p in story.policies[1:]),
    )


def _least(rows: list[_Covered], n_policies: int) -> set[tuple[int, int]]:
    """(policy, row) with the least coverage of each attribute with at least two groups."""
    found = set()
    for attribute in dict.fromkeys(r.attribute for r in rows if r.attribute):
        for p in range(n_policies):
            known = [k for k, r in enumerate(rows) if r.attribute == attribute and r.levels[p].known]
            if len(known) > 1:
                found.add((p, min(known, key=lambda k: rows[k].levels[p].mean)))
    return found


def _coverage_table(story: Story, rows: list[_Covered], least: set[tuple[int, int]], places: int) -> Table:
    alone = len(story.policies) == 2
    made = []
    for k, r in enumerate(rows):
        cells = [_cell(e, places, "%", LEAST if (p, k) in least else "") for p, e in enumerate(r.levels)]
        if alone:
            e = r.changes[0]
            own = decimals([e])
            text = with_unit(number(e.mean, own, sign=True), "points") if e.known else "not known"
            cells.append(Cell(text, interval(e, own, sign=True), verdict(e, "higher")))
        made.append(row(Cell(r.label, r.heading), *cells))
    columns = ("Group", *story.labels, *(["Difference"] if alone else []))
    return Table("Vaccine coverage: mean and 95 % interval", columns, tuple(made))


def _spread(story: Story, rows: list[_Covered], places: int) -> str:
    said = []
    for p in range(len(story.policies)):
        known = [r for r in rows if r.attribute and r.levels[p].known]
        if len(known) > 1:
            r = min(known, key=lambda one: one.levels[p].mean)
            said.append(
                f"Under {story.label(p)} it is least for “{r.label}” ({mid_sentence(r.heading)}), "
                f"{full(r.levels[p], places, '%')}."
            )
    return "\n".join(said)


def _waste(story: Story) -> Exhibit | None:
    if not story.has(WASTE):
        return None
    metric = story.metric(WASTE)
    scale = unit(metric.unit)
    levels = [story.level(p, WASTE).times(scale.factor) for p in story.policies]
    places = decimals(levels)
    rows, axis = [DotRow(metric.title, tuple(enumerate(levels)))], scale.axis or metric.unit or "doses"
    said = listed([f"{full(e, places, scale.level)} under {story.label(p)}" for p, e in enumerate(levels)])
    return Exhibit(
        name="vaccine-waste",
        title="How much vaccine is lost?",
        subtitle="Doses expired, left in an open vial past its limit, spoilt by a break in the cold chain, or without "
        f"room in the fridge; {story.runs}. {story.key(range(len(story.policies)))}",
        sentence=f"{metric.title}: {said}.",
        svg=story.chart(
            "waste",
            f"Dot and whisker chart, {metric.title}: {said}.",
            lambda: dot_figure(rows, axis, most=100.0 if scale.level == "%" else None),
        ),
        table=Table(
            "Vaccine lost: mean and 95 % interval",
            ("What", *story.labels),
            (row(metric.title, *(_cell(e, places, scale.level) for e in levels)),),
        ),
    )


def _cell(e: Estimate, places: int, symbol: str, tag: str = "") -> Cell:
    return Cell(with_unit(number(e.mean, places), symbol) if e.known else "–", interval(e, places), tag)
