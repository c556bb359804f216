"""Two ways to count a wait, side by side: everybody's time untreated, and the wait of those served."""

from __future__ import annotations

from dashboards.report.dot_rows import DotRow, dot_figure
from dashboards.report.exhibit import Cell, Exhibit, Table, row
from dashboards.report.ink import Drawing, inline_svg
from dashboards.report.reading import CENSORED, SERVED, UNTREATED, Described, Story
from dashboards.report.wording import Estimate, decimals, full, interval, number, unit, with_unit
from scenarios.units import format_duration


def clocks_exhibit(story: Story) -> Exhibit | None:
    """Return the two measures of waiting under every policy, or nothing when one of them is missing."""
    if not (story.has(UNTREATED) and story.has(SERVED)):
        return None
    metrics = [story.metric(UNTREATED), story.metric(SERVED)]
    tau = format_duration(story.scenario.tau)
    levels = {m.name: [story.level(p, m.name) for p in story.policies] for m in metrics}
    places = decimals([e for es in levels.values() for e in es])
    rows = [DotRow(m.title, tuple(enumerate(levels[m.name]))) for m in metrics]
    alt = "Dot and whisker chart, all patients. " + " ".join(
        f"{m.title}: "
        + ", ".join(f"{story.label(p)} {full(e, places, 'h')}" for p, e in enumerate(levels[m.name]))
        + "."
        for m in metrics
    )
    return Exhibit(
        name="two-clocks",
        title="How long is the wait, and whose wait is counted?",
        subtitle=f"Means of all patients together, {story.runs}. {story.key(range(len(story.policies)))}",
        sentence=_said(story, levels, places),
        svg=inline_svg(Drawing(dot_figure(rows, "hours, from 0"), alt), "clocks"),
        table=_table(story, metrics, levels, places),
        notes=(
            "Why two? The wait of those served leaves out whoever died, left or still waits, so a policy can look "
            "quick by starving the patients it never serves. Untreated time counts everybody from first "
            f"presentation, up to {tau}: whoever dies or leaves untreated counts the full {tau}.",
            f"The wait of those served has no such limit, so where waits exceed {tau} it can be the larger of the two.",
        ),
    )


def _said(story: Story, levels: dict[str, list[Estimate]], places: int) -> str:
    return "\n".join(
        f"Under {story.label(p)}, those served waited {full(levels[SERVED][p], places, 'h')}; counting everybody, "
        f"the mean untreated time is {full(levels[UNTREATED][p], places, 'h')}."
        for p in range(len(story.policies))
    )


def _table(story: Story, metrics: list[Described], levels: dict[str, list[Estimate]], places: int) -> Table:
    rows = [
        row(m.title, *(Cell(with_unit(number(e.mean, places), "h") if e.known else "not known", interval(e, places))
                       for e in levels[m.name]))
        for m in metrics
    ]  # fmt: skip
    if story.has(CENSORED):
        scale = unit(story.metric(CENSORED).unit)
        shares = [story.level(p, CENSORED).times(scale.factor) for p in story.policies]
        own = decimals(shares)
        rows.append(
            row(
                story.metric(CENSORED).title,
                *(Cell(with_unit(number(e.mean, own), scale.level), interval(e, own)) for e in shares),
            )
        )
    return Table("Waiting, all patients: mean and 95 % interval", ("Measure", *story.labels), tuple(rows))
