"""How a risk drifts from one anchor to another over an episode.

The original note writes p(t+1) = (1 - a) p_start + a p_end + noise + effect of the action with a = 1 / t, which
runs backwards: it starts at the end and returns to the start. Here a runs from 0 to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def drifted(
    start: ArrayLike,
    end: ArrayLike,
    a: ArrayLike,
    u: ArrayLike = 0.5,
    spread: float = 0.0,
    effect: ArrayLike = 0.0,
) -> Floats:
    """Return the risk at the part `a` of an episode, from 0 (its start) to 1 (its end).

    All arguments broadcast; risks are probabilities. `u` is uniform on (0, 1) and makes a symmetric
    noise of at most `spread`, narrowed near 0 and 1 to what fits: so the result stays in range and its
    mean over `u` is exactly (1 - a) start + a end + effect. An effect cannot take a risk past 0 or 1.

    >>> drifted(0.2, 0.6, [0.0, 0.5, 1.0]).round(3).tolist()
    [0.2, 0.4, 0.6]
    >>> float(drifted(0.02, 0.02, 0.0, u=0.999999, spread=0.1).round(3))
    0.04
    """
    a = np.asarray(a, dtype=np.float64)
    middle = (1.0 - a) * np.asarray(start, dtype=np.float64) + a * np.asarray(end, dtype=np.float64)
    middle = np.clip(middle + np.asarray(effect, dtype=np.float64), 0.0, 1.0)
    fits = np.minimum(spread, np.minimum(middle, 1.0 - middle))
    return np.asarray(middle + fits * (2.0 * np.asarray(u, dtype=np.float64) - 1.0), dtype=np.float64)


def part_of_episode(step: ArrayLike, n_steps: ArrayLike) -> Floats:
    """Return how far an episode of `n_steps` steps has come: 0 at step 0, 1 at its last step and ever after.

    >>> part_of_episode([0, 1, 4, 9], 4).tolist()
    [0.0, 0.25, 1.0, 1.0]
    """
    return np.clip(np.asarray(step, dtype=np.float64) / np.asarray(n_steps, dtype=np.float64), 0.0, 1.0)
