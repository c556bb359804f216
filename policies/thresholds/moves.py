"""The thresholds as a grid, the seven actions that move them, and the reward of a band.

Thresholds count in twentieths (steps of 0.05). An action that would leave the bounds, or make moderate
meet high, is a no-move. The original note's table of actions names "raise high" twice and "lower high" never;
here there are seven: both directions of each of three settings, and keep.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

STEPS = 20
"""Thresholds are multiples of 1 / STEPS."""
LEVELS = 10
"""States of the learner: floor(10 p), p = 1 belonging to the last."""
LOWEST_MODERATE, HIGHEST_HIGH = 1, STEPS - 1
"""0.05 and 0.95 (assumed): nobody may be sent home or called in whatever the risk."""
LEAST_TOP_K, MOST_TOP_K = 1, 5
"""Reasons given with a band (assumed)."""
LOW, MODERATE, HIGH = 0, 1, 2
BANDS = ("low", "moderate", "high")

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Setting(NamedTuple):
    """Thresholds in twentieths, and how many reasons are given."""

    moderate: int
    high: int
    top_k: int

    def __str__(self) -> str:
        return f"moderate {self.moderate / STEPS:.2f}, high {self.high / STEPS:.2f}, top_k {self.top_k}"


class Action(NamedTuple):
    """A named change of one part of a setting."""

    name: str
    part: str
    by: int


ACTIONS = (
    Action("raise moderate", "moderate", 1),
    Action("lower moderate", "moderate", -1),
    Action("raise high", "high", 1),
    Action("lower high", "high", -1),
    Action("raise top_k", "top_k", 1),
    Action("lower top_k", "top_k", -1),
    Action("keep", "top_k", 0),
)
KEEP = len(ACTIONS) - 1


def is_legal(setting: Setting) -> bool:
    """Return whether a setting keeps the bounds and moderate below high."""
    in_order = LOWEST_MODERATE <= setting.moderate < setting.high <= HIGHEST_HIGH
    return in_order and LEAST_TOP_K <= setting.top_k <= MOST_TOP_K


def moved(setting: Setting, action: int) -> Setting:
    """Return the setting after an action; the same one if that would not be legal.

    >>> moved(Setting(6, 12, 3), 0)
    Setting(moderate=7, high=12, top_k=3)
    >>> moved(Setting(11, 12, 3), 0)
    Setting(moderate=11, high=12, top_k=3)
    """
    _, part, by = ACTIONS[action]
    after = setting._replace(**{part: getattr(setting, part) + by})
    return after if is_legal(after) else setting


SETTINGS = tuple(
    Setting(moderate, high, top_k)
    for moderate in range(LOWEST_MODERATE, HIGHEST_HIGH)
    for high in range(moderate + 1, HIGHEST_HIGH + 1)
    for top_k in range(LEAST_TOP_K, MOST_TOP_K + 1)
)
"""Every legal setting; elsewhere a setting is its index here."""

INDEX = {setting: i for i, setting in enumerate(SETTINGS)}

MOVE: Ints = np.array([[INDEX[moved(s, a)] for a in range(len(ACTIONS))] for s in SETTINGS], dtype=np.int64)
"""settings x actions -> setting."""

BAND: Ints = np.array(
    [[(cell >= s.moderate) * 1 + (cell >= s.high) for cell in range(STEPS)] for s in SETTINGS], dtype=np.int64
)
"""settings x cells -> band of a patient whose risk lies in a cell."""

TOP_K: Ints = np.array([s.top_k for s in SETTINGS], dtype=np.int64)
"""settings -> top_k."""


def cell(risk: Floats) -> Ints:
    """Return the twentieth in which a risk lies; 1 belongs to the last. A risk at a threshold is above it.

    >>> cell(np.array([0.0, 0.15, 0.349, 1.0])).tolist()
    [0, 3, 6, 19]
    """
    return np.asarray(np.minimum(np.floor(risk * STEPS + 1e-9), STEPS - 1), dtype=np.int64)


def level(risk: Floats) -> Ints:
    """Return the state of the learner, floor(10 p), from 0 to 9.

    >>> level(np.array([0.0, 0.1, 0.999, 1.0])).tolist()
    [0, 1, 9, 9]
    """
    return cell(risk) * LEVELS // STEPS


def verdict(band: Ints, present: NDArray[np.bool_]) -> Floats:
    """Return +1 where a band was right about the outcome, -1 where it was wrong, 0 where it is unresolved.

    High is right of the present disease, low of the absent one; moderate resolves nothing.
    """
    said = band - MODERATE
    return np.asarray(said * np.where(present, 1, -1), dtype=np.float64)
