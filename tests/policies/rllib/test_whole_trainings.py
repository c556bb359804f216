"""From beginning to end: with two learners, copy by copy, a sweep, and until Ctrl-C."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("ray.rllib")
pytest.importorskip("torch")

from fairward.exits import INTERRUPTED
from policies.learning.checkpoint import checkpoints_of
from policies.replication import simulate
from scenarios.loader import load

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(240)]

PROGRAM = Path(__file__).parent / "whole_trainings.py"


def test_two_learners_stay_one_copies_are_learned_from_one_by_one_and_a_sweep_lists_its_trials(
    ray_environment, tmp_path
):
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(tmp_path)],
        env=ray_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)  # Tune's banner is not in it
    sweep = told.pop("sweep")

    assert told["two learners"]["apart"] == [0, 0]
    for row in told.values():
        assert (row["iteration"], row["decisions"]) == (2, 2 * 2 * 8)
        assert all(
            math.isfinite(row[name]) for name in ("mean", "worst", "policy loss", "value loss", "entropy")
        )
        assert row["value loss"] > 0
        short = load("urban", ["decide_every=2 h", "horizon=1 day", "warm_up=0 h"])
        assert len(simulate(short, f"ckpt:{row['checkpoint']}", 1, 1).log) > 0

    assert [(trial["lambda"], trial["iteration"]) for trial in sweep["trials"]] == [(0, 1), (1, 1)]
    assert sweep["heard"] == [[1, 2], [2, 2]]
    assert all(len(simulate(short, f"ckpt:{trial['checkpoint']}", 1, 1).log) > 0 for trial in sweep["trials"])


def test_ctrl_c_keeps_the_iteration_says_how_to_go_on_and_ends_with_its_code(ray_environment, tmp_path):
    """A terminal sends it to all processes of the command, Ray's too; checkpoints are due every ten iterations."""
    out, changes = tmp_path / "run", ("decide_every=2 h", "horizon=4 days", "warm_up=0 h")
    command = [sys.executable, "-m", "fairward.cli", "train", "urban", "--iterations", "10000"]
    command += [word for change in changes for word in ("--set", change)]
    command += ["--copies", "1", "--steps", "2", "--menu", "rules", "--env-runners", "1", "--out", str(out)]
    with subprocess.Popen(
        [*command, "--quiet"], env=ray_environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        due = out / "ray" / "iteration-000010"
        while not due.is_dir() and process.poll() is None:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.read()

    assert process.returncode == INTERRUPTED, said
    newest = checkpoints_of(out)[-1]
    assert int(newest.name.partition("-")[2]) > 10
    assert sorted((out / "ray").iterdir())[-1].name == newest.name
    assert "Finishing this iteration" in said
    assert f"{newest} is kept; the same command with --resume goes on" in said
