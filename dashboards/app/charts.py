"""Bokeh charts: the same rows as the report's, with values under the pointer; shapes and dashes, never colour alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bokeh.models import (
    BoxAnnotation,
    ColumnDataSource,
    CustomJSTickFormatter,
    HoverTool,
    Range1d,
    Span,
    Whisker,
)
from bokeh.plotting import figure

from dashboards.report.dot_rows import DotRow
from dashboards.report.ink import mark
from dashboards.report.occupancy import Course
from dashboards.report.wording import Estimate, decimals, full

BLUE, VERMILION, INK, GREY, RULE = "#0072b2", "#d55e00", "#6b7178", "#80868d", "#a8adb355"
"""Ink and grey stand between light and dark, so that lines read on both."""
SHAPES = {
    "o": "circle",
    "D": "diamond",
    "s": "square",
    "^": "triangle",
    "v": "inverted_triangle",
    "P": "plus",
}
LANE, GAP, FRAME = 22, 14, 60


def plain_figure(**options: object) -> figure:
    """Return a figure without ornament, transparent, so that the page's colours are behind it."""
    made = figure(
        sizing_mode="stretch_width", toolbar_location=None, tools=options.pop("tools", ""),
        background_fill_color=None, border_fill_color=None, outline_line_color=None, **options,
    )  # fmt: skip
    for axis in (*made.xaxis, *made.yaxis):
        axis.axis_line_color = None
        axis.major_tick_line_color = axis.minor_tick_line_color = None
        axis.major_label_text_font_size = axis.axis_label_text_font_size = "13px"
        axis.axis_label_text_font_style = "normal"
    made.xgrid.grid_line_color = made.ygrid.grid_line_color = RULE
    return made


def dot_chart(
    rows: Sequence[DotRow],
    labels: Sequence[str],
    axis: str,
    key: str,
    difference: bool = False,
    unit: str = "",
) -> figure:
    """Return dots with whiskers, a row each, a lane for every policy; zero is always on the axis.

    `key` is the key of the result shown; it is the figure's name.
    """
    names = [row.label for row in rows]
    lanes = sorted({place for row in rows for place, _ in row.lanes})
    names = [name if names.count(name) == 1 else f"{name} ({k + 1})" for k, name in enumerate(names)]
    chart = plain_figure(
        height=FRAME + sum(LANE * len(row.lanes) + GAP for row in rows), y_range=names[::-1], name=key,
        x_range=_range(rows, difference), x_axis_label=axis,
    )  # fmt: skip
    chart.ygrid.grid_line_color = None
    chart.add_layout(
        Span(location=0, dimension="height", line_color=INK, line_width=1.5 if difference else 1)
    )
    for lane, place in enumerate(lanes):
        found = [
            (k, estimate)
            for k, row in enumerate(rows)
            for p, estimate in row.lanes
            if p == place and estimate.known
        ]
        shift = 0.0 if len(lanes) == 1 else 0.5 * (0.5 - lane / (len(lanes) - 1))
        _lane(
            chart,
            [(names[k], shift, estimate, rows[k]) for k, estimate in found],
            place,
            labels[place],
            unit,
            difference,
        )
    return chart


def _lane(
    chart: figure,
    found: Sequence[tuple[str, float, Estimate, DotRow]],
    place: int,
    label: str,
    unit: str,
    difference: bool,
) -> None:
    look = mark(place)
    colour = look.colour if look.colour in (BLUE, VERMILION) else INK
    unclear = [row.hollow_when_unclear and not (e.low > 0 or e.high < 0) for _, _, e, row in found]
    source = ColumnDataSource({
        "x": [e.mean for _, _, e, _ in found],
        "y": [(name, shift) for name, shift, _, _ in found],
        "low": [e.low if e.bounded else e.mean for _, _, e, _ in found],
        "high": [e.high if e.bounded else e.mean for _, _, e, _ in found],
        "group": [name for name, _, _, _ in found],
        "said": [full(e, decimals([e]), unit, sign=difference) for _, _, e, _ in found],
        "fill": [0.0 if one else 1.0 for one in unclear],
        "size": [11 if look.shape == "o" else 13 for _ in found],
    })  # fmt: skip
    whisker = Whisker(
        base="y", lower="low", upper="high", dimension="width", source=source, line_color=colour, line_width=2
    )
    whisker.upper_head.line_color = whisker.lower_head.line_color = colour
    whisker.upper_head.size = whisker.lower_head.size = 7
    chart.add_layout(whisker)
    shown = chart.scatter(
        "x", "y", source=source, marker=SHAPES[look.shape], size="size", line_color=colour, line_width=2,
        fill_color=colour, fill_alpha="fill"
    )  # fmt: skip
    ringed = [k for k, (_, _, _, row) in enumerate(found) if place in row.ringed]
    if ringed:
        rings = ColumnDataSource({name: [source.data[name][k] for k in ringed] for name in ("x", "y")})
        chart.scatter("x", "y", source=rings, size=22, fill_color=None, line_color=INK, line_width=1.5)
    chart.add_tools(
        HoverTool(renderers=[shown], tooltips=[("", "@group"), (label.replace("@", " "), "@said")])
    )


def _range(rows: Sequence[DotRow], difference: bool) -> Range1d:
    values = [
        v for row in rows for _, e in row.lanes if e.known for v in (e.mean, e.low, e.high) if np.isfinite(v)
    ]
    low, high = min([0.0, *values]), max([0.0, *values])
    room = 0.06 * ((high - low) or 1.0)
    return Range1d(low - room if low < 0 or difference else low - 0.01 * (high - low), high + room)


def quantile_dots(values: Sequence[float], axis: str, key: str, n: int = 20) -> figure:
    """Return `n` dots, each an equally likely run: count them instead of reading a density."""
    quantiles = np.quantile(np.asarray(values), (np.arange(n) + 0.5) / n)
    low, high = float(min(values)), float(max(values))
    width = (high - low) / 10 or max(abs(high), 1.0) / 10
    bins = np.round((quantiles - low) / width) * width + low
    heights = [int(np.sum(bins[:k] == x)) + 1 for k, x in enumerate(bins)]
    source = ColumnDataSource({"x": bins, "y": heights, "value": quantiles})
    chart = plain_figure(
        height=190, name=key, x_axis_label=axis, y_range=Range1d(0.3, max(6, *heights) + 0.7),
        x_range=Range1d(low - 1.5 * width, high + 1.5 * width),
    )  # fmt: skip
    chart.yaxis.visible = False
    chart.ygrid.grid_line_color = None
    dots = chart.scatter("x", "y", source=source, size=14, color=BLUE)
    chart.add_tools(HoverTool(renderers=[dots], tooltips=[("about", "@value{0.00}")]))
    return chart


BOKEH_DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot", (8, 2))


def course_chart(
    title: str, courses: Sequence[Course | None], horizon: float, warm_up: float, top: float, key: str
) -> figure:
    """Return the beds in use of a hospital over time, one line a policy, the band of the middle 80 % of runs."""
    hours, axis = (24, "day") if horizon > 48 else (1, "hour")
    chart = plain_figure(
        height=185,
        name=key,
        title=title,
        x_axis_label=axis,
        x_range=Range1d(0, horizon / hours),
        y_range=Range1d(0, top),
    )
    chart.title.text_font_size = "14px"
    chart.xgrid.grid_line_color = None
    chart.yaxis.ticker = [0, 50, 100]
    chart.yaxis.formatter = CustomJSTickFormatter(code="return tick == 100 ? '100 %' : String(tick)")
    chart.add_layout(Span(location=100, dimension="width", line_color=INK, line_width=1))
    if warm_up:
        chart.add_layout(
            BoxAnnotation(left=0, right=warm_up / hours, fill_color=GREY, fill_alpha=0.14, line_color=None)
        )
    for place, course in enumerate(courses):
        if course is None:
            continue
        look = mark(place)
        colour = look.colour if look.colour in (BLUE, VERMILION) else INK
        source = ColumnDataSource({
            "x": course.hours / hours, "mean": course.mean, "low": course.low, "high": course.high
        })  # fmt: skip
        chart.varea("x", "low", "high", source=source, fill_color=colour, fill_alpha=0.16)
        line = chart.line(
            "x", "mean", source=source, line_color=colour, line_width=2, line_dash=BOKEH_DASHES[place % 6]
        )
        tips = [(axis, "@x{0.0}"), ("in use", "@mean{0} %"), ("8 in 10 runs", "@low{0} to @high{0} %")]
        chart.add_tools(HoverTool(renderers=[line], tooltips=tips, mode="vline"))
    return chart
