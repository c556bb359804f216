"""Learning curves: cost over decisions, one line an algorithm, its seeds' range as a band."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from dashboards.report.dot_rows import RULE
from dashboards.report.ink import INK, SOFT, TEXT_SIZE, WIDTH, Drawing, Mark, axes, canvas, mark
from policies.evaluation.curves import Curve

LINE, LEFT, RIGHT, TOP, BOTTOM = 230.0, 58.0, 14.0, 26.0, 46.0
ROW = 18.0
"""Of the key, pixels."""


def curves_drawing(curves: Sequence[Curve]) -> Drawing:
    """Return the chart; the key stands below, a line an algorithm."""
    key = ROW * len(curves)
    figure = canvas(TOP + LINE + BOTTOM + key, WIDTH)
    ax = axes(figure, LEFT, RIGHT, TOP, BOTTOM + key)
    ax.grid(color=RULE, linewidth=0.6)
    ax.set_axisbelow(True)
    for k, curve in enumerate(curves):
        look = mark(k)
        thousands = curve.decisions / 1000
        ax.fill_between(thousands, curve.low, curve.high, color=look.colour, alpha=0.12, linewidth=0)
        ax.plot(
            thousands, curve.mean, color=look.colour, linestyle=look.dash, marker=look.shape,
            markevery=max(len(thousands) // 6, 1), markersize=5,
        )  # fmt: skip
        keyed(figure, key - ROW * (k + 0.5), look, f"{curve.label} ({curve.n_seeds} seeds)")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    ax.set_xlabel("Decisions of the network, thousands", labelpad=5, color=SOFT)
    ax.set_title(
        "Cost while training, 1 under neutral orders",
        loc="left",
        x=-0.14,
        color=SOFT,
        fontsize=TEXT_SIZE,
        pad=8,
    )
    said = "; ".join(f"{c.label} from {c.mean[0]:.3f} to {c.mean[-1]:.3f}" for c in curves)
    return Drawing(figure, f"Lines of cost over decisions while training. {said}.")


def keyed(figure: Figure, above: float, look: Mark, text: str) -> None:
    """Add a line of the key, its middle so many pixels above the bottom."""
    y = above / (figure.get_figheight() * 72)
    figure.add_artist(_stroke(figure, y, look))
    figure.text((LEFT + 40) / WIDTH, y, text, color=INK, fontsize=TEXT_SIZE - 1, va="center")


def _stroke(figure: Figure, y: float, look: Mark) -> Line2D:
    return Line2D(
        [LEFT / WIDTH, (LEFT + 16) / WIDTH, (LEFT + 32) / WIDTH], [y, y, y], color=look.colour, linestyle=look.dash,
        marker=look.shape, markevery=[1], markersize=5, transform=figure.transFigure, figure=figure,
    )  # fmt: skip
