"""How many wait in both futures of one run, hour by hour."""

from __future__ import annotations

from bokeh.models import ColumnDataSource, HoverTool
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboards.app.charts import BLUE, VERMILION, plain_figure

HEIGHT = 240


def futures_chart(hours: NDArray, as_it_was: NDArray, if_changed: NDArray) -> figure:
    """Return two stepped lines over hours: solid blue as recommended, dashed vermilion as changed."""
    chart = plain_figure(height=HEIGHT, x_axis_label="hour", y_axis_label="patients untreated")
    chart.y_range.start = 0
    source = ColumnDataSource({"hour": hours, "was": as_it_was, "changed": if_changed})
    lines = [
        chart.step(
            "hour", name, source=source, line_color=colour, line_width=2, line_dash=dash, legend_label=text
        )
        for name, colour, dash, text in (
            ("was", BLUE, "solid", "as recommended"),
            ("changed", VERMILION, "dashed", "as changed"),
        )
    ]
    tips = [("hour", "@hour"), ("as recommended", "@was"), ("as changed", "@changed")]
    chart.add_tools(HoverTool(renderers=lines[:1], tooltips=tips, mode="vline"))
    chart.legend.orientation = "horizontal"
    chart.legend.background_fill_alpha = chart.legend.border_line_alpha = 0.0
    chart.add_layout(chart.legend[0], "above")
    return chart
