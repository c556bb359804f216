"""`fairward runs list` and `fairward runs show`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from fairward import options

app = typer.Typer(help="Runs that are done.", no_args_is_help=True, rich_markup_mode=None)

Folder = Annotated[Path, typer.Option("--out", help="Folder of run folders.")]
RUNS_SCHEMA = "fairward.runs/1"


@app.command("list")
def list_runs(out: Folder = Path("runs"), as_json: options.AsJson = False) -> None:
    """List the runs of a folder, the newest last."""
    from fairward.runs import past_runs
    from policies.sentence import aligned

    runs = past_runs(out)
    if as_json:
        keys = ("scenario", "policies", "seed", "began", "wall_seconds", "sentence")
        rows = [{"run": path.name, **{key: found.get(key) for key in keys}} for path, found in runs]
        typer.echo(json.dumps({"schema": RUNS_SCHEMA, "runs": rows}))
    elif not runs:
        typer.echo(f"No runs in {out}. Make one: fairward demo", err=True)
    else:
        typer.echo(
            aligned(
                ["Run", "Scenario", "Policies", "Runs", "Seed"],
                [
                    [
                        path.name,
                        str(found.get("scenario", "")),
                        ", ".join(found.get("policies", [])),
                        str(len(found.get("replications", []))),
                        str(found.get("seed", "")),
                    ]
                    for path, found in runs
                ],
            )
        )


@app.command("show")
def show_run(
    name: Annotated[
        str, typer.Argument(help="The name of a run, the beginning of it, or `latest`.")
    ] = "latest",
    out: Folder = Path("runs"),
    as_json: options.AsJson = False,
) -> None:
    """Show what a run answered, and whether its files are as they were written."""
    from fairward.runs import checksums, find_run, read_manifest
    from fairward.wording import answer_text
    from policies.saved import read_answer

    folder = find_run(out, name)
    found = read_manifest(folder)
    now = checksums(folder)
    changed = [file for file, checksum in found["files"].items() if now.get(file) != checksum]
    if as_json:
        typer.echo(json.dumps({**found, "run": str(folder), "changed_files": changed}))
        return
    typer.echo(f"{folder}\n")
    if (folder / "answer.json").is_file() and not {"answer.json", "outcomes.parquet"} & set(changed):
        typer.echo(f"{answer_text(read_answer(folder))}\n")
    else:
        typer.echo(f"{found['sentence']}\n")
    commit = found.get("commit") or "unknown"
    typer.echo(f"Scenario: {found['scenario']} ({found['provenance'].get('scenario_hash', '')[:12]})")
    typer.echo(f"Policies: {', '.join(found['policies'])}")
    typer.echo(f"Runs: {len(found['replications'])}, seed {found['seed']}")
    typer.echo(f"Made: {found['began']}, {found['wall_seconds']:.0f} s, commit {commit[:12]}")
    report = folder / "report.html"
    if report.is_file():
        typer.echo(f"Report: {report}")
    typer.echo(f"Changed since: {', '.join(changed)}" if changed else "All files are as they were written.")
