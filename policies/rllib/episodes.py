"""From arrays of lockstep copies to RLlib's episodes, without a step in Python.

Shapes: T steps, B copies, H hospitals, K dials.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.env.utils.infinite_lookback_buffer import InfiniteLookbackBuffer

from policies.environments.lockstep import Seen, Stepped
from policies.rllib.costs import COSTS, HOURS
from policies.rllib.module import MASK, OBSERVATION, POLICY, STATE
from policies.rllib.task import Task

Chosen = tuple[NDArray[Any], NDArray[Any]]
"""Actions B x H x K and log-probabilities B x H."""


def episodes_of(
    task: Task,
    name: str,
    before: Sequence[Seen],
    after: Sequence[Stepped],
    last: Seen,
    chosen: Sequence[Chosen],
) -> list[Any]:
    """Return an episode for every copy, hospital and stretch between two ends, of T steps.

    `before`: what was seen at each step; `after`: what came of it; `last`: what is seen now. `name` must be new.
    """
    columns = {
        Columns.ACTIONS: np.stack([one[0] for one in chosen]),
        Columns.ACTION_LOGP: np.stack([one[1] for one in chosen]),
    }
    team = np.stack([stepped.costs.sum(axis=1) for stepped in after])
    local = np.stack([stepped.local for stepped in after])
    over, hours = np.stack([stepped.over for stepped in after]), np.stack([s.hours for s in after])
    shown = [*before, last]
    observation = np.stack([one.observation for one in shown])
    mask = np.stack([one.mask for one in shown])
    state = np.stack([one.state for one in shown])
    found = []
    for b in range(over.shape[1]):
        ends = sorted({*(np.flatnonzero(over[:, b]) + 1).tolist(), len(after)})
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            cut, at = bool(over[end - 1, b]), slice(start, end)
            # What was seen last: of an episode that is over its last decision once more, else the present one.
            rows = np.append(np.arange(start, end), end - 1 if cut else end)
            seen_by_all = state[rows, b]
            for h, hospital in enumerate(task.network.hospitals):
                seen = {OBSERVATION: observation[rows, b, h], MASK: mask[rows, b, h], STATE: seen_by_all}
                costs = np.column_stack([team[at, b], local[at, b, h]])
                told = {key: value[at, b, h] for key, value in columns.items()}
                whose = {"agent_id": hospital, "multi_agent_episode_id": f"{name}-{b}-{start}"}
                found.append(_episode(seen, told, costs, hours[at, b], cut, whose))
    return found


class HospitalEpisode(SingleAgentEpisode):  # type: ignore[misc]  # RLlib is not typed
    """Still says whose it is when RLlib slices it to share it out among learners."""

    __slots__ = ()

    def slice(self, *arguments: Any, **more: Any) -> Any:
        """Return a part."""
        part = super().slice(*arguments, **more)
        part.agent_id, part.module_id = self.agent_id, self.module_id
        part.multi_agent_episode_id = self.multi_agent_episode_id
        part.__class__ = HospitalEpisode
        return part


def _episode(
    seen: dict[str, Any],
    told: dict[str, Any],
    costs: NDArray[np.float64],
    hours: NDArray[np.float64],
    cut: bool,
    whose: dict[str, str],
) -> Any:
    actions = told.pop(Columns.ACTIONS)
    extra = {**told, COSTS: costs, HOURS: hours}
    return HospitalEpisode(
        f"{whose['multi_agent_episode_id']}-{whose['agent_id']}",
        observations=InfiniteLookbackBuffer(seen),
        infos=[{}] * (len(costs) + 1),
        actions=InfiniteLookbackBuffer(actions),
        rewards=InfiniteLookbackBuffer(-costs.sum(axis=1).astype(np.float32)),
        truncated=cut,
        extra_model_outputs={key: InfiniteLookbackBuffer(value) for key, value in extra.items()},
        len_lookback_buffer=0,
        module_id=POLICY,
        **whose,
    )
