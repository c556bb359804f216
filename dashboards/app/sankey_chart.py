"""The paths of patients as a Sankey diagram: HoloViews lays it out and draws it with Bokeh, we name its nodes."""

from __future__ import annotations

from collections.abc import Mapping

from bokeh.models import GraphRenderer, HoverTool, Quad, Text
from bokeh.plotting import figure

from dashboards.app.charts import INK
from dashboards.app.map_chart import LIGHT_INK, LIGHT_PAPER, follow_theme
from dashboards.app.taken_paths import AT_ONCE, MOVED_FIRST, MOVED_LATER, UNTREATED, VACCINATED, WAITED, Flows
from dashboards.report.wording import number, shortened, tidy

COLOURS = {
    AT_ONCE: "#0072b2", WAITED: "#56b4e9", MOVED_FIRST: "#e69f00", MOVED_LATER: "#cc79a7", VACCINATED: "#004d7a",
    UNTREATED: "#d55e00",
}  # fmt: skip
"""Of Okabe and Ito; the nodes are named, so no colour has to be recognised."""
LONGEST_NAME = 22
FLAT, EACH = 120, 34
"""Pixels of height, and more for each node of the longest column."""
NODE_WIDTH = 14
ACROSS, SIDE, BESIDE = 1000, 6, 6
"""The width of HoloViews' layout, what is left free beside it, and between a bar and its name, in its units."""


def sankey_chart(found: Flows, titles: Mapping[str, str], key: str, counts: bool = True) -> figure | None:
    """Return the diagram; none without patients. Takes some 0.2 s, so it is not drawn on the event loop.

    `counts`: whether names have numbers behind them; on a phone there is no room for them.
    """
    if not found.patients:
        return None
    import holoviews as hv
    import holoviews.plotting.bokeh  # registers how it is drawn

    nodes = found.nodes()[::-1]  # HoloViews puts the first lowest
    place = {(column, name): k for k, (column, name, _) in enumerate(nodes)}
    named = [titles.get(name, name) if column == 0 else tidy(name) for column, name, _ in nodes]
    short = [shortened(name, LONGEST_NAME) for name in named]
    shown = [
        f"{name} {number(n, 0)}" if counts else name for name, (_, _, n) in zip(short, nodes, strict=True)
    ]
    colours = [COLOURS.get(name, INK) if column == 1 else INK for column, name, _ in nodes]
    longest = max(sum(node[0] == column for node in nodes) for column in range(3))
    edges = [
        (place[start], place[end], n, f"{named[place[start]]} → {named[place[end]]}", COLOURS[care])
        for start, end, n, care in found.links()
    ]
    drawn = hv.Sankey(
        (edges, hv.Dataset((range(len(nodes)), shown, colours), "node", ["name", "colour"])),
        ["from", "to"],
        ["patients", "way", "colour of care"],
    ).opts(
        backend="bokeh", node_sort=False, labels="name", show_values=False, node_color="colour",
        edge_color="colour of care", edge_fill_alpha=0.5, edge_line_color=None, node_width=NODE_WIDTH,
        node_padding=_padding(longest),
        default_tools=["hover"], toolbar=None, xaxis=None, yaxis=None, bgcolor=None, show_frame=False,
        hover_tooltips=[("", "@way"), ("patients", "@patients")], iterations=8,
    )  # fmt: skip
    chart = hv.render(drawn, backend="bokeh")
    _fit(chart, key, FLAT + EACH * longest)
    _name(chart, shown, [node[0] for node in nodes])
    return chart


def _padding(longest: int) -> int:
    """Return what is free between nodes in units of the layout, which is 500 high."""
    return min(26, 220 // max(longest - 1, 1))


def _fit(chart: figure, key: str, height: int) -> None:
    chart.width = None
    for renderer in chart.renderers:
        if isinstance(renderer, GraphRenderer):
            renderer.node_renderer.visible = False  # dots behind the bars
    chart.tools = [tool for tool in chart.tools if isinstance(tool, HoverTool)]
    chart.x_range.update(start=-SIDE, end=ACROSS + SIDE, bounds=None)
    chart.update(
        name=key, sizing_mode="stretch_width", height=height, min_border=0, outline_line_color=None,
        background_fill_color=None, border_fill_color=None,
    )  # fmt: skip


def _name(chart: figure, shown: list[str], columns: list[int]) -> None:
    """Write names beside the bars, inside the diagram, where they do not meet on a phone."""
    bars = next(r for r in chart.renderers if isinstance(getattr(r, "glyph", None), Quad)).data_source.data
    names = next(r for r in chart.renderers if isinstance(getattr(r, "glyph", None), Text))
    ends = [columns[int(k)] == 2 for k in bars["index"]]
    names.data_source.data = {
        "x": [
            x0 - BESIDE if end else x1 + BESIDE
            for x0, x1, end in zip(bars["x0"], bars["x1"], ends, strict=True)
        ],
        "y": [(y0 + y1) / 2 for y0, y1 in zip(bars["y0"], bars["y1"], strict=True)],
        "text": [shown[int(k)] for k in bars["index"]],
        "side": ["right" if end else "left" for end in ends],
    }
    names.glyph.update(
        x="x", y="y", text="text", text_align={"field": "side"}, text_baseline="middle", text_font_size="12px",
        text_color=LIGHT_INK, background_fill_color=LIGHT_PAPER, background_fill_alpha=0.6, padding=1,
        border_radius=2,
    )  # fmt: skip
    follow_theme(chart, [names.glyph])
