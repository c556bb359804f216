"""Where hospitals and arrows stand on the schematic map: always the same for the same scenario."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from dashboards.report.sketch import MOST_PLACED, bed_count, positions, ring, travel_hours
from scenarios.scenario import Scenario

HALF_WIDTH = 1.55
"""Of the map, in its own units; a unit is as long up as across."""
ROOM = 0.47
"""Above and below the outermost hospitals, for their circles and names."""
REACH = np.array([1.05, 0.95])
"""How far hospitals stand from the middle; the rest is for their names."""
LEAST, MOST = 0.07, 0.2
"""Radii of the smallest and the largest hospital."""
BEND, GAP, POINTS = 0.16, 0.04, 41


def places(scenario: Scenario) -> NDArray[np.float64]:
    """Return H x 2 places: as far apart as the roads say where they are few, else on an oval in that order."""
    hours = travel_hours(scenario)
    n = len(hours)
    if n == 1:
        return np.zeros((1, 2))
    at = ring(hours) if in_the_order_of_directions(n) else positions(hours)
    middle = (at.max(axis=0) + at.min(axis=0)) / 2
    scale = REACH / np.maximum(np.ptp(at, axis=0) / 2, 1e-9)
    return np.round((at - middle) * (scale if in_the_order_of_directions(n) else scale.min()), 4)


def half_height(at: NDArray[np.float64]) -> float:
    """Return half the height of the map that holds these places."""
    return float(np.abs(at[:, 1]).max()) + ROOM


def in_the_order_of_directions(n_hospitals: int) -> bool:
    """Whether there are so many that distances on the map say nothing."""
    return n_hospitals > MOST_PLACED


def radii(scenario: Scenario) -> NDArray[np.float64]:
    """Return H radii: the area grows with the beds; a hospital without a limit is as large as the largest."""
    counts = [bed_count(hospital) for hospital in scenario.hospitals.values()]
    most = max((c for c in counts if c), default=0)
    shares = [1.0 if c is None else c / most if most else 0.0 for c in counts]
    return np.array([max(MOST * sqrt(share), LEAST) for share in shares])


def arc(
    start: NDArray[np.float64], end: NDArray[np.float64], start_radius: float, end_radius: float
) -> NDArray[np.float64]:
    """Return a bent line from the edge of one circle to the edge of another, m x 2.

    It bends to its right, so that the two ways between a pair stand apart.
    """
    way = end - start
    control = (start + end) / 2 + BEND * np.array([way[1], -way[0]])
    t = np.linspace(0.0, 1.0, POINTS)[:, None]
    line = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end
    outside = (np.hypot(*(line - start).T) >= start_radius + GAP) & (
        np.hypot(*(line - end).T) >= end_radius + GAP
    )
    return line[outside] if outside.sum() >= 2 else line[[POINTS // 2 - 1, POINTS // 2 + 1]]


def label_sides(at: NDArray[np.float64]) -> list[str]:
    """Return how each hospital's label is set: `left`, `center` or `right`; those beside the middle lean outward."""
    sides = []
    for x, _ in at:
        if abs(x) < 0.08:
            sides.append("center")
        elif abs(x) <= 0.55:
            sides.append("left" if x > 0 else "right")
        else:
            sides.append("right" if x > 0 else "left")
    return sides
