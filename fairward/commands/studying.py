"""`fairward study`: a protocol run from end to end, gone on with after an interruption, and told on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from fairward import options

app = typer.Typer(
    help="Run a whole study from a protocol file: train, choose, judge, and write its results page.",
    no_args_is_help=True,
)

ProtocolFile = Annotated[Path, typer.Argument(metavar="PROTOCOL", help="A protocol file, see docs/study.md.")]
Studies = Annotated[Path, typer.Option("--out", help="Folder for study folders.")]
STUDIES = Path("runs/studies")


@app.command("run")
def run(
    protocol: ProtocolFile, jobs: options.Jobs = None, out: Studies = STUDIES, quiet: options.Quiet = False
) -> None:
    """Begin a study: freeze its scenarios, train, choose on tuning seeds, judge on evaluation seeds."""
    from fairward.study_commands import run_study

    typer.echo(run_study(protocol, jobs, out, quiet, resume=False))


@app.command("resume")
def resume(
    protocol: ProtocolFile, jobs: options.Jobs = None, out: Studies = STUDIES, quiet: options.Quiet = False
) -> None:
    """Go on with a study that was interrupted or killed; finished parts are not run again."""
    from fairward.study_commands import run_study

    typer.echo(run_study(protocol, jobs, out, quiet, resume=True))


@app.command("report")
def report(
    protocol: ProtocolFile,
    out: Studies = STUDIES,
    to: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time
        typer.Option("--to", help="Folder of the page; docs/results/NAME when absent."),
    ] = None,
) -> None:
    """Write the results page from the manifests alone: those of the study's folder, else those beside the page."""
    from fairward.study_commands import report_study

    typer.echo(report_study(protocol, out, to))
