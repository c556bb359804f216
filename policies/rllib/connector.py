"""The learner's connectors: costs into the batch, then an advantage for every head and one that weighs them.

Shapes: N rows of a batch, G groups, V = G + 1 value heads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.connectors.connector_v2 import ConnectorV2
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing

from policies.learning.advantages import cost_advantages
from policies.learning.algorithms import advantages_of
from policies.learning.levels import GroupLevels
from policies.rllib.costs import COSTS, HOURS, steps_of
from policies.rllib.module import POLICY
from policies.rllib.task import Task

Floats = NDArray[np.float64]


class AddCosts(ConnectorV2):  # type: ignore[misc]  # RLlib is not typed
    """Adds the columns `costs` (V) and `hours`; runs when every episode is one artificial step longer."""

    def __init__(self, n_values: int) -> None:
        super().__init__()
        self.n_values = n_values

    def __call__(self, *, batch: dict[str, Any], episodes: list[Any], **more: Any) -> dict[str, Any]:
        """Return the batch with the columns."""
        for episode in self.single_agent_episode_iterator(episodes, agents_that_stepped_only=False):
            costs, hours = steps_of(episode, self.n_values)
            self.add_n_batch_items(batch, COSTS, costs, len(costs), episode)
            self.add_n_batch_items(batch, HOURS, hours, len(costs), episode)
        return batch


class GroupAdvantages(ConnectorV2):  # type: ignore[misc]  # RLlib is not typed
    """In place of RLlib's estimator: advantages of every head, made one by the objective's weights.

    The rows that were added to bootstrap from are gone afterwards. `weights` (G) are set before each update.
    """

    def __init__(self, task: Task, levels: GroupLevels) -> None:
        super().__init__()
        self.task, self.levels = task, levels
        self.weights: Floats = levels.rho

    def __call__(
        self, *, rl_module: Any, batch: dict[str, Any], episodes: list[Any], **more: Any
    ) -> dict[str, Any]:
        """Return the batch with advantages (N) and value targets (N x V)."""
        rows, settings = batch[POLICY], self.task.settings
        with torch.no_grad():
            values = rl_module[POLICY].unwrapped().compute_values(rows).cpu().numpy().astype(np.float64)
        counts = rows[Columns.LOSS_MASK].cpu().numpy().astype(bool)
        costs, hours = rows.pop(COSTS).cpu().numpy(), rows.pop(HOURS).cpu().numpy()
        paid = [
            self.levels.scaled(self.task.by_group * costs[:, :-1]),
            self.levels.scaled_rest(costs[:, -1]),
        ]
        # All episodes in one stream: behind every last step stands the row from which is bootstrapped.
        stream = [
            (1 - settings.gamma) * np.column_stack(paid),
            values,
            np.append(values[1:], np.zeros_like(values[:1]), axis=0),
            hours,
            ~np.append(counts[1:], False),
        ]
        costly, expected, following, lasted, ends = (part[:, None] for part in stream)
        advantages, targets = cost_advantages(
            costly, expected, following, lasted, ends, settings.gamma, settings.trace
        )
        given = advantages_of(settings, advantages[counts, 0], self.weights, self.levels)
        keep = torch.from_numpy(counts)
        kept = {name: _rows(value, keep) for name, value in rows.items() if name != Columns.LOSS_MASK}
        kept[Postprocessing.ADVANTAGES] = _tensor(given, rows)
        kept[Postprocessing.VALUE_TARGETS] = _tensor(targets[counts, 0], rows)
        batch[POLICY] = kept
        return batch


def _rows(value: Any, keep: torch.Tensor) -> Any:
    if isinstance(value, dict):
        return {name: _rows(part, keep) for name, part in value.items()}
    return value[keep.to(value.device)]


def _tensor(values: Floats, rows: dict[str, Any]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32)).to(rows[Columns.ACTION_LOGP].device)
