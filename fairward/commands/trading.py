"""`fairward tradeoff`: everybody or the worst off?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from fairward import options


def tradeoff(
    run: Annotated[str, typer.Argument(help="A run of several policies: its name, `latest`, or its folder.")],
    by: Annotated[str, typer.Option(help="Whose worst-off group; an attribute of the scenario.")],
    outcome: Annotated[str, typer.Option(help="The outcome of both objectives.")] = "untreated_hours",
    out: options.Out = Path("runs"),
    as_json: options.AsJson = False,
) -> None:
    """Show which policies of a run are dominated, for everybody and for the worst-off group."""
    from fairward.runs import MANIFEST, find_run, read_manifest
    from policies.audit.analyzer import AUDITED
    from policies.audit.results import read_results
    from policies.audit.tradeoff import tradeoff as traded
    from policies.audit.tradeoff import tradeoff_json, tradeoff_text
    from policies.parameters import suggestion
    from scenarios.errors import UsageError
    from sim.metric import PatientMetric
    from sim.outcomes import METRICS

    folder = Path(run) if (Path(run) / MANIFEST).is_file() else find_run(out, run)
    metric = METRICS.get(outcome)
    known = [name for name in AUDITED if METRICS[name].better]
    if outcome not in known or not isinstance(metric, PatientMetric):
        raise UsageError(f"--outcome: {outcome} is not an outcome of an audit. {suggestion(outcome, known)}")
    results = [read_results(folder, policy) for policy in read_manifest(folder)["policies"]]
    found = traded(results, metric, by)
    typer.echo(json.dumps(tradeoff_json(found), allow_nan=False) if as_json else tradeoff_text(found))
