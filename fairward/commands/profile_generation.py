"""`fairward profiles generate`: synthetic patients with the demographics of a census."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from fairward import options
from fairward.exits import NEGATIVE
from scenarios.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from agents.writing.generation import Generated
    from agents.writing.writer import Writer

SCHEMA = "fairward.profiles-generated/1"
ORIGIN_SCHEMA = "fairward.profiles-origin/1"
NOT_A_PATIENT = "Synthetic data: no row is a person, and none may be used to decide about one."


class TextForm(StrEnum):
    """How an endpoint is asked."""

    JSON = "json"
    LINE = "line"


def generate(
    n: Annotated[int, typer.Option("-n", "--number", min=1, max=10_000_000, help="How many patients.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="A name ending in .csv or .parquet.")],
    backend: Annotated[
        str,
        typer.Option(
            "--backend",
            help="embedded, calibrated, gguf:PATH or openai:URL (such as http://localhost:8080/v1).",
        ),
    ] = "embedded",
    census: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time
        typer.Option("--census", help="Who lives in the catchment; the shipped census when absent."),
    ] = None,
    seed: options.Seed = 1,
    cache: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--cache", help="Folder of finished profiles; ~/.cache/fairward/profiles when absent."),
    ] = None,
    model: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--model", help="For openai: which model; the first that the server lists when absent."),
    ] = None,
    form: Annotated[
        TextForm, typer.Option("--form", help="For openai: line if the server serves our embedded model.")
    ] = TextForm.JSON,
    threads: Annotated[int, typer.Option("--threads", min=1, help="For gguf: threads of llama.cpp.")] = 1,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, max=86_400, help="For openai: seconds for one answer.")
    ] = 120.0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Write synthetic patients: demographics by us, exactly as in the census; the clinical picture by a back end."""
    from agents.profiles.census import draw_demographics, read_census
    from agents.profiles.files import SUFFIXES, write_profiles
    from agents.writing.backends import writer_named
    from agents.writing.finished import FinishedProfiles
    from agents.writing.generation import generate as write
    from fairward.progress import progress

    if out.suffix not in SUFFIXES:
        raise UsageError(f"{out}: expected a name ending in {' or '.join(SUFFIXES)}.")
    if not out.resolve().parent.is_dir():
        raise UsageError(f"{out}: there is no folder {out.parent}.")
    people = draw_demographics(read_census(census), n, seed)
    writer = writer_named(backend, people, seed, model, form.value, threads, timeout)
    finished = None
    if backend != "calibrated":  # which is quicker than reading what was kept
        finished = FinishedProfiles(cache or _cache(), writer, people, seed)
    try:
        with progress("generating profiles", quiet, "profiles") as tell, writer:
            made = write(people, seed, writer, finished, tell)
    except KeyboardInterrupt:
        if finished:
            typer.echo(
                f"{len(finished.read())} of {n} profiles are kept: the same command goes on from there.",
                err=True,
            )
        raise
    write_profiles(made.profiles, out)
    origin = _origin(made, writer, people, seed, str(census) if census else "the shipped census")
    _write(out.with_name(out.name + ".origin.json"), json.dumps(origin, indent=2) + "\n")
    if as_json:
        speed = {"reused": made.reused, "seconds": made.seconds}
        typer.echo(json.dumps({**origin, "schema": SCHEMA, "file": str(out), **speed}))
    else:
        typer.echo(_summary(made, writer, out, n, seed, origin["census"]))
        if made.reused and finished:
            typer.echo(f"Taken from an earlier run of this job: {made.reused} ({finished.folder}).")
    if made.given_up:
        raise typer.Exit(NEGATIVE)


def _origin(made: Generated, writer: Writer, people: pd.DataFrame, seed: int, census: str) -> dict[str, Any]:
    """Return what the file holds and where it comes from; the same for the same file."""
    from agents.writing.finished import job_description

    return {
        "schema": ORIGIN_SCHEMA,
        "written_by": writer.label,
        "repeatable": writer.repeatable,
        "census": census,
        "job": job_description(writer, people, seed),
        "profiles": len(made.profiles),
        "given_up": list(made.given_up),
        "rejected": dict(sorted(made.rejected.items())),
        "note": NOT_A_PATIENT,
    }


def _summary(made: Generated, writer: Writer, out: Path, n: int, seed: int, census: str) -> str:
    from statsmodels.stats.proportion import proportion_confint

    from agents.writing.generation import ATTEMPTS

    low, high = proportion_confint(len(made.profiles), made.written, method="wilson")
    fresh = n - made.reused
    lines = [
        f"{out}: {len(made.profiles)} of {n} profiles, seed {seed}.",
        f"Written by {writer.label}.",
        f"Demographics: drawn by us from {census}, "
        + ("margins exact." if not made.given_up else "not exact: profiles are missing (below)."),
        f"Pictures: {made.written} written, {len(made.profiles) / made.written:.1%} kept "
        f"(95 % interval {low:.1%} to {high:.1%}), {made.rejected.total()} rejected and written again.",
        *(f"  {count:>6}  {reason}" for reason, count in made.rejected.most_common()),
    ]
    if made.given_up:
        shown = ", ".join(made.given_up[:5]) + (" ..." if len(made.given_up) > 5 else "")
        lines.append(
            f"Given up after {ATTEMPTS} attempts each, so not in the file: {len(made.given_up)} ({shown})."
        )
    if fresh:
        lines.append(f"Speed: {fresh / made.seconds:.1f} profiles a second, one sequence at a time.")
    if not writer.repeatable:
        lines.append("The same command may give another file on an empty cache: the server decides.")
    lines += [
        f"Not shown: whether associations are right. See `fairward profiles report {out}`.",
        NOT_A_PATIENT,
    ]
    return "\n".join(lines)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fairward" / "profiles"


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot write this file: {error.strerror}.") from None
