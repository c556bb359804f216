"""What every process of a training run needs to know, plain enough to travel: the scenario and the settings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.environments.costs import Prices, prices_of
from policies.environments.encoding import Encoding
from policies.environments.lockstep import LockstepNetwork
from policies.environments.menu import Actions, Menu
from policies.learning.baseline import TRAINING_SEEDS, baseline_of, group_factors
from policies.learning.leaning import leaning_of
from policies.learning.levels import GroupLevels
from policies.learning.offer import Offer
from policies.learning.settings import TrainSettings
from policies.learning.start import start_of
from policies.learning.training import episode_steps
from scenarios.scenario import Scenario
from sim.network import Network, compile_network

AHEAD = 1_000_003
"""Replications between two incarnations of a process: one that was lost and came back meets new patients."""


@dataclass(frozen=True)
class Task:
    """A scenario, how is learned on it, and what follows from the two."""

    scenario: Scenario
    settings: TrainSettings
    lockstep: bool = True
    """False: RLlib's own runner, copy by copy, to compare with."""

    def __post_init__(self) -> None:
        self.settings.check_gradient()

    @cached_property
    def network(self) -> Network:
        """The compiled scenario."""
        return compile_network(self.scenario)

    @cached_property
    def offer(self) -> Offer:
        """What is on the menu."""
        return self._begun[0]

    @cached_property
    def _begun(self) -> tuple[Offer, Actions]:
        """What is offered, and the options to begin with."""
        return start_of(self.settings, self.scenario, self.network)

    @cached_property
    def menu(self) -> Menu:
        """The dials."""
        return self.offer.menu(self.network)

    @cached_property
    def prices(self) -> Prices:
        """What waiting, dying and leaving cost."""
        return prices_of(self.scenario)

    @cached_property
    def by_group(self) -> NDArray[np.float64]:
        """What multiplies the costs of groups (G)."""
        return group_factors(self.network.groups, self.settings.cost_by_group)

    @property
    def seed(self) -> int:
        """Of the patients."""
        return TRAINING_SEEDS + self.settings.seed

    @property
    def steps(self) -> int:
        """Decisions of every copy in an iteration."""
        return self.settings.steps or episode_steps(self.scenario, self.network)

    @cached_property
    def shapes(self) -> dict[str, Any]:
        """The arguments of `ActorCritic`."""
        encoding = Encoding(self.network)
        return {
            "n_observation": len(encoding.labels),
            "n_state": len(encoding.state_labels),
            "sizes": tuple(int(n) for n in self.menu.sizes),
            "n_values": len(self.network.groups) + 1,
            "hidden": self.settings.hidden,
            "keep": leaning_of(self.settings, self.menu),
            "start": tuple(int(option) for option in self._begun[1]),
            "seed": self.settings.seed,
        }

    def levels(self) -> GroupLevels:
        """Return levels of groups that are ready for training; simulates under neutral orders."""
        settings = self.settings
        return baseline_of(
            self.scenario, self.network, self.prices, self.by_group, settings.seed, settings.smoothing
        )

    def copies(self, number: int, first_replication: int, stride: int) -> LockstepNetwork:
        """Return so many copies of the network in lockstep."""
        return LockstepNetwork(
            self.scenario,
            number,
            prices=self.prices,
            menu=self.menu,
            seed=self.seed,
            first_replication=first_replication,
            stride=stride,
            skip_warm_up=self.network.warm_up > 0,
        )

    def first_replication(self, worker: int, workers: int, begun: int) -> int:
        """Return the replication with which process `worker` (from 1) of `workers` begins, after `begun` steps of all.

        Each step begins one episode at most, so what lies `AHEAD` times as far was met by nobody.
        """
        workers = max(workers, 1)
        return 1 + max(worker - 1, 0) % workers + workers * AHEAD * begun

    def __deepcopy__(self, memo: dict[int, Any]) -> Task:
        """Return itself, for it never changes: RLlib copies the configuration, and this with it, every iteration."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is worked out anew."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}
