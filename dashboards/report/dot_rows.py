"""Dots with whiskers in labelled rows: the drawing under every comparison of means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dashboards.report.ink import INK, PAPER, RULE, SOFT, TEXT_SIZE, Mark, axes, canvas, mark
from dashboards.report.wording import MINUS, Estimate, shortened

LABEL_HEIGHT, LANE, GAP, TOP, BOTTOM, LEFT, RIGHT = 17.0, 14.0, 10.0, 2.0, 42.0, 1.0, 9.0
HEADING_HEIGHT, LONGEST_LABEL = 24.0, 52


@dataclass(frozen=True, slots=True)
class DotRow:
    """One row: a label above, and below it one lane for each policy that has an estimate."""

    label: str
    lanes: tuple[tuple[int, Estimate], ...]
    """(place of the policy, estimate)."""
    value: str = ""
    """Text flush right on the label's line."""
    ringed: frozenset[int] = frozenset()
    """Places of policies whose dot here has a ring around it."""
    hollow_when_unclear: bool = False
    """Whether a dot whose interval holds zero is drawn hollow."""
    heading: str = ""
    """What this row and those after it have in common, above its label."""


def height_of(rows: Sequence[DotRow]) -> float:
    """Return how many pixels these rows take with their axis."""
    return (
        TOP
        + BOTTOM
        + sum(HEADING_HEIGHT * bool(r.heading) + LABEL_HEIGHT + LANE * len(r.lanes) + GAP for r in rows)
    )


def dot_figure(
    rows: Sequence[DotRow], axis: str, difference: bool = False, most: float | None = None
) -> Figure:
    """Return a figure of these rows on one axis, zero always on it; `most` is a limit such as 100 %."""
    height = height_of(rows)
    figure = canvas(height)
    ax = axes(figure, LEFT, RIGHT, TOP, BOTTOM)
    ax.set_ylim(height - TOP - BOTTOM, 0)
    ax.set_yticks([])
    ax.set_xlim(*_limits(rows, difference, most))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    ax.xaxis.set_major_formatter(lambda value, _: _tick(value, difference))
    ax.set_xlabel(axis, labelpad=5, color=SOFT)
    low, high = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high and abs(tick) > 1e-12]
    y = 0.0
    for row in rows:
        if row.heading:
            title = shortened(row.heading, LONGEST_LABEL)
            across = ax.get_yaxis_transform()
            ax.text(
                0,
                y + HEADING_HEIGHT - 7,
                title,
                transform=across,
                color=SOFT,
                fontsize=TEXT_SIZE,
                fontweight="bold",
            )
            y += HEADING_HEIGHT
        _label(ax, row, y)
        y += LABEL_HEIGHT
        end = y + LANE * len(row.lanes)
        # Rules stand beside the dots and leave the labels alone.
        ax.vlines(ticks, y, end, color=RULE, linewidth=0.8, zorder=0.5)
        ax.vlines([0], y - 1, end + 1, color=INK, linewidth=1.4 if difference else 1.0, zorder=1.5)
        centres = [y + LANE * (lane + 0.5) for lane in range(len(row.lanes))]
        for (place, estimate), centre in zip(row.lanes, centres, strict=True):
            unclear = row.hollow_when_unclear and not (estimate.low > 0 or estimate.high < 0)
            draw_estimate(ax, estimate, centre, mark(place), hollow=unclear, ringed=place in row.ringed)
        y = end + GAP
    return figure


def draw_estimate(
    ax: Axes, estimate: Estimate, y: float, look: Mark, hollow: bool = False, ringed: bool = False
) -> None:
    """Draw one dot with its whisker, and a ring when it stands out."""
    if not estimate.known:
        return
    if estimate.bounded:
        ax.plot(
            [estimate.low, estimate.high],
            [y, y],
            color=look.colour,
            linewidth=2,
            zorder=3,
            solid_capstyle="butt",
        )
        for end in (estimate.low, estimate.high):
            ax.plot([end, end], [y - 3, y + 3], color=look.colour, linewidth=1.6, zorder=3)
    if ringed:
        ax.plot(
            [estimate.mean],
            [y],
            "o",
            markersize=14,
            color="none",
            markeredgecolor=INK,
            markeredgewidth=1.5,
            zorder=4,
        )
    face = PAPER if hollow else look.colour
    size = 6 if look.shape == "D" else 7
    ax.plot(
        [estimate.mean], [y], look.shape, markersize=size, color=face, markeredgecolor=look.colour,
        markeredgewidth=1.8, zorder=5, clip_on=False,
    )  # fmt: skip


def _label(ax: Axes, row: DotRow, y: float) -> None:
    across = ax.get_yaxis_transform()
    label = shortened(row.label, LONGEST_LABEL - len(row.value))
    ax.text(0, y + 12.0, label, transform=across, color=INK, fontsize=TEXT_SIZE)
    if row.value:
        ax.text(1, y + 12.0, row.value, transform=across, color=SOFT, ha="right", fontsize=TEXT_SIZE)


def _limits(rows: Sequence[DotRow], difference: bool, most: float | None) -> tuple[float, float]:
    values = [v for r in rows for _, e in r.lanes if e.known for v in (e.mean, e.low, e.high) if v == v]
    low, high = min([0.0, *values]), max([0.0, *values])
    if low == high:
        return (-1.0, 1.0) if difference else (0.0, most or 1.0)
    room = 0.06 * (high - low)
    right = high + room if high > 0 or difference else 0.0
    return (low - room if low < 0 or difference else -0.02 * (high - low)), (
        min(right, most * 1.02) if most is not None and high <= most else right
    )


def _tick(value: float, difference: bool) -> str:
    text = f"{abs(value):g}"
    if value == 0 or abs(value) < 1e-12:
        return "0"
    return (MINUS if value < 0 else "+" if difference else "") + text
