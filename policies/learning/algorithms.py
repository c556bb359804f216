"""Algorithms by name: which objective of groups each one follows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policies.learning.levels import GroupLevels
from policies.learning.scalarising import (
    GeneralisedGini,
    GroupObjective,
    LevelCorrectedMax,
    PILagrangian,
    SoftDRO,
    Utilitarian,
    normalised,
    scalarise,
)
from policies.learning.settings import TrainSettings

Floats = NDArray[np.float64]


def objective_of(settings: TrainSettings, rho: Floats) -> GroupObjective:
    """Return the objective of an algorithm for groups with shares rho (G)."""
    match settings.algo:
        case "gr-ppo":
            return SoftDRO(rho, settings.lam, settings.tau)
        case "gr-ppo-max":
            return LevelCorrectedMax(rho, settings.lam)
        case "ggf":
            return GeneralisedGini(rho, settings.ranks, settings.lam)
        case "pi-lagrangian":
            return PILagrangian(rho, settings.slack)
        case _:
            return Utilitarian(rho)  # `naive-max` differs in the loss only


def advantages_of(settings: TrainSettings, costs: Floats, weights: Floats, levels: GroupLevels) -> Floats:
    """Return what the loss is given, from cost advantages N x (G + 1): N, or N x C for the naive max."""
    if settings.algo != "naive-max":
        return normalised(scalarise(costs, weights))
    return naive_columns(costs, weights, settings.lam, levels.rho > 0)


def naive_columns(costs: Floats, rho: Floats, lam: float, present: NDArray[np.bool_]) -> Floats:
    """Return N x C: for each group of whom somebody comes, (1 - lambda) x the mean's advantage + lambda x its own."""
    own = np.eye(len(rho))[present]
    return np.stack([normalised(scalarise(costs, (1 - lam) * rho + lam * e)) for e in own], axis=1)
