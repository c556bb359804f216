"""Many policies that differ in their weights, asked at once.

Shapes: C policies, H rows for each, D entries of an observation, M options, P weights that are sought.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from policies.learning.forbidding import Floats, Layers
from sim.streams import uniforms


class SoughtLayers:
    """Layers of which some weights are sought: those after what is seen and before options that are explored."""

    def __init__(
        self,
        hidden: Sequence[int],
        bias: Floats,
        sees: NDArray[np.bool_],
        explored: NDArray[np.bool_],
        seed: int,
    ) -> None:
        """Begin with a last layer of 0 and `bias` (M). `sees`: D; `explored`: M."""
        widths = [len(sees), *hidden, len(bias)]
        layers = []
        self._sought: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]] = []
        for number, (n_in, n_out) in enumerate(pairwise(widths), 1):
            last = number == len(widths) - 1
            drawn = uniforms(seed, number, ("training", "weights"), n_in * n_out).reshape(n_out, n_in)
            # Uniform with variance 1 / n_in: tanh units begin where they bend, and each hears all of what is seen.
            weight = np.zeros((n_out, n_in)) if last else (2 * drawn - 1) * np.sqrt(3 / n_in)
            inputs = sees if number == 1 else np.ones(n_in, dtype=np.bool_)
            outputs = explored if last else np.ones(n_out, dtype=np.bool_)
            layers.append((np.where(inputs, weight, 0.0), bias.copy() if last else np.zeros(n_out)))
            self._sought.append((outputs[:, None] & inputs, outputs))
        self.layers: Layers = layers

    @property
    def vector(self) -> Floats:
        """P: the weights that are sought."""
        return np.concatenate(
            [
                array[chosen]
                for layer, sought in zip(self.layers, self._sought, strict=True)
                for array, chosen in zip(layer, sought, strict=True)
            ]
        )

    def at(self, vectors: Floats) -> Layers:
        """Return layers for vectors (C x P), C times over."""
        made, first = [], 0
        for layer, sought in zip(self.layers, self._sought, strict=True):
            both = []
            for array, chosen in zip(layer, sought, strict=True):
                many = np.repeat(array[None], len(vectors), axis=0)
                many[:, chosen] = vectors[:, first : first + chosen.sum()]
                first += int(chosen.sum())
                both.append(many)
            made.append((both[0], both[1]))
        return made

    def move_to(self, vector: Floats) -> None:
        """Take these weights (P)."""
        self.layers = [(weight[0], bias[0]) for weight, bias in self.at(vector[None])]
