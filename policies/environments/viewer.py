"""The viewer of the network environment: a table for terminals, a picture for films."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.network import Network
from sim.protocol import Decision

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

BLUE, VERMILION = "#0072B2", "#D55E00"
"""Okabe-Ito."""


@dataclass(frozen=True)
class Scene:
    """What is shown."""

    network: Network
    seed: int
    replication: int
    decision: Decision
    costs: Floats
    """G: the costs of the episode so far."""


class Viewer(Protocol):
    """Shows a scene; injected into the environment."""

    def ansi(self, scene: Scene) -> str:
        """Return text."""
        ...

    def rgb_array(self, scene: Scene) -> Picture:
        """Return height x width x 3."""
        ...


class BedsAndQueues:
    """Beds in use and patients waiting, by hospital."""

    def ansi(self, scene: Scene) -> str:
        """Return a table, one line a hospital."""
        d, network = scene.decision, scene.network
        rows = [("hospital", "beds in use", "waiting", "inbound"), *_rows(scene)]
        width = max(len(row[0]) for row in rows)
        costs = ", ".join(f"{g} {c:.1f}" for g, c in zip(network.groups, scene.costs, strict=True))
        head = f"{network.scenario.name}, seed {scene.seed}, run {scene.replication}: {d.time:g} h"
        table = [f"{name:<{width}} {beds:>12} {wait:>8} {coming:>8}" for name, beds, wait, coming in rows]
        return "\n".join([f"{head} of {network.horizon:g} h", *table, f"cost so far: {costs}"])

    def rgb_array(self, scene: Scene) -> Picture:
        """Return 320 x 640 x 3."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        d = scene.decision
        names = d.names.hospitals
        place = np.arange(len(names))
        figure = Figure(figsize=(6.4, 3.2), dpi=100, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2, sharey=True)
        used = [_beds(scene, h) for h in range(len(names))]
        share = [in_use / capacity if capacity else 0.0 for in_use, capacity in used]
        left.barh(place, share, color=BLUE)
        left.axvline(1.0, color="black", linewidth=0.8)
        left.set(xlim=(0, max(1.1, *share)), title="Beds in use (share)")
        left.set_yticks(place, names)
        left.invert_yaxis()
        right.barh(place, [_waiting(scene, h) for h in range(len(names))], color=VERMILION, hatch="//")
        right.set(title="Patients waiting")
        right.set_xlim(left=0)
        figure.suptitle(f"{scene.network.scenario.name}, {d.time:g} h")
        canvas.draw()  # type: ignore[no-untyped-call]  # Matplotlib's canvas is not typed
        return np.asarray(canvas.buffer_rgba(), dtype=np.uint8)[:, :, :3].copy()  # type: ignore[no-untyped-call]


def _rows(scene: Scene) -> list[tuple[str, str, str, str]]:
    rows = []
    for h, view in enumerate(scene.decision.hospitals):
        in_use, capacity = _beds(scene, h)
        rows.append((view.name, f"{in_use:g}/{capacity:g}", str(_waiting(scene, h)), str(view.inbound)))
    return rows


def _beds(scene: Scene, hospital: int) -> tuple[float, float]:
    """Beds in use and open, in units with a limit."""
    view = scene.decision.hospitals[hospital]
    pools = [p for p, pool in enumerate(scene.network.pools) if pool.kind == "beds" and view.capacity[p] >= 0]
    in_use = sum(view.in_use[p] / view.unit[p] for p in pools)
    return in_use, sum(view.capacity[p] / view.unit[p] for p in pools)


def _waiting(scene: Scene, hospital: int) -> int:
    queue = scene.decision.hospitals[hospital].queue
    return sum(n for need in queue for by_acuity in need for n in by_acuity)
