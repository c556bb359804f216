"""`fairward counterfactual`: flip an attribute with all random numbers kept, or switch disparities off."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Optional

import typer

from fairward import options


def counterfactual(
    scenario: options.Scenario,
    flip: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time
        typer.Option("--flip", help="ATTRIBUTE=WAS:INSTEAD, for example ethnicity=black:white."),
    ] = None,
    patient: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--patient", min=0, help="Only this patient (number in the visits) of --replication."),
    ] = None,
    replication: Annotated[int, typer.Option("--replication", min=1, help="For --patient.")] = 1,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="Everybody who has the value; so when nothing else is said.")
    ] = False,
    one_each: Annotated[bool, typer.Option("--one-each", help="One patient in each run, drawn.")] = False,
    contributions: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--contributions",
            help="Switch the modelled disparities off in all combinations: what each adds to this outcome, "
            "for example untreated_hours:ethnicity=black/white.",
        ),
    ] = None,
    by_row: Annotated[bool, typer.Option("--by-row", help="Each row of `disparities` by itself.")] = False,
    policy: Annotated[str, typer.Option("--policy", "-p", help="See `fairward list`.")] = "neutral",
    reps: options.Replications = None,
    seed: options.Seed = 1,
    jobs: options.Jobs = None,
    engine: options.EngineName = "auto",
    changes: options.Overrides = None,
    out: options.Out = Path("runs"),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Ask what if a patient, or everybody of a group, were of another group: exactly, with the same luck."""
    from fairward.counterfactuals import contributions_told, flip_told
    from fairward.studies import print_study
    from scenarios.errors import UsageError

    chosen = [
        name
        for name, on in (
            ("--patient", patient is not None),
            ("--everybody", everybody),
            ("--one-each", one_each),
        )
        if on
    ]
    if len(chosen) > 1:
        raise UsageError(
            f"expected at most one of --patient, --everybody, --one-each, got {' and '.join(chosen)}."
        )
    if (flip is None) == (contributions is None):
        raise UsageError("expected either --flip ATTRIBUTE=WAS:INSTEAD or --contributions OUTCOME.")
    began = time.time()
    if contributions is not None:
        told, folder = contributions_told(
            scenario,
            contributions,
            by_row,
            policy,
            reps,
            seed,
            jobs,
            engine,
            changes or (),
            out,
            quiet,
            began,
        )
    else:
        told, folder = flip_told(
            scenario, flip or "", patient, replication, one_each, policy, reps, seed, jobs, engine,
            changes or (), out, quiet, began,
        )  # fmt: skip
    print_study(told, folder, as_json)
