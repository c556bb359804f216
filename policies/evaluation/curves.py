"""Learning curves, from the histories that training leaves: one line an algorithm, the mean of its training seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from policies.evaluation.entries import CHECKPOINT, Entry
from policies.told import Block
from sim.evidence.crossed import Floats

HISTORY = "history.csv"
"""Beside the checkpoints of a training run."""

LAST = 0.2
"""The part of a training over which its end is averaged."""


@dataclass(frozen=True)
class Curve:
    """An algorithm over its training, level 1 being the cost of an average patient under neutral orders."""

    label: str
    decisions: Floats
    """Of the network, so far: T."""
    mean: Floats
    """Level of everybody, mean of the seeds: T."""
    low: Floats
    """Of the seeds, the smallest: T."""
    high: Floats
    gap: Floats
    """Largest less smallest level of the groups, mean of the seeds: T."""
    n_seeds: int


def curves_of(histories: Mapping[str, Sequence[pd.DataFrame]]) -> list[Curve]:
    """Return a curve for every algorithm; seeds are cut to the shortest."""
    found = []
    for label, seeds in histories.items():
        n = min(len(frame) for frame in seeds)
        if not n:
            continue
        mean = np.stack([frame["mean"].to_numpy(dtype=np.float64)[:n] for frame in seeds])
        gap = np.stack([frame["gap"].to_numpy(dtype=np.float64)[:n] for frame in seeds])
        decisions = seeds[0]["decisions"].to_numpy(dtype=np.float64)[:n]
        found.append(
            Curve(
                label,
                decisions,
                mean.mean(axis=0),
                mean.min(axis=0),
                mean.max(axis=0),
                gap.mean(axis=0),
                len(seeds),
            )
        )
    return found


def histories_of(entries: Sequence[Entry]) -> dict[str, list[pd.DataFrame]]:
    """Return the histories that lie beside the checkpoints of entries; entries without any are left out."""
    found: dict[str, list[pd.DataFrame]] = {}
    for entry in entries:
        for member in entry.members if entry.learned else ():
            path = Path(member[len(CHECKPOINT) :]).parent / HISTORY
            if path.is_file():
                found.setdefault(entry.label, []).append(pd.read_csv(path))
    return found


def curves_block(curves: Sequence[Curve], name: str = "curves") -> Block | None:
    """Return where every training began and ended; None without curves."""
    if not curves:
        return None
    rows = []
    for curve in curves:
        last = max(round(LAST * len(curve.mean)), 1)
        rows.append(
            (
                curve.label, str(curve.n_seeds), f"{curve.decisions[-1]:.0f}", f"{curve.mean[0]:.3f}",
                f"{curve.mean[-last:].mean():.3f}", f"{curve.gap[0]:.3f}", f"{curve.gap[-last:].mean():.3f}",
            )
        )  # fmt: skip
    return Block(
        name, "What was learned on the way?",
        "Cost of a patient of an average group in training, while things are tried; 1 is the "
        "cost under neutral orders, which every seed estimates from a few runs of its own, so scales differ. "
        "Mean of the training seeds (the band is their range); the end is the last "
        f"{100 * LAST:.0f} %. No interval: these are training patients, not a judgement.",
        ("learner", "seeds", "decisions", "cost, first", "cost, end", "gap, first", "gap, end"), tuple(rows),
    )  # fmt: skip
