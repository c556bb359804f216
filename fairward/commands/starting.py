"""`fairward demo` and `fairward init`: the first five minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairward import options
from scenarios.errors import UsageError

STARTER = Path(__file__).resolve().parents[1] / "starter.yaml"
DEMO_SCENARIO = "rural"
DEMO_POLICIES = ("first-come", "acuity", "nearest")
DEMO_REPLICATIONS = 10


def demo(
    jobs: options.Jobs = None,
    seed: options.Seed = 1,
    out: options.Out = Path("runs"),
    quiet: options.Quiet = False,
) -> None:
    """Compare three ways of deciding who waits where in a rural network, and write a report."""
    from fairward.answering import answered
    from fairward.wording import answer_text

    arguments = {
        "scenario": DEMO_SCENARIO,
        "policies": list(DEMO_POLICIES),
        "reps": DEMO_REPLICATIONS,
        "seed": seed,
    }
    answer, folder = answered(
        DEMO_SCENARIO, DEMO_POLICIES, DEMO_REPLICATIONS, seed, jobs, "auto", (), out, None, quiet, arguments
    )
    typer.echo(answer_text(answer))
    typer.echo(
        f"""
Report: {folder / "report.html"}

Look at next:
  fairward compare {DEMO_SCENARIO} --policies first-come,acuity+nearest --reps 30
  fairward run surge --policy acuity --reps 20      what a surge does
  fairward list                                     scenarios, policies, metrics
  fairward init my-network.yaml                     write a scenario of your own"""
    )


def init(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("scenario.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
) -> None:
    """Write a small commented scenario to start from."""
    try:
        with file.open("w" if force else "x", encoding="utf-8") as target:
            target.write(STARTER.read_text(encoding="utf-8"))
    except FileExistsError:
        raise UsageError(f"{file} exists. Choose another name, or overwrite it with --force.") from None
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}.") from None
    typer.echo(f"{file} is written. Next:\n  fairward validate {file}\n  fairward run {file} --reps 20")
