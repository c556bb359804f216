"""What a rollout showed, as the network takes it: a state once for all hospitals, and no columns of zeros.

Shapes: T steps, B copies, H hospitals; d and s columns that are not 0 throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policies.learning.network import ActorCritic, Columns
from policies.learning.rollout import Rollout


@dataclass(frozen=True)
class Shown:
    """Observations of rows, the states that belong to them, and which row's is which."""

    observation: Tensor
    """((T + 1) x B x H) x d, or a part of these rows."""
    state: Tensor
    """((T + 1) x B) x s, or those of the part."""
    of: Tensor
    """The number of each row's state."""
    columns: Columns

    @classmethod
    def of_rollout(cls, rollout: Rollout) -> Shown:
        """Return all that a rollout showed, what comes after the last step included."""
        D, S = rollout.observation.shape[-1], rollout.state.shape[-1]
        state = rollout.state.reshape(-1, S)
        of = np.arange(len(state)).repeat(rollout.observation.shape[2])
        return cls.of_rows(rollout.observation.reshape(-1, D), state, of)

    @classmethod
    def of_rows(
        cls, observation: NDArray[np.float32], state: NDArray[np.float32], of: NDArray[np.int64]
    ) -> Shown:
        """Return normalised observations and states (a row each); `of`: the number of each observation's state."""
        (observed, seen), (states, seen_by_all) = map(_cut_down, (observation, state))
        return cls(observed, states, torch.from_numpy(of), Columns(seen, seen_by_all))

    def part(self, rows: NDArray[np.int64]) -> Shown:
        """Return some rows."""
        of = self.of.numpy()[rows]
        present = np.zeros(len(self.state), dtype=np.bool_)
        present[of] = True
        states, number = np.flatnonzero(present), present.cumsum() - 1
        return Shown(
            self.observation.index_select(0, torch.from_numpy(rows)),
            self.state.index_select(0, torch.from_numpy(states)),
            torch.from_numpy(number[of]),
            self.columns,
        )

    def logits(self, net: ActorCritic, mask: Tensor) -> Tensor:
        """Return a network's logits of all options, as `ActorCritic.forward` does."""
        return net(self.observation, mask, self.columns)  # type: ignore[no-any-return]

    def values(self, net: ActorCritic) -> Tensor:
        """Return what a network's critics expect of each row, as `ActorCritic.values` does."""
        return net.values(self.observation, self.state, self.of, self.columns)


def _cut_down(shown: NDArray[Any]) -> tuple[Tensor, NDArray[np.int64]]:
    """Return rows without the columns that are 0 throughout, and the numbers of the others."""
    columns = np.flatnonzero(shown.any(axis=0))
    # `shown[:, columns]` would lie column by column, and rows are what is taken out of it.
    return torch.from_numpy(shown.take(columns, axis=1)), columns
