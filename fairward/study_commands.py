"""What the commands of `fairward study` do."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from fairward.exits import INTERRUPTED
from fairward.progress import progress
from fairward.study_runs import RESULTS, Study, freeze
from policies.study.protocol import read_protocol
from scenarios.errors import MissingExtra
from scenarios.scenario import Scenario
from sim.replications import Workers

MANIFESTS = "manifests"


def run_study(path: Path, jobs: int | None, out: Path, quiet: bool, resume: bool) -> str:
    """Run what is not finished; returns a sentence about where it is."""
    protocol = read_protocol(path)
    folder = out / protocol.name
    freeze(protocol, folder, resume)

    def tell(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    try:
        with Workers(jobs) as workers, progress(protocol.name, quiet) as on_done:
            Study(protocol, folder, train_for_study, workers, tell, on_done).run()
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. Go on: fairward study resume {path} --out {out}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    return f"Study: {folder}\nIts page: fairward study report {path} --out {out}"


def report_study(path: Path, out: Path, to: Path | None) -> str:
    """Write the page; the manifests of a study that was run here are copied beside it first."""
    from dashboards.report.study_page import write_study_page

    protocol = read_protocol(path)
    place = Path("docs/results") / protocol.name if to is None else to
    results = out / protocol.name / RESULTS
    if results.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(place / MANIFESTS, ignore_errors=True)
        shutil.copytree(results, place / MANIFESTS, ignore=shutil.ignore_patterns(".*"))
    return f"Page: {write_study_page(protocol, place / MANIFESTS, place)}"


def train_for_study(
    scenario: Scenario, settings: Mapping[str, Any], seed: int, folder: Path
) -> tuple[Path, pd.DataFrame]:
    """Train with the lean trainer; returns the last checkpoint and the history."""
    try:
        from policies.learning.settings import TrainSettings
        from policies.learning.training import train
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingExtra("train", "training a policy") from None
    trained = train(scenario, TrainSettings(**settings, seed=seed), folder)
    return trained.folder, trained.history
