"""A synthetic cohort of heart patients, for whom the truth is known because we planted it.

Nothing here is taken from patients. The signs of the coefficients are those of the clinical literature
on angiographic coronary disease (Detrano et al. 1989, Am J Cardiol 64:304); their sizes, and every
margin without another source, are assumed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from agents.risk.features import NAMES, HeartPatients
from sim.streams import uniforms

Floats = NDArray[np.float64]

INTERCEPT = -3.2
"""So that somewhat less than half have the disease, as among people sent for angiography (assumed)."""

PER_UNIT = {
    "Age": 0.03,  # a year above 55
    "BP": 0.012,  # a mmHg above 130
    "Cholesterol": 0.003,  # a mg/dl above 240
    "Max HR": -0.02,  # a beat above 150
    "ST depression": 0.45,  # a mm above 1
    "Number of vessels fluro": 1.1,  # a vessel above 0
}
"""Planted log-odds for a number, above `CENTRE` (assumed)."""

CENTRE = {
    "Age": 55.0,
    "BP": 130.0,
    "Cholesterol": 240.0,
    "Max HR": 150.0,
    "ST depression": 1.0,
    "Number of vessels fluro": 0.0,
}

PER_CODE: dict[str, dict[int, float]] = {
    "Sex": {1: 0.9},
    "Chest pain type": {1: -0.3, 2: -0.6, 3: -0.6, 4: 1.2},
    "FBS over 120": {1: 0.1},
    "EKG results": {1: 0.2, 2: 0.3},
    "Exercise angina": {1: 0.8},
    "Slope of ST": {2: 0.6, 3: 0.3},
    "Thallium": {6: 0.5, 7: 1.3},
}
"""Planted log-odds for a code; 0 for those not named (assumed)."""


def synthetic_cohort(n: int, seed: int) -> HeartPatients:
    """Return `n` patients; patient i is the same whatever `n`."""

    def u(purpose: str) -> Floats:
        return uniforms(seed, 0, ("heart cohort", purpose), n)

    def normal(purpose: str, mean: Floats | float, sd: float, low: float, high: float) -> Floats:
        return np.asarray(np.clip(np.rint(mean + sd * ndtri(u(purpose))), low, high), dtype=np.float64)

    def choice(purpose: str, codes: tuple[int, ...], shares: tuple[float, ...]) -> Floats:
        chosen = np.searchsorted(np.cumsum(shares)[:-1], u(purpose), side="right")
        return np.asarray(codes, dtype=np.float64)[chosen]

    age = normal("age", 55.0, 9.0, 29, 80)
    columns = {
        "Age": age,
        "Sex": choice("sex", (0, 1), (0.35, 0.65)),
        "Chest pain type": choice("chest pain", (1, 2, 3, 4), (0.08, 0.16, 0.28, 0.48)),
        "BP": normal("blood pressure", 105 + 0.45 * age, 16.0, 90, 220),
        "Cholesterol": normal("cholesterol", 190 + 1.0 * age, 48.0, 120, 500),
        "FBS over 120": choice("blood sugar", (0, 1), (0.85, 0.15)),
        "EKG results": choice("ekg", (0, 1, 2), (0.49, 0.02, 0.49)),
        # 208 - 0.7 age: Tanaka et al. 2001, J Am Coll Cardiol 37:153; 20 less, and the spread, assumed.
        "Max HR": normal("heart rate", 188 - 0.7 * age, 19.0, 70, 205),
        "Exercise angina": choice("angina", (0, 1), (0.67, 0.33)),
        # Exponential with mean 1 mm, to tenths (assumed).
        "ST depression": np.minimum(np.rint(-10.0 * np.log(1.0 - u("st depression"))) / 10, 6.0),
        "Slope of ST": choice("slope", (1, 2, 3), (0.48, 0.45, 0.07)),
        "Number of vessels fluro": choice("vessels", (0, 1, 2, 3), (0.59, 0.22, 0.12, 0.07)),
        "Thallium": choice("thallium", (3, 6, 7), (0.56, 0.05, 0.39)),
    }
    features = pd.DataFrame({name: columns[name] for name in NAMES})
    present = u("disease") < planted_risk(features)
    return HeartPatients(tuple(f"synthetic-{i:05d}" for i in range(1, n + 1)), features, present)


def planted_risk(features: pd.DataFrame) -> Floats:
    """Return the true probability of disease of patients of the cohort."""
    odds = np.full(len(features), INTERCEPT)
    for name, weight in PER_UNIT.items():
        odds += weight * (features[name].to_numpy(dtype=np.float64) - CENTRE[name])
    for name, weights in PER_CODE.items():
        for code, weight in weights.items():
            odds += weight * (features[name].to_numpy() == code)
    return np.asarray(expit(odds), dtype=np.float64)
