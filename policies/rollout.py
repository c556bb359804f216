"""Try a few orders in imagined futures, and give those that cost least: rollout of a heuristic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from policies.environments.costs import prices_of
from policies.parameters import Parameters, number, suggestion
from scenarios.errors import UnsupportedFeature, UsageError
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Constant, Decision, Directive, Engine, Policy

if TYPE_CHECKING:
    from sim.fast.engine import FastEngine

Floats = NDArray[np.float64]
Build = Callable[[str, np.random.Generator], Policy]
"""Makes a policy as it is written, with a stream."""

DEFAULTS = {"base": "c-mu", "candidates": "acuity/first-come/max-weight", "samples": "8", "hours": "24"}
FEWEST = 4
"""Futures that every candidate is tried in."""
CLEARLY = 2.5
"""A candidate is given up when it is dearer than the best by so many standard errors of the paired difference."""


@dataclass(frozen=True)
class Estimate:
    """What a candidate's orders were found to cost."""

    candidate: str
    directive: Directive
    cost: float
    """Mean over the futures that it was tried in."""
    excess: float
    """Mean over the same futures of its cost less the base heuristic's."""
    standard_error: float
    """Of the excess."""
    n: int
    """Futures."""


class Rollout:
    """The orders that cost least in imagined futures, with a heuristic afterwards (rollout).

    At each decision every candidate policy says what it would order. Each of these orders is tried in the same imagined
    futures (`sim.fast.outlook`), in which the base heuristic decides everything later, for `hours`; the mean cost
    (`policies.environments.costs`: hours untreated, deaths, leavings) decides. Parameters: `base`, `candidates`
    (parted by `/`), `samples` (the most futures a decision), `hours`. Within them `&` stands for the `+` and `;` for
    the `:` of other policies' names: `rollout:base=max-weight&least-loaded`.
    """

    def __init__(
        self, scenario: Scenario, network: Network, stream: np.random.Generator, parameters: Parameters
    ) -> None:
        from policies.registry import build_policy  # which lists this class
        from sim.fast.outlook import check_outlook  # Numba takes a second

        for key in parameters:
            if key not in DEFAULTS:
                raise UsageError(f"rollout: {key} is not a parameter. {suggestion(key, DEFAULTS)}")
        chosen = {**DEFAULTS, **parameters}
        self._samples = int(number("rollout", "samples", chosen["samples"]))
        self._hours = number("rollout", "hours", chosen["hours"])
        if self._samples < FEWEST or self._hours <= 0:
            raise UsageError(
                f"rollout: expected samples of at least {FEWEST} and hours above 0, "
                f"got samples={chosen['samples']}, hours={chosen['hours']}."
            )
        names = [_as_written(name) for name in (chosen["base"], *chosen["candidates"].split("/"))]
        if any(name.startswith("rollout") for name in names):
            raise UsageError("rollout: a rollout cannot be its own base or candidate. Name heuristics.")
        check_outlook(network)
        self._build: Build = lambda written, luck: build_policy(written, scenario, network, luck)
        self._candidates = {name: self._build(name, stream) for name in dict.fromkeys(names)}
        """The base first."""
        self._base = names[0]
        self._prices = prices_of(scenario)
        self._engine: FastEngine | None = None
        self.estimates: tuple[Estimate, ...] = ()
        """Of the last decision, the base first."""

    def watch(self, engine: Engine) -> None:
        """Take the run that is to be decided: only read, to imagine its futures."""
        from sim.fast.engine import FastEngine

        if not isinstance(engine, FastEngine):
            raise UnsupportedFeature(
                "the policy rollout", "the engine simpy, which cannot be copied: --engine fast"
            )
        self._engine = engine

    def decide(self, decision: Decision) -> Directive:
        """Return the orders that cost least; the base's unless others are cheaper."""
        from sim.fast.outlook import Outlook

        if self._engine is None:
            raise UsageError(
                "rollout was not given the run: drive it by sim.protocol.run, or call watch(engine)."
            )
        orders: dict[str, Directive] = {}
        for name, policy in self._candidates.items():
            directive = policy.decide(decision)
            if directive not in orders.values():
                orders[name] = directive
        if len(orders) == 1:
            self.estimates = ()
            return next(iter(orders.values()))
        outlook = Outlook(self._engine)
        number = str(self._engine.decisions)

        def cost(sample: int, names: list[str]) -> list[float]:
            future = outlook.future((number, str(sample)), decision.time + self._hours)
            return [self._cost(future.copy(log=False), orders[name], (number, str(sample))) for name in names]

        costs = race(list(orders), self._samples, cost)
        self.estimates = tuple(_estimate(name, orders[name], costs, self._base) for name in orders)
        return min(self.estimates, key=lambda estimate: estimate.excess).directive

    def _cost(self, engine: FastEngine, directive: Directive, name: tuple[str, str]) -> float:
        """Return what an imagined future costs to its end if it begins with these orders."""
        meter = engine.tallies.copy(engine)
        engine.answer(directive)
        base = self._candidates[self._base]
        if isinstance(base, Constant):
            engine.run_to_horizon(base.directive)
        else:
            base = self._build(self._base, _luck(engine, name))
            while (seen := engine.next_decision()) is not None:
                engine.answer(base.decide(seen))
        return float(self._prices.of(meter.since(engine.env.now)).sum())


def race(names: list[str], samples: int, cost: Callable[[int, list[str]], list[float]]) -> dict[str, Floats]:
    """Return each candidate's costs in the futures that it was tried in, all in the same ones until given up.

    `cost(sample, names)` tries some candidates in a future. Who is clearly dearer than the cheapest is given up; the
    race ends when one is left. The first, the base, is tried to the end: others are compared with it.
    """
    costs: dict[str, list[float]] = {name: [] for name in names}
    left = list(names)
    for sample in range(samples):
        tried = list(dict.fromkeys([names[0], *left]))
        for name, value in zip(tried, cost(sample, tried), strict=True):
            costs[name].append(value)
        if sample + 1 >= FEWEST:
            best = min(left, key=lambda name: float(np.mean(costs[name])))
            left = [name for name in left if name == best or not _dearer(costs[name], costs[best])]
            if len(left) == 1:
                break
    return {name: np.array(values) for name, values in costs.items()}


def _dearer(costs: list[float], best: list[float]) -> bool:
    excess = np.subtract(costs, best)
    return bool(excess.mean() > CLEARLY * excess.std(ddof=1) / np.sqrt(len(excess)) and excess.mean() > 0)


def _estimate(name: str, directive: Directive, costs: dict[str, Floats], base: str) -> Estimate:
    mine = costs[name]
    excess = mine - costs[base][: len(mine)]
    error = float(excess.std(ddof=1) / np.sqrt(len(excess)))
    return Estimate(name, directive, float(mine.mean()), float(excess.mean()), error, len(mine))


def _as_written(name: str) -> str:
    return name.replace("&", "+").replace(";", ":").strip()


def _luck(engine: FastEngine, name: tuple[str, str]) -> np.random.Generator:
    """Return what the base may draw from in an imagined future: the same for every candidate."""
    from policies.replication import policy_stream

    return policy_stream(":".join(("rollout", *name)), engine.workload.seed, engine.workload.replication)
