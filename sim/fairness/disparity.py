"""How unequal are the outcomes of groups? Pure functions of values; the last axis is the groups, NaN has no value.

Every function works on many resamples at once, so that what is chosen from the data (the best-off, the worst) is
chosen again in each of them.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Better = Literal["lower", "higher", ""]

OVERALL, BEST = "overall", "best"
"""References that are not a group: everybody, and the group that is best off in the same resample."""


def best(values: Floats, better: Better) -> Floats:
    """Return the best value; where no direction is better, the smallest."""
    return _extreme(values, largest=better == "higher")


def worst(values: Floats, better: Better) -> Floats:
    """Return the worst value; where no direction is better, the largest."""
    return _extreme(values, largest=better != "higher")


def largest_gap(values: Floats) -> Floats:
    """Return the largest less the smallest.

    >>> float(largest_gap(np.array([1.0, np.nan, 4.0])))
    3.0
    """
    return _extreme(values, largest=True) - _extreme(values, largest=False)


def min_max(values: Floats) -> Floats:
    """Return the smallest over the largest: 1 is equal; NaN unless all are at least 0 and one is above.

    >>> float(min_max(np.array([1.0, 4.0])))
    0.25
    """
    low, high = _extreme(values, largest=False), _extreme(values, largest=True)
    return np.where((low >= 0) & (high > 0), low / np.where(high > 0, high, 1.0), np.nan)


def difference(values: Floats, reference: Floats) -> Floats:
    """Return each group less the reference (one value a resample)."""
    return values - reference[..., None]


def ratio(values: Floats, reference: Floats) -> Floats:
    """Return each group over the reference; NaN where that is not above 0."""
    below = np.where(reference > 0, reference, np.nan)
    return values / below[..., None]


def generalised_entropy(values: Floats, people: Floats, alpha: float = 2.0) -> Floats:
    """Return the inequality between groups, 0 when equal: everybody is given the mean of their group.

    `people` weighs the groups. alpha 2 is half the squared coefficient of variation, 1 is Theil's index, 0 the mean
    log deviation. Inequality is of the values as they are, so it is low when everybody waits long. NaN unless all
    values are above 0 (alpha 2: at least 0, with a mean above). Source: Shorrocks (1980), Econometrica 48:613.

    >>> round(float(generalised_entropy(np.array([1.0, 3.0]), np.array([1.0, 1.0]))), 6)
    0.125
    """
    there = ~np.isnan(values) & (people > 0)
    weight = np.where(there, people, 0.0)
    weight = weight / np.maximum(weight.sum(axis=-1, keepdims=True), 1e-300)
    mean = (weight * np.where(there, values, 0.0)).sum(axis=-1)
    positive = ((values > 0) | ~there | ((alpha == 2.0) & (values >= 0))).all(axis=-1)
    fine = positive & (mean > 0) & there.any(axis=-1)
    share = np.where(there & fine[..., None], values / np.where(mean > 0, mean, 1.0)[..., None], 1.0)
    if alpha == 0:
        terms = -np.log(share)
    elif alpha == 1:
        terms = share * np.log(share)
    else:
        terms = (share**alpha - 1) / (alpha * (alpha - 1))
    return np.where(fine, (weight * terms).sum(axis=-1), np.nan)


def generalised_gini(values: Floats, better: Better, decay: float = 0.5) -> Floats:
    """Return the generalised Gini welfare function (GGF) on the scale of the outcome: the worst-off weighs most.

    Values are ranked from the worst by the outcome's direction, whatever their sign, and weighted 1, decay, decay^2,
    ... to a sum of 1; it lies between the worst value and the mean of the groups. Better in the outcome's own
    direction: lower for waits, higher for coverage. Groups count alike. Source: Weymark (1981), Mathematical Social
    Sciences 1:409; with weights falling from the worst, equal shifts to a worse group always count more.

    >>> float(generalised_gini(np.array([1.0, 4.0]), "lower"))
    3.0
    """
    worse_first = values if better == "higher" else -values
    ranked = np.sort(worse_first, axis=-1)  # NaN last
    there = ~np.isnan(ranked)
    weight = np.where(there, decay ** np.arange(values.shape[-1], dtype=np.float64), 0.0)
    total = weight.sum(axis=-1)
    found = (weight * np.where(there, ranked, 0.0)).sum(axis=-1) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, found if better == "higher" else -found, np.nan)


def reference_values(values: Floats, overall: Floats, reference: str, groups: tuple[str, ...],
                     better: Better) -> Floats:  # fmt: skip
    """Return the reference in each resample: everybody, the best-off of that resample, or a group."""
    if reference == OVERALL:
        return overall
    if reference == BEST:
        return best(values, better)
    return np.asarray(values[..., groups.index(reference)])


def _extreme(values: Floats, largest: bool) -> Floats:
    there = ~np.isnan(values)
    filled = np.where(there, values, -np.inf if largest else np.inf)
    found = filled.max(axis=-1) if largest else filled.min(axis=-1)
    return np.where(there.any(axis=-1), found, np.nan)
