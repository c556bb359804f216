"""Is there any gap between groups? Labels are exchanged among patients of one run, hospital and acuity.

If labels mean nothing, any assignment of them within such a stratum is as likely as the one seen, however much the
waits of one run hang together: the test needs no independence. The statistic is the largest less the smallest of the
groups' mean excess over their strata.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.evidence.estimated import Tested
from sim.streams import uniforms

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

SHUFFLED_UP_TO = 5_000
"""Patients up to whom labels are really shuffled; above, the permutation distribution is drawn from its normal limit
(Hoeffding's combinatorial central limit theorem), with the exact mean and covariance of the permutations."""

DRAWS = 1_999


def permutation_gap(
    score: Floats, group: Codes, stratum: Codes, n_groups: int, seed: int, draws: int = DRAWS
) -> Tested:
    """Test the largest gap between groups that have patients.

    `score` is what a patient contributes to the mean of a group, `stratum` a number from 0.
    """
    name = "permutation within run, hospital and acuity"
    present = np.flatnonzero(np.bincount(group, minlength=n_groups) > 0)
    if len(present) < 2:
        return Tested(name, None, why="one group has nothing to be compared with")
    renumbered = np.full(n_groups, -1)
    renumbered[present] = np.arange(len(present))
    group, k = renumbered[group], len(present)
    n_strata = int(stratum.max()) + 1
    size = np.bincount(stratum, minlength=n_strata).astype(np.float64)
    mean = np.bincount(stratum, weights=score, minlength=n_strata) / np.maximum(size, 1)
    excess = score - mean[stratum]
    excess[np.abs(excess) < 1e-12 * max(float(np.abs(score).max(initial=0.0)), 1e-300)] = 0.0
    n = np.bincount(group, minlength=k).astype(np.float64)
    if not excess.any():
        return Tested(name, 1.0, 0.0, why="no spread within any stratum")
    seen = _gap(np.bincount(group, weights=excess, minlength=k) / n)
    if len(score) <= SHUFFLED_UP_TO:
        null = _shuffled(excess, group, stratum, n, seed, draws)
    else:
        null = _limit(excess, group, stratum, n, size, seed, draws)
    # What is equal in exact arithmetic must not be told apart by rounding.
    as_large = int((null >= seen * (1 - 1e-9)).sum())
    return Tested(name, (as_large + 1) / (draws + 1), float(seen))


def _gap(deviation: Floats) -> Floats:
    return np.asarray(np.ptp(deviation, axis=-1))


def _shuffled(excess: Floats, group: Codes, stratum: Codes, n: Floats, seed: int, draws: int) -> Floats:
    """Shuffle within strata: rows by stratum, and within it in a random order, take the labels as they stood."""
    home = np.argsort(stratum, kind="stable")
    labels, values, strata = group[home], excess[home], stratum[home]
    u = uniforms(seed, 0, ("audit", "permutation"), draws * len(home)).reshape(draws, -1)
    null = np.empty(draws)
    for i in range(draws):
        shuffled = np.argsort(strata + u[i])  # uniforms lie between 0 and 1: strata stay apart
        null[i] = _gap(np.bincount(labels, weights=values[shuffled], minlength=len(n)) / n)
    return null


def _limit(
    excess: Floats, group: Codes, stratum: Codes, n: Floats, size: Floats, seed: int, draws: int
) -> Floats:
    k = len(n)
    spread = np.bincount(stratum, weights=excess**2, minlength=len(size)) / np.maximum(size - 1, 1)
    counts = np.bincount(stratum * k + group, minlength=len(size) * k).reshape(-1, k)
    covariance = np.diag(spread @ counts) - (counts * (spread / np.maximum(size, 1))[:, None]).T @ counts
    covariance /= np.outer(n, n)
    root, turn = np.linalg.eigh(covariance)
    u = uniforms(seed, 0, ("audit", "permutation limit"), draws * k).reshape(draws, k)
    return _gap((ndtri(u) * np.sqrt(np.maximum(root, 0.0))) @ turn.T)
