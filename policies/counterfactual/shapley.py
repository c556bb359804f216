"""Shapley averages: what each of several causes contributes to a number, over all orders of switching them on.

Values come by subset: a subset of k causes is a whole number whose bit i says whether cause i is on. The last axes
(replications) are kept, so that every replication has contributions of its own, which sum exactly to its total.
Source: Shapley (1953); for outcomes of a model under switched parts, Owen (2014), SIAM/ASA J. Uncertainty Quantif. 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.inference import LEVEL
from sim.streams import uniforms

Floats = NDArray[np.float64]

MOST_EXACT = 6
"""Causes up to which all 2^k subsets are run; more are sampled by orders."""


def exact(values: Floats) -> Floats:
    """Return k x ... contributions from 2^k x ... values by subset.

    >>> exact(np.array([0.0, 1.0, 2.0, 5.0])).tolist()
    [2.0, 3.0]
    """
    n_subsets = len(values)
    k = n_subsets.bit_length() - 1
    if n_subsets != 2**k:
        raise ValueError(f"expected 2^k values by subset, got {n_subsets}")
    found = np.zeros((k, *values.shape[1:]))
    for subset in range(n_subsets):
        size = subset.bit_count()
        for i in range(k):
            if not subset >> i & 1:
                weight = factorial(size) * factorial(k - size - 1) / factorial(k)
                found[i] += weight * (values[subset | 1 << i] - values[subset])
    return found


def orders(k: int, n: int, seed: int) -> NDArray[np.int64]:
    """Return n orders of k causes: drawn from a named stream, every second one the reverse of the one before."""
    half = -(-n // 2)
    u = uniforms(seed, 0, ("shapley", str(k)), half * k).reshape(half, k)
    drawn = np.argsort(u, axis=1)
    both = np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(2 * half, k)
    return both[:n]


def subsets_of(drawn: NDArray[np.int64]) -> list[int]:
    """Return the subsets that are passed through on the way from nothing to everything, in rising order."""
    found = {0}
    for order in drawn:
        subset = 0
        for cause in order:
            subset |= 1 << int(cause)
            found.add(subset)
    return sorted(found)


def sampled(values: Mapping[int, Floats], drawn: NDArray[np.int64]) -> Floats:
    """Return k x orders x replications marginal contributions; their mean over orders estimates `exact`.

    The contributions of each order sum to the total, so their mean does too.
    """
    k = drawn.shape[1]
    found = np.zeros((k, len(drawn), *np.shape(values[0])))
    for p, order in enumerate(drawn):
        subset = 0
        for cause in order:
            grown = subset | 1 << int(cause)
            found[int(cause), p] = values[grown] - values[subset]
            subset = grown
    return found


@dataclass(frozen=True, slots=True)
class Contribution:
    """The mean over replications, with a t interval."""

    name: str
    value: float
    low: float
    high: float


def with_intervals(names: Sequence[str], marginal: Floats, level: float = LEVEL) -> list[Contribution]:
    """Return contributions from k x orders x replications; orders is 1 where they are exact.

    Orders are run on the same replications, so both are crossed: the variance of the mean is that between
    replications over their number, plus that between orders over theirs, less the residual counted twice. Pairs of
    reversed orders are one draw. Degrees of freedom: the smaller of the two less one.
    """
    k, n_orders, n_runs = marginal.shape
    pairs = marginal
    if n_orders > 1:
        pairs = (marginal[:, 0 : n_orders - 1 : 2] + marginal[:, 1:n_orders:2]) / 2
    found = []
    for i in range(k):
        mean = float(marginal[i].mean())
        by_run, by_order = pairs[i].mean(axis=0), pairs[i].mean(axis=1)
        n_pairs = len(by_order)
        if n_runs < 2 or (n_orders > 1 and n_pairs < 2):
            found.append(Contribution(names[i], mean, np.nan, np.nan))
            continue
        variance = by_run.var(ddof=1) / n_runs
        degrees = n_runs - 1
        if n_orders > 1:
            residual = pairs[i] - by_run[None, :] - by_order[:, None] + pairs[i].mean()
            noise = (residual**2).sum() / ((n_runs - 1) * (n_pairs - 1))
            variance = max(variance + by_order.var(ddof=1) / n_pairs - noise / (n_runs * n_pairs), variance)
            degrees = min(degrees, n_pairs - 1)
        half = float(stats.t.ppf((1 + level) / 2, degrees) * np.sqrt(variance))
        found.append(Contribution(names[i], mean, mean - half, mean + half))
    return found
