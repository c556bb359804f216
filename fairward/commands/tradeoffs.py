"""`fairward tradeoffs`: which policies and settings does nothing beat?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from fairward import options


def tradeoffs(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run of several policies or of a sweep: name, `latest`, or folder."
        ),
    ],
    objectives: Annotated[
        str,
        typer.Option(
            "--objectives",
            help="Two or three by commas: METRIC, worst:METRIC:ATTRIBUTE, gap:METRIC:ATTRIBUTE; min: or max: before.",
        ),
    ],
    corner: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time
        typer.Option(
            "--corner", help="Reference point of the hypervolume, by commas, in the units of the metrics."
        ),
    ] = None,
    out: options.Out = Path("runs"),
    html: Annotated[
        bool, typer.Option("--html/--no-html", help="Write tradeoffs.html beside the run.")
    ] = True,
    as_json: options.AsJson = False,
) -> None:
    """Show the Pareto front of a run, who is dominated and how surely, the knee and the hypervolume."""
    import json

    from fairward.fronts import front_told

    told, written = front_told(run, objectives, corner, out, html)
    if as_json:
        typer.echo(json.dumps(told.content, allow_nan=False))
        return
    from policies.told import told_text

    typer.echo(told_text(told))
    if written is not None:
        typer.echo(f"\nReport: {written}")
