"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Optional

import typer

Scenario = Annotated[str, typer.Argument(help="A scenario of the library (see `fairward list`) or a file.")]
Replications = Annotated[
    Optional[int],  # noqa: UP045 - typer reads it at run time
    typer.Option("--reps", "-n", min=1, help="Replications; the scenario's own number when absent."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same patients.")]
Jobs = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--jobs", "-j", min=1, help="Processes; all cores when absent. Results do not depend on it."
    ),
]
EngineName = Annotated[str, typer.Option("--engine", help="auto, fast or simpy: the same answers.")]
Overrides = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--set", help="Change the scenario: hospitals.north.beds.icu.count=12. May be repeated."),
]
Out = Annotated[Path, typer.Option("--out", help="Folder for run folders.")]
UntilNarrow = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--until", help='Run more until a 95 % half-width is small: "untreated_hours<0.5 h".'),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress; only the answer.")]
AllGroups = Annotated[bool, typer.Option("--all-groups", help="A table for every attribute of the scenario.")]
