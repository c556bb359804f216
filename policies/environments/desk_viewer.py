"""What the desk shows: need met by group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policies.environments.desk_rewards import Ledger
from policies.environments.viewer import BLUE, Picture


def text(title: str, groups: tuple[str, ...], ledger: Ledger) -> str:
    """Return a line for every group that has presented, and the gap."""
    lines = [
        f"{group}: {met:.2f} of {presented:.2f} met"
        for group, met, presented in zip(groups, ledger.met, ledger.presented, strict=True)
        if presented > 0
    ]
    return "\n".join([title, *lines, f"gap {ledger.gap:.2f}"])


def picture(title: str, groups: tuple[str, ...], ledger: Ledger) -> Picture:
    """Return 240 x 400 x 3: the share of need met, by group."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.0, 2.4), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    presented: NDArray[np.float64] = ledger.presented
    share = np.divide(ledger.met, presented, out=np.zeros(len(groups)), where=presented > 0)
    axes.bar(range(len(groups)), share, color=BLUE)
    axes.set_xticks(range(len(groups)), groups)
    axes.set(ylim=(0, 1), ylabel="share of need met")
    axes.set_title(title, fontsize=9)
    canvas.draw()  # type: ignore[no-untyped-call]  # Matplotlib's canvas is not typed
    return np.asarray(canvas.buffer_rgba(), dtype=np.uint8)[:, :, :3].copy()  # type: ignore[no-untyped-call]
