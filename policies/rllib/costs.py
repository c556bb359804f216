"""What an episode cost each group, out of RLlib's episodes, whoever sampled them.

Shapes: n steps, G groups, V = G + 1 value heads: the team's cost of every group, then what the own orders cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ray.rllib.connectors.connector_v2 import ConnectorV2

from policies.learning.levels import finite
from policies.rllib.module import OBSERVATION
from scenarios.errors import UsageError

Floats = NDArray[np.float64]

COSTS, HOURS = "costs", "hours"
"""Columns of a batch, and keys of `infos`."""


def hospitals_of(episodes: Sequence[Any]) -> Iterable[Any]:
    """Yield the episode of every hospital (a `SingleAgentEpisode`)."""
    return ConnectorV2.single_agent_episode_iterator(list(episodes), agents_that_stepped_only=False)  # type: ignore[no-any-return]


def steps_of(episode: Any, n_values: int) -> tuple[Floats, Floats]:
    """Return costs n x V and hours n of a hospital's episode; raises `UsageError` if they are not that."""
    n = len(episode)
    if COSTS in episode.extra_model_outputs:
        costs = episode.get_extra_model_outputs(COSTS, slice(0, n))
        hours = episode.get_extra_model_outputs(HOURS, slice(0, n))
    else:
        infos = episode.get_infos(slice(1, n + 1))
        costs, hours = [info[COSTS] for info in infos], [info[HOURS] for info in infos]
    found = finite(f"costs at {episode.agent_id}", costs)
    if found.shape != (n, n_values):
        raise UsageError(
            f"costs at {episode.agent_id}: expected steps x values = {(n, n_values)}, got {found.shape}."
        )
    return found, finite(f"hours at {episode.agent_id}", hours)


def totals(episodes: Sequence[Any], first: str, n_values: int) -> tuple[Floats, float]:
    """Return the costs of the groups (G) and the hours of simulation of all episodes together.

    The costs are the team's, so those that one hospital (`first`) was told are all.
    """
    costs, hours = np.zeros(n_values - 1), 0.0
    for episode in hospitals_of(episodes):
        told, lasted = steps_of(episode, n_values)
        if episode.agent_id == first:
            costs += told[:, :-1].sum(axis=0)
            hours += float(lasted.sum())
    return costs, hours


def observations(episodes: Sequence[Any], key: str, size: int, only: str | None = None) -> Floats:
    """Return what all hospitals saw, or one `only` (n x size), without the last observation of each episode."""
    found = []
    for episode in hospitals_of(episodes):
        if only not in (None, episode.agent_id):
            continue
        seen = np.asarray(episode.get_observations(slice(0, len(episode)))[key])
        if seen.shape[1:] != (size,):
            what = "observation" if key == OBSERVATION else key
            raise UsageError(f"{what} of {episode.agent_id}: expected {size} entries, got {seen.shape[1:]}.")
        found.append(seen)
    return finite("observation", np.concatenate(found))
