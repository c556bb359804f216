"""The map in Bokeh: hospitals as circles that fill up, queues as rings, transfers as bent arrows with their number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS, HoverTool, LabelSet, Range1d, Text
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboards.app.charts import BLUE, INK, VERMILION, plain_figure
from dashboards.app.hours import Frame
from dashboards.app.map_places import HALF_WIDTH, arc, half_height, label_sides
from dashboards.app.moves_told import states
from dashboards.report.wording import shortened

MOST_NUMBERED = 10
"""Arrows with a number on them; all numbers are in the table."""
WHERE = 0.4
"""How far along an arrow its number stands: not in the middle, where arrows cross."""
THINNEST, WIDEST = 1.5, 9.0
LONGEST_NAME = 22
LIGHT_INK, LIGHT_PAPER, DARK_INK, DARK_PAPER = "#17191c", "#ffffff", "#ecebe7", "#181b1f"
FOLLOW_THEME = """
const hex = /^#([0-9a-f]{6})/i.exec(cb_obj.background_fill_color ?? "")
const dark = hex !== null && parseInt(hex[1].slice(2, 4), 16) < 128
for (const glyph of glyphs) {
  glyph.text_color = dark ? inks[1] : inks[0]
  if (glyph.background_fill_color != null) glyph.background_fill_color = dark ? papers[1] : papers[0]
}
"""
"""The theme colours axes and titles of a figure but not text inside it; it sets the background, which tells us."""


def follow_theme(chart: figure, glyphs: Sequence[Text | LabelSet]) -> None:
    """Let text inside a chart be dark on light and light on dark."""
    inks, papers = [LIGHT_INK, DARK_INK], [LIGHT_PAPER, DARK_PAPER]
    chart.js_on_change(
        "background_fill_color",
        CustomJS(args={"glyphs": list(glyphs), "inks": inks, "papers": papers}, code=FOLLOW_THEME),
    )


class MapChart:
    """One map, whose state can change."""

    def __init__(
        self,
        at: NDArray[np.float64],
        radii: NDArray[np.float64],
        titles: Sequence[str],
        frame: Frame,
        most_moved: int,
        most_waiting: float,
        key: str,
        brief: bool = False,
    ) -> None:
        """`most_moved` patients on one way get the widest arrow, `most_waiting` in a queue the widest ring.

        `brief`: only names beside the hospitals, where there is no room for more.
        """
        self.brief = brief
        self.at, self.radii, self.titles = at, radii, list(titles)
        self.most_moved, self.most_waiting = max(most_moved, 1), max(most_waiting, 1.0)
        self.arrows, self.numbers, self.hospitals = (ColumnDataSource() for _ in range(3))
        up = half_height(at)
        self.figure = plain_figure(
            name=key, aspect_ratio=HALF_WIDTH / up, min_border=0, x_range=Range1d(-HALF_WIDTH, HALF_WIDTH),
            y_range=Range1d(-up, up),
        )  # fmt: skip
        self.figure.sizing_mode = "scale_width"
        self.figure.axis.visible = self.figure.grid.visible = False
        self.show(frame)
        self._draw()

    def show(self, frame: Frame) -> None:
        """Draw another state."""
        self.hospitals.data = self._circles(frame)
        self.arrows.data, self.numbers.data = self._ways(frame)

    def _circles(self, frame: Frame) -> dict[str, object]:
        full = np.nan_to_num(np.clip(frame.occupancy, 0.0, 1.0))
        up = np.where(self.at[:, 1] > 0.05, 1, -1)
        sides = label_sides(self.at)
        outward = {"left": -0.1, "center": 0.0, "right": 0.1}
        edge = HALF_WIDTH - 0.03
        names = [shortened(title, LONGEST_NAME) for title in self.titles]
        x = [
            a + outward[side] if abs(a) <= 0.55 else np.clip(a + np.sign(a) * 0.45, -edge, edge)
            for a, side in zip(self.at[:, 0], sides, strict=True)
        ]
        return {
            "x": self.at[:, 0], "y": self.at[:, 1], "radius": self.radii,
            # A whole turn would be none.
            "until": np.pi / 2 - 2 * np.pi * np.minimum(full, 0.9999), "filled": np.where(full > 0, 1.0, 0.0),
            "ring": self.radii + 0.035, "queue": np.where(
                frame.waiting > 0, 1.0 + 6.0 * np.sqrt(frame.waiting / self.most_waiting), 0.0
            ),
            "queued": np.where(frame.waiting > 0, 1.0, 0.0),
            "label_x": x, "label_y": self.at[:, 1] + up * (self.radii + 0.07), "side": sides,
            "base": np.where(up > 0, "bottom", "top"), "title": self.titles,
            "label": names if self.brief else [f"{n}\n{said}" for n, said in zip(names, states(frame), strict=True)],
            "state": states(frame),
        }  # fmt: skip

    def _ways(self, frame: Frame) -> tuple[dict[str, object], dict[str, object]]:
        pairs = sorted(frame.moved.items(), key=lambda item: (-item[1], item[0]))
        lines = [arc(self.at[a], self.at[b], self.radii[a], self.radii[b]) for (a, b), _ in pairs]
        widths = [THINNEST + (WIDEST - THINNEST) * n / self.most_moved for _, n in pairs]
        tips = [line[-1] - line[-2] for line in lines]
        arrows = {
            "xs": [line[:, 0] for line in lines], "ys": [line[:, 1] for line in lines], "width": widths,
            "x": [line[-1, 0] for line in lines], "y": [line[-1, 1] for line in lines],
            "angle": [float(np.arctan2(y, x)) - np.pi / 2 for x, y in tips], "head": [7.0 + 1.6 * w for w in widths],
            "way": [f"{self.titles[a]} to {self.titles[b]}" for (a, b), _ in pairs], "n": [n for _, n in pairs],
        }  # fmt: skip
        middles = [line[int(WHERE * len(line))] for line in lines[:MOST_NUMBERED]]
        numbers = {
            "x": [m[0] for m in middles],
            "y": [m[1] for m in middles],
            "text": [str(n) for _, n in pairs[:MOST_NUMBERED]],
        }
        return arrows, numbers

    def _draw(self) -> None:
        chart = self.figure
        lines = chart.multi_line(
            "xs", "ys", source=self.arrows, line_width="width", line_color=VERMILION, line_alpha=0.9
        )
        chart.scatter(
            "x", "y", source=self.arrows, marker="triangle", angle="angle", size="head", fill_color=VERMILION,
            line_color=None,
        )  # fmt: skip
        chart.circle(
            "x", "y", radius="ring", source=self.hospitals, fill_color=None, line_color=VERMILION, line_width="queue",
            line_alpha="queued", line_dash=[3, 3],
        )  # fmt: skip
        circles = chart.circle(
            "x", "y", radius="radius", source=self.hospitals, fill_color=INK, fill_alpha=0.18, line_color=INK,
            line_width=1.5,
        )  # fmt: skip
        chart.wedge(
            "x", "y", radius="radius", start_angle=np.pi / 2, end_angle="until", direction="clock",
            source=self.hospitals, fill_color=BLUE, line_color=None, fill_alpha="filled",
        )  # fmt: skip
        names = Text(
            x="label_x", y="label_y", text="label", text_align="side", text_baseline="base", text_font_size="12px",
            text_color=LIGHT_INK, text_line_height=1.15, background_fill_color=LIGHT_PAPER, background_fill_alpha=0.7,
        )  # fmt: skip
        numbers = Text(
            x="x", y="y", text="text", text_align="center", text_baseline="middle", text_font_size="12px",
            text_font_style="bold", text_color=LIGHT_INK, background_fill_color=LIGHT_PAPER, background_fill_alpha=0.85,
            padding=2, border_radius=3,
        )  # fmt: skip
        chart.add_glyph(self.hospitals, names)
        chart.add_glyph(self.numbers, numbers)
        follow_theme(chart, [names, numbers])
        chart.add_tools(
            HoverTool(renderers=[circles], tooltips=[("", "@title"), ("", "@state")]),
            HoverTool(renderers=[lines], tooltips=[("", "@way"), ("patients", "@n")]),
        )
