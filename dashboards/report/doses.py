"""Who gets the vaccine, and how much of it is lost?"""

from __future__ import annotations

from dashboards.report.dot_rows import DotRow, dot_figure
from dashboards.report.exhibit import Cell, Exhibit, Table, row
from dashboards.report.ink import Drawing, inline_svg
from dashboards.report.reading import COVERAGE, FEWEST, WASTE, Story
from dashboards.report.wording import Estimate, decimals, full, interval, listed, number, unit, with_unit


def vaccine_exhibits(story: Story) -> list[Exhibit]:
    """Return coverage by group and waste; nothing when the scenario has no vaccine."""
    if story.scenario.vaccine is None:
        return []
    return [e for e in (_coverage(story), _waste(story)) if e is not None]


def _coverage(story: Story) -> Exhibit | None:
    if not story.has(COVERAGE):
        return None
    scale = unit(story.metric(COVERAGE).unit)
    named = [
        ("Everybody eligible", "", "", [story.level(p, COVERAGE).times(scale.factor) for p in story.policies])
    ]
    hidden = []
    for attribute in story.attributes:
        shown, small = story.groups(attribute, COVERAGE)
        hidden += [f"{g.label} ({story.attribute_title(attribute)})" for g in small]
        named += [
            (g.label, story.attribute_title(attribute), g.value,
             [story.level(p, COVERAGE, attribute, g.value).times(scale.factor) for p in story.policies])
            for g in shown
        ]  # fmt: skip
    title, everybody = "Who is vaccinated?", named[0][3]
    places = decimals([e for *_, es in named for e in es])
    rows = [
        DotRow(f"{label} · {kind}" if kind else label, tuple(enumerate(es))) for label, kind, _, es in named
    ]
    alt = "Dot and whisker chart of vaccine coverage. " + " ".join(
        f"{r.label}: " + ", ".join(f"{story.label(p)} {full(e, places, '%')}" for p, e in r.lanes) + "."
        for r in rows
    )
    said = listed([f"{full(e, places, '%')} under {story.label(p)}" for p, e in enumerate(everybody)])
    return Exhibit(
        name="vaccine-coverage",
        title=title,
        subtitle=f"Share of those eligible who got a dose, {story.runs}. "
        f"{story.key(range(len(story.policies)))}",
        sentence=f"Of everybody eligible, {said} got a dose. {_spread(story, named, places)}".strip(),
        svg=inline_svg(Drawing(dot_figure(rows, "% of those eligible", most=100.0), alt), "coverage"),
        table=Table(
            "Vaccine coverage: mean and 95 % interval",
            ("Group", *story.labels),
            tuple(
                row(Cell(label, kind), *(_cell(e, places, "%") for e in es)) for label, kind, _, es in named
            ),
        ),
        notes=(f"Not shown, with fewer than {FEWEST} patients a run: {listed(hidden)}.",) if hidden else (),
    )


def _spread(story: Story, named: list[tuple[str, str, str, list[Estimate]]], places: int) -> str:
    said = []
    for p in range(len(story.policies)):
        known = [(label, es[p]) for label, kind, _, es in named if kind and es[p].known]
        if len(known) > 1:
            label, least = min(known, key=lambda pair: pair[1].mean)
            said.append(f"Under {story.label(p)} it is lowest for {label}, {full(least, places, '%')}.")
    return " ".join(said)


def _waste(story: Story) -> Exhibit | None:
    if not story.has(WASTE):
        return None
    metric = story.metric(WASTE)
    scale = unit(metric.unit)
    levels = [story.level(p, WASTE).times(scale.factor) for p in story.policies]
    places = decimals(levels)
    rows = [DotRow(metric.title, tuple(enumerate(levels)))]
    said = listed([f"{full(e, places, scale.level)} under {story.label(p)}" for p, e in enumerate(levels)])
    return Exhibit(
        name="vaccine-waste",
        title="How much vaccine is lost?",
        subtitle="Doses expired, left in an open vial past its limit, spoilt by a break in the cold chain, or without "
        f"room in the fridge; {story.runs}. {story.key(range(len(story.policies)))}",
        sentence=f"{metric.title}: {said}.",
        svg=inline_svg(
            Drawing(
                dot_figure(
                    rows, scale.axis or metric.unit or "doses", most=100.0 if scale.level == "%" else None
                ),
                f"Dot and whisker chart, {metric.title}: {said}.",
            ),
            "waste",
        ),
        table=Table(
            "Vaccine lost: mean and 95 % interval",
            ("What", *story.labels),
            (row(metric.title, *(_cell(e, places, scale.level) for e in levels)),),
        ),
    )


def _cell(e: Estimate, places: int, symbol: str) -> Cell:
    return Cell(with_unit(number(e.mean, places), symbol) if e.known else "–", interval(e, places))
