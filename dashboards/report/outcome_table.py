"""Everything that was measured, for all patients together."""

from __future__ import annotations

from dashboards.report.exhibit import Cell, Table, row
from dashboards.report.reading import Story
from dashboards.report.wording import decimals, interval, number, unit, with_unit


def outcome_table(story: Story) -> Table:
    """Return all metrics under all policies."""
    rows = []
    for metric in story.metrics:
        scale = unit(metric.unit)
        levels = [story.level(p, metric.name).times(scale.factor) for p in story.policies]
        if not any(e.known for e in levels):
            continue
        places = decimals(levels)
        rows.append(
            row(
                metric.title,
                *(
                    Cell(
                        with_unit(number(e.mean, places), scale.level) if e.known else "–",
                        interval(e, places),
                    )
                    for e in levels
                ),
            )
        )
    return Table("All patients together: mean and 95 % interval", ("What", *story.labels), tuple(rows))
