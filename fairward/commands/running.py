"""`fairward run` and `fairward compare`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from fairward import options
from scenarios.errors import UsageError

RUNS = Path("runs")


def run(
    scenario: options.Scenario,
    policy: Annotated[
        str, typer.Option("--policy", "-p", help="See `fairward list`; a+b for both.")
    ] = "neutral",
    reps: options.Replications = None,
    seed: options.Seed = 1,
    jobs: options.Jobs = None,
    engine: options.EngineName = "auto",
    changes: options.Overrides = None,
    out: options.Out = RUNS,
    until: options.UntilNarrow = None,
    all_groups: options.AllGroups = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Run a scenario under one policy and say who waits how long, with intervals."""
    _answer(scenario, [policy], reps, seed, jobs, engine, changes, out, until, all_groups, as_json, quiet)


def compare(
    scenario: options.Scenario,
    policies: Annotated[
        str, typer.Option("--policies", help="Two or more, by commas; the first is the reference.")
    ],
    reps: options.Replications = None,
    seed: options.Seed = 1,
    jobs: options.Jobs = None,
    engine: options.EngineName = "auto",
    changes: options.Overrides = None,
    out: options.Out = RUNS,
    until: options.UntilNarrow = None,
    all_groups: options.AllGroups = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Compare policies on the same patients: what changes, how sure that is, and who waits longer."""
    named = [name.strip() for name in policies.split(",") if name.strip()]
    if len(named) < 2:
        raise UsageError(
            f"--policies: expected two or more by commas, got {policies!r}. For one policy: `fairward run`."
        )
    _answer(scenario, named, reps, seed, jobs, engine, changes, out, until, all_groups, as_json, quiet)


def _answer(
    scenario: str,
    policies: list[str],
    reps: int | None,
    seed: int,
    jobs: int | None,
    engine: str,
    changes: list[str] | None,
    out: Path,
    until: str | None,
    all_groups: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    from fairward.answer_json import answer_json
    from fairward.answering import answered
    from fairward.wording import answer_text
    from policies.costing import cost_json, cost_report, cost_text

    arguments = {
        "scenario": scenario, "policies": policies, "reps": reps, "seed": seed, "engine": engine,
        "set": list(changes or ()), "until": until,
    }  # fmt: skip
    answer, folder = answered(
        scenario, policies, reps, seed, jobs, engine, changes or (), out, until, quiet, arguments
    )
    costs = cost_report(answer)
    if as_json:
        money = {"costs": cost_json(costs)} if costs is not None else {}
        typer.echo(json.dumps({**answer_json(answer), **money, "run": str(folder)}, allow_nan=False))
        return
    typer.echo(answer_text(answer, all_groups))
    if costs is not None:
        typer.echo(f"\n{cost_text(costs)}")
    typer.echo(f"\nReport: {folder / 'report.html'}")
    typer.echo(f"Tables: {folder / 'tables'}")
