"""Thresholds at work: each patient's band with the reasons for it, and what the bands mean to a scenario."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from agents.risk.features import FEATURES, HeartPatients
from agents.risk.model import RiskModel
from policies.thresholds.moves import BAND, BANDS, SETTINGS, Floats, Ints, cell

DISEASE, RISK_BAND = "heart-disease", "risk-band"
"""Attributes of the scenario `heart-clinic`."""


def bands(model: RiskModel, patients: HeartPatients, setting: int) -> pd.DataFrame:
    """Return the risk, the band and the top_k reasons of each patient.

    A reason is what a feature adds to the log-odds of the average patient of those the model was fitted
    to: exact, since the model is linear there. The largest come first, whatever their sign.
    """
    risk = model.predict(patients.features)
    reasons = model.contributions(patients.features)
    top_k = SETTINGS[setting].top_k
    order = np.argsort(-np.abs(reasons), axis=1, kind="stable")[:, :top_k]
    table = pd.DataFrame(
        {
            "Id": list(patients.ids),
            "Risk": risk.round(4),
            "Band": [BANDS[b] for b in band_of(risk, setting)],
        }
    )
    for place in range(top_k):
        table[f"Reason_{place + 1}"] = [
            _reason(
                patients.features.iloc[row], int(order[row, place]), float(reasons[row, order[row, place]])
            )
            for row in range(len(patients))
        ]
    return table


def band_of(risk: Floats, setting: int) -> Ints:
    """Return the band of each risk: 0 low, 1 moderate, 2 high."""
    return np.asarray(BAND[setting, cell(risk)], dtype=np.int64)


def band_shares(risk: Floats, weight: Floats, setting: int) -> dict[str, float]:
    """Return the share of each band among patients with these weights; the shares sum to 1 to the last digit shown."""
    total = np.bincount(band_of(risk, setting), weights=weight, minlength=len(BANDS)) / weight.sum()
    low, moderate = (round(float(share), 4) for share in total[:2])
    return {"low": low, "moderate": moderate, "high": round(1 - low - moderate, 4)}


def scenario_changes(model: RiskModel, patients: HeartPatients, setting: int) -> tuple[str, ...]:
    """Return the `--set` changes that put these bands into the scenario `heart-clinic`.

    Each says how the patients with and without the disease are spread over the bands: counted where the
    file says who has it; else each patient counts for both, by its risk.
    """
    risk = model.predict(patients.features)
    sick = risk if patients.present is None else patients.present.astype(np.float64)
    cases = [
        {"when": {DISEASE: "present"}, "share": band_shares(risk, sick, setting)},
        {"share": band_shares(risk, 1 - sick, setting)},
    ]
    prevalence = round(float(sick.mean()), 4)
    return (
        f"attributes.{DISEASE}.share={{present: {prevalence}, absent: {round(1 - prevalence, 4)}}}",
        f"attributes.{RISK_BAND}.share={json.dumps(cases)}",
    )


def _reason(patient: pd.Series, feature: int, added: float) -> str:
    spec = FEATURES[feature]
    unit = "" if spec.codes else f" {spec.unit}"
    return f"{spec.name} {patient[spec.name]:g}{unit}: {added:+.2f}"
