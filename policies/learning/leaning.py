"""How an untrained policy leans to the options that it begins with."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from policies.environments.menu import Menu
from policies.learning.settings import TrainSettings
from policies.parameters import suggestion
from scenarios.errors import UsageError

HELD = 1 - 1e-6
"""With this probability a dial that is not explored keeps its option: no gradient is left to change it."""


def leaning_of(settings: TrainSettings, menu: Menu) -> tuple[float, ...]:
    """Return K probabilities of the option that is leaned to. Raises `UsageError` on dials that there are not."""
    names = [dial.name for dial in menu.dials]
    if strange := [name for name in settings.explore if name not in names]:
        raise UsageError(
            "\n".join(f"explore: {name} is not a dial here. {suggestion(name, names)}" for name in strange)
        )
    return tuple(settings.keep if explored else HELD for explored in explored_of(settings, menu))


def explored_of(settings: TrainSettings, menu: Menu) -> tuple[bool, ...]:
    """Return K: whether a dial is explored; all are, where none is named."""
    return tuple(not settings.explore or dial.name in settings.explore for dial in menu.dials)


def head_start(
    sizes: Sequence[int], options: Sequence[int], probabilities: Sequence[float]
) -> NDArray[np.float64]:
    """Return M logits: 0, but for one option (K) of every dial, which then has the probability named (K).

    >>> head_start([3, 1], [2, 0], [0.5, 0.9]).round(3).tolist()
    [0.0, 0.0, 0.693, 0.0]
    """
    logits, first = np.zeros(sum(sizes)), 0
    for n, option, probability in zip(sizes, options, probabilities, strict=True):
        if n > 1:
            logits[first + int(option)] = log(probability * (n - 1) / (1 - probability))
        first += n
    return logits
