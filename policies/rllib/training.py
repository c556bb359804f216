"""Training on a Ray cluster: iterations, two kinds of checkpoints, and going on from the last one.

FOLDER/iteration-000010       the policy, in our format: acts without Ray, as `ckpt:FOLDER/iteration-000010`
FOLDER/ray/iteration-000010   RLlib's own, with optimiser and counters: for `--resume`; the newest two are kept
FOLDER/history.csv            a line an iteration
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from policies.learning.checkpoint import (
    ITERATION,
    Ground,
    checkpoints_of,
    checksum,
    read_checkpoint,
    write_checkpoint,
)
from policies.learning.interruption import patient
from policies.learning.settings import TrainSettings
from policies.learning.training import HISTORY, OnIteration, Trained, rows_until
from policies.rllib.cluster import Cluster, check_room, joined
from policies.rllib.task import Task
from scenarios.errors import UsageError
from scenarios.scenario import Scenario

if TYPE_CHECKING:
    from policies.rllib.algorithm import GroupRobustPPO

RAY, CHECKSUMS = "ray", "checksums.json"
KEPT = 2
"""RLlib's checkpoints that are kept: should the newest be damaged, there is one before."""


def train_on_ray(
    scenario: Scenario,
    settings: TrainSettings,
    folder: Path,
    cluster: Cluster,
    on_iteration: OnIteration | None = None,
    resume: bool = False,
) -> Trained:
    """Train as `policies.learning.training.train` does, on a cluster; `settings.copies` are those of an env runner.

    With `resume` training goes on from RLlib's newest checkpoint in the folder, on a cluster of any size. Ctrl-C
    (`KeyboardInterrupt`) ends it after the present iteration, which is kept. Raises `UsageError`, and `MissingExtra`
    without Ray.
    """
    folder, task = folder.absolute(), Task(scenario, settings)
    last = _last(folder, task) if resume else None
    if not resume and folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty. Use --resume, or another --out.")
    with joined(cluster) as ray:
        check_room(ray, cluster)
        from policies.rllib.configuration import config_of

        algorithm = config_of(task, cluster).build_algo()
        try:
            rows: list[dict[str, Any]] = []
            if last is not None:
                algorithm.restore_from_path(str(last))
                rows = rows_until(algorithm.iteration, folder / HISTORY)
            return _iterate(algorithm, folder, rows, on_iteration)
        finally:
            algorithm.stop()


def _iterate(
    algorithm: GroupRobustPPO, folder: Path, rows: list[dict[str, Any]], on_iteration: OnIteration | None
) -> Trained:
    task, began = algorithm.task, time.monotonic()
    settings, ground = task.settings, Ground.of(task.scenario, task.offer)
    with patient() as stopped:
        while algorithm.iteration < settings.iterations:
            result = algorithm.train()
            if algorithm.learned:
                rows.append({**row_of(result, algorithm), "seconds": round(time.monotonic() - began, 3)})
            stop, done = stopped(), algorithm.iteration == settings.iterations
            if rows and (stop or done or algorithm.iteration % settings.checkpoint_every == 0):
                keep(algorithm, ground, folder)
                pd.DataFrame(rows).to_csv(folder / HISTORY, index=False, lineterminator="\n")
            if rows and on_iteration is not None:
                on_iteration(algorithm.iteration, settings.iterations, rows[-1])
            if stop and not done:
                raise KeyboardInterrupt
    return Trained(checkpoints_of(folder)[-1], pd.DataFrame(rows))


def keep(algorithm: GroupRobustPPO, ground: Ground, folder: Path) -> Path:
    """Write both checkpoints of this iteration, each complete or not there at all; returns that of the policy.

    RLlib's comes last: where it is, the other one is too.
    """
    from policies.rllib.module import OBSERVATION, POLICY

    name = f"{ITERATION}{algorithm.iteration:06d}"
    task, whole, temporary = algorithm.task, folder / RAY / name, folder / RAY / f".{name}-{os.getpid()}"
    # One of an iteration that was lost with its driver and is now done again.
    shutil.rmtree(folder / name, ignore_errors=True)
    weights = algorithm.learner_group.get_weights()[POLICY]
    write_checkpoint(
        folder / name,
        ground,
        {key.removeprefix("net."): value for key, value in weights.items() if key.startswith("net.")},
        algorithm.normalisers[OBSERVATION],
        {
            "settings": task.settings.plain(),
            "iteration": algorithm.iteration,
            "decisions": algorithm.decisions,
            "trainer": "rllib",
        },
    )
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    algorithm.save_to_path(str(temporary))
    (temporary / CHECKSUMS).write_text(json.dumps(_checksums(temporary), indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(whole, ignore_errors=True)
    temporary.rename(whole)
    for old in sorted((folder / RAY).glob(f"{ITERATION}*"))[:-KEPT]:
        shutil.rmtree(old)
    return folder / name


def row_of(result: Mapping[str, Any], algorithm: GroupRobustPPO) -> dict[str, float]:
    """Return what the history keeps of an iteration, under the names of the lean trainer."""
    from policies.rllib.algorithm import FAIRNESS
    from policies.rllib.module import POLICY

    fairness, learner = result[FAIRNESS], result["learners"][POLICY]
    said = {"policy loss": "policy_loss", "value loss": "value_loss", "entropy": "entropy"}
    groups = algorithm.task.network.groups
    return {
        "iteration": algorithm.iteration,
        "decisions": algorithm.decisions,
        **{name: float(fairness[name]) for name in ("mean", "worst", "gap", "objective", "lambda")},
        **{name: float(learner[key]) for name, key in said.items()},
        **{f"level {group}": float(fairness["level"][group]) for group in groups},
        **{f"weight {group}": float(fairness["weight"][group]) for group in groups},
        "env runners": float(result.get("fault_tolerance", {}).get("num_healthy_workers", 0)),
    }


def _last(folder: Path, task: Task) -> Path:
    """Return the newest of RLlib's checkpoints. Raises `UsageError` if there is none, or it is of another task."""
    found = sorted((folder / RAY).glob(f"{ITERATION}*"))
    if not found:
        raise UsageError(f"{folder / RAY} holds no checkpoint to go on from. Leave --resume out to begin.")
    *before, newest = found
    if _checksums(newest) != _written(newest):
        there = f"--resume then goes on from {before[-1].name}" if before else "there is none before it"
        raise UsageError(
            f"{newest} is not what was written: it is truncated or damaged. Move it away; {there}."
        )
    checkpoint = read_checkpoint(folder / newest.name)
    checkpoint.check(task.network, exactly=True)
    task.settings.check_resumes(checkpoint.folder, checkpoint.trained["settings"])
    return newest


def _checksums(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS)
    return {path.relative_to(folder).as_posix(): checksum(path) for path in files}


def _written(folder: Path) -> Any:
    try:
        return json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
