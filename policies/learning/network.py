"""The policy and its critic as a torch module: masked dials out, one value head a group and one for the rest.

Shapes: N rows (a hospital at a decision each), D entries of an observation, S of the state, K dials with M options in
all, V = G + 1 value heads. What goes in is normalised before (`normalising.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from policies.learning.choosing import Dials
from policies.learning.forbidding import ceiling
from policies.learning.leaning import head_start
from policies.learning.perceptron import Entering, Perceptron


@dataclass(frozen=True)
class Columns:
    """Which entries of observations and states are at hand; the others are 0 in all rows, so weights on them idle."""

    observation: NDArray[np.int64]
    state: NDArray[np.int64]
    """Numbers, in order."""


class ActorCritic(nn.Module):
    """Two separate perceptrons of tanh units; the policy begins near one option of every dial."""

    def __init__(
        self,
        n_observation: int,
        n_state: int,
        sizes: Sequence[int],
        n_values: int,
        hidden: Sequence[int] = (64, 64),
        keep: float | Sequence[float] | None = 0.5,
        seed: int = 0,
        start: Sequence[int] | None = None,
    ) -> None:
        """Prepare weights, which depend on nothing but the arguments.

        `n_state`: 0 for a critic that sees the observation only. `keep`: the probability with which the untrained
        policy takes the option of `start` on a dial of more than one, by dial if there are K; None: all options are
        equally likely. `start`: K options; the neutral ones when None.
        """
        super().__init__()
        self.sizes = tuple(int(n) for n in sizes)
        self.n_observation, self.n_state, self.n_values = n_observation, n_state, n_values
        self.hidden = tuple(hidden)
        generator = torch.Generator().manual_seed(seed)
        self.actor = Perceptron([n_observation, *hidden, sum(self.sizes)], 0.01, generator)
        self.critic = Perceptron([n_observation + n_state, *hidden, n_values], 1.0, generator)
        if keep is not None:
            K, last = len(self.sizes), self.actor[-1]
            assert isinstance(last, nn.Linear)
            lead = head_start(
                self.sizes,
                [0] * K if start is None else start,
                [keep] * K if isinstance(keep, float) else keep,
            )
            with torch.no_grad():
                last.bias.add_(torch.from_numpy(lead))
        self.dials = Dials(self.sizes)

    def forward(self, observation: Tensor, mask: Tensor, columns: Columns | None = None) -> Tensor:
        """Return logits N x M, dial after dial; `FORBIDDEN` where the mask (N x M) is 0.

        `columns`: those to which the observation is cut down.
        """
        seen = slice(None) if columns is None else columns.observation
        logits: Tensor = self.actor(Entering(observation, seen))
        # Of what is forbidden the chance is 0, and so is the gradient of all that is made of chances.
        found = logits.detach().numpy()
        np.minimum(found, ceiling(mask.numpy()), out=found)
        return logits

    def values(
        self,
        observation: Tensor,
        state: Tensor | None = None,
        of: Tensor | None = None,
        columns: Columns | None = None,
    ) -> Tensor:
        """Return N x V expected discounted costs.

        `state`: N x S, not needed where S is 0; or fewer that rows share, and `of` (N) says which is whose. `columns`:
        those to which both are cut down.
        """
        n = self.n_observation
        if columns is None:
            entering = [Entering(observation, slice(n))]
        else:
            entering = [Entering(observation, columns.observation)]
        if state is not None:
            entering.append(Entering(state, slice(n, None) if columns is None else n + columns.state, of))
        return self.critic(*entering)  # type: ignore[no-any-return]
