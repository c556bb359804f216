"""The policy and its critic as a torch module: masked dials out, one value head a group and one for the rest.

Shapes: N rows (a hospital at a decision each), D entries of an observation, S of the state, K dials with M options in
all, V = G + 1 value heads. What goes in is normalised before (`normalising.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from policies.learning.choosing import Dials
from policies.learning.forbidding import FORBIDDEN
from policies.learning.leaning import head_start
from policies.learning.tanh import Tanh


@dataclass(frozen=True)
class Columns:
    """Which entries of observations and states are at hand; the others are 0 in all rows, so weights on them idle."""

    observation: Tensor
    state: Tensor
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
        self.actor = _perceptron([n_observation, *hidden, sum(self.sizes)], 0.01, generator)
        self.critic = _perceptron([n_observation + n_state, *hidden, n_values], 1.0, generator)
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
        first = _first(self.actor)
        weight = first.weight if columns is None else first.weight.index_select(1, columns.observation)
        logits = _through(self.actor, linear(observation, weight, first.bias))
        # Of what is forbidden the chance is 0, and so is the gradient of all that is made of chances.
        logits.detach().masked_fill_(mask == 0, FORBIDDEN)
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
        first = _first(self.critic)
        weight = first.weight
        if columns is not None:
            both = torch.cat([columns.observation, self.n_observation + columns.state])
            weight = weight.index_select(1, both)
        own, shared = weight.tensor_split([observation.shape[1]], dim=1)
        entered = linear(observation, own, first.bias)
        if state is not None:
            told = linear(state, shared)
            entered = entered + (told if of is None else told.index_select(0, of))
        return _through(self.critic, entered)


def _perceptron(widths: Sequence[int], last_gain: float, generator: torch.Generator) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        last = i == len(widths) - 2
        layer = nn.Linear(n_in, n_out)
        nn.init.orthogonal_(layer.weight, last_gain if last else sqrt(2), generator=generator)
        nn.init.zeros_(layer.bias)
        layers += [layer] if last else [layer, Tanh()]
    return nn.Sequential(*layers)


def _first(perceptron: nn.Sequential) -> nn.Linear:
    layer = perceptron[0]
    assert isinstance(layer, nn.Linear)
    return layer


def _through(perceptron: nn.Sequential, found: Tensor) -> Tensor:
    """Return what comes out when `found` is what came out of the first layer."""
    for layer in list(perceptron)[1:]:
        found = layer(found)
    return found
