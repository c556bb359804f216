"""The learner's one connector: from episodes to a batch with an advantage for every head and one that weighs them.

Shapes: E episodes of hospitals, T steps of the longest, N steps of all; V = G + 1 value heads.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from policies.learning.shown import Shown
from policies.rllib.costs import hospitals_of, steps_of
from policies.rllib.module import MASK, OBSERVATION, POLICY, ROW, STATE, HospitalModule
from policies.rllib.task import Task

Floats = NDArray[np.float64]


class HospitalBatch(ConnectorV2):  # type: ignore[misc]  # RLlib is not typed
    """In place of all of RLlib's: those take a step at a time, and give every hospital a copy of the state.

    What was seen stays in the module (`HospitalModule.shown`); the batch says in which row. `weights` (G) are set
    before each update.
    """

    def __init__(self, task: Task, levels: GroupLevels) -> None:
        super().__init__()
        self.task, self.levels = task, levels
        self.weights: Floats = levels.rho

    def __call__(
        self, *, rl_module: Any, batch: dict[str, Any], episodes: list[Any], **more: Any
    ) -> dict[str, Any]:
        """Return a batch of N steps, episode after episode: rows, actions, advantages (N), value targets (N x V)."""
        module, played = rl_module[POLICY].unwrapped(), list(hospitals_of(episodes))
        module.shown = _shown(module, played)
        with torch.no_grad():
            expected = module.shown.values(module.net).numpy()
        lengths = np.array([len(episode) for episode in played])
        given, targets = self._advantages(played, lengths, expected)
        # Behind each last step stands a row from which is only bootstrapped.
        behind = np.cumsum(lengths + 1) - 1
        rows = {
            ROW: np.delete(np.arange(len(expected)), behind),
            MASK: np.concatenate([e.get_observations(slice(0, len(e)))[MASK] for e in played]),
            Columns.ACTIONS: np.concatenate([e.get_actions(slice(0, len(e))) for e in played]),
            Columns.ACTION_LOGP: np.concatenate(
                [e.get_extra_model_outputs(Columns.ACTION_LOGP, slice(0, len(e))) for e in played]
            ),
            Postprocessing.ADVANTAGES: given.astype(np.float32),
            Postprocessing.VALUE_TARGETS: targets.astype(np.float32),
        }
        batch[POLICY] = {name: torch.from_numpy(value) for name, value in rows.items()}
        return batch

    def _advantages(
        self, played: Sequence[Any], lengths: NDArray[np.int64], expected: NDArray[np.float32]
    ) -> tuple[Floats, Floats]:
        """Return advantages (N) and value targets (N x V); `expected`: of every row, E more than steps."""
        settings, V = self.task.settings, expected.shape[1]
        found = [steps_of(episode, V) for episode in played]
        costs, hours = (np.concatenate(parts) for parts in zip(*found, strict=True))
        paid = [
            self.levels.scaled(self.task.by_group * costs[:, :-1]),
            self.levels.scaled_rest(costs[:, -1]),
        ]
        number = np.arange(lengths.max() + 1)
        steps, rows = number[:-1] < lengths[:, None], number <= lengths[:, None]
        seen = _side_by_side(expected, rows)
        advantages, targets = cost_advantages(
            _side_by_side((1 - settings.gamma) * np.column_stack(paid), steps),
            seen[:-1],
            seen[1:],
            _side_by_side(hours, steps),
            (number[:-1] >= lengths[:, None] - 1).T,
            settings.gamma,
            settings.trace,
        )
        advantages, targets = (one.swapaxes(0, 1)[steps] for one in (advantages, targets))
        return advantages_of(settings, advantages, self.weights, self.levels), targets


def _side_by_side(values: NDArray[Any], there: NDArray[np.bool_]) -> Floats:
    """Return T x E x ... of rows one episode after the other; 0 where `there` (E x T) is not true."""
    found = np.zeros((*there.shape, *values.shape[1:]))
    found[there] = values
    return found.swapaxes(0, 1)


def _shown(module: HospitalModule, played: Sequence[Any]) -> Shown:
    """Return all that episodes showed, normalised: the last observations too, and states once for all hospitals."""
    observations: list[NDArray[np.float32]] = []
    states: list[NDArray[np.float32]] = []
    of: list[NDArray[np.int64]] = []
    n_states = 0
    for episode in played:
        seen = episode.get_observations(slice(0, len(episode) + 1))
        observations.append(seen[OBSERVATION])
        # Hospitals of one network come one after the other, and see the same.
        if not states or not np.array_equal(states[-1], seen[STATE]):
            states.append(seen[STATE])
            n_states += len(seen[STATE])
        of.append(n_states - len(seen[STATE]) + np.arange(len(seen[STATE])))
    return Shown.of_rows(
        module.seen(torch.from_numpy(np.concatenate(observations))).numpy(),
        module.seen_by_all(torch.from_numpy(np.concatenate(states))).numpy(),
        np.concatenate(of),
    )
