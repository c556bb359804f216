"""`fairward evaluate`: which policy is fairer, at what cost, on patients that none of them was made for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Optional

import typer

from fairward import options


def evaluate(
    scenario: options.Scenario,
    policies: Annotated[
        str,
        typer.Option(
            "--policies",
            help="By commas, the reference first: NAME, ckpt:FOLDER, LABEL=POLICY. A folder of training folders is "
            "one algorithm with several seeds.",
        ),
    ],
    attribute: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time
        typer.Option(
            "--by", help="The attribute whose groups are compared; the first of equity.groups when absent."
        ),
    ] = None,
    reps: options.Replications = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Number of the evaluation seed, apart from training seeds.")
    ] = 1,
    jobs: options.Jobs = None,
    engine: options.EngineName = "auto",
    changes: options.Overrides = None,
    out: options.Out = Path("runs"),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Evaluate policies on held-out seeds: gaps, worst-off group, whether efficiency is kept, the Pareto front."""
    from fairward.evaluations import evaluation_told
    from fairward.studies import print_study

    told, folder = evaluation_told(
        scenario, policies, attribute, reps, seed, jobs, engine, changes or (), out, quiet, time.time()
    )
    print_study(told, folder, as_json)
