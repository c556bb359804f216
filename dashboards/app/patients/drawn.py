"""The charts of the page Patients: risks by group with thresholds, and one risk over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dashboards.app.patients.cohort import Bands, Course
from dashboards.report.ink import BLUE, INK, PAPER, RULE, SOFT, TEXT_SIZE, VERMILION, Drawing, axes, canvas
from dashboards.report.wording import shortened, tidy

ROW, TOP, BOTTOM, LEFT, RIGHT = 34.0, 40.0, 42.0, 10.0, 14.0
LONGEST_LABEL, LONGEST_AXIS = 40, 56
COURSE_HEIGHT, COURSE_LEFT = 250.0, 44.0


@dataclass(frozen=True)
class Spread:
    """The risks of a group."""

    label: str
    n: int
    quantiles: tuple[float, ...]
    """5, 25, 50, 75 and 95 %."""


def spread(rows: Sequence[Spread], limits: Sequence[tuple[str, float]], axis: str) -> Drawing:
    """Return a line of quantiles a group; `limits`: bands and where they begin, dashed."""
    figure = canvas(TOP + BOTTOM + ROW * len(rows))
    ax = axes(figure, LEFT, RIGHT, TOP, BOTTOM)
    ax.set_ylim(len(rows), 0)
    ax.set_yticks([])
    reach = max([*(one.quantiles[-1] for one in rows), *(limit for _, limit in limits), 1e-3])
    ax.set_xlim(0, min(1.1 * reach, 1.02))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6))
    ax.set_xlabel(shortened(axis, LONGEST_AXIS), labelpad=5, color=SOFT)
    for k, (name, limit) in enumerate(limits):
        ax.axvline(limit, color=VERMILION, linewidth=1.2, linestyle=(0, (4, 2)), zorder=1)
        right = limit > 0.7 * ax.get_xlim()[1]
        ax.annotate(
            f"{tidy(name)} from {limit:g}", (limit, 0), xytext=(-4 if right else 4, 8 + 15 * (k % 2)),
            textcoords="offset points", ha="right" if right else "left", color=INK, fontsize=TEXT_SIZE - 1,
        )  # fmt: skip
    for k, one in enumerate(rows):
        low, first, median, last, high = one.quantiles
        y = k + 0.72
        ax.plot([low, high], [y, y], color=BLUE, linewidth=1.2, solid_capstyle="butt", zorder=2)
        ax.plot([first, last], [y, y], color=BLUE, linewidth=6, solid_capstyle="butt", zorder=2)
        ax.plot(
            [median], [y], "o", color=PAPER, markeredgecolor=INK, markeredgewidth=1.6, markersize=7, zorder=3
        )
        _over(ax, k, shortened(one.label, LONGEST_LABEL))
    said = "; ".join(f"{one.label}: median {one.quantiles[2]:.3f}" for one in rows)
    where = ", ".join(f"{tidy(name)} from {limit:g}" for name, limit in limits)
    return Drawing(figure, f"Risk by group, a dot at the median. {said}. Bands: {where or 'none'}.")


def course_drawing(course: Course, bands: Bands, measure: str) -> Drawing:
    """Return the risk over days with its range, where bands begin, and the days of contacts."""
    figure = canvas(COURSE_HEIGHT)
    ax = axes(figure, COURSE_LEFT, RIGHT, 22, BOTTOM)
    limits = list(zip(bands.names, bands.limits, strict=True))[1:]
    top = max([float(course.high.max()), float(course.risk.max()), *(limit for _, limit in limits)])
    ax.set_ylim(0, min(1.15 * top or 1.0, 1.05))
    ax.set_xlim(float(course.days[0]), max(float(course.days[-1]), 1.0))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.grid(axis="y", color=RULE, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.set_xlabel("day", labelpad=5, color=SOFT)
    ax.set_title(shortened(measure, LONGEST_AXIS), loc="left", color=SOFT, fontsize=TEXT_SIZE, x=-0.1)
    ax.fill_between(course.days, course.low, course.high, color=BLUE, alpha=0.22, linewidth=0)
    few = len(course.days) < 30
    ax.plot(course.days, course.risk, color=BLUE, marker="o" if few else None, markersize=5)
    for name, limit in limits:
        ax.axhline(limit, color=VERMILION, linewidth=1.2, linestyle=(0, (4, 2)))
        ax.annotate(
            tidy(name), (1, limit), xycoords=("axes fraction", "data"), xytext=(-2, 3),
            textcoords="offset points", ha="right", color=INK, fontsize=TEXT_SIZE - 1,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1}, zorder=4,
        )  # fmt: skip
    if course.now is not None:
        ax.axvline(course.now, color=SOFT, linewidth=1, linestyle=(0, (1, 2)))
    if course.marks:
        days = np.array([day for day, _ in course.marks])
        ax.plot(
            days, np.full(len(days), 0.03 * ax.get_ylim()[1]), "^", color=INK, markersize=8, linestyle="none"
        )
    contacts = f" Triangles: {len(course.marks)} contacts." if course.marks else ""
    return Drawing(figure, f"Line of the risk over days. {course.said} {course.interval}{contacts}")


def _over(ax: Axes, k: int, text: str) -> None:
    ax.annotate(
        text, (0, k + 0.36), xycoords=("axes fraction", "data"), xytext=(0, 0), textcoords="offset points",
        ha="left", va="center", color=INK, fontsize=TEXT_SIZE,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.5}, zorder=4,
    )  # fmt: skip
