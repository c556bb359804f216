"""Comparing like with like: outcomes of groups standardised for their mix of cases.

Sums of a patient score and numbers of patients come as ... x groups x strata, the leading axes being resamples.
Scores of deaths carry the weight of those who could not be followed, so sums need not be whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def direct(total: Floats, n: Floats) -> Floats:
    """Return each group's mean if it had the mix of all groups together.

    Strata in which a group has nobody cannot be standardised and are left out of that group's weights: read
    `support` beside it.
    """
    weight = np.where(n > 0, n.sum(axis=-2, keepdims=True), 0.0)
    rate = total / np.where(n > 0, n, 1.0)
    below = weight.sum(axis=-1)
    return np.asarray(
        np.where(below > 0, (weight * rate).sum(axis=-1) / np.where(below > 0, below, 1.0), np.nan)
    )


def support(n: Floats) -> Floats:
    """Return which share of all patients is in strata where the group has somebody."""
    everybody = n.sum(axis=-2, keepdims=True)
    of_all = everybody.sum(axis=-1)
    return np.asarray(np.where(n > 0, everybody, 0.0).sum(axis=-1) / np.where(of_all > 0, of_all, np.nan))


def observed_over_expected(total: Floats, n: Floats) -> Floats:
    """Return each group's sum over what it would have at everybody's means in its own strata (indirect; O/E).

    Everybody includes the group itself. Groups with different mixes are comparable with everybody, not with one
    another. NaN where nothing is expected.
    """
    everybody = n.sum(axis=-2, keepdims=True)
    rate = total.sum(axis=-2, keepdims=True) / np.where(everybody > 0, everybody, 1.0)
    expected = (n * rate).sum(axis=-1)
    return np.asarray(total.sum(axis=-1) / np.where(expected > 0, expected, np.nan))


def mantel_haenszel(total: Floats, n: Floats, reference: int) -> Floats:
    """Return the risk ratio of each group to a reference group, common to all strata; 1 for the reference itself.

    NaN where the reference has no event in a stratum with the group. Source: Greenland & Robins (1985), Biometrics
    41:55.
    """
    d0, n0 = total[..., reference, None, :], n[..., reference, None, :]
    together = n + n0
    weight = 1.0 / np.where(together > 0, together, 1.0)
    above, below = (total * n0 * weight).sum(axis=-1), (d0 * n * weight).sum(axis=-1)
    found = above / np.where(below > 0, below, np.nan)
    found[..., reference] = np.where(np.isnan(found[..., reference]), np.nan, 1.0)
    return np.asarray(found)


def adjusted_difference(total: Floats, n: Floats, a: int, b: int) -> Floats:
    """Return the mean of group `a` less that of `b` within strata, weighted as Mantel and Haenszel weigh.

    Only strata with patients of both count; NaN where there are none. Source: Greenland & Robins (1985).
    """
    both = (n[..., a, :] > 0) & (n[..., b, :] > 0)
    together = np.where(both, n[..., a, :] + n[..., b, :], 1.0)
    weight = np.where(both, n[..., a, :] * n[..., b, :] / together, 0.0)
    gap = np.where(both, total[..., a, :] / np.where(both, n[..., a, :], 1.0), 0.0)
    gap = gap - np.where(both, total[..., b, :] / np.where(both, n[..., b, :], 1.0), 0.0)
    below = weight.sum(axis=-1)
    return np.asarray(
        np.where(below > 0, (weight * gap).sum(axis=-1) / np.where(below > 0, below, 1.0), np.nan)
    )


def overlap(n: Floats, a: int, b: int) -> Floats:
    """Return which share of the patients of two groups is in strata with patients of both."""
    pair = n[..., a, :] + n[..., b, :]
    both = (n[..., a, :] > 0) & (n[..., b, :] > 0)
    whole = pair.sum(axis=-1)
    return np.asarray(np.where(both, pair, 0.0).sum(axis=-1) / np.where(whole > 0, whole, np.nan))


def crude_difference(total: Floats, n: Floats, a: int, b: int) -> Floats:
    """Return the mean of group `a` less that of `b`, strata ignored."""
    mean = total.sum(axis=-1) / np.where(n.sum(axis=-1) > 0, n.sum(axis=-1), np.nan)
    return np.asarray(mean[..., a] - mean[..., b])
