"""Options as points of two objectives: the front joined by steps, the dominated hollow, whiskers for 95 % intervals."""

from __future__ import annotations

from matplotlib.ticker import MaxNLocator

from dashboards.report.dot_rows import RULE
from dashboards.report.ink import BLUE, INK, PAPER, SOFT, TEXT_SIZE, VERMILION, WIDTH, Drawing, axes, canvas
from policies.tradeoffs.front import Front
from sim.evidence.estimated import Estimated

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 330.0, 58.0, 14.0, 26.0, 46.0

NEAR = 0.04
"""Part of the range of an axis within which two points cannot be told apart."""


def front_drawing(found: Front) -> Drawing:
    """Return the chart of the first two objectives."""
    figure = canvas(HEIGHT, WIDTH)
    ax = axes(figure, LEFT, RIGHT, TOP, BOTTOM)
    ax.spines["left"].set_visible(True)
    ax.spines["left"].set_color(RULE)
    ax.grid(color=RULE, linewidth=0.6)
    ax.set_axisbelow(True)
    across, up = found.objectives[:2]
    units = across.unit, up.unit
    points = [
        tuple(_times(e, factor) for e, (factor, _) in zip(s.values[:2], units, strict=True))
        for s in found.standings
    ]
    on = [k for k, s in enumerate(found.standings) if s.on_front]
    for k, (x, y) in enumerate(points):
        colour = BLUE if k in on else VERMILION
        if x.bounded:
            ax.plot([x.low, x.high], [y.value, y.value], color=colour, linewidth=1.2, alpha=0.8, zorder=3)
        if y.bounded:
            ax.plot([x.value, x.value], [y.low, y.high], color=colour, linewidth=1.2, alpha=0.8, zorder=3)
        ax.plot(
            [x.value], [y.value], "o" if k in on else "D", markersize=8 if k in on else 6.5,
            color=colour if k in on else PAPER, markeredgecolor=colour, markeredgewidth=1.6, zorder=5,
        )  # fmt: skip
    for numbers, (x, y) in _labels([(p[0].value, p[1].value) for p in points]):
        ax.annotate(
            numbers, (x, y), xytext=(7, 6), textcoords="offset points", color=INK, fontsize=TEXT_SIZE - 1
        )
    if found.knee is not None:
        x, y = points[found.knee]
        ax.plot(
            [x.value],
            [y.value],
            "o",
            markersize=16,
            color="none",
            markeredgecolor=INK,
            markeredgewidth=1.5,
            zorder=4,
        )
    if len(found.objectives) == 2:
        line = sorted((points[k][0].value, points[k][1].value) for k in on)
        where = "post" if across.lower_is_better else "pre"
        ax.step([x for x, _ in line], [y for _, y in line], where=where, color=BLUE, linewidth=1.2, zorder=2)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    ax.set_xlabel(_label(across.title, units[0][1], across.lower_is_better), labelpad=5, color=SOFT)
    ax.set_title(
        _label(up.title, units[1][1], up.lower_is_better),
        loc="left",
        x=-0.14,
        color=SOFT,
        fontsize=TEXT_SIZE,
        pad=8,
    )
    said = "; ".join(
        f"{k + 1} {found.labels[k]}: {points[k][0].value:.3g} and {points[k][1].value:.3g}, "
        f"{'front' if k in on else 'dominated'}"
        for k in range(len(points))
    )
    return Drawing(
        figure,
        f"Scatter of options by {across.title} and {up.title}; filled blue circles are the front, hollow vermilion "
        f"diamonds are dominated, a ring is the knee. {said}.",
    )


def _labels(points: list[tuple[float, float]]) -> list[tuple[str, tuple[float, float]]]:
    """Number the points; those that lie on one another share a label."""
    width = [max(p[m] for p in points) - min(p[m] for p in points) or 1.0 for m in (0, 1)]
    found: list[tuple[list[int], tuple[float, float]]] = []
    for k, point in enumerate(points):
        for numbers, place in found:
            if all(abs(point[m] - place[m]) < NEAR * width[m] for m in (0, 1)):
                numbers.append(k + 1)
                break
        else:
            found.append(([k + 1], point))
    return [(", ".join(map(str, numbers)), place) for numbers, place in found]


def _label(title: str, unit: str, lower: bool) -> str:
    return f"{title}, {unit} ({'less' if lower else 'more'} is better)".replace(",  (", " (")


def _times(e: Estimated, factor: float) -> Estimated:
    return Estimated(e.value * factor, e.low * factor, e.high * factor)
