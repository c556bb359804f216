"""Simulations in lockstep: each runs to its next decision, then all are answered. For training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.fast.engine import FastEngine
from sim.protocol import Decision, Directive

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counted:
    """Who is where in B simulations. H hospitals, P pools, S needs, A acuities, G groups."""

    time: NDArray[np.float64]
    """B hours."""
    capacity: Counts
    """B x H x P, in each pool's own unit."""
    taken: Counts
    """B x H x P: in use, in cleaning or reserved."""
    queues: Counts
    """B x H x S x A x G; one group when the scenario is group blind."""
    inbound: Counts
    """B x H."""


class FastBatch:
    """B copies of one network, with different luck."""

    def __init__(self, engines: Sequence[FastEngine]) -> None:
        """Take engines of one network, all at the same point; they are the batch's from now on."""
        self.engines = list(engines)
        self.running = np.ones(len(self.engines), dtype=np.bool_)
        """B: which have not reached their horizon."""

    def advance(self) -> NDArray[np.bool_]:
        """Run each to its next decision; return which have one."""
        for i in np.flatnonzero(self.running).tolist():
            self.running[i] = self.engines[i].run_to_decision()
        return self.running.copy()

    def decisions(self) -> list[Decision | None]:
        """Return what a policy sees of each; None for those at their horizon."""
        return [
            e.decision() if on else None for e, on in zip(self.engines, self.running.tolist(), strict=True)
        ]

    def counted(self) -> Counted:
        """Return what is most often looked at, as arrays and without making decisions of it."""
        first = self.engines[0]
        H, P = len(first.network.hospitals), len(first.network.pools)
        S, A = len(first.network.steps), len(first.network.acuities)
        for engine in self.engines:
            engine.count()

        def stacked(name: str, field: str, *shape: int) -> Any:
            return np.stack([engine.memory[name][field] for engine in self.engines]).reshape(-1, *shape)

        queues = stacked("queues_count", "value", H, S, A, len(first.network.groups))
        return Counted(
            time=np.array([engine.env.now for engine in self.engines]),
            capacity=stacked("pools", "capacity", H, P),
            taken=stacked("pools", "taken", H, P),
            queues=queues.sum(axis=-1, keepdims=True) if first.blind else queues,
            inbound=stacked("inbound_count", "value", H),
        )

    def answer(self, directives: Sequence[Directive]) -> None:
        """Carry out the orders, one directive a simulation; those at their horizon get none."""
        for engine, directive, on in zip(self.engines, directives, self.running.tolist(), strict=True):
            if on:
                engine.answer(directive)
