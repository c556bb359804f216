"""The generator of the network environment: which patients come in an episode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agents.build import build_engine
from scenarios.scenario import Scenario
from sim.protocol import Engine


class Generator(Protocol):
    """Makes the engine of an episode; injected into the environment."""

    @property
    def scenario(self) -> Scenario:
        """The scenario whose hospitals, groups and dials all episodes share."""
        ...

    def start(self, seed: int, replication: int) -> Engine:
        """Return an engine at time zero. Equal arguments give equal episodes."""
        ...


@dataclass(frozen=True)
class Replications:
    """Replications of one scenario: the patients of `fairward run --seed`, replication by replication."""

    scenario: Scenario
    engine: str = "auto"
    """`simpy`, `fast` or `auto`."""

    def start(self, seed: int, replication: int) -> Engine:
        """Return the engine of a replication, at time zero."""
        return build_engine(self.scenario, seed, replication, self.engine)
