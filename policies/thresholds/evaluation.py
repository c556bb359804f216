"""What thresholds are worth for patients that nothing was learned from.

Patients are the observations: each is walked through the same episodes under two controllers, and the
interval is of the mean of the patients' differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.risk.histories import Simulator
from policies.thresholds.moves import HIGH, KEEP, LEVELS, LOW, MODERATE, MOVE, SETTINGS, Floats, Ints
from policies.thresholds.walk import following, walk
from sim.inference import Interval, interval
from sim.streams import uniforms

FIXED = (KEEP,) * LEVELS
"""The policy that leaves the thresholds as they are."""
COPIES = 50
"""Episodes of each patient."""


@dataclass(frozen=True)
class Worth:
    """What a controller did for each patient, averaged over its episodes (`patients`)."""

    reward: Floats
    """Reward a visit."""
    unresolved: Floats
    """Share of visits in the moderate band."""
    missed: Floats
    """Share of visits in the low band before an evaluation that found the disease."""
    false_alarm: Floats
    """Share of visits in the high band before an evaluation that did not."""


def worth(
    simulator: Simulator, policy: Sequence[int], start: int, verbosity: float, seed: int, copies: int = COPIES
) -> Worth:
    """Return what a policy is worth that starts with a setting at every patient."""
    totals = np.zeros((4, len(simulator.patients)))
    for copy in range(copies):
        episodes = simulator.episodes(seed, "judging", copy)
        seen = walk(episodes, following(policy), np.full(len(episodes), start), verbosity)
        present = seen.present[1:]
        totals += [
            seen.reward.mean(axis=0),
            (seen.band == MODERATE).mean(axis=0),
            ((seen.band == LOW) & present).mean(axis=0),
            ((seen.band == HIGH) & ~present).mean(axis=0),
        ]
    return Worth(*(totals / copies))


def difference(a: Worth, b: Worth) -> Interval:
    """Return the mean over patients of the reward a visit of `b` less that of `a`."""
    return interval(b.reward - a.reward)


def best_fixed(simulator: Simulator, verbosity: float, seed: int, copies: int = COPIES) -> int:
    """Return the setting that, left alone, is worth most for these patients: every pair of thresholds is tried.

    Reasons only cost, so only settings with the fewest are.
    """
    fewest = [i for i, setting in enumerate(SETTINGS) if setting.top_k == min(s.top_k for s in SETTINGS)]
    mean = {i: float(worth(simulator, FIXED, i, verbosity, seed, copies).reward.mean()) for i in fewest}
    return max(mean, key=lambda i: (mean[i], -i))


def settles_at(
    simulator: Simulator, policy: Sequence[int], start: int, seed: int, orders: int = 200
) -> tuple[int, float]:
    """Return where a policy takes the thresholds when they are not set back between patients.

    All patients come one after another, in `orders` random orders side by side. The first value is the
    setting most often in force after the last patient, the second the share of orders in which it was.
    """
    episodes = simulator.episodes(seed, "settling")
    n = len(episodes)
    u = uniforms(seed, 0, ("thresholds", "order"), orders * n).reshape(n, orders)
    order: Ints = np.argsort(u, axis=0)
    setting = np.full(orders, start)
    for rows in order:
        setting = walk(episodes.only(rows), following(policy), setting, 0.0).setting[-1]
    found = np.bincount(setting, minlength=len(SETTINGS))
    return int(found.argmax()), float(found.max() / orders)


def is_settled(policy: Sequence[int], setting: int) -> bool:
    """Return whether no action of the policy moves a setting."""
    return all(int(MOVE[setting, action]) == setting for action in policy)
