"""How the learner tries what it does not believe to be best: three explorers of one form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from policies.thresholds.moves import Floats, Ints

Explorer = Callable[[Floats, Ints, Floats, float], Ints]
"""(value by choices x actions, tries by choices x actions, uniform numbers by choices x 2, progress from 0 to 1)
-> action by choices. All numbers needed are given: an explorer draws none."""

FIRST_EPSILON, LAST_EPSILON = 1.0, 0.05
FIRST_HEAT, LAST_HEAT = 1.0, 0.02
CONFIDENCE = 10.0
"""UCB1's factor, of the size of what an episode returns at most (12 visits of at most 1)."""


def epsilon_greedy(value: Floats, tries: Ints, u: Floats, progress: float) -> Ints:
    """Any action with probability epsilon, which falls linearly from 1 to 0.05; else the best."""
    epsilon = FIRST_EPSILON + (LAST_EPSILON - FIRST_EPSILON) * progress
    anything = (u[:, 1] * value.shape[1]).astype(np.int64)
    return np.asarray(np.where(u[:, 0] < epsilon, anything, value.argmax(axis=1)), dtype=np.int64)


def boltzmann(value: Floats, tries: Ints, u: Floats, progress: float) -> Ints:
    """Each action with a probability proportional to exp(value / heat); the heat falls geometrically to 0.02."""
    heat = FIRST_HEAT * (LAST_HEAT / FIRST_HEAT) ** progress
    weight = np.exp((value - value.max(axis=1, keepdims=True)) / heat)
    reached = np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)
    return np.asarray((reached[:, :-1] < u[:, :1]).sum(axis=1), dtype=np.int64)


def upper_confidence(value: Floats, tries: Ints, u: Floats, progress: float) -> Ints:
    """The action whose value might be largest: UCB1's bonus (Auer et al. 2002); ties by chance."""
    total = tries.sum(axis=1, keepdims=True)
    bonus = CONFIDENCE * np.sqrt(np.log(total + 1.0) / (tries + 1.0))
    order = (np.arange(value.shape[1]) + np.floor(u[:, :1] * value.shape[1])) % value.shape[1]
    return np.asarray((value + bonus + 1e-12 * order).argmax(axis=1), dtype=np.int64)


EXPLORERS: dict[str, Explorer] = {
    "epsilon-greedy": epsilon_greedy,
    "boltzmann": boltzmann,
    "ucb": upper_confidence,
}
