"""What the statistical tests share: how far a count of 2 000 studies may lie from what is stated."""

import math
from collections.abc import Callable

import numpy as np

STUDIES = 2000


def rng_of(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def margin(probability: float, studies: int = STUDIES) -> float:
    """Four binomial standard errors."""
    return 4 * math.sqrt(probability * (1 - probability) / studies)


def rejects(test: Callable[[int], float | None], studies: int = STUDIES, level: float = 0.05) -> float:
    """The share of studies whose p value is at most the level."""
    p_values = [test(study) for study in range(studies)]
    assert all(p is not None and 0 <= p <= 1 for p in p_values)
    return float(np.mean([p <= level for p in p_values if p is not None]))


def nominal(share: float, studies: int = STUDIES, level: float = 0.05) -> bool:
    return abs(share - level) <= margin(level, studies)


def not_liberal(share: float, studies: int = STUDIES, level: float = 0.05) -> bool:
    """For tests that are conservative by construction: the upper bound only."""
    return share <= level + margin(level, studies)


def covers(share: float, studies: int = STUDIES, level: float = 0.95) -> bool:
    return abs(share - level) <= margin(level, studies)
