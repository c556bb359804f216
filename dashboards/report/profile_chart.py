"""Performance profiles: the share of cases within a factor of the best, over the factor; bands are 95 %."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator

from dashboards.report.curves_chart import keyed
from dashboards.report.dot_rows import RULE
from dashboards.report.ink import MARKS, SOFT, TEXT_SIZE, WIDTH, Drawing, axes, canvas, mark
from policies.study.profiles import FACTORS, Profile

LINE, LEFT, RIGHT, TOP, BOTTOM = 230.0, 58.0, 14.0, 26.0, 46.0
ROW = 18.0
"""Of the key, pixels."""


def profile_drawing(profiles: Sequence[Profile], learned: Sequence[str]) -> Drawing:
    """Return the chart of the rules and learners with the largest areas, six at most; the table has all."""
    shown = _six(profiles, learned)
    key = ROW * len(shown)
    figure = canvas(TOP + LINE + BOTTOM + key, WIDTH)
    ax = axes(figure, LEFT, RIGHT, TOP, BOTTOM + key)
    ax.grid(color=RULE, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_ylim(-0.02, 1.02)
    for k, one in enumerate(shown):
        look = mark(k)
        ax.fill_between(FACTORS, one.low, one.high, color=look.colour, alpha=0.1, linewidth=0)
        ax.plot(
            FACTORS, one.share, color=look.colour, linestyle=look.dash, marker=look.shape,
            markevery=(3 * k, 20), markersize=5,
        )  # fmt: skip
        keyed(figure, ROW * (len(shown) - k - 0.5), look, one.label)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    ax.set_xlabel("Cost over the least cost of the case, at most", labelpad=5, color=SOFT)
    ax.set_title("Share of cases", loc="left", x=-0.14, color=SOFT, fontsize=TEXT_SIZE, pad=8)
    said = "; ".join(f"{one.label} {one.share[0]:.2f} at 1 and {one.share[-1]:.2f} at 2" for one in shown)
    return Drawing(figure, f"Lines of the share of cases within a factor of the least cost. {said}.")


def _six(profiles: Sequence[Profile], learned: Sequence[str]) -> list[Profile]:
    """The best half of rules and half of learners, in the order of their areas."""
    half = len(MARKS) // 2
    rules = [one for one in profiles if one.label not in learned]
    trained = [one for one in profiles if one.label in learned]
    kept = {one.label for one in (*rules[: len(MARKS) - min(half, len(trained))], *trained[:half])}
    return [one for one in profiles if one.label in kept]
