"""A policy that was just trained, explained by the command: its own logits, with and without torch."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("shap")
pytest.importorskip("lime")

from fairward.cli import app
from policies.explain import explanation

pytestmark = pytest.mark.slow

SMALL = ("--set", "horizon=3 days", "--set", "warm_up=12 h")
EXPLAIN = ("-n", "4", "--rows", "40", "--background", "30", "--json")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The policy as it is written, and where runs go."""
    folder = tmp_path_factory.mktemp("runs")
    arguments = ["train", "rural", "--algo", "gr-ppo", "--iterations", "2", "--copies", "2", "--steps", "10", *SMALL,
                 "--out", str(folder / "tiny"), "--json"]  # fmt: skip
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return f"ckpt:{folder / 'tiny' / 'iteration-000002'}", folder


def explained(trained):
    policy, folder = trained
    done = CliRunner().invoke(
        app, ["explain", "rural", "--policy", policy, *SMALL, *EXPLAIN, "--out", str(folder)]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    return told, pd.read_parquet(Path(told["run"]) / "contributions.parquet")


def test_a_trained_policy_is_explained_by_its_own_logits_and_contributions_add_up(trained):
    told, frame = explained(trained)
    local = told["local"]
    parts = frame.filter(like="contribution ")

    assert told["explained"] == "the network's logits"
    assert told["method"] == "interventional, deep"
    assert (frame["base"] + parts.sum(axis=1)).to_numpy() == pytest.approx(
        frame["margin"].to_numpy(), abs=1e-4
    )
    assert (frame["margin"] >= 0).all()  # what was chosen, less the best alternative that was legal
    assert frame["margin"].std() > 0
    for kind in ("interventional", "conditional"):
        assert local["base"] + sum(local[kind]) == pytest.approx(local["margin"], abs=1e-4)
    assert told["trust"]["deep_apart"] < 0.5
    assert all(0 <= share <= 1 for share in told["tree"]["fidelity"])


def test_without_torch_drawn_orders_say_the_same(trained, monkeypatch):
    _, deep = explained(trained)
    monkeypatch.setattr(explanation, "_has_torch", lambda: False)
    told, drawn = explained(trained)
    columns = [name for name in deep if name.startswith("contribution ")]

    assert told["method"] == "interventional, permutation"
    assert drawn["margin"].to_numpy() == pytest.approx(deep["margin"].to_numpy(), abs=1e-6)
    assert np.corrcoef(deep[columns].to_numpy().ravel(), drawn[columns].to_numpy().ravel())[0, 1] > 0.9
