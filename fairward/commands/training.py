"""`fairward train`: a policy is learned on a scenario."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from fairward import options
from fairward.training_options import Settings, settings_of
from scenarios.errors import UsageError

SCHEMA = "fairward.train/1"
TRAINED = Path("trained")


def train(
    scenario: options.Scenario,
    algo: Annotated[
        str,
        typer.Option("--algo", help="ppo, gr-ppo, gr-ppo-max, ggf, pi-lagrangian, naive-max or gr-es."),
    ] = "gr-ppo",
    lam: Annotated[
        float, typer.Option("--lambda", min=0.0, max=1.0, help="Weight of the worst-off; 0: the mean only.")
    ] = 0.5,
    tau: Annotated[float, typer.Option("--tau", help="gr-ppo: how sharply it looks at the worst-off.")] = 0.1,
    target_gap: Annotated[
        Optional[float],  # noqa: UP045 - typer reads it at run time
        typer.Option("--target-gap", min=0.0, help="gr-ppo: adapt lambda until groups differ by this only."),
    ] = None,
    seed: options.Seed = 1,
    iterations: Annotated[
        int, typer.Option("--iterations", min=1, help="Rounds of playing and learning.")
    ] = 100,
    copies: Annotated[int, typer.Option("--copies", min=1, help="Episodes played side by side.")] = 8,
    steps: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--steps", min=2, help="Decisions of a copy in a round; an episode's when absent."),
    ] = None,
    menu: Annotated[str, typer.Option("--menu", help="all, inside, rules or class-weights.")] = "all",
    start: Annotated[
        str, typer.Option("--start", help="The rules that training begins with, such as max-weight+nearest.")
    ] = "neutral",
    costs: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--cost", help="What a group's costs are multiplied by: elderly=2. May be repeated."),
    ] = None,
    more: Settings = None,
    changes: options.Overrides = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", help="The folder of the run; trained/SCENARIO-ALGO-SEED when absent."),
    ] = None,
    ray: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--ray", help="HOST:PORT of a Ray cluster, or auto in a submitted job: docs/cluster.md."
        ),
    ] = None,
    env_runners: Annotated[
        int, typer.Option("--env-runners", min=0, help="Processes of Ray that simulate, --copies each.")
    ] = 0,
    learners: Annotated[int, typer.Option("--learners", min=0, help="Processes of Ray that learn.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Learn a policy that is robust for all groups; what was learned is the policy ckpt:FOLDER everywhere."""
    from fairward.progress import progress
    from policies.learning.checkpoint import checkpoints_of
    from policies.learning.training import train as learn
    from scenarios.loader import load

    loaded = load(scenario, changes or ())
    own = {
        "algo": algo, "lam": lam, "tau": tau, "target_gap": target_gap, "seed": seed, "iterations": iterations,
        "copies": copies, "steps": steps, "menu": menu, "start": start, "cost_by_group": _costs(costs or []),
    }  # fmt: skip
    settings = settings_of(more or (), own)
    folder = out if out is not None else TRAINED / f"{loaded.name}-{algo}-{seed}"
    began = time.monotonic()
    try:
        with progress(f"{loaded.name}, {algo}", quiet, "iterations") as tell:
            if ray is None and not env_runners and not learners:
                trained = learn(loaded, settings, folder, tell, resume)
            else:
                from policies.rllib.cluster import Cluster
                from policies.rllib.training import train_on_ray

                trained = train_on_ray(
                    loaded, settings, folder, Cluster(ray, env_runners, learners), tell, resume
                )
    except KeyboardInterrupt:
        kept = checkpoints_of(folder)
        there = f"{kept[-1]} is kept; the same command with --resume goes on" if kept else "no checkpoint yet"
        typer.echo(f"{folder}: {there}.", err=True)
        raise
    first, last = trained.history.iloc[0], trained.history.iloc[-1]
    if as_json:
        found: dict[str, Any] = {
            "schema": SCHEMA,
            "checkpoint": str(trained.folder),
            "settings": settings.plain(),
        }
        typer.echo(json.dumps({**found, "first": first.to_dict(), "last": last.to_dict()}))
        return
    typer.echo(
        f"{loaded.name}, {algo}, seed {seed}: {int(last['iteration'])} iterations, {int(last['decisions'])} decisions "
        f"of {len(loaded.hospitals)} hospitals, {time.monotonic() - began:.0f} s."
    )
    for name, said in (("mean", "of all patients"), ("worst", "of the worst-off group"), ("gap", "gap")):
        typer.echo(f"  cost a patient, {said}: {first[name]:.3f} -> {last[name]:.3f}")
    typer.echo(
        "These are costs in training, while it still tries things, 1 = neutral orders: no evidence. "
        "Compare it on patients it has not seen:\n"
        f"  fairward compare {scenario} --policies neutral,ckpt:{trained.folder}"
    )


def _costs(written: list[str]) -> dict[str, float]:
    found = {}
    for text in written:
        name, _, value = text.rpartition("=")
        try:
            found[name] = float(value)
        except ValueError:
            name = ""
        if not name:
            raise UsageError(f"--cost: expected GROUP=NUMBER, got {text!r}.")
    return found
