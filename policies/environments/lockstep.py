"""Many copies of `hospital_network_v0` in lockstep on the fast engine: arrays in, arrays out. For training.

Shapes: B copies, H hospitals, G groups, K dials with M options in all, D entries of an observation, S of the state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.build import build_engine
from policies.environments.costs import Prices, prices_of
from policies.environments.encoding import Encoding
from policies.environments.menu import Actions, Menu, menu_of
from policies.environments.rewards import OrderPrices
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.fast.batch import FastBatch
from sim.fast.engine import FastEngine
from sim.network import compile_network
from sim.protocol import Decision, Directive

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the controllers of all copies see at their present decisions."""

    observation: NDArray[np.float32]
    """B x H x D."""
    mask: NDArray[np.int8]
    """B x H x M, dial after dial."""
    state: NDArray[np.float32]
    """B x S: for a central critic."""
    time: Floats
    """B hours since the start of the episode."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step brought."""

    seen: Seen
    """The next decisions; of a new episode where the old one is over."""
    costs: Floats
    """B x H x G, by hospital of first presentation and group."""
    local: Floats
    """B x H: what a hospital's own orders cost it."""
    hours: Floats
    """B: how long the step was."""
    over: NDArray[np.bool_]
    """B: whether the episode reached its horizon: truncated, so that a learner must bootstrap."""
    last: Seen
    """What was seen before the step: of an episode that is over, its last decision."""


class LockstepNetwork:
    """B copies of one network with different luck, each started anew as soon as its episode is over.

    Numbers are those of `HospitalNetwork` with the same seed, replication and actions, to the bit.
    """

    def __init__(
        self,
        scenario: Scenario,
        copies: int,
        *,
        prices: Prices | None = None,
        order_prices: OrderPrices | None = None,
        menu: Menu | None = None,
        seed: int = 1,
        first_replication: int = 1,
        stride: int = 1,
        skip_warm_up: bool = False,
    ) -> None:
        """Prepare; nothing is simulated before `reset`.

        Copy b (from 0) begins with replication `first_replication` + b x `stride` of the seed and goes on by
        `copies` x `stride`; so no two copies ever see the same patients, nor do n environments with `stride` n and
        first replications 1 to n. `skip_warm_up`: see `HospitalNetwork`.
        """
        problems = [
            f"{name}: expected at least 1, got {value}."
            for name, value in (
                ("copies", copies),
                ("first_replication", first_replication),
                ("stride", stride),
            )
            if value < 1
        ]
        if problems:
            raise UsageError("\n".join(problems))
        self.copies = copies
        self.network = compile_network(scenario)
        self.hospitals, self.groups = self.network.hospitals, self.network.groups
        self.prices = prices_of(scenario) if prices is None else prices
        self.order_prices = OrderPrices() if order_prices is None else order_prices
        self.menu = menu_of(self.network) if menu is None else menu
        if not self.menu.dials:
            raise UsageError(f"{scenario.name}: there is nothing to decide. Offer queue rules.")
        self.encoding = Encoding(self.network)
        self._scenario, self._seed = scenario, seed
        self._begin = self.network.warm_up if skip_warm_up else 0.0
        self._replications = first_replication + stride * np.arange(copies)
        """B: which each copy plays next."""
        self._ahead = copies * stride
        self._batch = FastBatch([])
        self._decisions: list[Decision] = []
        self._seen: Seen | None = None
        self._pending = np.zeros((copies, len(self.hospitals), len(self.groups)))
        """Costs that fell due when the episode began: charged to its first step."""

    def reset(self) -> Seen:
        """Begin an episode in every copy, the next one of each."""
        self._batch = FastBatch([self._started(b) for b in range(self.copies)])
        self._batch.advance()
        found = self._batch.decisions()
        self._decisions = [self._first(b, decision) for b, decision in enumerate(found)]
        self._seen = self._look()
        return self._seen

    def step(self, actions: Actions) -> Stepped:
        """Set the dials (B x H x K) and run every copy to its next decision; what a mask forbids is neutral."""
        if self._seen is None:
            raise UsageError("there is no episode: call reset first.")
        last, chosen = self._seen, self._legal(self._seen, actions)
        directives = [self.menu.directive(decision, chosen[b]) for b, decision in enumerate(self._decisions)]
        self._batch.answer(directives)
        running = self._batch.advance()
        following = self._batch.decisions()
        costs, self._pending = self._pending, np.zeros_like(self._pending)
        local, hours = np.zeros(costs.shape[:2]), np.zeros(self.copies)
        for b, decision in enumerate(following):
            since = self._batch.engines[b].result().since if decision is None else decision.since
            costs[b] += self.prices.of(since)
            local[b] = self.order_prices.of(directives[b], self.hospitals, since.hours)
            hours[b] = since.hours
        for b in np.flatnonzero(~running).tolist():
            self._batch.restart(b, self._started(b))
            following[b] = self._first(
                b, self._batch.engines[b].decision() if self._batch.running[b] else None
            )
        self._decisions = [decision for decision in following if decision is not None]
        self._seen = self._look()
        return Stepped(self._seen, costs, local, hours, ~running, last)

    def _started(self, b: int) -> FastEngine:
        """Return the engine of a copy's next replication, at time zero."""
        engine = build_engine(self._scenario, self._seed, int(self._replications[b]), "fast")
        assert isinstance(engine, FastEngine)
        self._replications[b] += self._ahead
        return engine

    def _first(self, b: int, decision: Decision | None) -> Decision:
        """Return the first decision of a copy's episode; neutral orders fill the warm-up that is skipped."""
        engine = self._batch.engines[b]
        while decision is not None and decision.time < self._begin:
            engine.answer(Directive())
            decision = engine.next_decision()
        if decision is None:
            raise UsageError(f"{self.network.scenario.name}: there is no decision before the horizon.")
        self._pending[b] = 0.0 if self._begin else self.prices.of(decision.since)
        return decision

    def _look(self) -> Seen:
        return Seen(
            np.stack([self.encoding.observe(decision) for decision in self._decisions]),
            np.stack([self.menu.masks(decision) for decision in self._decisions]),
            np.stack([self.encoding.state(decision) for decision in self._decisions]),
            np.array([decision.time for decision in self._decisions]),
        )

    def _legal(self, seen: Seen, actions: Actions) -> Actions:
        """Return B x H x K, neutral where the mask forbids; raise `UsageError` for what is no action at all."""
        shape = (self.copies, len(self.hospitals), len(self.menu.dials))
        given = np.asarray(actions)
        if given.shape != shape or not np.issubdtype(given.dtype, np.integer):
            raise UsageError(
                f"actions: expected whole numbers, copies x hospitals x dials = {shape}, "
                f"got {given.dtype} of {given.shape}."
            )
        if not ((given >= 0) & (given < self.menu.sizes)).all():
            b, h, _ = np.argwhere((given < 0) | (given >= self.menu.sizes))[0].tolist()
            raise UsageError(
                f"actions[{b}], {self.hospitals[h]}: expected whole numbers below {self.menu.sizes.tolist()}, "
                f"got {given[b, h].tolist()}."
            )
        flat = (self.copies * shape[1], -1)
        chosen = self.menu.within(seen.mask.reshape(flat), given.reshape(flat))
        return chosen.reshape(shape)
