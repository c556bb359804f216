"""The policy and its critic as a torch module: masked dials out, one value head a group and one for the rest.

Shapes: N rows (a hospital at a decision each), D entries of an observation, S of the state, K dials with M options in
all, V = G + 1 value heads. What goes in is normalised before (`normalising.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import numpy as np
import torch
from torch import Tensor, nn

from policies.learning.forbidding import FORBIDDEN
from policies.learning.leaning import head_start


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
        self._places: Tensor
        widest, starts = max(self.sizes), np.concatenate(([0], np.cumsum(self.sizes)[:-1]))
        places = [
            [start + o if o < n else sum(self.sizes) for o in range(widest)]
            for start, n in zip(starts, self.sizes, strict=True)
        ]
        self.register_buffer("_places", torch.tensor(places), persistent=False)

    def forward(self, observation: Tensor, mask: Tensor) -> Tensor:
        """Return logits N x M; `FORBIDDEN` where the mask (N x M) is 0."""
        logits: Tensor = self.actor(observation)
        return torch.where(mask > 0, logits, torch.full_like(logits, FORBIDDEN))

    def values(self, observation: Tensor, state: Tensor | None = None) -> Tensor:
        """Return N x V expected discounted costs; `state` is N x S, not needed where S is 0."""
        seen = observation if state is None else torch.cat([observation, state], dim=-1)
        found: Tensor = self.critic(seen)
        return found

    def log_probs(self, logits: Tensor, actions: Tensor) -> Tensor:
        """Return N: the log-probability of actions (N x K), summed over dials."""
        chosen = self._by_dial(logits).gather(2, actions.unsqueeze(2)).squeeze(2)
        return chosen.sum(dim=1)

    def entropy(self, logits: Tensor) -> Tensor:
        """Return N: the entropy, summed over dials."""
        logs = self._by_dial(logits)
        return -(logs.exp() * logs).sum(dim=(1, 2))

    def kl(self, before: Tensor, after: Tensor) -> Tensor:
        """Return N: the Kullback-Leibler divergence of logits `after` from `before` (N x M), summed over dials."""
        old, new = self._by_dial(before), self._by_dial(after)
        return (old.exp() * (old - new)).sum(dim=(1, 2))

    def sample(self, logits: Tensor, uniforms: Tensor) -> Tensor:
        """Return actions N x K by inversion: `uniforms` (N x K) come from a named stream."""
        cumulated = self._by_dial(logits.double()).exp().cumsum(dim=2)
        # A little less than all, so that rounding never reaches an option of probability 0 behind the last.
        reached = uniforms.unsqueeze(2) * (cumulated[:, :, -1:] * (1 - 1e-12))
        return (reached >= cumulated).sum(dim=2)

    def _by_dial(self, logits: Tensor) -> Tensor:
        """Return log-probabilities N x K x (most options of a dial), `FORBIDDEN` where a dial has fewer."""
        padded = torch.cat([logits, torch.full_like(logits[:, :1], FORBIDDEN)], dim=1)
        return torch.log_softmax(padded[:, self._places], dim=2)


def _perceptron(widths: Sequence[int], last_gain: float, generator: torch.Generator) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        last = i == len(widths) - 2
        linear = nn.Linear(n_in, n_out)
        nn.init.orthogonal_(linear.weight, last_gain if last else sqrt(2), generator=generator)
        nn.init.zeros_(linear.bias)
        layers += [linear] if last else [linear, nn.Tanh()]
    return nn.Sequential(*layers)
