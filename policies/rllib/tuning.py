"""A sweep over lambda and step sizes with Ray Tune: every trial is the lean trainer in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from policies.learning.checkpoint import checkpoints_of
from policies.learning.settings import TrainSettings
from policies.learning.training import HISTORY
from policies.rllib.cluster import Cluster, check_room, joined
from scenarios.errors import RunError, UsageError
from scenarios.scenario import Scenario

TRIALS = "trials.csv"
REPORTED = ("mean", "worst", "gap", "objective")


def tune(
    scenario: Scenario, settings: TrainSettings, lams: Sequence[float], rates: Sequence[float], folder: Path,
    cluster: Cluster,
) -> pd.DataFrame:  # fmt: skip
    """Train with every combination of lambda and lr; returns a line a trial, the best of its lambda first.

    Each trial leaves a training run under `folder`, and `trials.csv` stands beside them. `cluster.env_runners` is how
    many trials run at once. Objectives of different lambdas are different functions: compare within a lambda only.
    """
    folder = folder.absolute()
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty. A sweep goes to a new folder.")
    grid = [replace(settings, lam=lam, lr=lr) for lam in lams for lr in rates]
    if len(grid) < 2:
        raise UsageError(
            "expected at least two combinations of --lambda and --lr, got one. Use `fairward train`."
        )
    with joined(cluster) as ray:
        check_room(ray, cluster)
        from ray import tune as ray_tune

        trials = [(f"lambda-{one.lam:g}-lr-{one.lr:g}", one.plain()) for one in grid]
        tuner = ray_tune.Tuner(
            ray_tune.with_resources(
                ray_tune.with_parameters(_trial, scenario=scenario, folder=str(folder)), {"cpu": 1}
            ),
            param_space={"trial": ray_tune.grid_search(trials)},
            tune_config=ray_tune.TuneConfig(max_concurrent_trials=max(cluster.env_runners, 1)),
            run_config=ray_tune.RunConfig(name="ray", storage_path=str(folder), verbose=0),
        )
        errors = [str(one.error) for one in tuner.fit() if one.error is not None]
    table = _table([(name, folder / name, one) for (name, _), one in zip(trials, grid, strict=True)])
    if not table.empty:
        table.to_csv(folder / TRIALS, index=False, lineterminator="\n")
    if errors:
        raise RunError("\n".join([f"{len(errors)} of {len(grid)} trials failed:", *dict.fromkeys(errors)]))
    return table


def _trial(config: dict[str, Any], scenario: Scenario, folder: str) -> None:
    """Train one combination; runs in a process of Ray's."""
    from ray import tune as ray_tune

    from policies.learning.training import train

    name, plain = config["trial"]
    settings = TrainSettings.of_plain(plain)
    train(
        scenario,
        settings,
        Path(folder) / name,
        lambda done, wanted, row: ray_tune.report({key: row[key] for key in REPORTED}),
    )


def _table(trials: Sequence[tuple[str, Path, TrainSettings]]) -> pd.DataFrame:
    rows = []
    for name, place, settings in trials:
        if (place / HISTORY).is_file() and (kept := checkpoints_of(place)):
            last = pd.read_csv(place / HISTORY).iloc[-1]
            numbers = {key: float(last[key]) for key in REPORTED}
            rows.append(
                {
                    "trial": name,
                    "lambda": settings.lam,
                    "lr": settings.lr,
                    **numbers,
                    "checkpoint": str(kept[-1]),
                }
            )
    return (
        pd.DataFrame(rows).sort_values(["lambda", "objective"], ignore_index=True) if rows else pd.DataFrame()
    )
