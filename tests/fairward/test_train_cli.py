"""`fairward train`, and what it leaves, on the command line."""

import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fairward.cli import app
from fairward.training_options import settings_of
from policies.learning.settings import TrainSettings
from scenarios.errors import UsageError

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
        (["--setting", "lr=0"], "lr: expected a positive number, got 0.0"),
    ]
    for arguments, said in cases:
        done = fairward("train", "rural", *arguments, "--out", tmp_path / "none")
        assert done.exit_code == 2
        assert said in done.output
    done = fairward("run", "rural", "--policy", "ckpt:/nowhere", "--reps", 1, "--out", tmp_path)
    assert done.exit_code == 2
    assert "/nowhere does not exist. Train one: fairward train." in done.output


def test_every_setting_can_be_given_by_name_and_all_that_is_wrong_is_told_at_once():
    written = [
        "lr=0.003",
        "hidden=32,16",
        "ranks=",
        "target_gap=none",
        "cost_by_group=far=2,near=1",
        "start=acuity",
        "explore=queue rule, overflow rule",
    ]
    settings = settings_of(written, {"algo": "ggf", "lam": 0.25})

    assert settings == TrainSettings(
        algo="ggf",
        lam=0.25,
        lr=0.003,
        hidden=(32, 16),
        cost_by_group={"far": 2.0, "near": 1.0},
        start="acuity",
        explore=("queue rule", "overflow rule"),
    )
    with pytest.raises(UsageError) as problems:
        settings_of(
            ["lr=much", "hiden=3", "lam=1", "seed", "copies=1.5", "hidden=a", "hidden=2", "hidden=3"],
            {"lam": 1},
        )
    assert str(problems.value).splitlines() == [
        "--setting: lr: expected a number, got 'much'.",
        '--setting: hiden is not a setting. Did you mean "hidden"?',
        "--setting: lam has an option of its own: --lambda.",
        "--setting: expected NAME=VALUE, got 'seed'.",
        "--setting: copies: expected a whole number, got '1.5'.",
        "--setting: hidden: expected whole numbers by commas, got 'a'.",
        "--setting: hidden is given twice.",
    ]


def test_a_sweep_takes_settings_too_but_not_those_that_it_sweeps(tmp_path):
    done = fairward(
        "tune", "rural", "--setting", "lr=0.1", "--setting", "menus=all", "--out", tmp_path / "none"
    )

    assert done.exit_code == 2
    assert "--setting: lr has an option of its own: --lr." in done.output
    assert 'menus is not a setting. Did you mean "menu"?' in done.output


def test_the_page_lists_every_setting_with_its_default_and_its_option():
    page = (Path(__file__).parents[2] / "docs" / "learning.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]*)\| (?:`--[\w-]+` )?\|", page, re.MULTILINE))
    options = {name for p in typer.main.get_command(app).commands["train"].params for name in p.opts}
    named = dict(re.findall(r"^\| `(\w+)` \| [^|]*\| `(--[\w-]+)` \|", page, re.MULTILINE))

    assert {name: text.strip() for name, text in told.items()} == {
        name: ",".join(map(str, value)) if isinstance(value, (list, dict)) else str(value).lower()
        for name, value in TrainSettings().plain().items()
    }
    assert set(named.values()) <= options
    for name in told.keys() - named.keys():
        assert f"--{name.replace('_', '-')}" not in options
