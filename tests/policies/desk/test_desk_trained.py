"""A desk that the command has trained: it beats always allocating, and its Q-values are explained."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gymnasium")
pytest.importorskip("lime")
pytest.importorskip("ray")
pytest.importorskip("shap")
pytest.importorskip("torch")

from typer.testing import CliRunner

from fairward.cli import app
from policies.desk.evaluation import ALWAYS, DQN, evaluate_desk
from policies.desk.q_network import read_q_network
from policies.environments.cohorts import calibrated_people
from policies.environments.hospital_desk import POOL_SEED

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.timeout(240)
def test_a_short_training_clearly_beats_always_allocating_and_its_explanation_finds_what_it_goes_by(tmp_path):
    folder = tmp_path / "net"
    # In a process of its own: Ray leaves warnings and threads behind.
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "fairward.cli", "desk", "train", "--units", "6", "--patients", "20",
         "--grouping", "sex", "--steps", "4000", "--seed", "1", "--out", str(folder), "--quiet"],
        cwd=ROOT, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
    )  # fmt: skip

    network = read_q_network(folder)
    found = evaluate_desk(network, calibrated_people(POOL_SEED, grouping="sex"), 50, 1)
    gain = found.earned[DQN] - found.earned[ALWAYS]
    assert gain.mean() - 4 * gain.std(ddof=1) / np.sqrt(50) > 0

    done = CliRunner().invoke(
        app, ["desk", "explain", str(folder), "--cohorts", "30", "--rows", "100", "--background", "60",
              "--out", str(tmp_path / "runs"), "--json"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["explained"] == "the network's Q-values"
    # What an optimal rule goes by: who comes, and what is left for how many.
    assert {"severity", "units left", "patients to come"} <= {one["input"] for one in told["importance"][:4]}
    for gained in ("deletion_gain", "insertion_gain"):  # against a random order of the same inputs
        assert told["trust"][gained]["low"] > 0
    assert told["tree"]["fidelity"][0] > told["tree"]["commonest"][0]
    page = next((tmp_path / "runs").glob("*-desk-*/report.html")).read_text(encoding="utf-8")
    assert "How far can this be trusted?" in page
