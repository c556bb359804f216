"""A sweep over lambda and step sizes with Ray Tune: every trial is the lean trainer in a process of its own."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from policies.learning.checkpoint import checkpoints_of
from policies.learning.settings import TrainSettings
from policies.learning.training import HISTORY, OnIteration
from policies.rllib.cluster import Cluster, check_room, joined
from scenarios.errors import RunError, UsageError
from scenarios.scenario import Scenario

TRIALS = "trials.csv"
REPORTED = ("mean", "worst", "gap", "objective")


def tune(
    scenario: Scenario, settings: TrainSettings, lams: Sequence[float], rates: Sequence[float], folder: Path,
    cluster: Cluster, on_iteration: OnIteration | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Train with every combination of lambda and lr; returns a line a trial, the best of its lambda first.

    Each trial leaves a training run under `folder`, and `trials.csv` stands beside them. `cluster.env_runners` is how
    many trials run at once. Objectives of different lambdas are different functions: compare within a lambda only.
    `on_iteration` hears of the iterations of all trials together. Raises `KeyboardInterrupt` after Ctrl-C, `RunError`
    if a trial failed; `trials.csv` holds what there is then.
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

        trials = {f"lambda-{one.lam:g}-lr-{one.lr:g}": one for one in grid}
        plain = {name: one.plain() for name, one in trials.items()}
        tuner = ray_tune.Tuner(
            ray_tune.with_resources(
                ray_tune.with_parameters(_trial, scenario=scenario, folder=str(folder), settings=plain),
                {"cpu": 1},
            ),
            param_space={"trial": ray_tune.grid_search(list(trials))},
            tune_config=ray_tune.TuneConfig(max_concurrent_trials=max(cluster.env_runners, 1)),
            run_config=ray_tune.RunConfig(
                name="ray",
                storage_path=str(folder),
                verbose=0,
                callbacks=[_heard(on_iteration, len(grid) * settings.iterations)],
            ),
        )
        with _own_interrupts(), redirect_stdout(StringIO()):  # Tune prints a banner, whatever its verbosity.
            found = list(tuner.fit())
        errors = [str(one.error) for one in found if one.error is not None]
    table = _table([(name, folder / name, one) for name, one in trials.items()])
    if not table.empty:
        table.to_csv(folder / TRIALS, index=False, lineterminator="\n")
    if errors:
        raise RunError("\n".join([f"{len(errors)} of {len(grid)} trials failed:", *dict.fromkeys(errors)]))
    if table.empty or len(table) < len(grid) or (table["iteration"] < settings.iterations).any():
        raise KeyboardInterrupt  # Tune returns as if nothing had happened.
    return table


@contextmanager
def _own_interrupts() -> Iterator[None]:
    """Put back who handles Ctrl-C: Tune takes it over and keeps it."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


def _heard(on_iteration: OnIteration | None, wanted: int) -> Any:
    """Return a callback of Tune that adds up the iterations of all trials."""
    from ray.tune import Callback

    class Heard(Callback):  # type: ignore[misc]  # Ray is not typed
        def __init__(self) -> None:
            self.done: dict[str, int] = {}

        def __reduce__(self) -> Any:
            return Callback, ()  # Tune pickles it, and who hears of iterations may be a terminal.

        def on_trial_result(
            self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **more: Any
        ) -> None:
            self.done[trial.trial_id] = int(result["training_iteration"])
            if on_iteration is not None:
                on_iteration(sum(self.done.values()), wanted, {key: result[key] for key in REPORTED})

    return Heard()


def _trial(
    config: dict[str, str], scenario: Scenario, folder: str, settings: Mapping[str, Mapping[str, Any]]
) -> None:
    """Train one combination; runs in a process of Ray's."""
    from ray import tune as ray_tune

    from policies.learning.training import train

    name = config["trial"]
    train(
        scenario,
        TrainSettings.of_plain(settings[name]),
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
                    "iteration": int(last["iteration"]),
                    **numbers,
                    "checkpoint": str(kept[-1]),
                }
            )
    return (
        pd.DataFrame(rows).sort_values(["lambda", "objective"], ignore_index=True) if rows else pd.DataFrame()
    )
