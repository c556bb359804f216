"""The policy and its critic as a torch module: masked dials out, one value head a group and one for the rest.

Shapes: N rows (a hospital at a decision each), D entries of an observation, S of the state, K dials with M options in
all, V = G + 1 value heads. What goes in is normalised before (`normalising.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from policies.learning.forbidding import FORBIDDEN
from policies.learning.leaning import head_start

NEGLIGIBLE = -80.0
"""Log-probabilities below count for nothing; the exponential of a much smaller number is slow."""


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
        self._starts = np.concatenate(([0], np.cumsum(self.sizes)[:-1]))
        self._cuts = self._starts[1:].tolist()
        self._dial: Tensor
        self.register_buffer(
            "_dial",
            torch.arange(len(self.sizes)).repeat_interleave(torch.tensor(self.sizes)),
            persistent=False,
        )
        self._first: Tensor
        self.register_buffer("_first", torch.from_numpy(self._starts), persistent=False)

    def forward(self, observation: Tensor, mask: Tensor, columns: Columns | None = None) -> Tensor:
        """Return log-probabilities N x M, dial after dial; about `FORBIDDEN` where the mask (N x M) is 0.

        `columns`: those to which the observation is cut down.
        """
        first = _first(self.actor)
        weight = first.weight if columns is None else first.weight.index_select(1, columns.observation)
        logits = _through(self.actor, linear(observation, weight, first.bias))
        return self.by_dial(logits.masked_fill(mask == 0, FORBIDDEN))

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

    def log_probs(self, logs: Tensor, actions: Tensor) -> Tensor:
        """Return N: the log-probability of actions (N x K), summed over dials; `logs` are those of `forward`."""
        return logs.gather(1, self._first + actions).sum(dim=1)

    def entropy(self, logs: Tensor) -> Tensor:
        """Return N: the entropy, summed over dials."""
        return -(_exp(logs) * logs).sum(dim=1)

    def kl(self, before: Tensor, after: Tensor) -> Tensor:
        """Return N: the Kullback-Leibler divergence of `after` from `before` (N x M), summed over dials."""
        return (_exp(before) * (before - after)).sum(dim=1)

    def sample(self, logs: Tensor, uniforms: Tensor) -> Tensor:
        """Return actions N x K by inversion: `uniforms` (N x K) come from a named stream."""
        cumulated = np.exp(logs.detach().numpy().T.astype(np.float64)).cumsum(axis=0)
        ends = cumulated[self._starts + self.sizes - 1]
        begins = np.concatenate([np.zeros_like(ends[:1]), ends[:-1]])
        # A little less than all, so that rounding never reaches an option of probability 0 behind the last.
        reached = begins + uniforms.numpy().T * ((ends - begins) * (1 - 1e-12))
        passed = np.repeat(reached, self.sizes, axis=0) >= cumulated
        return torch.from_numpy(np.add.reduceat(passed, self._starts, axis=0, dtype=np.int64).T)

    def by_dial(self, logits: Tensor) -> Tensor:
        """Return log-probabilities N x M of logits N x M. Transposed, because rows are many and dials are few."""
        columns = logits.t().contiguous()
        top = torch.stack([part.amax(dim=0) for part in columns.detach().tensor_split(self._cuts)])
        shifted = columns - top.index_select(0, self._dial)
        total = torch.zeros_like(top).index_add(0, self._dial, _exp(shifted))
        return (shifted - total.log().index_select(0, self._dial)).t()


def _perceptron(widths: Sequence[int], last_gain: float, generator: torch.Generator) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        last = i == len(widths) - 2
        layer = nn.Linear(n_in, n_out)
        nn.init.orthogonal_(layer.weight, last_gain if last else sqrt(2), generator=generator)
        nn.init.zeros_(layer.bias)
        layers += [layer] if last else [layer, nn.Tanh()]
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


def _exp(logs: Tensor) -> Tensor:
    return logs.clamp(min=NEGLIGIBLE).exp()
