"""Group-robust PPO as an RLlib algorithm: levels and weights of groups are kept where all samples come together."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.ppo import PPO, PPOConfig
from ray.rllib.utils.metrics import (
    ALL_MODULES,
    ENV_RUNNER_RESULTS,
    ENV_RUNNER_SAMPLING_TIMER,
    LEARNER_RESULTS,
    LEARNER_UPDATE_TIMER,
    NUM_ENV_STEPS_SAMPLED,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    SYNCH_WORKER_WEIGHTS_TIMER,
    TIMERS,
)

from policies.learning.algorithms import objective_of
from policies.learning.controller import GapController
from policies.learning.levels import GroupLevels
from policies.learning.normalising import Normaliser
from policies.learning.scalarising import SoftDRO
from policies.learning.standing import standing
from policies.rllib.costs import observations, totals
from policies.rllib.learner import Orders
from policies.rllib.module import OBSERVATION, POLICY, STATE
from policies.rllib.runners import Trouble
from policies.rllib.task import Task
from scenarios.errors import RunError, UsageError

FAIRNESS = "fairness"
"""Key of the results, and of the state in a checkpoint."""


class GroupRobustConfig(PPOConfig):  # type: ignore[misc]  # RLlib is not typed
    """PPO's settings, and what is fair; made by `policies/rllib/configuration.py`."""

    def __init__(self, algo_class: Any = None) -> None:
        super().__init__(algo_class=algo_class or GroupRobustPPO)
        self.task: Task | None = None
        self.normalisers: dict[str, Any] = {}
        self.patience_s = 120.0
        """Seconds without any sample after which training gives up."""


class GroupRobustPPO(PPO):  # type: ignore[misc]  # RLlib is not typed
    """Samples, weighs the groups by what they paid, learns, and tells the env runners."""

    @classmethod
    def get_default_config(cls) -> GroupRobustConfig:
        """Return the settings; called by RLlib."""
        return GroupRobustConfig()

    def setup(self, config: Any) -> None:
        """Build; called by RLlib."""
        # As the lean trainer does; Ray sees to it in its own processes only.
        torch.set_num_threads(1)
        self.task: Task = config.task
        settings = self.task.settings
        self.levels = GroupLevels.of_state(config.learner_config_dict["levels"])
        self.objective = objective_of(settings, self.levels.rho)
        self.controller = None if settings.target_gap is None else GapController(settings.target_gap)
        self.normalisers = {key: Normaliser.of_state(state) for key, state in config.normalisers.items()}
        self.learned = False
        """Whether the last iteration had samples."""
        self._silent_since: float | None = None
        super().setup(config)
        self._tell_learners()
        self.env_runner_group.sync_weights(
            from_worker_or_learner_group=self.learner_group, policies={POLICY}, inference_only=True
        )

    def training_step(self) -> None:
        """One iteration; without any sample it returns at once, and RLlib brings lost env runners back."""
        self.learned = False
        with self.metrics.log_time((TIMERS, ENV_RUNNER_SAMPLING_TIMER)):
            episodes, told = self._sample()
        if not episodes:
            return
        self.metrics.aggregate(told, key=ENV_RUNNER_RESULTS)
        shapes, first = self.task.shapes, self.task.network.hospitals[0]
        costs, hours = totals(episodes, first, shapes["n_values"])
        seen = {
            OBSERVATION: observations(episodes, OBSERVATION, shapes["n_observation"]),
            STATE: observations(episodes, STATE, shapes["n_state"], only=first),
        }
        level = self.levels.update(self.task.by_group * costs, hours)
        if self.controller is not None and isinstance(self.objective, SoftDRO):
            self.objective.lam = self.controller.update(level, self.levels.rho)
        weights = self.objective.weights(level)
        self._log(level, weights)
        with self.metrics.log_time((TIMERS, LEARNER_UPDATE_TIMER)):
            found = self.learner_group.update(
                episodes=episodes,
                orders=Orders(weights, self.iteration / self.task.settings.iterations),
                timesteps={
                    NUM_ENV_STEPS_SAMPLED_LIFETIME: self.metrics.peek(
                        (ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME)
                    )
                },
                num_epochs=self.config.num_epochs,
                minibatch_size=self.config.minibatch_size,
                shuffle_batch_per_epoch=self.config.shuffle_batch_per_epoch,
            )
            self.metrics.aggregate(found, key=LEARNER_RESULTS)
        for key, values in seen.items():
            self.normalisers[key].update(values)
        self._tell_learners()
        with self.metrics.log_time((TIMERS, SYNCH_WORKER_WEIGHTS_TIMER)):
            self.env_runner_group.sync_weights(
                from_worker_or_learner_group=self.learner_group,
                policies=set(found[0].keys()) - {ALL_MODULES},
                inference_only=True,
            )
        self.learned = True

    @property
    def decisions(self) -> int:
        """Decisions of all copies so far."""
        return int(self.metrics.peek((ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME), default=0))

    def get_state(self, *arguments: Any, **more: Any) -> dict[str, Any]:
        """Return RLlib's state and ours."""
        state: dict[str, Any] = super().get_state(*arguments, **more)
        state[FAIRNESS] = {
            "levels": self.levels.state(),
            "objective": self.objective.state(),
            "controller": None if self.controller is None else self.controller.state(),
            "normalisers": {key: one.state() for key, one in self.normalisers.items()},
        }
        return state

    def set_state(self, state: dict[str, Any], *arguments: Any, **more: Any) -> None:
        """Go on from a state."""
        super().set_state(state, *arguments, **more)
        if kept := state.get(FAIRNESS):
            self.levels = GroupLevels.of_state(kept["levels"])
            self.objective.load(kept["objective"])
            if self.controller is not None and kept["controller"] is not None:
                self.controller.load(kept["controller"])
            self.normalisers = {key: Normaliser.of_state(one) for key, one in kept["normalisers"].items()}

    def _sample(self) -> tuple[list[Any], list[Any]]:
        """Return episodes of at least a batch and what the env runners measured; nothing when none answered."""
        group, episodes, told, steps = self.env_runner_group, [], [], 0
        while steps < self.config.total_train_batch_size:
            if group.num_remote_workers():
                found = group.foreach_env_runner(
                    lambda runner: (runner.sample(), runner.get_metrics()),
                    local_env_runner=False,
                    timeout_seconds=self.config.sample_timeout_s,
                )
            else:
                found = [(group.local_env_runner.sample(), group.local_env_runner.get_metrics())]
            for sampled, measured in found:
                for one in sampled:
                    if isinstance(one, Trouble):
                        raise (UsageError if one.mendable else RunError)(one.message)
                episodes += sampled
                told.append(measured)
                steps += int(measured[NUM_ENV_STEPS_SAMPLED])
            if not found:
                self._wait()
                return [], []
        self._silent_since = None
        return episodes, told

    def _wait(self) -> None:
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        if now - self._silent_since > self.config.patience_s:
            raise RunError(
                f"no env runner has answered for {now - self._silent_since:.0f} s: "
                "are there nodes left with free CPUs? Training goes on from the last checkpoint with --resume."
            )
        time.sleep(1.0)

    def _log(self, level: Any, weights: Any) -> None:
        groups = self.task.network.groups
        for what, values in (("level", level), ("weight", weights)):
            for group, value in zip(groups, np.asarray(values).tolist(), strict=True):
                self.metrics.log_value((FAIRNESS, what, group), value, window=1)
        for what, value in standing(level, self.levels.rho, self.objective).items():
            self.metrics.log_value((FAIRNESS, what), value, window=1)

    def _tell_learners(self) -> None:
        observation, state = self.normalisers[OBSERVATION], self.normalisers[STATE]
        self.learner_group.foreach_learner(lambda learner, **more: learner.take(observation, state))
