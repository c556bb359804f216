"""`hospital_network_v0` as RLlib's `MultiAgentEnv`: one policy for all hospitals, one copy at a time."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from ray.rllib.env.multi_agent_env import MultiAgentEnv

from policies.environments.hospital_network import HospitalNetwork
from policies.rllib.costs import COSTS, HOURS
from policies.rllib.module import MASK, OBSERVATION, STATE
from policies.rllib.task import Task


def spaces_of(task: Task) -> tuple[spaces.Dict, spaces.MultiDiscrete]:
    """Return what a hospital sees, the state for the critic among it, and what it chooses."""
    shapes = task.shapes
    seen = spaces.Dict(
        {
            MASK: spaces.Box(0, 1, (int(task.menu.sizes.sum()),), np.int8),
            OBSERVATION: spaces.Box(-np.inf, np.inf, (shapes["n_observation"],), np.float32),
            STATE: spaces.Box(-np.inf, np.inf, (shapes["n_state"],), np.float32),
        }
    )
    return seen, spaces.MultiDiscrete(task.menu.sizes)


class HospitalsForRay(MultiAgentEnv):  # type: ignore[misc]  # RLlib is not typed
    """The environment with the state in what is seen, and costs and hours of a step in `infos`.

    RLlib's own wrapper of PettingZoo takes its agents from a set, so that runs would differ from process to process.
    """

    metadata: ClassVar[dict[str, Any]] = {}

    def __init__(self, settings: Any) -> None:
        super().__init__()
        task: Task = settings["task"]
        self._inner = HospitalNetwork(
            task.scenario,
            prices=task.prices,
            menu=task.menu,
            seed=task.seed,
            skip_warm_up=task.network.warm_up > 0,
        )
        self.place(1, 1)
        self.possible_agents = list(self._inner.possible_agents)
        self.agents = list(self.possible_agents)
        seen, chosen = spaces_of(task)
        self.observation_spaces = dict.fromkeys(self.agents, seen)
        self.action_spaces = dict.fromkeys(self.agents, chosen)

    def place(self, first: int, stride: int) -> None:
        """Begin with replication `first` at the next reset, and go on by `stride`."""
        self._replication, self._stride = first, stride

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin the next episode; RLlib's seed is not used, replications are ours."""
        seen, _ = self._inner.reset(options={"replication": self._replication})
        self._replication += self._stride
        return self._seen(seen), {}

    def step(self, action_dict: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        """Set the dials of all hospitals."""
        seen, rewards, over, cut, told = self._inner.step(action_dict)
        infos = {
            name: {
                COSTS: np.append(info["team_group_costs"], -rewards[name] - info["team_group_costs"].sum()),
                HOURS: info["hours"],
            }
            for name, info in told.items()
        }
        over["__all__"], cut["__all__"] = False, all(cut.values())
        return self._seen(seen), rewards, over, cut, infos

    def _seen(self, seen: dict[str, Any]) -> dict[str, Any]:
        state = self._inner.state()
        return {name: {**one, STATE: state} for name, one in seen.items()}
