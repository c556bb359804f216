"""Advantages in the costs of each critic head: generalised advantage estimation in hours, not steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cost_advantages(
    costs: Floats,
    values: Floats,
    following: Floats,
    hours: Floats,
    over: NDArray[np.bool_],
    gamma: float,
    trace: float,
) -> tuple[Floats, Floats]:
    """Return advantages and value targets, each T x N x V: T steps, N parallel streams, V heads.

    `costs`, `values`: T x N x V, the cost of a step and what the critic expected before it. `following`: T x N x V,
    what it expects of the state in which the step ended; where an episode was truncated (`over`, T x N) that is the
    last state of the old episode, from which is bootstrapped, and no advantage crosses the seam. `hours`: T x N, how
    long the step took; the discount is `gamma` an hour. `trace`: lambda of GAE (Schulman et al. 2016), a step.
    """
    discount = (gamma**hours)[..., None]
    surprise = costs + discount * following - values
    goes_on = (discount * trace) * ~over[..., None]
    advantages = np.zeros_like(surprise)
    running = np.zeros(surprise.shape[1:])
    for t in range(len(surprise) - 1, -1, -1):
        running = surprise[t] + goes_on[t] * running
        advantages[t] = running
    return advantages, advantages + values
