"""`fairward desk`: train a network for the desk, and see how near it comes to the exact optimum."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from fairward import options

if TYPE_CHECKING:
    from policies.environments.cohorts import People

app = typer.Typer(
    help="One patient at a time, units that run out: train a DQN, compare it with the optimum.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Profiles = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time
    typer.Option(
        "--profiles", help="A file of `fairward profiles prepare`; 1000 synthetic people when absent."
    ),
]


@app.command()
def train(
    profiles: Profiles = None,
    steps: Annotated[int, typer.Option("--steps", help="Patients decided about while learning.")] = 60_000,
    seed: options.Seed = 1,
    units: Annotated[int, typer.Option("--units", min=1, help="Beds or doses.")] = 12,
    patients: Annotated[int, typer.Option("--patients", min=1, help="Patients of an episode.")] = 40,
    resource: Annotated[
        str, typer.Option("--resource", help="beds (by severity) or doses (by priority).")
    ] = "beds",
    fairness: Annotated[float, typer.Option("--lambda", min=0, max=1, help="Weight of the gap.")] = 0.0,
    grouping: Annotated[
        str, typer.Option("--grouping", help="By what the groups are told apart.")
    ] = "deprivation",
    out: Annotated[Path, typer.Option("--out", help="The new folder of the network.")] = Path("trained/desk"),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Train RLlib's DQN on the desk and write a network that is read with numpy alone."""
    from fairward.progress import progress
    from policies.desk.training import DeskSetting, train_desk

    began = time.time()
    setting = DeskSetting(resource, units, patients, fairness, grouping)
    with progress("desk", quiet, "steps") as tell:
        folder = train_desk(_people(profiles, grouping), setting, steps, seed, out, tell)
    seconds = time.time() - began
    if as_json:
        content = {"schema": "fairward.desk-training/1", "folder": str(folder), "seconds": round(seconds, 1)}
        typer.echo(json.dumps(content))
        return
    typer.echo(f"Network: {folder} ({seconds:.0f} s)")
    typer.echo(f"Next: fairward desk evaluate {out}")


@app.command()
def evaluate(
    network: Annotated[Path, typer.Argument(help="A folder that `fairward desk train` wrote.")],
    profiles: Profiles = None,
    cohorts: Annotated[int, typer.Option("--cohorts", help="Fresh cohorts, the same for all rules.")] = 50,
    seed: options.Seed = 1,
    out: options.Out = Path("runs"),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Compare a trained desk with the exact optimum, always-allocate, a tuned threshold and the clairvoyant bound."""
    import pandas as pd

    from fairward.desks import publish_desk
    from fairward.studies import print_study
    from policies.desk.evaluation import evaluate_desk, tell_desk
    from policies.desk.q_network import read_q_network

    began = time.time()
    trained = read_q_network(network)
    found = evaluate_desk(trained, _people(profiles, trained.about["desk"]["grouping"]), cohorts, seed)
    told = tell_desk(found)
    arguments = {
        "network": str(network), "checksum": trained.about["checksum"], "cohorts": cohorts, "seed": seed,
        "profiles": None if profiles is None else str(profiles),
    }  # fmt: skip
    earned = {"earned": pd.DataFrame(dict(found.earned))}
    print_study(told, publish_desk(told, earned, list(found.earned), arguments, out, began), as_json)


@app.command()
def explain(
    network: Annotated[Path, typer.Argument(help="A folder that `fairward desk train` wrote.")],
    profiles: Profiles = None,
    cohorts: Annotated[int, typer.Option("--cohorts", help="Fresh cohorts in which it is watched.")] = 40,
    rows: Annotated[int, typer.Option("--rows", min=10, help="Patients that are explained, about.")] = 200,
    background: Annotated[
        int, typer.Option("--background", min=10, help="Patients to compare with, about.")
    ] = 100,
    seed: options.Seed = 1,
    out: options.Out = Path("runs"),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Explain a trained desk by its Q-values: what speaks for admitting, by group, and a tree that imitates it."""
    from dashboards.report.contributions import explanation_drawings
    from fairward.desks import publish_desk
    from fairward.explanations import contribution_table, said
    from fairward.studies import print_study
    from policies.desk.q_network import read_q_network
    from policies.explain.at_the_desk import explain_desk

    began = time.time()
    trained = read_q_network(network)
    people = _people(profiles, trained.about["desk"]["grouping"])
    tell = said(quiet or as_json)
    told, found, words = explain_desk(trained, people, network.name, cohorts, seed, rows, background, tell)
    arguments = {
        "network": str(network), "checksum": trained.about["checksum"], "cohorts": cohorts, "seed": seed,
        "rows": rows, "background": background, "profiles": None if profiles is None else str(profiles),
    }  # fmt: skip
    tables, drawings = {"contributions": contribution_table(found)}, explanation_drawings(found, words)
    folder = publish_desk(told, tables, [network.name], arguments, out, began, drawings)
    print_study(told, folder, as_json)


def _people(profiles: Path | None, grouping: str) -> People:
    from policies.environments.cohorts import calibrated_people, people_of_file
    from policies.environments.hospital_desk import POOL_SEED

    if profiles is None:
        return calibrated_people(POOL_SEED, grouping=grouping)
    return people_of_file(profiles, grouping)
