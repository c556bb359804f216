"""Options of many dials at once: drawn, or judged with a gradient by hand, where torch takes dozens of small steps.

Shapes: N rows, K dials with M options in all. Inside, the rows of an option lie side by side (M x N): rows are many and
dials are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

Floats = NDArray[np.float32]
Options = NDArray[np.int64]


@dataclass(frozen=True)
class _Chances:
    """What logits say; an option that is forbidden has no chance at all."""

    shifted: Floats
    """M x N: logits less the largest of their dial."""
    parts: Floats
    """M x N: their exponentials."""
    totals: Floats
    """K x N: the sums of these."""
    logs: Floats
    """K x N: their logarithms."""

    def log_probs(self, places: Options) -> Floats:
        """Return N: the log-probability of the options at `places` (K x N, see `Dials`), summed over dials."""
        return np.asarray((self.shifted.take(places) - self.logs).sum(axis=0))


class Dials:
    """K dials that stand side by side."""

    def __init__(self, sizes: Sequence[int]) -> None:
        """`sizes`: options of each dial."""
        counts = np.array(sizes, dtype=np.int64)
        ends = counts.cumsum()
        self._starts, self._last = ends - counts, ends - 1
        self._dial = np.repeat(np.arange(len(counts)), counts)
        self._parts = [
            slice(end - size, end) for end, size in zip(ends.tolist(), counts.tolist(), strict=True)
        ]

    def chosen(self, logits: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-probabilities of actions (N x K) and entropies under logits (N x M), N each, over all dials."""
        return _Chosen.apply(logits, actions, self)  # type: ignore[no-any-return, no-untyped-call]

    def draw(self, logits: Floats, uniforms: NDArray[np.float64]) -> tuple[Options, Floats]:
        """Return actions N x K by inversion of `uniforms` (N x K), and their log-probabilities (N)."""
        chances = self.chances(logits)
        cumulated = np.ascontiguousarray(chances.parts.T, dtype=np.float64).cumsum(axis=1)
        ends = cumulated.take(self._last, axis=1)
        begins = np.zeros_like(ends)
        begins[:, 1:] = ends[:, :-1]
        # A little less than all, so that rounding never reaches an option of probability 0 behind the last.
        reached = begins + uniforms * ((ends - begins) * (1 - 1e-12))
        passed = reached.take(self._dial, axis=1) >= cumulated
        actions = np.add.reduceat(passed, self._starts, axis=1, dtype=np.int64)
        return actions, chances.log_probs(self.places(actions))

    def chances(self, logits: Floats) -> _Chances:
        """Return what logits (N x M) say."""
        by_option = np.ascontiguousarray(logits.T)
        shifted = by_option - self.spread(self._reduced(np.maximum, by_option))
        parts = np.exp(shifted)
        totals = self.sums(parts)
        return _Chances(shifted, parts, totals, np.log(totals))

    def places(self, actions: Options) -> Options:
        """Return K x N: where the options of actions (N x K) stand in M x N."""
        n = len(actions)
        return np.asarray((actions.T + self._starts[:, None]) * n + np.arange(n))

    def spread(self, values: Floats) -> Floats:
        """Return M x N: each option gets what its dial has of K x N."""
        return values.take(self._dial, axis=0)

    def sums(self, values: Floats) -> Floats:
        """Return K x N of M x N."""
        return self._reduced(np.add, values)

    def _reduced(self, operation: np.ufunc, values: Floats) -> Floats:
        # `reduceat` takes four times as long.
        found = np.empty((len(self._parts), values.shape[1]), values.dtype)
        for k, part in enumerate(self._parts):
            operation.reduce(values[part], axis=0, out=found[k])
        return found


class _Chosen(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, actions: Tensor, dials: Dials) -> tuple[Tensor, Tensor]:
        chances, places = dials.chances(logits.numpy()), dials.places(actions.numpy())
        mean = dials.sums(chances.parts * chances.shifted) / chances.totals
        entropy = (chances.logs - mean).sum(axis=0)
        ctx.kept = dials, chances, places, mean
        return torch.from_numpy(chances.log_probs(places)), torch.from_numpy(entropy)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor, None, None]:
        """For an option of chance p and shifted logit s: d log_prob = [chosen] - p, d entropy = -p (s - mean s)."""
        dials, chances, places, mean = ctx.kept
        of_log_prob, of_entropy = (-one.numpy() for one in given)
        # p (of_log_prob + of_entropy (s - mean s)), with what is the same for all options of a dial put together first.
        found = chances.shifted * dials.spread(of_entropy / chances.totals)
        found += dials.spread((of_log_prob - of_entropy * mean) / chances.totals)
        found *= chances.parts
        found.reshape(-1)[places] -= of_log_prob
        return torch.from_numpy(found).t(), None, None
