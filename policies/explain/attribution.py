"""How much each input contributes to a margin: Shapley values, interventional (by `shap`) or conditional.

The contributions of a row and the base sum to its margin; that is checked each time, and an explanation that does not
add up is an error. Interventional: an input that is left out is drawn from the visited states, whatever the others
are, so that what the score does not use gets exactly nothing. Source: Lundberg & Lee (2017); Janzing et al. (2020).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from policies.explain.scorer import Floats, Layers, Margin
from scenarios.errors import MissingExtra, RunError

EXTRA = "explain"
EXACT_UP_TO = 8
"""Inputs of which all subsets are tried."""
PERMUTATIONS = 4
"""Orders, each with its reverse, in which inputs are put in place when there are more."""
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
    drawn; the same seed, the same values), or auto: exact for few inputs, else permutation.
    """
    rows, background = np.asarray(rows, dtype=np.float64), np.asarray(background, dtype=np.float64)
    if method == "deep":
        if margin.layers is None:
            raise RunError("a deep explanation needs a network; take permutation.")
        return _deep(margin.layers, rows, background).check(1e-5)
    varies = (background != background[0]).any(axis=0) | (rows != background[0]).any(axis=0)
    where = np.flatnonzero(varies)
    values, base = np.zeros(rows.shape), np.full(len(rows), margin.of(background).mean())
    if len(where):
        exact = method == "exact" or (method == "auto" and len(where) <= EXACT_UP_TO)
        values[:, where] = _masked(margin, rows, background, where, exact, seed)
        method = "exact" if exact else "permutation"
    return Attribution(values, base, margin.of(rows), f"interventional, {method}").check()


def gathered(parts: list[tuple[Any, Attribution]], n: int) -> Attribution:
    """Return attributions of some rows each (numbers of rows, attribution) as one of n rows."""
    first = parts[0][1]
    whole = Attribution(np.zeros((n, first.values.shape[1])), np.zeros(n), np.zeros(n), first.method)
    for where, part in parts:
        whole.values[where], whole.base[where], whole.margin[where] = part.values, part.base, part.margin
    return whole


def rows_of(attribution: Attribution, where: Any) -> Attribution:
    """Return the attribution of some rows."""
    return replace(
        attribution,
        values=attribution.values[where],
        base=attribution.base[where],
        margin=attribution.margin[where],
    )


def shap_package() -> Any:
    """Return `shap`, or raise `MissingExtra`."""
    try:
        import shap
    except ModuleNotFoundError:
        raise MissingExtra(EXTRA, "explaining a policy") from None
    return shap


def _masked(margin: Margin, rows: Floats, background: Floats, where: Any, exact: bool, seed: int) -> Floats:
    """Contributions of the inputs `where`, all others being the same everywhere."""
    shap = shap_package()
    constant = background[0]

    def reduced(some: Any) -> Floats:
        full = np.repeat(constant[None, :], len(some), axis=0)
        full[:, where] = some
        return margin.of(full)

    masker = shap.maskers.Independent(background[:, where], max_samples=len(background))
    if exact:
        found = shap.ExactExplainer(reduced, masker)(rows[:, where], silent=True)
    else:
        evaluations = PERMUTATIONS * (2 * len(where) + 1)
        explainer = shap.PermutationExplainer(reduced, masker, seed=seed)
        found = explainer(rows[:, where], max_evals=evaluations, silent=True)
    return np.asarray(found.values, dtype=np.float64).reshape(len(rows), len(where))


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
        modules += [torch.nn.Tanh(), linear] if number else [linear]
    network = torch.nn.Sequential(*modules).eval()
    inputs, behind = (
        torch.tensor(np.asarray(layers.prepare(some), dtype=np.float64)) for some in (rows, background)
    )
    found = shap.DeepExplainer(network, behind).shap_values(inputs)
    with torch.no_grad():
        margin, base = network(inputs).numpy()[:, 0], float(network(behind).numpy().mean())
    values = np.asarray(found, dtype=np.float64).reshape(rows.shape)
    return Attribution(values, np.full(len(rows), base), margin, "interventional, deep")
