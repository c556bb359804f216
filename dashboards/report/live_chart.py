"""The gap over iterations while demand changes: the controller, the best fixed lambda, and where it should be."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from dashboards.report.dot_rows import RULE
from dashboards.report.ink import DASHES, INK, SOFT, TEXT_SIZE, WIDTH, Drawing, axes, canvas, mark
from policies.study.live import Followed

LINE, LEFT, RIGHT, TOP, BOTTOM = 230.0, 58.0, 14.0, 44.0, 46.0


def live_drawing(found: Followed) -> Drawing:
    """Return the chart; bands are the range of the training seeds."""
    figure = canvas(TOP + LINE + BOTTOM, WIDTH)
    ax = axes(figure, LEFT, RIGHT, TOP, BOTTOM)
    ax.grid(color=RULE, linewidth=0.6)
    ax.set_axisbelow(True)
    shown = [one for one in found.courses if one in (found.courses[0],) or one.label == found.best]
    said = []
    for k, one in enumerate(shown):
        look, t = mark(k), np.arange(1, one.gap.shape[1] + 1)
        ax.fill_between(
            t, one.gap.min(axis=0), one.gap.max(axis=0), color=look.colour, alpha=0.12, linewidth=0
        )
        ax.plot(
            t, one.gap.mean(axis=0), color=look.colour, linestyle=look.dash, marker=look.shape,
            markevery=max(len(t) // 6, 1), markersize=5,
        )  # fmt: skip
        said.append(f"{look.words}, {DASHES[k]}: {one.label}")
    before = int((shown[0].changed == 0).sum())
    ax.axhline(found.target, color=INK, linewidth=1, linestyle=(0, (2, 2)))
    ax.axvline(before + 0.5, color=SOFT, linewidth=1)
    ax.annotate(
        found.shift, (before + 0.5, 1), xycoords=("data", "axes fraction"), xytext=(4, -12),
        textcoords="offset points", color=SOFT, fontsize=TEXT_SIZE - 1,
    )  # fmt: skip
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    ax.set_xlabel("Iterations", labelpad=5, color=SOFT)
    ax.set_title(
        "Gap while training, 1 = cost under neutral orders\n" + "; ".join(said), loc="left", x=-0.14, color=SOFT,
        fontsize=TEXT_SIZE - 1, pad=6,
    )  # fmt: skip
    words = "; ".join(
        f"{c.label} from {c.gap.mean(axis=0)[0]:.3f} to {c.gap.mean(axis=0)[-1]:.3f}" for c in shown
    )
    return Drawing(figure, f"Lines of the gap over iterations; the target is {found.target:g}. {words}.")
