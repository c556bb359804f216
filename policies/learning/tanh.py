"""tanh by NumPy: torch's takes seven times as long where its library does not know the processor."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class Tanh(nn.Module):
    """As `torch.nn.Tanh`, to a rounding."""

    def forward(self, values: Tensor) -> Tensor:
        """Return the tanh of each."""
        return _Tanh.apply(values)  # type: ignore[no-any-return, no-untyped-call]


class _Tanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        found = torch.from_numpy(np.tanh(values.numpy()))
        ctx.save_for_backward(found)
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given: Tensor) -> Tensor:
        (found,) = ctx.saved_tensors
        return torch.ops.aten.tanh_backward(given, found)  # type: ignore[no-any-return]
