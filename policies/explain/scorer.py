"""What is explained: a function that gives every option of every dial a number, the largest of which is chosen.

Shapes: N rows (a hospital at a decision, or a waiting patient), D inputs, K dials with M options in all. Logits and
not probabilities are explained: a probability that is near 1 hardly moves whatever happens to the inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Masks = NDArray[np.int8]
Choices = NDArray[np.int64]
Logits = Callable[[NDArray[Any], Masks], Floats]
"""From inputs N x D and masks N x M to logits N x M; what a mask forbids never wins."""


@dataclass(frozen=True)
class Layers:
    """A perceptron, for explainers that follow gradients."""

    weights: tuple[tuple[Floats, Floats], ...]
    """(weights out x in, bias out)."""
    prepare: Callable[[Floats], Floats]
    """Makes of inputs N x D what the first layer takes, input by input."""
    between: Literal["tanh", "relu"] = "tanh"
    """What stands between the layers."""


@dataclass(frozen=True, eq=False)
class Tree:
    """Scores by a decision tree: a row falls into a leaf and gets its numbers."""

    nodes: Any
    """scikit-learn's `tree_`; None: one leaf for all."""
    scores: Floats
    """Nodes x columns."""

    def __call__(self, rows: NDArray[Any]) -> Floats:
        """Return N x columns from inputs N x D."""
        if self.nodes is None:
            return np.repeat(self.scores, len(rows), axis=0)
        leaves: NDArray[np.int64] = self.nodes.apply(np.asarray(rows, dtype=np.float32))
        return self.scores[leaves]

    @property
    def inputs(self) -> NDArray[np.int64]:
        """The inputs that it asks about."""
        asked = [] if self.nodes is None else self.nodes.feature[self.nodes.feature >= 0]
        return np.unique(np.asarray(asked, dtype=np.int64))


@dataclass(frozen=True)
class Scorer:
    """The options of a policy and its preference among them."""

    name: str
    labels: tuple[str, ...]
    """D: what the inputs are."""
    dials: tuple[tuple[str, tuple[str, ...]], ...]
    """K: name, options."""
    logits: Logits
    layers: Layers | None = None
    trees: tuple[Tree, ...] = ()
    """K: the same by a tree for each dial, where it is made of trees."""
    stands_for: str = ""
    """What it imitates, when it is not the policy itself."""

    @cached_property
    def starts(self) -> Choices:
        """Where each dial begins among the options: K."""
        sizes = [len(options) for _, options in self.dials]
        return np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)

    def place(self, dial: int) -> slice:
        """Return where the options of a dial are among the M."""
        start = int(self.starts[dial])
        return slice(start, start + len(self.dials[dial][1]))

    def of_dial(self, dial: int, rows: NDArray[Any]) -> Floats:
        """Return N x the options of one dial, none being forbidden."""
        if self.trees:
            return self.trees[dial](rows)
        n_options = sum(len(options) for _, options in self.dials)
        return self.logits(rows, np.ones((len(rows), n_options), dtype=np.int8))[:, self.place(dial)]

    def choices(self, rows: NDArray[Any], masks: Masks) -> Choices:
        """Return N x K: the likeliest legal option of every dial."""
        logits = np.where(masks > 0, self.logits(rows, masks), -np.inf)
        found = [logits[:, self.place(k)].argmax(axis=1) for k in range(len(self.dials))]
        return np.stack(found, axis=1).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Margin:
    """One number a row: by how much something is preferred, as a function of the inputs alone."""

    title: str
    of: Callable[[Floats], Floats]
    """From n x D to n."""
    inputs: NDArray[np.int64] | None = None
    """Those it can depend on at all; None: on any."""
    layers: Layers | None = None
    """The same as a perceptron with one output; None when it is none."""
    tree: Tree | None = None
    """The same as a tree with one column; None when it is none."""


@dataclass(frozen=True, order=True)
class Contrast:
    """An option of a dial, and the best legal alternative that it was preferred to."""

    dial: int
    chosen: int
    other: int


def contrasts(scorer: Scorer, dial: int, rows: NDArray[Any], masks: Masks) -> list[Contrast | None]:
    """Return for every row what was chosen and the best legal alternative; None where there was no choice."""
    place = scorer.place(dial)
    legal = masks[:, place] > 0
    logits = np.where(legal, scorer.of_dial(dial, rows), -np.inf)
    order = np.argsort(-logits, axis=1, kind="stable")
    return [
        Contrast(dial, int(best), int(second)) if free else None
        for best, second, free in zip(order[:, 0], order[:, 1], legal.sum(axis=1) > 1, strict=True)
    ]


def margin_of(scorer: Scorer, contrast: Contrast) -> Margin:
    """Return the logit of the chosen option less that of the alternative: both stay named while the inputs change."""
    name, options = scorer.dials[contrast.dial]
    title = f"{name}: {options[contrast.chosen]} rather than {options[contrast.other]}"
    if scorer.trees:
        tree = scorer.trees[contrast.dial]
        apart = Tree(tree.nodes, tree.scores[:, [contrast.chosen]] - tree.scores[:, [contrast.other]])
        return Margin(title, lambda rows: apart(rows)[:, 0], apart.inputs, tree=apart)

    def difference(rows: Floats) -> Floats:
        logits = scorer.of_dial(contrast.dial, rows)
        return np.asarray(logits[:, contrast.chosen] - logits[:, contrast.other], dtype=np.float64)

    layers = scorer.layers
    if layers is not None:
        start = int(scorer.starts[contrast.dial])
        chosen, other = start + contrast.chosen, start + contrast.other
        *hidden, (weight, bias) = layers.weights
        last = weight[chosen] - weight[other], bias[chosen] - bias[other]
        layers = replace(layers, weights=(*hidden, (last[0][None, :], np.array([last[1]]))))
    return Margin(title, difference, layers=layers)


def by_contrast(found: Sequence[Contrast | None]) -> dict[Contrast, NDArray[np.int64]]:
    """Return the numbers of the rows of each contrast."""
    kinds = sorted({one for one in found if one is not None})
    return {kind: np.array([i for i, one in enumerate(found) if one == kind]) for kind in kinds}
