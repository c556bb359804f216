"""A perceptron of tanh units whose gradient is found by hand, where torch takes dozens of small steps.

Shapes: N rows, E entries of the first layer, U units of a layer, O of the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


@dataclass(frozen=True)
class Entering:
    """Some of the entries of all rows; what nothing is said of is 0."""

    values: Tensor
    """N x c; or fewer rows, where several share one."""
    entries: NDArray[np.int64] | slice
    """Which c of the E entries these are."""
    of: Tensor | None = None
    """N: the row of `values` for each, where they are shared."""


class Perceptron(nn.Sequential):
    """Layers of tanh units, the last one linear: from parts of rows what `nn.Sequential` finds for whole ones, to a
    rounding."""

    def __init__(self, widths: Sequence[int], last_gain: float, generator: torch.Generator) -> None:
        """Draw orthogonal weights. `widths`: E, U, ..., O; `last_gain`: how large the last ones are."""
        layers: list[nn.Module] = []
        for i, (n_in, n_out) in enumerate(pairwise(widths)):
            last = i == len(widths) - 2
            layer = nn.Linear(n_in, n_out)
            nn.init.orthogonal_(layer.weight, last_gain if last else sqrt(2), generator=generator)
            nn.init.zeros_(layer.bias)
            if not i:
                # The weights on an entry side by side in memory: those on some entries are taken out in long pieces.
                layer.weight = nn.Parameter(layer.weight.detach().t().contiguous().t())
            layers += [layer] if last else [layer, nn.Tanh()]
        super().__init__(*layers)
        self._linear = [layer for layer in layers if isinstance(layer, nn.Linear)]

    def forward(self, *entering: Entering) -> Tensor:
        """Return N x O, unit by unit in memory. What enters gets no gradient."""
        weights = [one for layer in self._linear for one in (layer.weight, layer.bias)]
        return _Through.apply(entering, *weights)  # type: ignore[no-any-return, no-untyped-call]


class _Through(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, entering: Sequence[Entering], *weights: Tensor) -> Tensor:
        found, by_entry = weights[1], weights[0].t().numpy()
        for one in entering:
            own = torch.from_numpy(by_entry[one.entries])
            if one.of is None:
                found = torch.addmm(found, one.values, own)
            else:
                found = found + torch.mm(one.values, own).index_select(0, one.of)
        passed = []
        for weight, bias in zip(weights[2::2], weights[3::2], strict=True):
            units = _tanh(found)
            passed.append(units)
            if weight is weights[-2]:
                found = torch.empty_strided((len(units), len(bias)), (1, len(units)))
                torch.addmm(bias, units, weight.t(), out=found)
            else:
                found = torch.addmm(bias, units, weight.t())
        ctx.save_for_backward(*weights)
        ctx.kept = entering, passed
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given: Tensor) -> tuple[Tensor | None, ...]:
        (entering, passed), weights = ctx.kept, ctx.saved_tensors
        found: list[Tensor] = []
        """Of the last layer's bias, its weights, the layer's before, ..."""
        for units, weight in zip(reversed(passed), reversed(weights[2::2]), strict=True):
            found += [given.sum(dim=0), torch.mm(given.t(), units)]
            given = torch.mm(given, weight)
            torch.ops.aten.tanh_backward.grad_input(given, units, grad_input=given)
        by_entry = torch.zeros(weights[0].t().shape)
        for one in entering:
            own = given
            if one.of is not None:
                own = given.new_zeros(len(one.values), given.shape[1]).index_add_(0, one.of, given)
            by_entry.numpy()[one.entries] = torch.mm(one.values.t(), own).numpy()
        found += [given.sum(dim=0), by_entry.t()]
        return None, *reversed(found)


def _tanh(values: Tensor) -> Tensor:
    """Change values to their tanh, by NumPy: torch's takes seven times as long where its library does not know the
    processor."""
    array = values.numpy()
    np.tanh(array, out=array)
    return values
