"""`fairward tune`: a sweep of training runs over lambda and step sizes, on Ray Tune."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Optional

import typer

from fairward import options
from fairward.training_options import Settings, settings_of
from scenarios.errors import UsageError

SCHEMA = "fairward.tune/1"


def tune(
    scenario: options.Scenario,
    lams: Annotated[str, typer.Option("--lambda", help="Values by commas.")] = "0,0.5,1",
    rates: Annotated[str, typer.Option("--lr", help="Step sizes by commas.")] = "0.001",
    algo: Annotated[str, typer.Option("--algo", help="See `fairward train --help`.")] = "gr-ppo",
    seed: options.Seed = 1,
    iterations: Annotated[int, typer.Option("--iterations", min=1, help="Of every trial.")] = 100,
    copies: Annotated[int, typer.Option("--copies", min=1, help="Episodes played side by side.")] = 8,
    steps: Annotated[
        Optional[int],  # noqa: UP045 - typer reads it at run time
        typer.Option("--steps", min=2, help="Decisions of a copy in a round; an episode's when absent."),
    ] = None,
    at_once: Annotated[int, typer.Option("--at-once", min=1, help="Trials at a time, a CPU each.")] = 1,
    ray: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--ray", help="HOST:PORT of a Ray cluster, or auto in a submitted job: docs/cluster.md."
        ),
    ] = None,
    more: Settings = None,
    changes: options.Overrides = None,
    out: Annotated[Path, typer.Option("--out", help="A new folder for the trials.")] = Path("tuned"),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Train with every combination of lambda and step size; each trial is a checkpoint, ckpt:FOLDER."""
    from fairward.progress import progress
    from policies.rllib.cluster import Cluster
    from policies.rllib.tuning import TRIALS
    from policies.rllib.tuning import tune as run
    from policies.sentence import aligned
    from scenarios.loader import load

    own = {"algo": algo, "seed": seed, "iterations": iterations, "copies": copies, "steps": steps}
    settings = settings_of(more or (), own, ("lam", "lr"))
    loaded, grid = load(scenario, changes or ()), (_numbers("--lambda", lams), _numbers("--lr", rates))
    try:
        with progress(f"sweep of {loaded.name}", quiet, "iterations") as tell:
            table = run(loaded, settings, *grid, out, Cluster(ray, env_runners=at_once), tell)
    except KeyboardInterrupt:
        typer.echo(f"{out}: what the trials had kept is there, and listed in {TRIALS}.", err=True)
        raise
    if as_json:
        typer.echo(json.dumps({"schema": SCHEMA, "trials": table.to_dict("records")}))
        return
    columns = ["lambda", "lr", "iteration", "objective", "mean", "worst", "gap", "checkpoint"]
    typer.echo(aligned(columns, [[_shown(row[c]) for c in columns] for row in table.to_dict("records")]))
    typer.echo(
        "\nCosts in training, 1 = neutral orders, one seed: no evidence. "
        "Objectives are comparable within a lambda only."
    )


def _numbers(option: str, written: str) -> list[float]:
    try:
        return [float(word) for word in written.split(",") if word.strip()]
    except ValueError:
        raise UsageError(f"{option}: expected numbers by commas, got {written!r}.") from None


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
