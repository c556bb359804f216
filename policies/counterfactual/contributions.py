"""What each of the modelled disparities contributes to a gap: they are switched off in all combinations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from policies.counterfactual.shapley import (
    MOST_EXACT,
    Contribution,
    exact,
    orders,
    sampled,
    subsets_of,
    with_intervals,
)
from policies.objective import Objective, attributes_of, check_objective, values_of
from policies.variants import OnDone, Variant, run_variants
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.inference import Interval, interval
from sim.metric import Floats
from sim.network import compile_network
from sim.replications import Workers

ORDERS = 60
"""Orders that are drawn where there are too many disparities for all combinations."""


@dataclass(frozen=True)
class Contributions:
    """The gap with all modelled disparities, without any, and what each adds."""

    objective: Objective
    names: tuple[str, ...]
    parts: tuple[Contribution, ...]
    """One for each name; in every replication they sum to `whole` less `nothing`."""
    whole: Interval
    nothing: Interval
    difference: Interval
    """Paired, by replication."""
    n_runs: int
    n_subsets: int
    n_orders: int | None
    """None: all orders, exactly."""
    by_run: Floats
    """Names x replications."""
    totals: Floats
    """By replication: with all less without any."""
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Switch:
    """One disparity, or all of a kind, that can be switched off."""

    name: str
    kind: str
    rows: tuple[int, ...]


def switches(scenario: Scenario, by_row: bool = False) -> list[Switch]:
    """Return what can be switched off: the kinds of disparities that the scenario has, or each row by itself."""
    found = []
    for kind in type(scenario.disparities).model_fields:
        rows = getattr(scenario.disparities, kind)
        if not rows:
            continue
        if not by_row:
            found.append(Switch(kind.replace("_", " "), kind, tuple(range(len(rows)))))
        for i, row in enumerate(rows if by_row else ()):
            who = ", ".join(f"{name} {' or '.join(values)}" for name, values in row.when.items())
            found.append(Switch(f"{kind.replace('_', ' ')} [{i}]: {who}", kind, (i,)))
    return found


def without(scenario: Scenario, off: Sequence[Switch]) -> Scenario:
    """Return the scenario without some disparities; all random numbers of the others stay."""
    kept = {
        kind: tuple(
            row
            for i, row in enumerate(getattr(scenario.disparities, kind))
            if not any(one.kind == kind and i in one.rows for one in off)
        )
        for kind in type(scenario.disparities).model_fields
    }
    return scenario.model_copy(update={"disparities": scenario.disparities.model_copy(update=kept)})


def contributions(
    scenario: Scenario,
    objective: Objective,
    policy: str,
    replications: int,
    seed: int,
    engine: str = "auto",
    by_row: bool = False,
    n_orders: int = ORDERS,
    workers: Workers | None = None,
    folder: Path | None = None,
    on_done: OnDone | None = None,
) -> Contributions:
    """Run every subset of the disparities that is needed, under the same random numbers, and average."""
    network = compile_network(scenario)
    check_objective(objective, network)
    causes = switches(scenario, by_row)
    if not causes:
        raise UsageError("the scenario has no `disparities`, so there is nothing to switch off.")
    k = len(causes)
    drawn = None if k <= MOST_EXACT else orders(k, n_orders, seed)
    subsets = list(range(2**k)) if drawn is None else subsets_of(drawn)
    numbers = tuple(range(1, replications + 1))
    variants = [Variant(_changes(scenario, causes, subset), numbers) for subset in subsets]
    found = run_variants(
        scenario, variants, [policy], [objective.metric], attributes_of([objective], scenario), seed, engine,
        workers, folder, on_done,
    )  # fmt: skip
    values = [values_of(objective, one[policy], objective.groups(network)) for one in found]
    left_out = tuple(dict.fromkeys(group for value in values for group in value.left_out))
    if len({value.groups for value in values}) > 1:
        few = ", ".join(left_out)
        raise UsageError(
            f"{objective.written}: {few} has too few patients in some of the worlds. Name groups."
        )
    by_subset = {subset: value.by_run() for subset, value in zip(subsets, values, strict=True)}
    known = np.isfinite(list(by_subset.values())).all(axis=0)
    if not known.any():
        raise UsageError(
            f"{objective.written}: no run has a value of it in all worlds. Use a longer horizon."
        )
    by_subset = {subset: value[known] for subset, value in by_subset.items()}
    if drawn is None:
        marginal = exact(np.array([by_subset[subset] for subset in subsets]))[:, None, :]
    else:
        marginal = sampled(by_subset, drawn)
    whole, nothing = by_subset[2**k - 1], by_subset[0]
    names = tuple(cause.name for cause in causes)
    return Contributions(
        objective, names, tuple(with_intervals(names, marginal)), interval(whole), interval(nothing),
        interval(whole - nothing), int(known.sum()), len(subsets), None if drawn is None else len(drawn),
        marginal.mean(axis=1), whole - nothing, left_out,
    )  # fmt: skip


def _changes(scenario: Scenario, causes: Sequence[Switch], on: int) -> tuple[str, ...]:
    """The subset as changes: a kind whose rows are not all on is written without them."""
    off = [cause for i, cause in enumerate(causes) if not on >> i & 1]
    less = without(scenario, off).disparities.model_dump(mode="json", by_alias=True, exclude_none=True)
    return tuple(
        f"disparities.{kind}={_flow(less[kind])}" for kind in dict.fromkeys(cause.kind for cause in off)
    )


def _flow(rows: object) -> str:
    """As YAML in one line; JSON is YAML."""
    return json.dumps(rows)
