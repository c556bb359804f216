"""The PPO loss, once: for the lean trainer and for RLlib's learner alike.

Source: Schulman et al. (2017), clipped surrogate; the terms, their signs and the order of their sums are those of
RLlib's `PPOTorchLearner.compute_loss_for_module`, which the tests hold it against.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


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
    ratio = torch.exp(log_probs - old_log_probs)
    squared = torch.pow(values - targets, 2.0)
    clipped = torch.clamp(squared, 0, coefficients.value_clip)
    value = clipped if clipped.ndim == 1 else clipped.sum(dim=1)
    if advantages.ndim == 2:
        columns = [_mean(-_surrogate(ratio, a, coefficients.clip), mask) for a in advantages.unbind(dim=1)]
        policy = torch.stack(columns).max()
        total = policy + _mean(coefficients.value * value - coefficients.entropy * entropy, mask)
    else:
        surrogate = _surrogate(ratio, advantages, coefficients.clip)
        policy = -_mean(surrogate, mask)
        total = _mean(-surrogate + coefficients.value * value - coefficients.entropy * entropy, mask)
    if kl is not None and coefficients.kl > 0:
        total = total + coefficients.kl * _mean(kl, mask)
    return PPOLoss(total, policy.detach(), _mean(value, mask).detach(), _mean(entropy, mask).detach())


def _surrogate(ratio: Tensor, advantages: Tensor, clip: float) -> Tensor:
    return torch.min(advantages * ratio, advantages * torch.clamp(ratio, 1 - clip, 1 + clip))


def _mean(values: Tensor, mask: Tensor | None) -> Tensor:
    return torch.mean(values) if mask is None else torch.sum(values[mask]) / torch.sum(mask)
