"""A study on one page that opens offline: its sentence, charts and tables, and what to bear in mind."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.report.dot_rows import DotRow, dot_figure
from dashboards.report.exhibit import Exhibit, Table, row
from dashboards.report.ink import Drawing, inline_svg
from dashboards.report.page import fill
from dashboards.report.wording import Estimate, decimals, full, sentence_case
from policies.told import Block, Dot, Told


def render_leaflet(told: Told, drawings: Mapping[str, Drawing] | None = None) -> str:
    """Return the page as text; `drawings` are charts by the name of their block."""
    return fill(
        "leaflet.html.jinja",
        title=sentence_case(told.title),
        question=sentence_case(told.question),
        sentence=sentence_case(told.sentence),
        facts=told.facts,
        exhibits=exhibits(told, drawings or {}),
        notes=told.notes,
    )


def exhibits(told: Told, drawings: Mapping[str, Drawing]) -> list[Exhibit]:
    """Return the blocks of a study as exhibits; `drawings` are charts by the name of their block."""
    return [_exhibit(block, drawings) for block in told.blocks]


def _exhibit(block: Block, drawings: Mapping[str, Drawing]) -> Exhibit:
    drawing = drawings.get(block.name) or (_dots(block) if block.dots else None)
    return Exhibit(
        name=block.name,
        title=sentence_case(block.title),
        subtitle=block.method,
        sentence=block.sentence,
        svg=inline_svg(drawing, block.name) if drawing is not None else "",
        table=Table(block.title, block.columns, tuple(row(*cells) for cells in block.rows), numeric=False),
        notes=block.notes,
    )


def _dots(block: Block) -> Drawing:
    rows = []
    for dot in block.dots:
        e = _estimate(dot)
        rows.append(
            DotRow(
                label=dot.label, lanes=((dot.mark, e),), value=full(e, decimals([e]), "", sign=block.difference),
                hollow_when_unclear=block.difference, heading=dot.heading,
            )
        )  # fmt: skip
    said = "; ".join(f"{r.label} {r.value}" for r in rows)
    return Drawing(
        dot_figure(rows, block.axis, difference=block.difference),
        f"Dot and whisker chart. {block.axis}: {said}.",
    )


def _estimate(dot: Dot) -> Estimate:
    return Estimate(dot.estimate.value, dot.estimate.low, dot.estimate.high)
