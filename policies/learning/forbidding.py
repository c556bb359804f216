"""Logits in NumPy, and the one of what a mask forbids: finite, so that 0 x log 0 is 0 and no gradient is NaN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORBIDDEN = -1e9

Floats = NDArray[np.float64]
Layers = Sequence[tuple[Floats, Floats]]
"""(weights out x in, bias out), tanh between them; as many times over as there are policies, or once."""


def logits(layers: Layers, seen: NDArray[Any], mask: NDArray[Any]) -> Floats:
    """Return ... x M from normalised observations ... x D and masks ... x M; `FORBIDDEN` where the mask is 0."""
    value: Floats = seen.astype(np.float64)
    for number, (weight, bias) in enumerate(layers):
        value = (np.tanh(value) if number else value) @ weight.swapaxes(-1, -2) + bias[..., None, :]
    return np.where(mask > 0, value, FORBIDDEN)


def ceiling(mask: NDArray[Any]) -> NDArray[np.float32]:
    """Return N x M, as what logits may be at most: `FORBIDDEN` where the mask is 0, and more than any where it is 1."""
    most = mask.astype(np.float32)
    most *= np.finfo(np.float32).max
    most += np.float32(FORBIDDEN)
    return most
