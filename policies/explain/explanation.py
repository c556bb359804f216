"""All that is computed about one case: contributions of both kinds, groups, LIME, and how far to trust them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from policies.explain.attribution import Attribution, gathered, interventional
from policies.explain.beside import lime_values
from policies.explain.case import Case
from policies.explain.conditional import conditional
from policies.explain.faithfulness import Faithfulness, Stability, faithfulness, shared, stability
from policies.explain.scorer import Floats
from policies.explain.summaries import Gap, Importance, gap, importances

CHECKED = 20
"""Rows for what costs more a row: conditional contributions, faithfulness, stability, the check of the method."""
FEWEST = 10
"""Rows of a group below which it is not compared."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """A case, explained."""

    case: Case
    found: Attribution
    """Interventional, of all rows."""
    conditional: Attribution
    """Of the row shown by itself only."""
    lime: Floats
    """D, of the row shown by itself."""
    lime_shared: float
    """Share of the 5 largest inputs that LIME and the interventional contributions have in common."""
    importances: tuple[Importance, ...]
    gaps: dict[str, tuple[Gap, ...]]
    """By attribute: every group beside the largest one."""
    faithfulness: Faithfulness
    stability: Stability
    deep_apart: float | None
    """Mean distance of deep from permutation contributions as a share of the mean size; None without a network."""


def explanation(case: Case, seed: int = 0, tell: Callable[[str], None] = lambda _: None) -> Explanation:
    """Return all of it; the same case and seed, the same numbers. `tell` is called with what is being done."""
    deep = all(margin.layers is not None for margin, _ in case.margins) and _has_torch()
    tell("contributions")
    method = "deep" if deep else "auto"
    found = _attributed(case, case.background, seed, method, range(len(case.rows)))
    some = _spread(len(case.rows), CHECKED)
    tell("two halves of the background")
    halves = [_attributed(case, case.background[k::2], seed, method, some)[some] for k in (0, 1)]
    apart = None
    if deep:
        other = _attributed(case, case.background, seed, "permutation", some)[some]
        size = float(np.abs(other.values).mean())
        apart = float(np.abs(other.values - found[some].values).mean() / size) if size else 0.0
    tell("conditional contributions, LIME")
    row = case.rows[case.local : case.local + 1]
    lime = lime_values(case.margin(case.local), row[0], case.background, seed)
    tell("faithfulness")
    picked = [(margin, np.flatnonzero(np.isin(some, where))) for margin, where in case.margins]
    return Explanation(
        case=case,
        found=found,
        conditional=conditional(case.margin(case.local), row, case.background, seed),
        lime=lime,
        lime_shared=shared(lime, found.values[case.local]),
        importances=tuple(importances(found, case.run, case.labels)),
        gaps={name: _gaps(case, found, name) for name in case.groups},
        faithfulness=faithfulness(
            picked, case.rows[some], found[some], case.background, case.run[some], seed
        ),
        stability=stability(halves[0], halves[1], case.run[some]),
        deep_apart=apart,
    )


def _attributed(
    case: Case, background: Floats, seed: int, method: str, rows: range | np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Attribution:  # fmt: skip
    """Contributions of some rows; zero for the others."""
    parts = []
    for margin, where in case.margins:
        own = np.intersect1d(where, np.asarray(rows))
        if len(own):
            parts.append((own, interventional(margin, case.rows[own], background, seed, method)))
    return gathered(parts, len(case.rows))


def _gaps(case: Case, found: Attribution, attribute: str) -> tuple[Gap, ...]:
    groups = case.groups[attribute]
    names, counts = np.unique(groups, return_counts=True)
    kept = [str(name) for name, n in zip(names, counts, strict=True) if n >= FEWEST]
    if len(kept) < 2:
        return ()
    reference = str(names[np.argmax(counts)])
    others = [name for name in kept if name != reference]
    return tuple(gap(found, case.run, case.labels, groups, name, reference) for name in others)


def _spread(n: int, wanted: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.unique(np.linspace(0, n - 1, min(n, wanted)).astype(np.int64))


def _has_torch() -> bool:
    from importlib.util import find_spec

    return find_spec("torch") is not None
