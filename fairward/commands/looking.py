"""`fairward list`, `validate` and `schema`: what there is, and whether a file is right."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from fairward import options
from fairward.exits import NEGATIVE
from scenarios.errors import ScenarioError

LIST_SCHEMA = "fairward.list/1"
VALIDATE_SCHEMA = "fairward.validate/1"


def list_all(as_json: options.AsJson = False) -> None:
    """List the scenarios of the library, the policies and the metrics."""
    from policies.registry import POLICIES, title
    from policies.sentence import aligned
    from scenarios.loader import library_names, resolve
    from sim.outcomes import METRICS

    scenarios: dict[str, str] = {}
    for name in library_names():
        try:
            raw = resolve(name).raw
            scenarios[name] = str(raw.get("title") or raw.get("question") or "")
        except ScenarioError as error:
            scenarios[name] = f"(does not validate: {len(error.problems)} problems)"
    policies = {name: title(name) for name in POLICIES}
    if as_json:
        metrics = [
            {
                "name": m.name,
                "title": m.title,
                "unit": m.unit,
                "better": m.better or None,
                "definition": m.definition,
            }
            for m in METRICS.values()
        ]
        listing = {"schema": LIST_SCHEMA, "scenarios": scenarios, "policies": policies, "metrics": metrics}
        typer.echo(json.dumps(listing))
        return
    typer.echo(aligned(["Scenarios", ""], [[f"  {name}", text] for name, text in scenarios.items()]))
    typer.echo()
    typer.echo(aligned(["Policies", ""], [[f"  {name}", text] for name, text in policies.items()]))
    typer.echo("  A trained policy: ckpt:FOLDER, or ckpt-sampled:FOLDER (see `fairward train`).")
    typer.echo("  Combine with +, as in acuity+nearest; give parameters as in c-mu:critical=8.")
    typer.echo()
    rows = [[f"  {m.name}", m.title, m.unit] for m in METRICS.values()]
    typer.echo(aligned(["Metrics", "", ""], rows))


def validate(
    files: Annotated[list[str], typer.Argument(help="Scenario files, or names of the library.")],
    as_json: options.AsJson = False,
) -> None:
    """Check scenario files and report every problem with its line. Exit code 1 if there is any."""
    from scenarios.loader import load

    problems: dict[str, list[str]] = {}
    for file in files:
        try:
            load(file)
            problems[file] = []
        except ScenarioError as error:
            problems[file] = [str(problem) for problem in error.problems]
    if as_json:
        typer.echo(json.dumps({"schema": VALIDATE_SCHEMA, "problems": problems}))
    else:
        for file, found in problems.items():
            typer.echo("\n".join(found) if found else f"{file}: valid")
    n = sum(map(len, problems.values()))
    if n:
        typer.echo(
            f"{n} problem{'s' if n != 1 else ''} in {len(files)} file{'s' if len(files) != 1 else ''}.",
            err=True,
        )
        raise typer.Exit(NEGATIVE)


def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from scenarios.scenario import Scenario

    text = Scenario.model_json_schema(by_alias=True)
    typer.echo(json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **text}, indent=1))
