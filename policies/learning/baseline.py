"""What is fixed before training: how many of each group come, and what a patient costs under neutral orders."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from agents.build import build_engine
from policies.environments.costs import Prices
from policies.learning.levels import GroupLevels
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Directive, Tally

Floats = NDArray[np.float64]

TRAINING_SEEDS = 1_000_000
"""Added to the seed of a training run: its patients are never those of `fairward run` with the same seed."""
REPLICATIONS = 4
"""Runs under neutral orders; assumed."""


def baseline_of(
    scenario: Scenario, network: Network, prices: Prices, by_group: Floats, seed: int, smoothing: float
) -> GroupLevels:
    """Return levels of groups (G) that are ready for training. `by_group`: G, what multiplies a group's costs."""
    costs, arrived, hours = np.zeros(len(network.groups)), np.zeros(len(network.groups)), 0.0
    for number in range(1, REPLICATIONS + 1):
        engine = build_engine(scenario, TRAINING_SEEDS + seed, number)
        tallies: list[Tally] = []
        while (decision := engine.next_decision()) is not None:
            if decision.time > network.warm_up or not network.warm_up:
                tallies.append(decision.since)
            engine.answer(Directive())
        tallies.append(engine.result().since)
        for tally in tallies:
            costs += by_group * prices.of(tally).sum(axis=0)
            arrived += np.array(tally.arrived, dtype=np.float64).sum(axis=0)
        hours += sum(tally.hours for tally in tallies)
    if not arrived.any():
        raise UsageError(f"{scenario.name}: nobody came in {hours:g} h, so there is nothing to learn.")
    return GroupLevels(arrived / hours, float(costs.sum() / arrived.sum()), smoothing)


def group_factors(groups: tuple[str, ...], named: Mapping[str, float]) -> Floats:
    """Return G factors of costs, 1 where not named; raises `UsageError` on strange groups and negative numbers."""
    wrong = [name for name, value in named.items() if name not in groups or not 0 <= value < float("inf")]
    if wrong:
        raise UsageError(
            f"cost_by_group: expected numbers of at least 0 for {', '.join(groups)}, got "
            f"{', '.join(f'{name}={named[name]}' for name in wrong)}."
        )
    return np.array([float(named.get(name, 1.0)) for name in groups])
