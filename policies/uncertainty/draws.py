"""Draws of what is not known for certain: each figure from a stream of its own, so that adding one moves no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scenarios.errors import UsageError
from scenarios.loader import varied
from scenarios.scenario import Scenario
from scenarios.uncertain import Uncertain
from scenarios.variation import changes
from sim.streams import uniforms

Floats = NDArray[np.float64]


def figures(scenario: Scenario) -> dict[str, Uncertain]:
    """Return the uncertain figures of a scenario by name. Raises `UsageError` where there are none."""
    if not scenario.uncertain:
        raise UsageError(
            f"{scenario.name} has no `uncertain`, so there is nothing to draw. Add for example "
            "uncertain: {demand: {paths: arrivals.NAME.scale, change: times, uniform: {low: 0.9, high: 1.1}, "
            "source: assumed}}."
        )
    return dict(scenario.uncertain)


def certain(scenario: Scenario) -> Scenario:
    """Return the scenario without what is said of its figures: what a draw is applied to."""
    return scenario.model_copy(update={"uncertain": None})


def unit_draws(names: Sequence[str], n: int, seed: int) -> Floats:
    """Return n x figures uniforms."""
    return np.stack([uniforms(seed, 0, ("uncertain", name), n) for name in names], axis=1)


def quantile(uncertain: Uncertain, u: Floats) -> Floats:
    """Return quantiles of a belief; `normal` is cut at 0 and drawn again.

    >>> from scenarios.uncertain import Between
    >>> quantile(Uncertain(paths=("tau",), uniform=Between(low="2 h", high="4 h"), source="assumed"), np.array([0.5]))
    array([3.])
    """
    size = uncertain.parameters
    if uncertain.law == "values":
        values = np.array(list(size.values()))
        return np.asarray(values[(u * len(values)).astype(np.int64)])
    if uncertain.law == "uniform":
        return np.asarray(size["low"] + (size["high"] - size["low"]) * u)
    if uncertain.law == "triangular":
        width = size["high"] - size["low"]
        return np.asarray(stats.triang.ppf(u, (size["mode"] - size["low"]) / width, size["low"], width))
    mean, sd = size["mean"], size["sd"]
    if uncertain.law == "normal":
        return np.asarray(stats.truncnorm.ppf(u, -mean / sd, np.inf, mean, sd))
    if uncertain.law == "lognormal":
        sigma = np.sqrt(np.log1p((sd / mean) ** 2))
        return np.asarray(stats.lognorm.ppf(u, sigma, scale=mean / np.sqrt(1 + (sd / mean) ** 2)))
    if uncertain.law == "gamma":
        return np.asarray(stats.gamma.ppf(u, (mean / sd) ** 2, scale=sd**2 / mean))
    concentration = mean * (1 - mean) / sd**2 - 1
    return np.asarray(stats.beta.ppf(u, mean * concentration, (1 - mean) * concentration))


def changes_of(known: dict[str, Uncertain], u: Floats) -> list[tuple[str, ...]]:
    """Return the changes of each row of uniforms (draws x figures)."""
    values = np.stack([quantile(one, u[:, k]) for k, one in enumerate(known.values())], axis=1)
    return [
        tuple(
            text
            for one, value in zip(known.values(), row, strict=True)
            for text in changes(one, float(value))
        )
        for row in values
    ]


def check_draws(base: Scenario | Mapping[str, Any], drawn: Sequence[tuple[str, ...]]) -> None:
    """Raise `ScenarioError` for the first draw that no scenario can take, before anything is run."""
    for one in dict.fromkeys(drawn):
        varied(base, one)
