"""Severity and priority: what `fairward profiles prepare` adds to each profile.

    severity = acute + (1 - acute) x 0.3 x frailty

`acute` is the early-warning score on a scale from 0 to 1, straight between its thresholds; `frailty` is the
ten-year mortality that the age-adjusted Charlson index estimates. So severity lies between 0 and 1, never falls
when a sign, age or a diagnosis gets worse, and old age and disease alone never exceed 0.3 (assumed).

    priority = sum of weight x factor / sum of weights, over the factors that are known

The factors lie between 0 and 1; the weights are a decision of those who run the hospital, read from a file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from agents.profiles.comorbidity import age_points, charlson_index, ten_year_mortality
from agents.profiles.early_warning import MOST_NEWS2, MOST_PEWS, EarlyWarning, early_warning
from agents.profiles.record import Profile
from scenarios.errors import Problem, ScenarioError
from scenarios.reading import read_file
from scenarios.tree import Node

FRAILTY_WEIGHT = 0.3
"""Assumed."""

NEWS2_SCALE = ((0, 0.0), (5, 0.5), (7, 0.7), (MOST_NEWS2, 1.0))
"""NEWS2 5 is the threshold of an urgent response, 7 of an emergency one (RCP 2017); their places are assumed."""
RED_SIGN = 0.4
"""At least this if a single sign scores 3, which asks for an urgent ward review (RCP 2017); the place assumed."""
PEWS_SCALE = ((0, 0.0), (4, 0.5), (8, 0.7), (MOST_PEWS, 1.0))
"""Bedside PEWS 8 had a sensitivity of 82 % and a specificity of 93 % for urgent intensive care (Parshuram et al.
2009); the places, and that of 4, near the mean largest score of 3.4 of those who did not need it, are assumed."""

Factor = Callable[[Profile, float], float | None]

FACTORS: dict[str, tuple[str, Factor]] = {
    "severity": ("severity as above", lambda p, severity: severity),
    "acute": ("the acute part of severity", lambda p, _: acute(early_warning(p))),
    "frailty": ("estimated ten-year mortality", lambda p, _: frailty(p)),
    "triage": (
        "urgency noted at the door, 1 for level 1, 0 for level 5",
        lambda p, _: None if p.picture.triage is None else (5 - p.picture.triage) / 4,
    ),
    "age": ("points for age of the Charlson index, of 4", lambda p, _: age_points(p.demographics.age) / 4),
    "child": ("1 under 16 years", lambda p, _: float(p.demographics.age < 16)),
    "pregnancy": ("1 in pregnancy", lambda p, _: float("pregnancy" in p.picture.diagnoses)),
    "deprivation": (
        "0 in the least, 1 in the most deprived fifth",
        lambda p, _: None if p.demographics.deprivation is None else (p.demographics.deprivation - 1) / 4,
    ),
    "rural": ("1 if rural", lambda p, _: _is(p.demographics.rurality, "rural")),
    "interpreter": (
        "1 if an interpreter is needed",
        lambda p, _: _is(p.demographics.language, "interpreter"),
    ),
    "uninsured": ("1 without insurance", lambda p, _: _is(p.demographics.insurance, "none")),
}
"""What a priority may be made of: (what it is, its value from 0 to 1 or None if not known)."""

MOST_WEIGHT = 1e12
"""All weights together: only their proportions count, and far larger sums lose them."""

DEFAULT_WEIGHTS = {"severity": 3.0, "triage": 1.0}
"""Assumed. Who comes first is a decision of those who run the hospital: write a file of your own."""


def prepared(profile: Profile, weights: dict[str, float]) -> Profile:
    """Return the profile with its severity and priority, rounded to 4 decimals."""
    severity = severity_of(profile)
    known = [(w, x) for name, w in weights.items() if (x := FACTORS[name][1](profile, severity)) is not None]
    total = sum(w for w, _ in known)
    priority = sum(w * x for w, x in known) / total if total > 0 else None
    return profile.model_copy(
        update={
            "severity": round(severity, 4),
            "priority": None if priority is None else round(min(priority, 1.0), 4),
        }
    )


def severity_of(profile: Profile) -> float:
    """Return the severity from 0 to 1; vital signs that were not measured count as usual."""
    return joined(acute(early_warning(profile)), frailty(profile))


def joined(acute: float, frailty: float) -> float:
    """Return the severity of both parts."""
    return acute + (1 - acute) * FRAILTY_WEIGHT * frailty


def acute(score: EarlyWarning) -> float:
    """Return an early-warning score on the scale from 0 to 1."""
    steps = NEWS2_SCALE if score.scale == "NEWS2" else PEWS_SCALE
    place = float(np.interp(score.total, [s for s, _ in steps], [a for _, a in steps]))
    return max(place, RED_SIGN) if score.red else place


def frailty(profile: Profile) -> float:
    """Return the estimated ten-year mortality; 0 for children, for whom the index is not made."""
    if profile.demographics.age < 18:
        return 0.0
    return ten_year_mortality(charlson_index(profile) + age_points(profile.demographics.age))


def read_weights(path: Path) -> dict[str, float]:
    """Return the weights of a file. Raises `ScenarioError` with every problem.

    The file has a mapping `weights` of factors to numbers of at least 0, and perhaps a `title` and a `source`.
    """
    node = read_file(path, str(path), "weights")
    problems = []
    for key, part in _entries(node).items():
        if key not in ("weights", "title", "source"):
            remedy = "Known: weights, title, source."
            problems.append(Problem(*part.place, key, "", f'"{key}" is not known here', remedy))
    written = node.child("weights")
    if written is None or not isinstance(written.value, dict):
        got = "nothing" if written is None else "something else"
        example = "Write weights: {severity: 3, triage: 1}."
        problems.append(
            Problem(*(written or node).place, "weights", "a mapping of factors to numbers", got, example)
        )
        raise ScenarioError(problems)
    weights: dict[str, float] = {}
    for name, part in written.value.items():
        value = part.value
        if name not in FACTORS:
            known = f"Known: {', '.join(FACTORS)}."
            problems.append(Problem(*part.place, f"weights.{name}", "", f'"{name}" is not a factor', known))
        elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            got = str(value) if isinstance(value, str | int | float) else "something else"
            problems.append(Problem(*part.place, f"weights.{name}", "a number of at least 0", got))
        else:
            weights[name] = float(value)
    if not problems and not any(weights.values()):
        problems.append(Problem(*written.place, "weights", "at least one weight above 0", "none"))
    if sum(weights.values()) > MOST_WEIGHT:
        got = f"{sum(weights.values()):.3g}"
        problems.append(
            Problem(*written.place, "weights", f"weights with a sum of at most {MOST_WEIGHT:g}", got)
        )
    if problems:
        raise ScenarioError(problems)
    return {name: weight for name, weight in weights.items() if weight > 0}


def _entries(node: Node) -> dict[str, Node]:
    return node.value if isinstance(node.value, dict) else {}


def _is(value: str | None, word: str) -> float | None:
    return None if value is None else float(value == word)
