"""What the learning curve says of the groups after an iteration."""

from __future__ import annotations

from collections.abc import Sequence

from policies.learning.controller import gap_of
from policies.learning.levels import Floats
from policies.learning.scalarising import GroupObjective


def standing(level: Floats, rho: Floats, objective: GroupObjective) -> dict[str, float]:
    """Return mean, worst, gap, objective and lambda (0 where there is none) of levels (G); `rho`: shares (G)."""
    return {
        "mean": float(rho @ level),
        "worst": float(level[rho > 0].max()),
        "gap": gap_of(level, rho),
        "objective": objective.value(level),
        "lambda": float(getattr(objective, "lam", 0.0)),
    }


def by_group(groups: Sequence[str], level: Floats, weights: Floats) -> dict[str, float]:
    """Return the level and the weight of every group, under the names of the history."""
    return {
        f"{what} {group}": float(value)
        for what, values in (("level", level), ("weight", weights))
        for group, value in zip(groups, values, strict=True)
    }
