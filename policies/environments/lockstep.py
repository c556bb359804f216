"""Many copies of `hospital_network_v0` in lockstep on the fast engine: arrays in, arrays out. For training.

Shapes: B copies, H hospitals, G groups, K dials with M options in all, D entries of an observation, S of the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.build import build_engine
from policies.environments.costs import Prices, prices_of
from policies.environments.encoding import Encoding
from policies.environments.menu import Actions, Menu, menu_of
from policies.environments.menu_by_numbers import MenuByNumbers, rules_of
from policies.environments.panel_encoding import Interval, PanelEncoding, Since
from policies.environments.rewards import OrderPrices
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.fast.copies import Copies
from sim.fast.engine import FastEngine
from sim.network import compile_network

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


@dataclass(frozen=True, slots=True)
class Position:
    """How to come to the present decisions again: engines are not copied, so the same is played once more."""

    replications: NDArray[np.int64]
    """B: of the present episodes."""
    began: NDArray[np.int64]
    """B: before which of the actions they began."""
    actions: NDArray[Any]
    """T x B x H x K whole numbers, since the oldest of them began."""


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
        self._copies = Copies(self.network, copies, *rules_of(self.menu))
        self._since = Since(self._copies)
        self._numbers = MenuByNumbers(self.network, self.menu, self._copies)
        self._panels = PanelEncoding(self.network, self.encoding, self._copies)
        self._played: list[Actions] = []
        """Since the oldest of the present episodes began."""
        self._began = np.zeros(copies, dtype=np.int64)
        """B: see `Position`."""
        self._pending = np.zeros((copies, len(self.hospitals), len(self.groups)))
        """Costs that fell due when the episode began: charged to its first step."""
        self._seen: Seen | None = None
        self._newest: FastEngine | None = None
        """The last one that was built."""

    def reset(self, replications: NDArray[np.int64] | None = None) -> Seen:
        """Begin an episode in every copy: the next one of each, or these replications (B), of which some may be alike.

        From there each goes on by `copies` x `stride`; what began alike goes on alike.
        """
        if replications is not None:
            self._replications[:] = replications
        self._played = []
        self._began[:] = 0
        for copy in range(self.copies):
            self._start(copy)
        self._seen = self._look(self._first(np.arange(self.copies)))
        return self._seen

    def step(self, actions: Actions) -> Stepped:
        """Set the dials (B x H x K) and run every copy to its next decision; what a mask forbids is neutral."""
        return self._step(actions, np.zeros(self.copies, dtype=np.bool_))

    def position(self) -> Position:
        """Return what `replay` needs."""
        sizes = self.menu.sizes
        played = np.zeros((len(self._played), self.copies, len(self.hospitals), len(sizes)), np.int64)
        for t, actions in enumerate(self._played):
            played[t] = actions
        return Position(
            self._replications - self._ahead,
            self._began.copy(),
            played.astype(np.min_scalar_type(int(sizes.max()))),
        )

    def replay(self, position: Position) -> Seen:
        """Go on from a position of a network that was made alike, to the bit; takes as long as playing there did."""
        shape = (self.copies, len(self.hospitals), len(self.menu.dials))
        if position.actions.shape[1:] != shape or not len(position.replications) == self.copies:
            raise UsageError(
                f"position: expected actions of copies x hospitals x dials = {shape}, got {position.actions.shape[1:]}."
            )
        self._replications[:] = position.replications
        self.reset()
        for t, actions in enumerate(position.actions, 1):
            # Until its episode began a copy plays whatever leads there: nothing of it is left.
            anew = position.began == t
            self._replications[anew] = position.replications[anew]
            self._step(actions.astype(np.int64), anew)
        assert self._seen is not None
        return self._seen

    def _step(self, actions: Actions, anew: NDArray[np.bool_]) -> Stepped:
        """As `step`, and begin an episode in the copies `anew` (B) too, wherever they are."""
        if self._seen is None:
            raise UsageError("there is no episode: call reset first.")
        last = self._seen
        chosen = self._legal(last, actions)
        self._numbers.write(chosen)
        self._played.append(chosen)
        over = ~self._copies.step() | anew
        since = self._since.take()
        costs, self._pending = self._pending + self._costs(since), np.zeros_like(self._pending)
        local = self._local(since.hours)
        if over.any():
            started = np.flatnonzero(over)
            for copy in started.tolist():
                self._start(copy)
            self._forget(over)
            first = self._first(started)
            shown = Interval(since.hours, since.tallies.copy())
            shown.tallies[started] = first.tallies
            self._seen = self._look(shown)
        else:
            self._seen = self._look(since)
        return Stepped(self._seen, costs, local, since.hours, over, last)

    def _start(self, copy: int) -> None:
        """Begin a copy's next replication; neutral orders fill the warm-up that is skipped."""
        engine = self._engine(int(self._replications[copy]))
        self._replications[copy] += self._ahead
        self._since.begin(copy)
        self._copies.sheets.clear()
        running = self._copies.begin(copy, engine)
        if running and self._copies.panel.time[copy] < self._begin:
            running = self._copies.pass_over(copy, self._begin)
            self._since.take([copy])
            self._copies.show(copy)
        if not running:
            raise UsageError(f"{self.network.scenario.name}: there is no decision before the horizon.")

    def _engine(self, replication: int) -> FastEngine:
        """Return an engine at time zero; one whose patients have just been drawn for another copy shares them."""
        newest = self._newest
        if newest is not None and newest.workload.replication == replication and (twin := newest.twin()):
            return twin
        engine = build_engine(self._scenario, self._seed, replication, "fast")
        assert isinstance(engine, FastEngine)
        self._newest = engine
        return engine

    def _forget(self, over: NDArray[np.bool_]) -> None:
        """Drop the actions that led to no present episode."""
        self._began[over] = len(self._played)
        oldest = int(self._began.min())
        del self._played[:oldest]
        self._began -= oldest

    def _first(self, copies: Any) -> Interval:
        """Return what happened before the first decision of copies that begin; it is charged to their first step."""
        since = self._since.take(copies)
        self._pending[copies] = 0.0 if self._begin else self._costs(since)
        return since

    def _costs(self, since: Interval) -> Floats:
        """Copies x H x G: see `Prices`."""
        prices, (wait, _, _, left, died, _) = self.prices, np.moveaxis(since.tallies, 2, 0)
        return np.asarray(prices.wait * wait + prices.death * died + prices.left * left)

    def _local(self, hours: Floats) -> Floats:
        """B x H: see `OrderPrices`."""
        prices, sheets = self.order_prices, self._copies.sheets
        called, opened = sheets.calls.sum(axis=2), sheets.flex.sum(axis=2)
        by_the_hour = prices.call_in * called + prices.flex * opened
        return np.asarray(prices.move * sheets.orders["moved"] + hours[:, None] * by_the_hour)

    def _look(self, since: Interval) -> Seen:
        observation, state = self._panels.encode(since)
        return Seen(observation, self._numbers.masks(), state, self._copies.panel.time.copy())

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
