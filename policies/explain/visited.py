"""The states that a policy meets: what every hospital saw at every decision of some runs, and what was ordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agents.build import build_engine
from policies.environments.costs import Prices, prices_of
from policies.environments.encoding import Encoding
from policies.environments.menu import Menu
from policies.explain.scorer import Floats, Masks
from policies.registry import build_policy
from policies.replication import policy_stream
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Decision, Directive, Policy, Tally, Waiting, run
from sim.result import Result


@dataclass(eq=False)
class Watched:
    """A policy that is looked at while it decides; what it orders is left as it is."""

    policy: Policy
    encoding: Encoding
    menu: Menu | None
    prices: Prices
    observations: list[NDArray[np.float32]] = field(default_factory=list)
    """H x D each."""
    masks: list[Masks] = field(default_factory=list)
    """H x M each; none without a menu."""
    directives: list[Directive] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    waiting: list[tuple[Waiting, ...]] = field(default_factory=list)
    cost: float = 0.0
    """Of all patients so far."""

    def decide(self, decision: Decision) -> Directive:
        """Return what the policy orders."""
        self.observations.append(self.encoding.observe(decision))
        if self.menu is not None:
            self.masks.append(self.menu.masks(decision))
        self.times.append(decision.time)
        self.waiting.append(decision.waiting)
        self.charge(decision.since)
        directive = self.policy.decide(decision)
        self.directives.append(directive)
        return directive

    def charge(self, since: Tally) -> None:
        """Add what an interval cost."""
        self.cost += float(self.prices.of(since).sum())


@dataclass(frozen=True, eq=False)
class VisitedRun:
    """One run, watched."""

    replication: int
    watched: Watched
    result: Result


def watch(
    scenario: Scenario, network: Network, policy: Policy, seed: int, replication: int, menu: Menu | None
) -> VisitedRun:
    """Run one replication to its horizon under a policy that is watched."""
    watched = Watched(policy, Encoding(network), menu, prices_of(scenario))
    result = run(build_engine(scenario, seed, replication), watched)
    watched.charge(result.since)
    return VisitedRun(replication, watched, result)


def watch_policy(
    scenario: Scenario, network: Network, policy: str, seed: int, replication: int, menu: Menu | None
) -> VisitedRun:
    """Run one replication under a policy by its name, with the stream that it has everywhere."""
    built = build_policy(policy, scenario, network, policy_stream(policy, seed, replication))
    return watch(scenario, network, built, seed, replication, menu)


@dataclass(frozen=True, eq=False)
class Visited:
    """N rows, one a hospital at a decision: run after run, decision after decision, hospital after hospital."""

    rows: Floats
    """N x D."""
    masks: Masks
    """N x M; no columns without a menu."""
    run: NDArray[np.int64]
    """N: the replication."""
    decision: NDArray[np.int64]
    """N: the number of the decision, from 0."""
    hospital: NDArray[np.int64]
    time: Floats
    """N hours."""
    waiting: NDArray[np.int64]
    """N: patients who wait there."""


def stacked(runs: Sequence[VisitedRun], n_hospitals: int) -> Visited:
    """Return what was seen in some runs as rows."""
    rows, masks, numbers, hospital, time, waiting, run = [], [], [], [], [], [], []
    for each in runs:
        w = each.watched
        n = len(w.times)
        rows.append(np.concatenate(w.observations))
        masks.append(np.concatenate(w.masks) if w.masks else np.zeros((n * n_hospitals, 0), dtype=np.int8))
        numbers.append(np.repeat(np.arange(n), n_hospitals))
        hospital.append(np.tile(np.arange(n_hospitals), n))
        time.append(np.repeat(w.times, n_hospitals))
        run.append(np.full(n * n_hospitals, each.replication))
        waiting.append(
            np.concatenate(
                [np.bincount([p.hospital for p in some], minlength=n_hospitals) for some in w.waiting]
            )
        )
    return Visited(
        rows=np.concatenate(rows).astype(np.float64),
        masks=np.concatenate(masks),
        run=np.concatenate(run),
        decision=np.concatenate(numbers),
        hospital=np.concatenate(hospital),
        time=np.concatenate(time),
        waiting=np.concatenate(waiting).astype(np.int64),
    )
