"""Env runners: one steps many copies in lockstep, arrays in and out; the other is RLlib's own, copy by copy.

Shapes: B copies, H hospitals, K dials.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.env import INPUT_ENV_SINGLE_SPACES, INPUT_ENV_SPACES
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from ray.rllib.utils.metrics import (
    NUM_ENV_STEPS_SAMPLED,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    NUM_EPISODES,
    NUM_EPISODES_LIFETIME,
)

from policies.environments.lockstep import LockstepNetwork, Seen, Stepped
from policies.rllib.callbacks import log_costs
from policies.rllib.environment import spaces_of
from policies.rllib.episodes import episodes_of
from policies.rllib.module import POLICY
from policies.rllib.task import Task
from scenarios.errors import FairwardError
from sim.streams import uniforms

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trouble:
    """In place of episodes: what went wrong. RLlib would start the process anew, again and again, without a word."""

    message: str
    mendable: bool
    """Whether the user can mend it; otherwise it is a bug, and the message holds where."""

    @classmethod
    def of(cls, error: Exception) -> Trouble:
        """Return what to hand on of an error, or of one that RLlib has wrapped."""
        for found in (error, error.__cause__):
            if isinstance(found, FairwardError):
                return cls(str(found), mendable=True)
        where = "".join(traceback.format_exception(error))
        return cls(f"an env runner failed with {type(error).__name__}: {error}\n{where}", mendable=False)


class CopyByCopyRunner(MultiAgentEnvRunner):  # type: ignore[misc]  # RLlib is not typed
    """RLlib's runner; an error is handed on as `Trouble`."""

    def sample(self, **wanted: Any) -> Any:
        """Return episodes, or one `Trouble`."""
        if not getattr(self, "_placed", False):
            self._place()
        try:
            return super().sample(**wanted)
        except Exception as error:
            return [Trouble.of(error)]

    def _place(self) -> None:
        """Give every copy patients of its own; only now is it known how many steps went before."""
        task, workers = self.config.env_config["task"], max(self.num_workers, 1)
        first = task.first_replication(self.worker_index or 0, workers, self.num_env_steps_sampled_lifetime)
        for copy, env in enumerate(self.env.envs):
            env.unwrapped.place(first + copy * workers, workers * self.num_envs)
        self._placed = True


class LockstepRunner(MultiAgentEnvRunner):  # type: ignore[misc]  # RLlib is not typed
    """Steps `num_envs_per_env_runner` copies at once; an episode of every hospital comes out of arrays."""

    def make_env(self) -> None:
        """Prepare the spaces; the copies begin with the first sample, when it is known how many steps went before."""
        self._task: Task = self.config.env_config["task"]
        self.num_envs = self.config.num_envs_per_env_runner
        self._copies: LockstepNetwork | None = None
        self._fragment = 1
        seen, chosen = spaces_of(self._task)
        names = self._task.network.hospitals
        by_name = [type(seen)(dict.fromkeys(names, seen)), type(seen)(dict.fromkeys(names, chosen))]
        self.spaces = {
            INPUT_ENV_SPACES: tuple(by_name),
            INPUT_ENV_SINGLE_SPACES: tuple(by_name),
            POLICY: (seen, chosen),
        }

    def assert_healthy(self) -> None:
        """Raise if it cannot sample; called by RLlib."""
        assert self.module

    def sample(self, **wanted: Any) -> Any:
        """Return episodes of a fragment of every copy, or one `Trouble`."""
        try:
            return self._sampled()
        except Exception as error:
            return [Trouble.of(error)]

    def stop(self) -> None:
        """Let go of the copies."""
        self._copies = None

    def _sampled(self) -> list[Any]:
        seen = self._begun()
        before, after, chosen = [], [], []
        n, dials = self.config.get_rollout_fragment_length(self.worker_index), len(self._task.menu.dials)
        place = ("training on Ray", "actions", str(self.worker_index), str(self._begun_at))
        drawn = uniforms(
            self._task.seed,
            self._fragment,
            place,
            n * self.num_envs * len(self._task.network.hospitals) * dials,
        ).reshape(n, -1, dials)
        self._fragment += 1
        for t in range(n):
            actions, log_probs = self._choose(seen, drawn[t])
            assert self._copies is not None
            stepped = self._copies.step(actions)
            before.append(seen)
            after.append(stepped)
            chosen.append((actions, log_probs))
            seen = stepped.seen
        self._seen = seen
        self._log(after)
        name = f"{self.worker_index}-{self._begun_at}-{self._fragment}"
        return episodes_of(self._task, name, before, after, seen, chosen)

    def _begun(self) -> Seen:
        if self._copies is None:
            task, begun = self._task, self.num_env_steps_sampled_lifetime
            self._begun_at = begun
            first = task.first_replication(self.worker_index or 0, self.num_workers, begun)
            self._copies = task.copies(self.num_envs, first, max(self.num_workers, 1))
            self._seen = self._copies.reset()
        return self._seen

    def _choose(self, seen: Seen, drawn: Floats) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return actions B x H x K and log-probabilities B x H."""
        module, (b, h) = self.module[POLICY], seen.observation.shape[:2]
        with torch.no_grad():
            rows = torch.from_numpy(seen.observation.reshape(b * h, -1))
            logits = module.net(module.seen(rows), torch.from_numpy(seen.mask.reshape(b * h, -1)))
        actions, log_probs = module.net.dials.draw(logits.numpy(), drawn)
        return actions.reshape(b, h, -1), log_probs.reshape(b, h)

    def _log(self, after: list[Stepped]) -> None:
        n = len(after) * self.num_envs
        ended = int(sum(stepped.over.sum() for stepped in after))
        self.metrics.log_value(NUM_ENV_STEPS_SAMPLED, n, reduce="sum")
        self.metrics.log_value(NUM_ENV_STEPS_SAMPLED_LIFETIME, n, reduce="lifetime_sum", with_throughput=True)
        self.metrics.log_value(NUM_EPISODES, ended, reduce="sum")
        self.metrics.log_value(NUM_EPISODES_LIFETIME, ended, reduce="lifetime_sum")
        self.num_env_steps_sampled_lifetime += n
        costs = sum(stepped.costs.sum(axis=(0, 1)) for stepped in after)
        log_costs(
            self.metrics,
            self._task.network.groups,
            np.asarray(costs),
            float(sum(s.hours.sum() for s in after)),
        )
