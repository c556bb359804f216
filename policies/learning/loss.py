"""The PPO loss, once: for the lean trainer and for RLlib's learner alike.

Source: Schulman et al. (2017), clipped surrogate; the terms, their signs and the order of their sums are those of
RLlib's `PPOTorchLearner.compute_loss_for_module`, which the tests hold it against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


@dataclass(frozen=True)
class Coefficients:
    """Of the terms of the loss."""

    clip: float = 0.2
    """The ratio of probabilities may move so far from 1."""
    value: float = 0.5
    value_clip: float = float("inf")
    """A squared error of a head never counts for more."""
    entropy: float = 0.0
    kl: float = 0.0


@dataclass(frozen=True)
class PPOLoss:
    """`total` is what is made small; the others are for the log."""

    total: Tensor
    policy: Tensor
    value: Tensor
    entropy: Tensor


def ppo_loss(
    log_probs: Tensor,
    old_log_probs: Tensor,
    advantages: Tensor,
    entropy: Tensor,
    values: Tensor,
    targets: Tensor,
    coefficients: Coefficients,
    kl: Tensor | None = None,
    mask: Tensor | None = None,
) -> PPOLoss:
    """Return the loss of a minibatch of N.

    `log_probs`, `old_log_probs`, `entropy`, `kl`: N. `values`, `targets`: N x V, the critic heads, whose squared errors
    are summed. `advantages`: N, more is better, scalarised and normalised; or N x C, and then the policy term is the
    largest of the C columns' surrogate losses: the naive max over groups, here for comparison only. `mask`: N, which
    rows count (bool); all when None.
    """
    total, policy, value, of_dials = _Loss.apply(  # type: ignore[no-untyped-call]
        log_probs, entropy, values, old_log_probs, advantages, targets, coefficients, mask
    )
    if kl is not None and coefficients.kl > 0:
        total = total + coefficients.kl * _mean(kl, mask)
    return PPOLoss(total, policy, value, of_dials)


class _Loss(torch.autograd.Function):
    """The terms without divergence, by NumPy, and the gradient by hand: torch takes two dozen small steps both ways.

    The exponential and the means are torch's, so that nothing differs from what it finds itself.
    """

    @staticmethod
    def forward(
        ctx: Any, log_probs: Tensor, entropy: Tensor, values: Tensor, old_log_probs: Tensor, advantages: Tensor,
        targets: Tensor, c: Coefficients, mask: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
        ratio = torch.exp(log_probs - old_log_probs).numpy()
        gain, missed, disorder = advantages.numpy(), (values - targets).numpy(), entropy.numpy()
        by_column = ratio if gain.ndim == 1 else ratio[:, None]
        free, held = gain * by_column, gain * by_column.clip(1 - c.clip, 1 + c.clip)
        surrogate, squared = np.minimum(free, held), np.square(missed)
        clipped = np.minimum(squared, np.float32(c.value_clip))
        value = clipped if clipped.ndim == 1 else clipped.sum(axis=1)
        of_ratio = np.where(free <= held, gain, np.float32(0))
        if gain.ndim == 1:
            policy = -_mean(surrogate, mask)
            total = _mean(-surrogate + c.value * value - c.entropy * disorder, mask)
        else:
            columns = torch.stack([_mean(-one, mask) for one in surrogate.T])
            policy = columns.max()
            total = policy + _mean(c.value * value - c.entropy * disorder, mask)
            worst = (columns == policy).numpy()
            of_ratio = of_ratio[:, worst].sum(axis=1) / np.float32(worst.sum())
        share = 1 / np.float32(len(ratio)) if mask is None else (mask / mask.sum()).numpy()
        of_squares = c.value * share if missed.ndim == 1 else np.reshape(c.value * share, (-1, 1))
        ctx.gradients = (
            -share * of_ratio * ratio,
            np.full_like(disorder, -c.entropy * share),
            of_squares * np.where(squared <= c.value_clip, 2 * missed, np.float32(0)),
        )
        told = policy, _mean(value, mask), _mean(disorder, mask)
        ctx.mark_non_differentiable(*told)
        return total, *told

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_total: Tensor, *of_told: Tensor) -> tuple[Tensor | None, ...]:
        found = [torch.from_numpy(one) * of_total for one in ctx.gradients]
        return *found, None, None, None, None, None


def _mean(values: Any, mask: Tensor | None) -> Tensor:
    values = torch.as_tensor(values)
    return torch.mean(values) if mask is None else torch.sum(values[mask]) / torch.sum(mask)
