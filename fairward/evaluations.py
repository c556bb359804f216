"""From `fairward evaluate` to a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dashboards.report.curves_chart import curves_drawing
from dashboards.report.front_chart import front_drawing
from fairward.progress import progress
from fairward.runs import partial
from fairward.studies import publish_study, resumable
from policies.evaluation.curves import curves_block, curves_of, histories_of
from policies.evaluation.entries import entries_of
from policies.evaluation.evaluating import evaluate
from policies.evaluation.fronts import front_of
from policies.evaluation.measures import attribute_of
from policies.evaluation.seeds import simulation_seed
from policies.evaluation.telling import tell_evaluation
from policies.experiment import check_policies
from policies.registry import checkpoint_hashes
from policies.told import Told
from policies.variants import study_hash
from scenarios.loader import load
from sim.replications import Workers


def evaluation_told(
    name: str,
    policies: str,
    attribute: str | None,
    replications: int | None,
    seed: int,
    jobs: int | None,
    engine: str,
    overrides: Sequence[str],
    out: Path,
    quiet: bool,
    began: float,
) -> tuple[Told, Path]:
    """Evaluate and return what it tells, with the run folder; interrupted, it goes on from what is finished."""
    scenario = load(name, overrides)
    entries = entries_of(policies.split(","))
    simulation = simulation_seed("evaluation", seed)
    members = list(dict.fromkeys(member for entry in entries for member in entry.members))
    check_policies(scenario, members, simulation)
    by = attribute_of(scenario, attribute)
    n_runs = scenario.replications if replications is None else replications
    store = study_hash(scenario, (by,), simulation, engine)
    arguments = {
        "scenario": name, "policies": policies, "attribute": by, "reps": n_runs, "seed": seed, "set": list(overrides),
    }  # fmt: skip
    with partial(out, store) as parts:
        with (
            resumable(parts),
            Workers(jobs) as workers,
            progress(f"{scenario.name}, evaluation", quiet) as tell,
        ):
            found = evaluate(scenario, entries, by, n_runs, seed, engine, workers, parts.folder, tell)
        front = front_of(found.measured, simulation)
        curves = curves_of(histories_of(entries))
        told = tell_evaluation(found, front, curves_block(curves))
        drawings = {"front": front_drawing(front), **({"curves": curves_drawing(curves)} if curves else {})}
        frames = {
            "outcomes": pd.concat([f.assign(policy=m) for m, f in found.outcomes.items()], ignore_index=True)
        }
        folder = publish_study(
            told, scenario, "evaluation", arguments, members, simulation, n_runs,
            f"{store}:{checkpoint_hashes(members)}:{arguments}", parts, out, began, frames, drawings,
        )  # fmt: skip
    return told, folder
