"""What the distributions of the scenario language compute: quantiles, moments, and the share below a value.

A new distribution is a `Law` below, one line of `LAWS`, and its class in `scenarios/distributions.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, expm1, inf, lgamma, log, log1p, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from scenarios.distributions import Distribution

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Law:
    """One kind of distribution; `p` is its parameters, a class of `scenarios/distributions.py`."""

    quantile: Callable[[Any, Floats], Floats]
    """The inverse distribution function at each u, 0 < u < 1."""
    moments: Callable[[Any], tuple[float, float]]
    """Mean and standard deviation, exact."""
    below: Callable[[Any, Floats], Floats]
    """P(X < x) at each x: a value that is taken with a probability of its own is not below itself."""


def quantile(distribution: Distribution[float], u: Floats) -> Floats:
    """Return the values below which the shares `u` of the distribution lie, 0 < u < 1."""
    return LAWS[distribution.kind].quantile(distribution.law, u)


def mean(distribution: Distribution[float]) -> float:
    """Return the exact mean, after any cut at 0."""
    return LAWS[distribution.kind].moments(distribution.law)[0]


def sd(distribution: Distribution[float]) -> float:
    """Return the exact standard deviation, after any cut at 0."""
    return LAWS[distribution.kind].moments(distribution.law)[1]


def share_below(distribution: Distribution[float], x: Floats) -> Floats:
    """Return P(X < x) at each x, from 0 to 1: where the uniforms begin whose quantile is at least x."""
    return np.asarray(LAWS[distribution.kind].below(distribution.law, x))


def _constant_quantile(p: Any, u: Floats) -> Floats:
    return np.full(u.shape, p.value, dtype=np.float64)


def _constant_moments(p: Any) -> tuple[float, float]:
    return p.value, 0.0


def _constant_below(p: Any, x: Floats) -> Floats:
    return _step_at(p.value, x)


def _step_at(value: float, x: Floats) -> Floats:
    return np.asarray(x > value, dtype=np.float64)


def _exponential_quantile(p: Any, u: Floats) -> Floats:
    return np.asarray(-p.mean * np.log1p(-u))


def _exponential_moments(p: Any) -> tuple[float, float]:
    return p.mean, p.mean


def _exponential_below(p: Any, x: Floats) -> Floats:
    if p.mean == 0:
        return _step_at(0.0, x)
    return np.asarray(-np.expm1(-np.maximum(x, 0.0) / p.mean))


def _lognormal_quantile(p: Any, u: Floats) -> Floats:
    if p.sd == 0:
        return np.full(u.shape, p.mean, dtype=np.float64)
    variance_of_log = log1p((p.sd / p.mean) ** 2)
    z: Floats = special.ndtri(u)
    z *= sqrt(variance_of_log)
    z += log(p.mean) - variance_of_log / 2
    return np.exp(z, out=z)


def _lognormal_below(p: Any, x: Floats) -> Floats:
    if p.sd == 0:
        return _step_at(p.mean, x)
    variance_of_log = log1p((p.sd / p.mean) ** 2)
    logs = np.log(np.where(x > 0, x, 1.0))
    z = (logs - log(p.mean) + variance_of_log / 2) / sqrt(variance_of_log)
    return np.where(x > 0, special.ndtr(z), 0.0)


def _given_moments(p: Any) -> tuple[float, float]:
    return p.mean, p.sd


def _normal_quantile(p: Any, u: Floats) -> Floats:
    if p.sd == 0:
        return np.full(u.shape, p.mean, dtype=np.float64)
    if p.below_zero == "zero":
        return np.asarray(np.maximum(0.0, p.mean + p.sd * special.ndtri(u)))
    below, above = special.ndtr(-p.mean / p.sd), special.ndtr(p.mean / p.sd)
    # Each half is counted from its own end: a probability near 1 would lose the digits that matter.
    lower = u < 0.5
    z = special.ndtri(np.where(lower, below + u * above, (1 - u) * above))
    return np.asarray(np.maximum(0.0, p.mean + p.sd * np.where(lower, z, -z)))


def _normal_moments(p: Any) -> tuple[float, float]:
    if p.sd == 0:
        return p.mean, 0.0
    ratio = p.mean / p.sd
    density, above = exp(-ratio * ratio / 2) / sqrt(2 * pi), float(special.ndtr(ratio))
    if p.below_zero == "redraw":
        hazard = density / above
        return p.mean + p.sd * hazard, p.sd * sqrt(1 - hazard * (hazard + ratio))
    first = ratio * above + density
    second = (ratio * ratio + 1) * above + ratio * density
    return p.sd * first, p.sd * sqrt(second - first * first)


def _normal_below(p: Any, x: Floats) -> Floats:
    if p.sd == 0:
        return _step_at(p.mean, x)
    at_least = special.ndtr((p.mean - x) / p.sd)
    if p.below_zero == "redraw":
        at_least = at_least / special.ndtr(p.mean / p.sd)
    return np.where(x > 0, 1 - at_least, 0.0)


def _gamma_quantile(p: Any, u: Floats) -> Floats:
    return np.asarray(special.gammaincinv((p.mean / p.sd) ** 2, u) * (p.sd * p.sd / p.mean))


def _gamma_below(p: Any, x: Floats) -> Floats:
    return np.asarray(special.gammainc((p.mean / p.sd) ** 2, np.maximum(x, 0.0) * (p.mean / (p.sd * p.sd))))


def _erlang_quantile(p: Any, u: Floats) -> Floats:
    return np.asarray(special.gammaincinv(p.k, u) * (p.mean / p.k))


def _erlang_moments(p: Any) -> tuple[float, float]:
    return p.mean, p.mean / sqrt(p.k)


def _erlang_below(p: Any, x: Floats) -> Floats:
    if p.mean == 0:
        return _step_at(0.0, x)
    return np.asarray(special.gammainc(p.k, np.maximum(x, 0.0) * (p.k / p.mean)))


def _weibull_quantile(p: Any, u: Floats) -> Floats:
    return np.asarray(p.scale * (-np.log1p(-u)) ** (1 / p.shape))


def _weibull_moments(p: Any) -> tuple[float, float]:
    log_first, log_second = lgamma(1 + 1 / p.shape), lgamma(1 + 2 / p.shape)
    try:
        first = p.scale * exp(log_first)
        return first, first * sqrt(expm1(log_second - 2 * log_first))
    except OverflowError:
        return inf, inf


def _weibull_below(p: Any, x: Floats) -> Floats:
    return np.asarray(-np.expm1(-((np.maximum(x, 0.0) / p.scale) ** p.shape)))


def _triangular_quantile(p: Any, u: Floats) -> Floats:
    width = p.high - p.low
    if width == 0:
        return np.full(u.shape, p.low, dtype=np.float64)
    rising = p.low + np.sqrt(u * width * (p.mode - p.low))
    falling = p.high - np.sqrt((1 - u) * width * (p.high - p.mode))
    return np.asarray(np.where(u * width < p.mode - p.low, rising, falling))


def _triangular_moments(p: Any) -> tuple[float, float]:
    left, right = p.mode - p.low, p.high - p.mode
    return (p.low + p.mode + p.high) / 3, sqrt((left * left + left * right + right * right) / 18)


def _triangular_below(p: Any, x: Floats) -> Floats:
    width, left, right = p.high - p.low, p.mode - p.low, p.high - p.mode
    if width == 0:
        return _step_at(p.low, x)
    up, down = np.clip(x - p.low, 0.0, left), np.clip(p.high - x, 0.0, right)
    rising = up * up / (width * left) if left else np.zeros(x.shape)
    falling = 1 - down * down / (width * right) if right else np.ones(x.shape)
    return np.where(x <= p.mode, rising, falling)


def _uniform_quantile(p: Any, u: Floats) -> Floats:
    return np.asarray(p.low + u * (p.high - p.low))


def _uniform_moments(p: Any) -> tuple[float, float]:
    return (p.low + p.high) / 2, (p.high - p.low) / sqrt(12)


def _uniform_below(p: Any, x: Floats) -> Floats:
    if p.high == p.low:
        return _step_at(p.low, x)
    return np.asarray(np.clip((x - p.low) / (p.high - p.low), 0.0, 1.0))


def _empirical_table(p: Any) -> tuple[Floats, Floats]:
    """The values in rising order and their shares."""
    values = np.array(p.values, dtype=np.float64)
    weights = np.ones(len(values)) if p.weights is None else np.array(p.weights, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    return values[order], weights[order] / weights.sum()


def _empirical_quantile(p: Any, u: Floats) -> Floats:
    values, shares = _empirical_table(p)
    cumulative = np.cumsum(shares)
    return values[np.searchsorted(cumulative / cumulative[-1], u, side="left")]


def _empirical_moments(p: Any) -> tuple[float, float]:
    values, shares = _empirical_table(p)
    centre = float(shares @ values)
    return centre, sqrt(float(shares @ (values - centre) ** 2))


def _empirical_below(p: Any, x: Floats) -> Floats:
    values, shares = _empirical_table(p)
    cumulative = np.concatenate([[0.0], np.cumsum(shares)])
    return np.asarray((cumulative / cumulative[-1])[np.searchsorted(values, x, side="left")])


LAWS: dict[str, Law] = {
    "constant": Law(_constant_quantile, _constant_moments, _constant_below),
    "exponential": Law(_exponential_quantile, _exponential_moments, _exponential_below),
    "lognormal": Law(_lognormal_quantile, _given_moments, _lognormal_below),
    "normal": Law(_normal_quantile, _normal_moments, _normal_below),
    "gamma": Law(_gamma_quantile, _given_moments, _gamma_below),
    "erlang": Law(_erlang_quantile, _erlang_moments, _erlang_below),
    "weibull": Law(_weibull_quantile, _weibull_moments, _weibull_below),
    "triangular": Law(_triangular_quantile, _triangular_moments, _triangular_below),
    "uniform": Law(_uniform_quantile, _uniform_moments, _uniform_below),
    "empirical": Law(_empirical_quantile, _empirical_moments, _empirical_below),
}
"""The registry, by the key under which a distribution is written."""
