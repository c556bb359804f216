"""From `fairward uncertainty` to a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import typer

from fairward.progress import progress
from fairward.runs import partial
from fairward.studies import publish_study, resumable
from policies.experiment import check_policies
from policies.objective import attributes_of, parse_objective
from policies.told import Told
from policies.uncertainty.draws import certain, figures
from policies.uncertainty.study import Study, all_together, nested, one_at_a_time
from policies.uncertainty.telling import tell_sobol, tell_split, tell_tornado
from policies.variants import study_hash
from scenarios.loader import resolve
from sim.replications import Workers

RUNS = {"split": 5, "tornado": 20, "sobol": 5}
"""Of each draw, end or point, unless the command says otherwise."""


def uncertainty_told(
    name: str,
    method: str,
    outcome: str,
    policies: str,
    draws: int,
    points: int,
    replications: int | None,
    seed: int,
    jobs: int | None,
    engine: str,
    overrides: Sequence[str],
    out: Path,
    quiet: bool,
    began: float,
) -> tuple[Told, Path]:
    """Run a study and return what it tells, with the run folder; interrupted, it goes on from what is finished."""
    resolved = resolve(name, overrides)
    scenario = resolved.scenario
    named = tuple(one.strip() for one in policies.split(",") if one.strip())
    check_policies(scenario, named, seed)
    study = Study(resolved, named, parse_objective(outcome), seed, engine)
    study.check()
    runs = RUNS[method] if replications is None else replications
    k = len(figures(scenario))
    n_variants = {"split": draws, "tornado": 2 * k + 1, "sobol": points * (k + 2)}[method]
    if not quiet:
        typer.echo(f"{n_variants} variants x {runs} runs x {len(named)} policies.", err=True)
    identity = study_hash(certain(scenario), attributes_of([study.objective], scenario), seed, engine)
    arguments = {
        "scenario": name, "method": method, "outcome": outcome, "policies": policies, "draws": draws,
        "points": points, "reps": runs, "seed": seed, "set": list(overrides),
    }  # fmt: skip
    with partial(out, identity) as parts:
        frames: dict[str, pd.DataFrame] = {}
        with (
            resumable(parts),
            Workers(jobs) as workers,
            progress(f"uncertainty of {scenario.name}", quiet) as tell,
        ):
            if method == "split":
                drawn = nested(study, draws, runs, workers, parts.folder, tell)
                told, frames = tell_split(study, drawn), {"runs": drawn.values}
            elif method == "tornado":
                told = tell_tornado(study, one_at_a_time(study, runs, workers, parts.folder, tell))
            else:
                told = tell_sobol(study, all_together(study, points, runs, workers, parts.folder, tell))
        folder = publish_study(
            told, scenario, "uncertainty", arguments, list(named), seed, runs, f"{identity}:{arguments}", parts, out,
            began, frames,
        )  # fmt: skip
    return told, folder
