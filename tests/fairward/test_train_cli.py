"""`fairward train`, and what it leaves, on the command line."""

import json

import pytest
from typer.testing import CliRunner

from fairward.cli import app

pytest.importorskip("torch")

SHORT = ["--set", "horizon=4 days", "--set", "warm_up=1 day", "--set", "decide_every=12 h"]


def fairward(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_what_was_trained_is_compared_with_a_heuristic(tmp_path):
    out = tmp_path / "learned+here"
    done = fairward(
        "train", "rural", *SHORT, "--iterations", 1, "--copies", 2, "--steps", 4, "--menu", "rules",
        "--out", out, "--json", "--quiet",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    checkpoint = json.loads(done.stdout)["checkpoint"]
    assert json.loads(done.stdout)["settings"]["lam"] == 0.5

    compared = fairward(
        "compare", "rural", *SHORT, "--policies", f"first-come,ckpt:{checkpoint}", "--reps", 2, "--jobs", 1,
        "--out", tmp_path / "runs", "--quiet", "--json",
    )  # fmt: skip

    assert compared.exit_code == 0, compared.output
    assert f"ckpt:{checkpoint}" in json.loads(compared.stdout)["policies"]
    run = next((tmp_path / "runs").glob("2*"))
    audited = fairward(
        "audit", run, "--policy", f"ckpt:{checkpoint}", "--quiet", "--out", tmp_path / "audits"
    )
    assert audited.exit_code in (0, 1), audited.output


def test_wrong_use_is_told_within_seconds(tmp_path):
    cases = [
        (["--algo", "trpo"], "algo: expected one of ppo, gr-ppo"),
        (["--cost", "pediatric"], "--cost: expected GROUP=NUMBER"),
        (["--resume"], "no checkpoint to go on from"),
        (["--menu", "all-of-it"], "--menu: expected one of"),
    ]
    for arguments, said in cases:
        done = fairward("train", "rural", *arguments, "--out", tmp_path / "none")
        assert done.exit_code == 2
        assert said in done.output
    done = fairward("run", "rural", "--policy", "ckpt:/nowhere", "--reps", 1, "--out", tmp_path)
    assert done.exit_code == 2
    assert "/nowhere does not exist. Train one: fairward train." in done.output
