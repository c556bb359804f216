"""One decision for a whole network: which heuristic holds until the next decision. The same for all scenarios.

Observation (10): the day as sine and cosine; waiting by urgency (critical, urgent, standard) and boarding, per bed;
occupancy of ED, wards, step-down and intensive care. Reward: minus the cost of the step, 1 = under neutral orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from agents.build import build_engine
from policies.environments.costs import prices_of
from policies.learning.baseline import TRAINING_SEEDS, baseline_of, group_factors
from policies.registry import build_policy
from policies.replication import policy_stream
from scenarios.loader import load
from sim.network import compile_network
from sim.protocol import Decision, Engine

RULES = ("neutral", "first-come", "c-mu", "max-weight", "nearest", "c-mu+nearest")
UNITS = ("ed-bed", "ward", "step-down", "icu")


class RuleOfTheDay(gymnasium.Env[NDArray[np.float32], np.int64]):
    """A scenario of the library whose network obeys one rule at a time; truncated at the horizon."""

    def __init__(self, scenario: str, changes: Sequence[str] = ()) -> None:
        """Prepare; what a patient costs under neutral orders is measured once."""
        self._scenario = load(scenario, list(changes))
        self._network = compile_network(self._scenario)
        self._prices = prices_of(self._scenario)
        levels = baseline_of(
            self._scenario, self._network, self._prices, group_factors(self._network.groups, {}), 0, 1.0
        )
        self._an_hour = float(levels.per_hour.sum() * levels.baseline)
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (10,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(len(RULES))
        self._engine: Engine | None = None
        self._decision: Decision | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin with other patients for every seed."""
        super().reset(seed=seed)
        number = 1 if seed is None else 1 + seed % 1_000_000
        self._engine = build_engine(self._scenario, TRAINING_SEEDS, number)
        self._decision = self._engine.next_decision()
        self._rules = [
            build_policy(rule, self._scenario, self._network, policy_stream(rule, TRAINING_SEEDS, number))
            for rule in RULES
        ]
        return self._seen(), {}

    def step(self, action: np.int64 | int) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Let a rule hold until the next decision."""
        assert self._engine is not None
        assert self._decision is not None
        self._engine.answer(self._rules[int(action)].decide(self._decision))
        following = self._engine.next_decision()
        since = self._engine.result().since if following is None else following.since
        cost = float(self._prices.of(since).sum()) / (self._an_hour * max(since.hours, 1e-9))
        if following is not None:
            self._decision = following
        return self._seen(), -cost, False, following is None, {"hours": since.hours}

    def _seen(self) -> NDArray[np.float32]:
        decision, network = self._decision, self._network
        assert decision is not None
        angle = 2 * pi * (decision.time % 24) / 24
        pools = [p.name for p in network.pools]
        in_use = dict.fromkeys(UNITS, 0.0)
        beds = dict.fromkeys(UNITS, 0.0)
        for view in decision.hospitals:
            for unit in UNITS:
                if unit in pools and view.capacity[(p := pools.index(unit))] > 0:
                    in_use[unit] += view.in_use[p] / view.unit[p]
                    beds[unit] += view.capacity[p] / view.unit[p]
        every = max(sum(beds.values()), 1.0)
        queue = np.array([view.queue for view in decision.hospitals], dtype=np.float64).sum(axis=(0, 1, 3))
        waiting = dict(zip(network.acuities, queue, strict=True))
        by_urgency = [waiting.get(name, 0.0) / every for name in ("critical", "urgent", "standard")]
        boarding = sum(one.boarding for one in decision.waiting) / every
        shares = [in_use[unit] / beds[unit] if beds[unit] else 0.0 for unit in UNITS]
        return np.array([sin(angle), cos(angle), *by_urgency, boarding, *shares], dtype=np.float32)
