"""The three studies of uncertainty on a simulated scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from policies.objective import Objective, attributes_of, check_objective, values_of
from policies.uncertainty.draws import Floats, changes_of, check_draws, figures, unit_draws
from policies.uncertainty.sensitivity import HIGH, LOW, Sobol, Swing, sobol_indices, sobol_points, tornado
from policies.uncertainty.split import Split, split
from policies.variants import OnDone, Variant, run_variants
from scenarios.errors import UsageError
from scenarios.loader import Resolved
from scenarios.scenario import Scenario
from sim.network import compile_network
from sim.replications import Workers


@dataclass(frozen=True)
class Study:
    """What is studied: an outcome under one policy, or how much the second changes it against the first."""

    resolved: Resolved
    policies: tuple[str, ...]
    objective: Objective
    seed: int
    engine: str = "auto"

    @property
    def scenario(self) -> Scenario:
        """The scenario as it is written."""
        return self.resolved.scenario

    @property
    def base(self) -> dict[str, Any]:
        """What a draw is applied to: what is written, since paths are meant there."""
        return {key: value for key, value in self.resolved.raw.items() if key != "uncertain"}

    @property
    def change(self) -> bool:
        """Whether it is the difference of two policies on the same patients."""
        return len(self.policies) > 1

    def check(self) -> None:
        """Raise if the scenario has no uncertain figures, or not what the outcome is about."""
        figures(self.scenario)
        check_objective(self.objective, compile_network(self.scenario))
        if len(self.policies) > 2:
            raise UsageError("--policies: expected one policy, or two whose difference is studied.")


@dataclass(frozen=True)
class Drawn:
    """Nested runs and their split."""

    split: Split
    names: tuple[str, ...]
    values: pd.DataFrame
    """One row a run: draw, replication, outcome, and what each draw changed."""
    better: float | None
    """Of two policies: the share of draws in whose mean the second is better."""


def nested(study: Study, draws: int, inner: int, workers: Workers | None = None, folder: Path | None = None,
           on_done: OnDone | None = None) -> Drawn:  # fmt: skip
    """Draw the figures, run each draw `inner` times with luck of its own, and split the variance."""
    study.check()
    known = figures(study.scenario)
    changes = changes_of(known, unit_draws(tuple(known), draws, study.seed))
    check_draws(study.base, changes)
    variants = [
        Variant(change, tuple(range(i * inner + 1, (i + 1) * inner + 1))) for i, change in enumerate(changes)
    ]
    outcomes = _outcomes(study, variants, workers, folder, on_done)
    table = pd.DataFrame(
        {
            "draw": np.repeat(np.arange(1, draws + 1), inner),
            "replication": np.arange(1, draws * inner + 1),
            "outcome": outcomes.ravel(),
            "changes": np.repeat(["; ".join(change) for change in changes], inner),
        }
    )
    means = outcomes.mean(axis=1)
    better = (
        float((means < 0 if study.objective.lower_is_better else means > 0).mean()) if study.change else None
    )
    return Drawn(split(outcomes), tuple(known), table, better)


def one_at_a_time(study: Study, replications: int, workers: Workers | None = None, folder: Path | None = None,
                  on_done: OnDone | None = None) -> list[Swing]:  # fmt: skip
    """Move each figure to its low and high quantile, all others as written."""
    study.check()
    known = figures(study.scenario)
    numbers = tuple(range(1, replications + 1))
    ends = []
    for name, one in known.items():
        ends += changes_of({name: one}, np.array([[LOW], [HIGH]]))
    check_draws(study.base, ends)
    variants = [Variant((), numbers), *(Variant(change, numbers) for change in ends)]
    outcomes = _outcomes(study, variants, workers, folder, on_done)
    return tornado(tuple(known), outcomes[0], outcomes[1::2], outcomes[2::2])


def all_together(study: Study, points: int, replications: int, workers: Workers | None = None,
                 folder: Path | None = None, on_done: OnDone | None = None) -> Sobol:  # fmt: skip
    """Return first-order and total indices of the mean over replications."""
    study.check()
    known = figures(study.scenario)
    changes = changes_of(known, sobol_points(tuple(known), points, study.seed))
    check_draws(study.base, changes)
    numbers = tuple(range(1, replications + 1))
    outcomes = _outcomes(study, [Variant(change, numbers) for change in changes], workers, folder, on_done)
    return sobol_indices(tuple(known), outcomes, study.seed)


def _outcomes(
    study: Study,
    variants: Sequence[Variant],
    workers: Workers | None,
    folder: Path | None,
    on_done: OnDone | None,
) -> Floats:
    """Variants x runs. Raises `UsageError` where a run has no value."""
    objective, network = study.objective, compile_network(study.scenario)
    found = run_variants(
        study.base, variants, study.policies, [objective.metric],
        attributes_of([objective], study.scenario), study.seed, study.engine, workers, folder, on_done,
    )  # fmt: skip
    groups = objective.groups(network)
    by_policy = [
        np.array([values_of(objective, one[policy], groups).by_run() for one in found])
        for policy in study.policies
    ]
    outcomes = by_policy[-1] - by_policy[0] if study.change else by_policy[0]
    if not np.isfinite(outcomes).all():
        n = int((~np.isfinite(outcomes)).sum())
        raise UsageError(
            f"{objective.written}: {n} of {outcomes.size} runs have no value of it. Use a longer horizon."
        )
    return np.asarray(outcomes)
