"""`fairward sweep`: one policy or several over a grid of settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from fairward import options

SCHEMA = "fairward.sweep/1"


def sweep(
    scenario: options.Scenario,
    set_over: Annotated[
        list[str], typer.Option("--set-over", help="key=v1,v2,...; several make a grid of all combinations.")
    ],
    policy: Annotated[
        str,
        typer.Option("--policy", "--policies", "-p", help="One, or several by commas; a+b for both in one."),
    ] = "neutral",
    reps: options.Replications = None,
    seed: options.Seed = 1,
    jobs: options.Jobs = None,
    engine: options.EngineName = "auto",
    changes: options.Overrides = None,
    out: options.Out = Path("runs"),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Run a scenario at every combination of some settings, with the same random numbers for each."""
    from fairward.sweeps import sweep_answers, sweep_text

    policies = [name.strip() for name in policy.split(",") if name.strip()]
    settings, rows, folder = sweep_answers(
        scenario, set_over, policies, reps, seed, jobs, engine, changes or (), out, quiet
    )
    if as_json:
        table: list[dict[str, Any]] = [
            {**setting, **values} for setting, values in zip(settings, rows, strict=True)
        ]
        typer.echo(
            json.dumps({"schema": SCHEMA, "policy": policy, "seed": seed, "rows": table, "run": str(folder)})
        )
    else:
        typer.echo(sweep_text(settings, rows, policies, seed))
        typer.echo(f"\nOutcomes of every run: {folder / 'outcomes.parquet'}")
