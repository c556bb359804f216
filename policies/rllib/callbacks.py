"""What each group paid, in RLlib's metrics: `env_runners/group_costs/GROUP`, summed over a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ray.rllib.callbacks.callbacks import RLlibCallback

from policies.rllib.costs import COSTS, HOURS

GROUP_COSTS = "group_costs"


class GroupCosts(RLlibCallback):  # type: ignore[misc]  # RLlib is not typed
    """Logs group costs step by step; the lockstep runner, which has no such steps, logs them itself."""

    def on_episode_step(self, *, episode: Any, metrics_logger: Any, env_runner: Any, **more: Any) -> None:
        """Log the costs of a step."""
        told = next((info for info in episode.get_infos(-1).values() if COSTS in info), None)
        if told is not None:
            groups = env_runner.config.env_config["task"].network.groups
            log_costs(metrics_logger, groups, np.asarray(told[COSTS])[:-1], float(told[HOURS]))


def log_costs(metrics: Any, groups: Sequence[str], costs: NDArray[np.float64], hours: float) -> None:
    """Log the team's costs of every group over so many hours of simulation."""
    for group, cost in zip(groups, costs.tolist(), strict=True):
        metrics.log_value((GROUP_COSTS, group), cost, reduce="sum")
    metrics.log_value("simulated_hours", hours, reduce="sum")
