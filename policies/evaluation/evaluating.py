"""Runs entries on evaluation seeds, the groups and their pair fixed before on tuning seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from policies.evaluation.comparing import Pair, fixed_pair
from policies.evaluation.entries import Entry
from policies.evaluation.measures import METRICS_NEEDED, Groups, Measured, groups_of, measured, tau_of
from policies.evaluation.seeds import simulation_seed
from policies.variants import OnDone, Variant, run_variants
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.replications import Workers


@dataclass(frozen=True)
class Evaluation:
    """What was asked and what came out."""

    scenario: Scenario
    entries: tuple[Entry, ...]
    """The first is the reference."""
    groups: Groups
    pair: Pair
    """(worst off, best off) of the reference on the tuning seed."""
    seed: int
    """Number of the evaluation seed; the simulation's is `simulation_seed("evaluation", seed)`."""
    n_runs: int
    n_tuning_runs: int
    measured: tuple[Measured, ...]
    outcomes: Mapping[str, pd.DataFrame]
    """By member, with a column `replication`."""


def evaluate(
    scenario: Scenario,
    entries: Sequence[Entry],
    attribute: str,
    n_runs: int,
    seed: int = 1,
    engine: str = "auto",
    workers: Workers | None = None,
    folder: Path | None = None,
    on_done: OnDone | None = None,
) -> Evaluation:
    """Return the evaluation of entries, the first of which is the reference and no group of training seeds.

    Every entry meets the same patients. Finished runs are kept in `folder`. Raises `sim.replications.Interrupted`.
    """
    if len(entries) < 2:
        raise UsageError(f"expected at least two policies, the first as reference, got {len(entries)}.")
    reference = entries[0]
    if len(reference.members) > 1:
        raise UsageError(
            f"{reference.label} is several training seeds and cannot be the reference. Name a single policy first."
        )
    members = list(dict.fromkeys(member for entry in entries for member in entry.members))
    tuned = outcomes_of(
        scenario,
        reference.members,
        attribute,
        n_runs,
        simulation_seed("tuning", seed),
        engine,
        workers,
        folder,
    )
    groups = groups_of(scenario, attribute, list(tuned.values()))
    tau = tau_of(scenario)
    pair = fixed_pair(measured(reference, tuned, groups, tau))
    outcomes = outcomes_of(
        scenario, members, attribute, n_runs, simulation_seed("evaluation", seed), engine, workers, folder,
        on_done,
    )  # fmt: skip
    return Evaluation(
        scenario, tuple(entries), groups, pair, seed, n_runs, n_runs,
        tuple(measured(entry, outcomes, groups, tau) for entry in entries), outcomes,
    )  # fmt: skip


def outcomes_of(
    scenario: Scenario,
    policies: Sequence[str],
    attribute: str,
    n_runs: int,
    simulation: int,
    engine: str = "auto",
    workers: Workers | None = None,
    folder: Path | None = None,
    on_done: OnDone | None = None,
) -> dict[str, pd.DataFrame]:
    """Return the outcomes of policies by name under one seed of the simulation."""
    place = None if folder is None else folder / f"seed-{simulation}"
    (found,) = run_variants(
        scenario, [Variant((), tuple(range(1, n_runs + 1)))], policies, METRICS_NEEDED, (attribute,), simulation,
        engine, workers, place, on_done,
    )  # fmt: skip
    return found
