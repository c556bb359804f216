"""The Pareto front as a Bokeh chart that can be tapped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bokeh.models import ColumnDataSource, HoverTool, LabelSet, Range1d, TapTool, Whisker
from bokeh.plotting import figure

from dashboards.app.charts import BLUE, VERMILION, plain_figure
from dashboards.app.map_chart import LIGHT_INK, follow_theme
from policies.tradeoffs.front import Front


def front_figure(found: Front, key: str, on_tap: Callable[[int], Any]) -> figure:
    """Return options by the first two objectives, with intervals; `on_tap` gets the number of the option tapped."""
    across, up = found.objectives[:2]
    (fx, ux), (fy, uy) = across.unit, up.unit
    x = [s.values[0] for s in found.standings]
    y = [s.values[1] for s in found.standings]
    on = [s.on_front for s in found.standings]
    data = {
        "x": [e.value * fx for e in x], "x_low": [e.low * fx for e in x], "x_high": [e.high * fx for e in x],
        "y": [e.value * fy for e in y], "y_low": [e.low * fy for e in y], "y_high": [e.high * fy for e in y],
        "label": list(found.labels), "marker": ["circle" if one else "diamond" for one in on],
        "colour": [BLUE if one else VERMILION for one in on], "filled": [1.0 if one else 0.0 for one in on],
        "place": ["nothing beats it" if one else "beaten in both" for one in on],
    }  # fmt: skip
    source = ColumnDataSource(data)
    chart = plain_figure(
        height=420, name=key, x_axis_label=_axis(across, ux), y_axis_label=_axis(up, uy),
        x_range=_range(data, "x"), y_range=_range(data, "y"),
    )  # fmt: skip
    for base, low, high, dimension in (("y", "x_low", "x_high", "width"), ("x", "y_low", "y_high", "height")):
        whisker = Whisker(
            base=base,
            lower=low,
            upper=high,
            dimension=dimension,
            source=source,
            line_color="#80868d",
            line_alpha=0.7,
        )
        whisker.upper_head.size = whisker.lower_head.size = 5
        whisker.upper_head.line_color = whisker.lower_head.line_color = "#80868d"
        chart.add_layout(whisker)
    dots = chart.scatter(
        "x", "y", source=source, marker="marker", size=15, line_color="colour", line_width=2.5, fill_color="colour",
        fill_alpha="filled", nonselection_alpha=1.0, nonselection_fill_alpha="filled",
    )  # fmt: skip
    names = LabelSet(
        x="x", y="y", text="label", x_offset=11, y_offset=7, source=source, text_font_size="13px", text_color=LIGHT_INK
    )  # fmt: skip
    chart.add_layout(names)
    follow_theme(chart, [names])
    chart.add_tools(
        TapTool(renderers=[dots]), HoverTool(renderers=[dots], tooltips=[("", "@label"), ("", "@place")])
    )

    def tapped(attr: str, old: list[int], new: list[int]) -> None:
        if new:
            on_tap(new[0])

    source.selected.on_change("indices", tapped)
    return chart


def _axis(objective: Any, unit: str) -> str:
    better = "less is better" if objective.lower_is_better else "more is better"
    return f"{objective.title}{', ' if unit else ''}{unit} ({better})"


def _range(data: dict[str, Any], axis: str) -> Range1d:
    # Two runs give no interval; the dots are seen all the same.
    values = [v for part in (axis, f"{axis}_low", f"{axis}_high") for v in data[part] if v == v]
    width = (max(values) - min(values)) or 1.0
    return Range1d(min(values) - 0.08 * width, max(values) + 0.22 * width)
