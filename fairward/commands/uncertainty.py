"""`fairward uncertainty`: how much comes from figures that are not known for certain, and from which."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Optional

import typer

from fairward import options

METHODS = ("split", "tornado", "sobol")


def uncertainty(
    scenario: options.Scenario,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            help="split: ignorance against chance; tornado: one figure at a time; sobol: all together.",
        ),
    ] = "split",
    outcome: Annotated[
        str,
        typer.Option(
            "--outcome",
            help="A metric, or gap:METRIC:ATTRIBUTE, worst:METRIC:ATTRIBUTE, METRIC:ATTRIBUTE=GROUP.",
        ),
    ] = "untreated_hours",
    policies: Annotated[
        str, typer.Option("--policies", help="One; or two by commas: the outcome is their difference.")
    ] = "neutral",
    draws: Annotated[int, typer.Option("--draws", min=2, help="Outer draws, for split.")] = 60,
    points: Annotated[
        int, typer.Option("--points", min=2, help="Base points, a power of 2, for sobol.")
    ] = 64,
    reps: Annotated[
        Optional[int],  # noqa: UP045 - typer reads it at run time
        typer.Option("--reps", "-n", min=1, help="Runs of each draw or point: 5; 20 for tornado."),
    ] = None,
    seed: options.Seed = 1,
    jobs: options.Jobs = None,
    engine: options.EngineName = "auto",
    changes: options.Overrides = None,
    out: options.Out = Path("runs"),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Say how uncertain an outcome is because figures of the scenario are, and which of them matter."""
    from fairward.studies import print_study
    from fairward.uncertainties import uncertainty_told
    from scenarios.errors import UsageError

    if method not in METHODS:
        raise UsageError(f"--method: expected one of {', '.join(METHODS)}, got {method!r}.")
    told, folder = uncertainty_told(
        scenario, method, outcome, policies, draws, points, reps, seed, jobs, engine, changes or (), out, quiet,
        time.time(),
    )  # fmt: skip
    print_study(told, folder, as_json)
