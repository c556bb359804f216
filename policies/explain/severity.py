"""What a patient's severity is made of: Shapley values of the points of the vital signs and of frailty.

Severity is not a sum (points are put on a bent scale, and frailty counts for less in the acutely ill), so what a sign
adds depends on the others. All subsets are tried against other patients of the same early-warning scale; that the
contributions sum to the severity is checked each time. See `agents.profiles.severity` for the formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.profiles.early_warning import EarlyWarning, early_warning
from agents.profiles.record import Profile
from agents.profiles.severity import acute, frailty, joined, severity_of
from policies.explain.attribution import Attribution, interventional
from policies.explain.scorer import Floats, Margin
from scenarios.errors import RunError

SIGNS = ("resp_rate", "spo2", "on_oxygen", "systolic", "pulse", "temperature", "consciousness")
INPUTS = (*SIGNS, "frailty")
"""Points of each sign, 0 where it was not measured; frailty from 0 to 1."""
COMPARED_WITH = 40
"""Others of the same scale, at most: the first ones."""


@dataclass(frozen=True, eq=False)
class SeverityExplained:
    """One patient's severity, taken apart."""

    found: Attribution
    """One row of `INPUTS`; its base is the mean severity of those compared with."""
    inputs: Floats
    scale: str
    n_compared: int


def explain_severity(profile: Profile, others: Sequence[Profile]) -> SeverityExplained:
    """Return what makes the severity differ from that of others. Raises `RunError` if it does not add up."""
    score = early_warning(profile)
    same = [(other, s) for other in others if (s := early_warning(other)).scale == score.scale]
    background = np.array([_inputs(other, s) for other, s in same[:COMPARED_WITH]])
    row = _inputs(profile, score)[None, :]
    if not len(background):
        background = row

    def severity(rows: Floats) -> Floats:
        return np.array([_severity(one, score.scale) for one in rows])

    found = interventional(Margin("severity", severity), row, background, method="exact")
    if abs(found.margin[0] - severity_of(profile)) > 1e-9:
        raise RunError(f"the severity of {profile.demographics.profile_id} is not that of its inputs.")
    return SeverityExplained(found, row[0], score.scale, len(background))


def _inputs(profile: Profile, score: EarlyWarning) -> Floats:
    return np.array([*(float(score.points.get(sign, 0)) for sign in SIGNS), frailty(profile)])


def _severity(row: Floats, scale: str) -> float:
    points = {sign: int(value) for sign, value in zip(SIGNS, row[:-1], strict=True)}
    return joined(acute(EarlyWarning(scale, points, ())), float(row[-1]))
