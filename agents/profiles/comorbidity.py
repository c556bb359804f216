"""Comorbidity: the Charlson index, with age, and the mortality that was estimated from it.

Weights: Charlson, Pompei, Ales & MacKenzie (1987) J Chronic Dis 40:373. Age: one point for each decade from 50
on, at most 4: Charlson et al. (1994) J Clin Epidemiol 47:1245. Ten-year survival 0.983 ** exp(0.9 x index): 1987.
"""

from __future__ import annotations

from math import exp

from agents.profiles.record import Profile

CHARLSON = {
    "acute coronary syndrome": 1, "ischaemic heart disease": 1, "heart failure": 1, "peripheral vascular disease": 1,
    "previous stroke": 1, "acute stroke": 1, "dementia": 1, "COPD": 1, "asthma": 1, "rheumatic disease": 1,
    "chronic liver disease": 1, "type 2 diabetes": 1, "chronic kidney disease": 2, "cancer": 2,
}  # fmt: skip
"""Our diagnoses in the terms of the index. The index counts myocardial infarction, which ischaemic heart disease
stands for here, chronic pulmonary disease, which is COPD or asthma, and moderate or severe kidney disease; our
vocabulary does not tell mild from severe liver disease or diabetes, nor a solid tumour from a metastatic one: the
lower weight is taken."""

ONE_POINT_TOGETHER = (
    ("acute coronary syndrome", "ischaemic heart disease"),
    ("previous stroke", "acute stroke"),
    ("COPD", "asthma"),
)
"""Diagnoses that are one item of the index."""


def charlson_index(profile: Profile) -> int:
    """Return the index without age."""
    has = set(profile.picture.diagnoses)
    twice = sum(CHARLSON[a] for a, b in ONE_POINT_TOGETHER if a in has and b in has)
    return sum(CHARLSON.get(diagnosis, 0) for diagnosis in has) - twice


def age_points(age: int) -> int:
    """Return the points for age.

    >>> [age_points(age) for age in (49, 50, 69, 79, 80, 99)]
    [0, 1, 2, 3, 4, 4]
    """
    return min(max((age - 40) // 10, 0), 4)


def ten_year_mortality(index: int) -> float:
    """Return the estimated probability of dying within ten years at an age-adjusted index.

    >>> [round(ten_year_mortality(index), 2) for index in (0, 1, 2, 3, 4, 5)]
    [0.02, 0.04, 0.1, 0.23, 0.47, 0.79]
    """
    return float(1.0 - 0.983 ** exp(0.9 * index))
