"""Trains a policy on a scenario and leaves checkpoints: the lean trainer from scenario to folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policies.environments.costs import prices_of
from policies.environments.menu import Actions
from policies.learning.baseline import TRAINING_SEEDS, baseline_of, group_factors
from policies.learning.checkpoint import (
    ITERATION,
    RESUME,
    WEIGHTS,
    Ground,
    checkpoints_of,
    read_arrays,
    read_checkpoint,
    write_checkpoint,
)
from policies.learning.interruption import patient
from policies.learning.leaning import leaning_of
from policies.learning.levels import GroupLevels
from policies.learning.normalising import Normaliser
from policies.learning.offer import Offer
from policies.learning.settings import BY_TRIAL, TrainSettings
from policies.learning.start import start_of
from scenarios.errors import MissingExtra, UsageError
from scenarios.scenario import Scenario
from sim.network import Network, compile_network

if TYPE_CHECKING:
    from policies.environments.lockstep import LockstepNetwork
    from policies.learning.lean import LeanTrainer

HISTORY = "history.csv"
MOST_STEPS = 256

OnIteration = Callable[[int, int, dict[str, float]], None]
"""(iterations done, iterations wanted, the newest row of the history)."""


class Trainer(Protocol):
    """What learns, an iteration at a time."""

    iteration: int
    of_observation: Normaliser

    def iterate(self) -> dict[str, float]:
        """Learn, and return a row of the learning curve."""
        ...

    def weights(self) -> dict[str, NDArray[Any]]:
        """Return the policy's arrays by name, for a checkpoint."""
        ...

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what else it needs to go on."""
        ...

    def load(self, weights: Mapping[str, NDArray[Any]], state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from there."""
        ...


@dataclass(frozen=True)
class Trained:
    """What came of it."""

    folder: Path
    """The newest checkpoint."""
    history: pd.DataFrame
    """The learning curve: one row an iteration. Levels are costs per patient, 1 is the average under neutral orders."""


def train(
    scenario: Scenario,
    settings: TrainSettings,
    folder: Path,
    on_iteration: OnIteration | None = None,
    resume: bool = False,
) -> Trained:
    """Train and write a checkpoint to `folder`/iteration-NNNNNN every few iterations and at the end.

    `resume`: go on from the newest checkpoint of the folder, with the same settings (`iterations` may grow); the policy
    is then the one of a training that was never interrupted, to the bit. Otherwise the folder must hold no checkpoint.
    Ctrl-C (`KeyboardInterrupt`) ends it after the present iteration, which is kept. Raises `UsageError`, and
    `MissingExtra` without torch.
    """
    folder = folder.absolute()
    found = checkpoints_of(folder) if folder.is_dir() else []
    if found and not resume:
        raise UsageError(
            f"{folder} holds a training run already ({found[-1].name}). Use --resume, or another --out."
        )
    if resume and not found:
        raise UsageError(f"{folder} holds no checkpoint to go on from. Leave --resume out to begin.")
    network = compile_network(scenario)
    offer, options = start_of(settings, scenario, network)
    began, ground = time.monotonic(), Ground.of(scenario, offer)
    trainer = trainer_of(scenario, network, offer, options, settings)
    rows: list[dict[str, Any]] = []
    if found:
        rows = _load(trainer, found[-1], network, settings, folder)
    newest = found[-1] if found else folder
    with patient() as stopped:
        while trainer.iteration < settings.iterations:
            rows.append({**trainer.iterate(), "seconds": round(time.monotonic() - began, 3)})
            stop, done = stopped(), trainer.iteration == settings.iterations
            if stop or done or trainer.iteration % settings.checkpoint_every == 0:
                newest = write_checkpoint(
                    folder / f"{ITERATION}{trainer.iteration:06d}",
                    ground,
                    trainer.weights(),
                    trainer.of_observation,
                    {"settings": settings.plain(), "iteration": trainer.iteration, **_last_words(rows[-1])},
                    trainer.state(),
                )
                pd.DataFrame(rows).to_csv(folder / HISTORY, index=False, lineterminator="\n")
            if on_iteration is not None:
                on_iteration(trainer.iteration, settings.iterations, rows[-1])
            if stop and not done:
                raise KeyboardInterrupt
    return Trained(newest, pd.DataFrame(rows))


def trainer_of(
    scenario: Scenario, network: Network, offer: Offer, options: Actions, settings: TrainSettings
) -> Trainer:
    """Return an untrained trainer on the scenario that begins at K options of the offer's dials."""
    if settings.algo != BY_TRIAL:
        return gradient_trainer(scenario, network, offer, options, settings)
    from policies.learning.evolution import EvolutionTrainer

    env, levels, by_group = _prepared(scenario, network, offer, settings, skip_warm_up=False)
    return EvolutionTrainer(env, levels, settings, options, by_group, network.warm_up)


def gradient_trainer(
    scenario: Scenario, network: Network, offer: Offer, options: Actions, settings: TrainSettings
) -> LeanTrainer:
    """Return an untrained trainer that learns by gradients, and leans to K options of the offer's dials."""
    settings.check_gradient()
    try:
        import torch

        from policies.learning.lean import LeanTrainer
        from policies.learning.network import ActorCritic
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise MissingExtra("torch", "training a policy") from None

    torch.set_num_threads(1)
    env, levels, by_group = _prepared(scenario, network, offer, settings)
    net = ActorCritic(
        len(env.encoding.labels), len(env.encoding.state_labels), env.menu.sizes.tolist(), len(network.groups) + 1,
        settings.hidden, leaning_of(settings, env.menu), settings.seed, options.tolist(),
    )  # fmt: skip
    return LeanTrainer(
        env, net, levels, settings, settings.steps or episode_steps(scenario, network), by_group
    )


def _prepared(
    scenario: Scenario, network: Network, offer: Offer, settings: TrainSettings, skip_warm_up: bool = True
) -> tuple[LockstepNetwork, GroupLevels, NDArray[np.float64]]:
    """Return where is learned, the levels before anything was, and what multiplies the costs of groups (G)."""
    from policies.environments.lockstep import LockstepNetwork

    prices = prices_of(scenario)
    by_group = group_factors(network.groups, settings.cost_by_group)
    levels = baseline_of(scenario, network, prices, by_group, settings.seed, settings.smoothing)
    env = LockstepNetwork(
        scenario, settings.copies, prices=prices, menu=offer.menu(network), seed=TRAINING_SEEDS + settings.seed,
        skip_warm_up=skip_warm_up,
    )  # fmt: skip
    return env, levels, by_group


def episode_steps(scenario: Scenario, network: Network) -> int:
    """Return the decisions of an episode, at most 256; 128 where they come by events only."""
    hours = network.horizon - network.warm_up
    every = float(scenario.decide_every or 0.0)
    return int(np.clip(ceil(hours / every), 2, MOST_STEPS)) if every else 128


def _load(
    trainer: Trainer, newest: Path, network: Network, settings: TrainSettings, folder: Path
) -> list[dict[str, Any]]:
    checkpoint = read_checkpoint(newest)
    checkpoint.check(network, exactly=True)
    settings.check_resumes(newest, checkpoint.trained["settings"])
    if not (newest / RESUME).is_file():
        raise UsageError(f"{newest} holds no {RESUME}, so training cannot go on from it.")
    try:
        trainer.load(read_arrays(newest / WEIGHTS), read_arrays(newest / RESUME))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"{newest / RESUME} does not say what training needs to go on ({error}): it is of another version. "
            "The policy in it still acts; train anew to another --out."
        ) from None
    return rows_until(trainer.iteration, folder / HISTORY)


def rows_until(iteration: int, history: Path) -> list[dict[str, Any]]:
    """Return the history without iterations that were lost after the checkpoint and are now done again."""
    if not history.is_file():
        return []
    before = pd.read_csv(history)
    rows: list[dict[str, Any]] = before[before["iteration"] <= iteration].to_dict("records")
    return rows


def _last_words(row: dict[str, Any]) -> dict[str, float]:
    return {name: float(row[name]) for name in ("decisions", "mean", "worst", "gap")}
