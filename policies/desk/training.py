"""Trains the desk's Q-network with RLlib's DQN (new API stack), in this process alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.desk.q_network import write_q_network
from policies.desk.rules import seed_of
from policies.environments.cohorts import People
from policies.environments.hospital_desk import N_PATIENTS, N_UNITS, HospitalDesk
from scenarios.errors import MissingExtra, UsageError

OnProgress = Callable[[int, int, Any], None]
"""(steps done, steps wanted, mean sum of rewards of the newest episodes)."""

HIDDEN = 64
"""Units of each of the two hidden layers."""
CHUNK = 1000
"""Environment steps between two reports."""


@dataclass(frozen=True)
class DeskSetting:
    """Which desk: scarcity is fixed before anything is learned."""

    resource: str = "beds"
    n_units: int = N_UNITS
    n_patients: int = N_PATIENTS
    fairness: float = 0.0
    """lambda."""
    grouping: str = "deprivation"

    def desk(self, people: People) -> HospitalDesk:
        """Return the desk for cohorts drawn from these people."""
        return HospitalDesk(
            people,
            resource="doses" if self.resource == "doses" else "beds",
            n_units=self.n_units,
            n_patients=self.n_patients,
            fairness=self.fairness,
            grouping=self.grouping,
        )


def train_desk(
    people: People, setting: DeskSetting, steps: int, seed: int, folder: Path, on_progress: OnProgress
) -> Path:
    """Train for so many environment steps and write the network to a new folder, whose path is returned.

    Ctrl-C ends training early: what was learned until then is written. Raises `MissingExtra` without Ray and torch.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists. A checkpoint goes to a new folder.")
    if steps < CHUNK:
        raise UsageError(f"--steps: expected at least {CHUNK}, got {steps}.")
    desk = setting.desk(people)
    done = 0
    with _algorithm(desk, people, setting, steps, seed) as algorithm:
        try:
            while done < steps:
                result = algorithm.train()
                done = int(result["num_env_steps_sampled_lifetime"])
                earned = result["env_runners"].get("episode_return_mean", float("nan"))
                on_progress(min(done, steps), steps, earned)
        except KeyboardInterrupt:
            if not done:
                raise
        layers = _layers(algorithm.get_module().state_dict())
    about = {
        "desk": asdict(setting), "labels": list(desk.labels), "groups": list(desk.groups),
        "trained": {"algo": "dqn", "steps": done, "wanted": steps, "seed": seed, "people": len(people)},
    }  # fmt: skip
    return write_q_network(folder, layers, about)


@contextmanager
def _algorithm(
    desk: HospitalDesk, people: People, setting: DeskSetting, steps: int, seed: int
) -> Iterator[Any]:
    try:
        import ray
        from ray.rllib.algorithms.dqn import DQNConfig
        from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
        from ray.tune.registry import register_env
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("ray", "torch", "gymnasium"):
            raise
        raise MissingExtra("train", "training the desk with RLlib") from None
    register_env("fairward-desk", lambda _: setting.desk(people))
    config = (
        DQNConfig()
        .environment("fairward-desk", observation_space=desk.observation_space, action_space=desk.action_space)
        .framework("torch")
        .env_runners(num_env_runners=0, num_envs_per_env_runner=8, rollout_fragment_length=1)
        .learners(num_learners=0)
        .rl_module(
            model_config=DefaultModelConfig(
                fcnet_hiddens=[HIDDEN], fcnet_activation="relu",
                head_fcnet_hiddens=[HIDDEN], head_fcnet_activation="relu",
            )
        )
        .training(
            lr=[[0, 1e-3], [steps, 1e-4]],
            gamma=1.0,
            train_batch_size=256,
            training_intensity=32.0,
            double_q=True,
            dueling=False,
            num_atoms=1,
            noisy=False,
            n_step=1,
            target_network_update_freq=100,
            epsilon=[(0, 1.0), (steps // 2, 0.05)],
            num_steps_sampled_before_learning_starts=CHUNK,
            replay_buffer_config={"type": "EpisodeReplayBuffer", "capacity": 100_000},
        )
        .reporting(min_sample_timesteps_per_iteration=CHUNK, min_time_s_per_iteration=0)
        .debugging(seed=seed_of("training", seed) % 2**31, log_level="ERROR")
    )  # fmt: skip
    ours = not ray.is_initialized()
    if ours:
        ray.init(
            address="local", num_cpus=1, include_dashboard=False, object_store_memory=100_000_000,
            log_to_driver=False, logging_level=logging.ERROR,
        )  # fmt: skip
    try:
        algorithm = config.build_algo()
        try:
            yield algorithm
        finally:
            algorithm.stop()
    finally:
        if ours:
            ray.shutdown()


def _layers(state: dict[str, Any]) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The network as RLlib names it: an encoder of one layer and a head of two."""
    names = ("encoder.net.mlp.0", "af.net.mlp.0", "af.net.mlp.2")
    arrays = {
        name: np.asarray(value.detach().cpu() if hasattr(value, "detach") else value, dtype=np.float64)
        for name, value in state.items()
    }
    return [(arrays[f"{name}.weight"], arrays[f"{name}.bias"]) for name in names]
