"""Contributions drawn: a waterfall for one choice, a beeswarm for many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import MaxNLocator

from dashboards.report.ink import BLUE, INK, RULE, SOFT, TEXT_SIZE, VERMILION, Drawing, axes, canvas
from dashboards.report.wording import MINUS, shortened
from policies.explain.explanation import Explanation

ROW, LABEL, TOP, BOTTOM, LEFT, RIGHT = 36.0, 16.0, 4.0, 42.0, 4.0, 12.0
MOST, MOST_DOTS = 10, 300


@dataclass(frozen=True)
class Ends:
    """What a waterfall leads from and to, in words."""

    axis: str = "margin (logit or index)"
    start: str = "in a usual state"
    end: str = "here"
    up: str = "speak for the choice"
    down: str = "against it"


def explanation_drawings(found: Explanation, words: Callable[[str, float], str]) -> dict[str, Drawing]:
    """Return the charts of an explanation by the name of their block."""
    case, i = found.case, found.case.local
    texts = [words(label, value) for label, value in zip(case.labels, case.rows[i], strict=True)]
    one = found.found
    return {
        "why-here": waterfall(case.labels, texts, one.values[i], float(one.base[i]), float(one.margin[i])),
        "what-matters": beeswarm(case.labels, one.values, case.rows),
    }


def waterfall(
    labels: Sequence[str],
    texts: Sequence[str],
    values: np.ndarray,
    base: float,
    margin: float,
    ends: Ends = Ends(),
    most: int = MOST,
) -> Drawing:
    """Return how contributions lead from the usual margin to the one here; `texts`: the inputs' values."""
    order = [j for j in np.argsort(-np.abs(values), kind="stable")[:most] if values[j] != 0]
    rows = [(labels[j], texts[j], float(values[j])) for j in order]
    rest = float(values.sum() - values[order].sum())
    if abs(rest) > 1e-12:
        rows.append(("all others", "", rest))
    height = TOP + BOTTOM + ROW * (len(rows) + 2)
    figure = canvas(height)
    ax = axes(figure, LEFT, RIGHT, TOP, BOTTOM)
    ax.set_ylim(len(rows) + 2, 0)
    ax.set_yticks([])
    reached = np.concatenate(([base], base + np.cumsum([value for *_, value in rows])))
    low, high = min(reached.min(), margin, 0.0), max(reached.max(), margin, 0.0)
    room = 0.08 * (high - low or 1.0)
    ax.set_xlim(low - room, high + room)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6))
    ax.set_xlabel(ends.axis, labelpad=5, color=SOFT)
    ax.axvline(0, color=RULE, linewidth=0.8, zorder=0)
    _text(ax, 0, ends.start, f"{base:.3g}".replace("-", MINUS))
    ax.plot([base], [0.72], "o", color=INK, markersize=6)
    for k, (label, text, value) in enumerate(rows, 1):
        _text(ax, k, f"{label} = {text}" if text else label, f"{value:+.3g}".replace("-", MINUS))
        colour = BLUE if value > 0 else VERMILION
        ax.annotate(
            "", (reached[k], k + 0.72), (reached[k - 1], k + 0.72),
            arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 3, "shrinkA": 0, "shrinkB": 0,
                        "linestyle": "solid" if value > 0 else (0, (3, 1))},
        )  # fmt: skip
        ax.plot([reached[k - 1]] * 2, [k - 0.28, k + 0.72], color=RULE, linewidth=0.8, zorder=0)
    _text(ax, len(rows) + 1, ends.end, f"{margin:.3g}".replace("-", MINUS))
    ax.plot([margin], [len(rows) + 1.72], "s", color=INK, markersize=6)
    said = "; ".join(f"{label} {value:+.3g}" for label, _, value in rows)
    return Drawing(
        figure, f"Waterfall from {base:.3g} {ends.start} to {margin:.3g} {ends.end}: {said}. Arrows to the right, "
        f"blue, {ends.up}; dashed ones to the left, vermilion, {ends.down}.",
    )  # fmt: skip


def beeswarm(labels: Sequence[str], values: np.ndarray, inputs: np.ndarray) -> Drawing:
    """Return a dot a state and input (N x D), placed by its contribution; shape and colour say how large it is."""
    order = [
        j for j in np.argsort(-np.abs(values).mean(axis=0), kind="stable")[:MOST] if np.any(values[:, j])
    ]
    height = TOP + BOTTOM + ROW * max(len(order), 1)
    figure = canvas(height)
    ax = axes(figure, LEFT, RIGHT, TOP, BOTTOM)
    ax.set_ylim(max(len(order), 1), 0)
    ax.set_yticks([])
    ax.axvline(0, color=INK, linewidth=1.0, zorder=0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6))
    ax.set_xlabel("contribution to the margin", labelpad=5, color=SOFT)
    some = np.unique(np.linspace(0, len(values) - 1, min(MOST_DOTS, len(values))).astype(int))
    for k, j in enumerate(order):
        across = ax.get_yaxis_transform()
        ax.text(0, k + 0.36, shortened(labels[j], 52), transform=across, color=INK, fontsize=TEXT_SIZE)
        x, given = values[some, j], inputs[some, j]
        large = given > np.median(inputs[:, j])
        y = k + 0.72 + _spread(x)
        for which, colour, shape in ((~large, BLUE, "o"), (large, VERMILION, "D")):
            ax.plot(x[which], y[which], shape, color=colour, markersize=3.2, alpha=0.6, markeredgewidth=0)
    said = ", ".join(labels[j] for j in order)
    return Drawing(
        figure, f"Beeswarm of contributions, the most important input first: {said}. Blue circles: the input is at or "
        "below its median; vermilion diamonds: above it.",
    )  # fmt: skip


def _text(ax: object, row: int, left: str, right: str) -> None:
    across = ax.get_yaxis_transform()  # type: ignore[attr-defined]
    ax.text(0, row + 0.42, shortened(left, 46), transform=across, color=INK, fontsize=TEXT_SIZE)  # type: ignore[attr-defined]
    ax.text(1, row + 0.42, right, transform=across, color=SOFT, ha="right", fontsize=TEXT_SIZE)  # type: ignore[attr-defined]


def _spread(x: np.ndarray) -> np.ndarray:
    """Offsets that keep dots of nearly the same place apart: no random numbers, so the same picture each time."""
    width = np.ptp(x) or 1.0
    bins = np.floor(40 * (x - x.min()) / width).astype(int)
    offsets = np.zeros(len(x))
    for one in np.unique(bins):
        where = np.flatnonzero(bins == one)
        steps = np.arange(len(where))
        offsets[where] = 0.2 * np.where(steps % 2, 1, -1) * ((steps + 1) // 2) / max(len(where) / 2, 6)
    return offsets
