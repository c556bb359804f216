"""Adam over all weights of a network as one vector: a step costs as much as a matrix, not as a dozen of them."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

STEEPEST = 0.5
"""The norm of a gradient is never larger."""
MOMENTS = ("exp_avg", "exp_avg_sq")
"""What Adam knows of every weight, as torch calls it."""


class Descent:
    """Takes steps; the weights of the network lie in one vector from now on."""

    def __init__(self, net: nn.Module, lr: float) -> None:
        """`lr`: the step size."""
        self._weights = list(net.parameters())
        self._vector = nn.Parameter(torch.empty(sum(one.numel() for one in self._weights)))
        self._vector.grad = torch.zeros_like(self._vector)
        self._gradients = self._split(self._vector.grad)
        for weight, place in zip(self._weights, self._split(self._vector.data), strict=True):
            weight.data = place.copy_(weight.data)
        self._adam = torch.optim.Adam([self._vector], lr=lr, eps=1e-5, fused=True)

    def slow_down(self, lr: float) -> None:
        """Change the step size."""
        self._adam.param_groups[0]["lr"] = lr

    def step(self, loss: Tensor) -> None:
        """Take a step that makes the loss smaller."""
        for place, gradient in zip(self._gradients, torch.autograd.grad(loss, self._weights), strict=True):
            place.copy_(gradient)
        whole = self._vector.grad
        assert whole is not None
        norm = sqrt(torch.dot(whole, whole).item())
        if norm > STEEPEST:
            whole.mul_(STEEPEST / norm)
        self._adam.step()

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what Adam knows, by number of the weight."""
        known = self._adam.state[self._vector]
        steps = {f"{i}.step": known["step"].numpy().copy() for i in range(len(self._weights) if known else 0)}
        moments = {
            f"{i}.{name}": part.numpy().copy()
            for name in MOMENTS[: len(known)]
            for i, part in enumerate(self._split(known[name]))
        }
        return steps | moments

    def load(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Know what `state` was made of. Raises `KeyError` or `RuntimeError` if that was another network."""
        if not state:
            return
        known: dict[str, Tensor] = {"step": torch.from_numpy(np.array(state["0.step"]))}
        for name in MOMENTS:
            vector = torch.empty_like(self._vector.data)
            for i, place in enumerate(self._split(vector)):
                place.copy_(torch.from_numpy(state[f"{i}.{name}"]))
            known[name] = vector
        self._adam.state[self._vector] = known

    def _split(self, vector: Tensor) -> list[Tensor]:
        """Return the parts of a vector of all weights, in their shapes; each lies in it as the weight in memory."""
        ends = np.cumsum([one.numel() for one in self._weights]).tolist()
        return [
            vector.as_strided(one.shape, one.stride(), end - one.numel())
            for one, end in zip(self._weights, ends, strict=True)
        ]
