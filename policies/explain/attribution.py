"""How much each input contributes to a margin: interventional Shapley values, by `shap` or all subsets.

The contributions of a row and the base sum to its margin; that is checked each time, and an explanation that does not
add up is an error. Interventional: an input that is left out is drawn from the visited states, whatever the others
are, so that what the score does not use gets exactly nothing. Source: Lundberg & Lee (2017); Janzing et al. (2020).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import comb
from typing import Any

import numpy as np

from policies.explain.scorer import Floats, Layers, Margin, Tree
from scenarios.errors import MissingExtra, RunError

EXTRA = "explain"
EXACT_UP_TO = 8
"""Inputs of which all subsets are tried."""
WIDE = 50
"""Inputs from which on one order and its reverse must do."""
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Attribution:
    """Contributions to the margins of N rows."""

    values: Floats
    """N x D."""
    base: Floats
    """N: the mean margin of the background."""
    margin: Floats
    """N: what is explained."""
    method: str

    def __getitem__(self, where: Any) -> Attribution:
        """Return the attribution of some rows."""
        return replace(self, values=self.values[where], base=self.base[where], margin=self.margin[where])

    def check(self, tolerance: float = TOLERANCE) -> Attribution:
        """Return it, or raise `RunError` where base and contributions do not sum to the margin."""
        off = np.abs(self.base + self.values.sum(axis=1) - self.margin)
        size = 1.0 + np.abs(self.margin) + np.abs(self.values).sum(axis=1)
        if not (off <= tolerance * size).all():
            worst = int(np.nanargmax(np.where(np.isnan(off), np.inf, off / size)))
            raise RunError(
                f"the contributions of row {worst} sum to {self.base[worst] + self.values[worst].sum():g}, not to the "
                f"margin {self.margin[worst]:g} ({self.method}): this explanation is not shown."
            )
        return self


def interventional(
    margin: Margin, rows: Floats, background: Floats, seed: int = 0, method: str = "auto"
) -> Attribution:
    """Return the contributions of inputs N x D against a background B x D of visited states.

    `method`: deep (perceptrons only; an approximation by DeepLIFT's rule), exact (all subsets), permutation (orders
    drawn; the same seed, the same values), or auto: exact for trees and for few inputs, else permutation.
    """
    rows, background = np.asarray(rows, dtype=np.float64), np.asarray(background, dtype=np.float64)
    if method == "deep":
        if margin.layers is None:
            raise RunError("a deep explanation needs a network; take permutation.")
        return _deep(margin.layers, rows, background).check(1e-5)
    if method == "auto" and margin.tree is not None:
        return _by_tree(margin.tree, rows, background).check()
    varies = (background != background[0]).any(axis=0) | (rows != background[0]).any(axis=0)
    where = np.flatnonzero(varies)
    if margin.inputs is not None:
        where = np.intersect1d(where, margin.inputs)
    values, base = np.zeros(rows.shape), np.full(len(rows), margin.of(background).mean())
    if len(where):
        exact = method == "exact" or (method == "auto" and len(where) <= EXACT_UP_TO)
        values[:, where] = _masked(margin, rows, background, where, exact, seed)
        method = "exact" if exact else "permutation"
    return Attribution(values, base, margin.of(rows), f"interventional, {method}").check()


def orders_drawn(n_inputs: int) -> int:
    """Return in how many orders, each with its reverse, inputs are put in place."""
    return 4 if n_inputs <= WIDE else 1


def gathered(parts: list[tuple[Any, Attribution]], n: int) -> Attribution:
    """Return attributions of some rows each (numbers of rows, attribution) as one of n rows."""
    first = parts[0][1]
    whole = Attribution(np.zeros((n, first.values.shape[1])), np.zeros(n), np.zeros(n), first.method)
    for where, part in parts:
        whole.values[where], whole.base[where], whole.margin[where] = part.values, part.base, part.margin
    return whole


def shap_package() -> Any:
    """Return `shap`, or raise `MissingExtra`."""
    try:
        with warnings.catch_warnings():
            # Its plots, which are not used here, call what Matplotlib and NumPy are about to rename.
            warnings.simplefilter("ignore")
            import shap
    except ModuleNotFoundError:
        raise MissingExtra(EXTRA, "explaining a policy") from None
    return shap


def _masked(margin: Margin, rows: Floats, background: Floats, where: Any, exact: bool, seed: int) -> Floats:
    """Contributions of the inputs `where`, all others being the same everywhere."""
    constant = background[0]

    def reduced(some: Any) -> Floats:
        full = np.repeat(constant[None, :], len(some), axis=0)
        full[:, where] = some
        return margin.of(full)

    if exact:
        return np.stack([_all_subsets(reduced, row, background[:, where]) for row in rows[:, where]])
    shap = shap_package()
    masker = shap.maskers.Independent(background[:, where], max_samples=len(background))
    evaluations = orders_drawn(len(where)) * (2 * len(where) + 1)
    explainer = shap.PermutationExplainer(reduced, masker, seed=seed)
    found = explainer(rows[:, where], max_evals=evaluations, silent=True)
    return np.asarray(found.values, dtype=np.float64).reshape(len(rows), len(where))


def _all_subsets(of: Callable[[Any], Floats], row: Floats, background: Floats) -> Floats:
    """Shapley's formula as it stands: `shap.ExactExplainer` leaves 1e-11 where exactly nothing is claimed."""
    n, size = len(row), len(background)
    members = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    states = np.where(members[:, None, :] == 1, row, background[None, :, :]).reshape(-1, n)
    worth = of(states).reshape(-1, size).mean(axis=1)
    weight = np.array([1 / (n * comb(n - 1, k)) for k in range(n)])
    values = np.zeros(n)
    for j in range(n):
        without = np.flatnonzero(members[:, j] == 0)
        gain = worth[without + 2**j] - worth[without]
        values[j] = (weight[members[without].sum(axis=1)] * gain).sum()
    return values


def _by_tree(tree: Tree, rows: Floats, background: Floats) -> Attribution:
    """Exactly, by the paths of the tree, however many inputs there are (Lundberg et al. 2020)."""
    values, nodes = np.zeros(rows.shape), tree.nodes
    if nodes is not None:
        model = {
            "children_left": nodes.children_left, "children_right": nodes.children_right,
            "children_default": nodes.children_left, "features": nodes.feature, "thresholds": nodes.threshold,
            "values": tree.scores, "node_sample_weight": nodes.weighted_n_node_samples,
        }  # fmt: skip
        trees = {"trees": [model], "input_dtype": np.float32, "internal_dtype": np.float64}
        shap = shap_package()
        behind = shap.maskers.Independent(background.astype(np.float32), max_samples=len(background))
        explainer = shap.TreeExplainer(trees, behind, feature_perturbation="interventional")
        values = np.asarray(explainer.shap_values(rows, check_additivity=False)).reshape(rows.shape)
    base = np.full(len(rows), tree(background).mean())
    return Attribution(values, base, tree(rows)[:, 0], "interventional, exact by the tree")


def _deep(layers: Layers, rows: Floats, background: Floats) -> Attribution:
    shap = shap_package()
    try:
        import torch
    except ModuleNotFoundError:
        raise MissingExtra("torch", "a deep explanation") from None

    modules: list[Any] = []
    for number, (weight, bias) in enumerate(layers.weights):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weight))
            linear.bias.copy_(torch.tensor(bias))
        between = torch.nn.Tanh() if layers.between == "tanh" else torch.nn.ReLU()
        modules += [between, linear] if number else [linear]
    network = torch.nn.Sequential(*modules).eval()
    inputs, behind = (
        torch.tensor(np.asarray(layers.prepare(some), dtype=np.float64)) for some in (rows, background)
    )
    found = shap.DeepExplainer(network, behind).shap_values(inputs, check_additivity=False)
    with torch.no_grad():
        margin, base = network(inputs).numpy()[:, 0], float(network(behind).numpy().mean())
    values = np.asarray(found, dtype=np.float64).reshape(rows.shape)
    return Attribution(values, np.full(len(rows), base), margin, "interventional, deep")
