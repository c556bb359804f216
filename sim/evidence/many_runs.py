"""Comparing many runs over several tasks: the middle half, how often a level is reached, who tends to win.

Source: Agarwal et al. (2021), Deep reinforcement learning at the edge of the statistical precipice, NeurIPS 34.
Scores are runs x tasks, larger is better; intervals resample runs within each task.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.evidence.estimated import Estimated
from sim.inference import LEVEL
from sim.streams import uniforms

Floats = NDArray[np.float64]

DRAWS = 2000


def interquartile_mean(scores: Floats) -> float:
    """Return the mean of the middle half of all scores.

    >>> interquartile_mean(np.array([[0.0], [1.0], [3.0], [100.0]]))
    2.0
    """
    return float(stats.trim_mean(scores, 0.25, axis=None))


def performance_profile(scores: Floats, levels: Floats) -> Floats:
    """Return the share of runs, over all tasks, whose score is above each level."""
    return np.asarray((scores.ravel()[:, None] > np.asarray(levels)[None]).mean(axis=0))


def probability_of_improvement(a: Floats, b: Floats) -> float:
    """Return how often a run of `a` beats one of `b` on the same task, ties a half, tasks weighted alike."""
    wins = [
        stats.mannwhitneyu(x, y, method="asymptotic").statistic / (len(x) * len(y))
        for x, y in zip(a.T, b.T, strict=True)
    ]
    return float(np.mean(wins))


def interquartile_mean_interval(scores: Floats, seed: int, level: float = LEVEL) -> Estimated:
    """Return the interquartile mean with its stratified percentile interval."""
    value = interquartile_mean(scores)
    if len(scores) < 2:
        return Estimated(value, why="one run says nothing about chance")
    drawn = _drawn(scores, seed, "a")
    middle = stats.trim_mean(drawn.reshape(DRAWS, -1), 0.25, axis=1)
    low, high = np.quantile(middle, [(1 - level) / 2, (1 + level) / 2])
    return Estimated(value, float(low), float(high), "stratified percentile bootstrap")


def improvement_interval(a: Floats, b: Floats, seed: int, level: float = LEVEL) -> Estimated:
    """Return the probability of improvement with its stratified percentile interval; `a` and `b` are independent."""
    value = probability_of_improvement(a, b)
    if len(a) < 2 or len(b) < 2:
        return Estimated(value, why="one run says nothing about chance")
    first, second = _drawn(a, seed, "a"), _drawn(b, seed, "b")
    above = first[:, :, None] > second[:, None]
    equal = first[:, :, None] == second[:, None]
    drawn = (above + 0.5 * equal).mean(axis=(1, 2, 3))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Estimated(value, float(low), float(high), "stratified percentile bootstrap")


def _drawn(scores: Floats, seed: int, name: str) -> Floats:
    """Resample the runs of every task: draws x runs x tasks."""
    runs, tasks = scores.shape
    u = uniforms(seed, 0, ("many runs", name), DRAWS * runs * tasks).reshape(DRAWS, runs, tasks)
    return np.take_along_axis(scores[None], (u * runs).astype(np.int64), axis=1)
