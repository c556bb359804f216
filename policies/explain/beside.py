"""LIME beside Shapley values: a straight line fitted around one row. Where they disagree, the score is not straight."""

from __future__ import annotations

import numpy as np

from policies.explain.attribution import EXTRA
from policies.explain.scorer import Floats, Margin
from scenarios.errors import MissingExtra

SAMPLES = 2000


def lime_values(margin: Margin, row: Floats, background: Floats, seed: int = 0) -> Floats:
    """Return D contributions: the slope of each input times its distance from the mean of the background."""
    try:
        from lime.lime_tabular import LimeTabularExplainer
    except ModuleNotFoundError:
        raise MissingExtra(EXTRA, "LIME") from None

    varies = np.flatnonzero((background != background[0]).any(axis=0))
    found = np.zeros(len(row))
    if not len(varies):
        return found
    part = background[:, varies]

    def reduced(some: Floats) -> Floats:
        full = np.repeat(row[None, :], len(some), axis=0)
        full[:, varies] = some
        return margin.of(full)

    explainer = LimeTabularExplainer(part, mode="regression", discretize_continuous=False, random_state=seed)
    explained = explainer.explain_instance(
        row[varies], reduced, num_features=len(varies), num_samples=SAMPLES
    )
    ((_, slopes),) = [item for item in explained.local_exp.items() if item[0] == 1]
    scaled = (row[varies] - explainer.scaler.mean_) / explainer.scaler.scale_
    for j, slope in slopes:
        found[varies[j]] = slope * scaled[j]
    return found
