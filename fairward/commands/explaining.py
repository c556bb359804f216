"""`fairward explain`: what moves a policy's choices, and why one patient was moved."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Optional

import typer

from fairward import options


def explain(
    scenario: Annotated[
        str, typer.Argument(help="A scenario of the library, a file, or a run (name or folder).")
    ],
    policy: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time
        typer.Option("--policy", "-p", help="See `fairward list`; of a run its last policy when absent."),
    ] = None,
    dial: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--dial", help="Which dial; the most varied when absent. `ranks`: who waiting goes first."
        ),
    ] = None,
    hospital: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--hospital", help="Whose choice is shown by itself; where most wait when absent."),
    ] = None,
    at: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--at", help="When: the first decision then or later, for example 36h."),
    ] = None,
    patient: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--patient", min=0, help="Why was this patient (number in the visits) moved, and what if not?"
        ),
    ] = None,
    replication: Annotated[int, typer.Option("--replication", min=1, help="For --patient.")] = 1,
    transfer: Annotated[int, typer.Option("--transfer", min=1, help="Which transfer is undone.")] = 1,
    runs: Annotated[
        int, typer.Option("--reps", "-n", min=2, help="Runs in which the policy is watched.")
    ] = 8,
    rows: Annotated[int, typer.Option("--rows", min=10, help="States that are explained, about.")] = 200,
    background: Annotated[
        int, typer.Option("--background", min=10, help="States to compare with, about.")
    ] = 100,
    seed: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--seed", min=0, help="Same seed, same patients; that of the run, or 1, when absent."),
    ] = None,
    changes: options.Overrides = None,
    out: options.Out = Path("runs"),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Explain what a policy chooses: contributions, a tree that imitates it, and one patient's other future."""
    from fairward.explanations import asked, explained_told, journey_told
    from fairward.studies import print_study

    began = time.time()
    found, policies, run_seed = asked(scenario, changes or (), out)
    chosen = policy or (policies[-1] if policies else "neutral")
    number = seed if seed is not None else 1 if run_seed is None else run_seed
    arguments = {"scenario": scenario, "policy": chosen, "seed": number, "set": list(changes or ())}
    if patient is not None:
        arguments |= {"patient": patient, "replication": replication, "transfer": transfer}
        told, folder = journey_told(
            found, chosen, number, replication, patient, transfer, arguments, out, began
        )
    else:
        arguments |= {"dial": dial, "hospital": hospital, "at": at, "reps": runs, "rows": rows,
                      "background": background}  # fmt: skip
        told, folder = explained_told(
            found, chosen, runs, number, dial, at, hospital, rows, background, arguments, out, quiet or as_json,
            began,
        )  # fmt: skip
    print_study(told, folder, as_json)
