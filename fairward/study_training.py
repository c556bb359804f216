"""Trainings of a study over processes: one task a learner and seed, each in a folder of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from policies.study.protocol import BASE, Live, Protocol
from scenarios.errors import FairwardError, MissingExtra
from scenarios.scenario import Scenario

Trainer = Callable[[Scenario, Mapping[str, Any], int, Path], tuple[Path, pd.DataFrame]]
"""(scenario, settings, seed, folder) -> (checkpoint, history); goes on from what it finds in the folder."""

Follower = Callable[[Scenario, Scenario, Mapping[str, Any], int], pd.DataFrame]
"""(scenario, scenario with the shift, settings, iterations before the shift) -> history."""

FINDINGS = (FairwardError, ArithmeticError, ValueError, RuntimeError)
"""What makes a training a failed one, to be told on the page. A missing extra is none: install it and resume."""


@dataclass(frozen=True)
class Wanted:
    """A training that is to be done."""

    label: str
    seed: int
    settings: Mapping[str, Any]
    home: Path


@dataclass(frozen=True)
class Outcome:
    """What came of it: a checkpoint with its history, or why there is none."""

    seconds: float
    checkpoint: Path | None = None
    history: pd.DataFrame | None = None
    why: str = ""


@dataclass(frozen=True)
class TrainingTask:
    """A picklable task: called with the number of a training, it trains."""

    protocol: Protocol
    name: str
    """Of the scenario."""
    wanted: tuple[Wanted, ...]
    trainer: Trainer

    def __call__(self, number: int) -> Outcome:
        """Train, from the newest checkpoint of the folder if there is one."""
        one, began = self.wanted[number], time.time()
        try:
            checkpoint, history = self.trainer(
                self.protocol.scenario(self.name), one.settings, one.seed, one.home
            )
        except MissingExtra:
            raise
        except FINDINGS as error:
            return Outcome(time.time() - began, why=f"{type(error).__name__}: {error}")
        return Outcome(time.time() - began, checkpoint, history)


@dataclass(frozen=True)
class Arm:
    """A training of the live lambda."""

    purpose: str
    lam: float | None
    """None: it adapts itself."""
    seed: int


@dataclass(frozen=True)
class LiveTask:
    """A picklable task: called with the number of an arm, it trains through the change of demand."""

    protocol: Protocol
    wanted: tuple[Arm, ...]
    follower: Follower

    def __call__(self, number: int) -> Outcome:
        """Train. Raises what training raises."""
        one, live, began = self.wanted[number], self.protocol.live, time.time()
        assert live is not None
        before, after = (self.protocol.scenario(live.scenario, case) for case in (BASE, live.shift))
        settings = {**live_settings(live, one.lam), "seed": one.seed}
        history = self.follower(before, after, settings, live.before)
        return Outcome(time.time() - began, history=history)


def live_settings(live: Live, lam: float | None) -> dict[str, Any]:
    """Return the settings of an arm but its seed."""
    own = {"target_gap": live.target} if lam is None else {"lam": lam}
    return {**live.settings, "algo": "gr-ppo", "iterations": live.before + live.after, **own}
