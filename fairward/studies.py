"""Run folders of studies that are not a comparison of policies: what they tell, as text, JSON and one page."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from dashboards.report.ink import Drawing
from dashboards.report.leaflet import render_leaflet
from fairward.exits import INTERRUPTED
from fairward.runs import publish, write_manifest
from policies.origin import source_hash, versions
from policies.parts import Parts, write_parquet
from policies.registry import checkpoint_hashes
from policies.told import Told, told_text
from scenarios.loader import dump_yaml, scenario_hash
from scenarios.scenario import Scenario
from sim.replications import Interrupted

REPORT = "report.html"


def publish_study(
    told: Told,
    scenario: Scenario,
    what: str,
    arguments: Mapping[str, Any],
    policies: list[str],
    seed: int,
    n_runs: int,
    identity: str,
    parts: Parts,
    out: Path,
    began: float,
    frames: Mapping[str, pd.DataFrame] | None = None,
    drawings: Mapping[str, Drawing] | None = None,
) -> Path:
    """Write the run folder of a study, remove what was kept for resuming it, and return the folder."""
    folder = parts.folder / f"assembling-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, frame in (frames or {}).items():
        write_parquet(frame, folder / f"{name}.parquet")
    (folder / "scenario.resolved.yaml").write_text(dump_yaml(scenario), encoding="utf-8")
    (folder / f"{what}.json").write_text(json.dumps(told.content, indent=1, allow_nan=False) + "\n", "utf-8")
    (folder / REPORT).write_text(render_leaflet(told, drawings), encoding="utf-8", newline="\n")
    content = {
        "scenario": scenario.name,
        "policies": policies,
        "seed": seed,
        "replications": list(range(1, n_runs + 1)),
        "sentence": told.sentence,
        "arguments": dict(arguments),
        "provenance": {
            "scenario_hash": scenario_hash(scenario), "source_hash": source_hash(), "versions": versions(),
            "checkpoints": checkpoint_hashes(policies),
        },
    }  # fmt: skip
    write_manifest(folder, content, began)
    place = publish(folder, out, f"{scenario.name}-{what}", identity, began)
    shutil.rmtree(parts.folder, ignore_errors=True)
    return place


@contextmanager
def resumable(parts: Parts) -> Iterator[None]:
    """Where Ctrl-C ends a study that goes on from `parts`: say so, and exit."""
    try:
        yield
    except Interrupted as interrupted:
        typer.echo(
            f"Interrupted. {len(interrupted.done)} of {interrupted.wanted} runs are kept in {parts.folder}; the same "
            "command goes on from there.",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None


def print_study(told: Told, folder: Path, as_json: bool) -> None:
    """Print what a study tells and where it lies."""
    if as_json:
        typer.echo(json.dumps({**told.content, "run": str(folder)}, allow_nan=False))
    else:
        typer.echo(told_text(told))
        typer.echo(f"\nReport: {folder / REPORT}")
