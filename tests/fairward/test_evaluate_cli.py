"""`fairward evaluate` from the command line to its run folder."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fairward.cli import app
from policies.evaluation.seeds import simulation_seed

ROOT = Path(__file__).resolve().parents[2]
CONFOUNDED = str(ROOT / "docs" / "examples" / "confounded.yaml")
SHORT = ["--set", "horizon=2 days", "--set", "warm_up=2 h", "-q", "-j", "1", "--reps", "7"]


def test_an_evaluation_is_told_written_and_the_same_again(tmp_path):
    words = [
        "evaluate", CONFOUNDED, "--policies", "first-come,acuity,c-mu", "--json", *SHORT, "--out", str(tmp_path)
    ]  # fmt: skip
    done = [CliRunner().invoke(app, words) for _ in range(2)]
    first, again = (json.loads(one.stdout) for one in done)
    folder = Path(first.pop("run"))
    again.pop("run")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    assert first == again
    assert first["schema"] == "fairward.evaluation/1"
    assert first["seeds"] == {p: simulation_seed(p, 1) for p in ("tuning", "evaluation")}
    assert manifest["seed"] == simulation_seed("evaluation", 1)
    assert {path.name for path in folder.iterdir()} == {
        "evaluation.json", "manifest.json", "outcomes.parquet", "report.html", "scenario.resolved.yaml"
    }  # fmt: skip
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Is efficiency kept within 2 % of first-come?" in page
    assert "Scatter of options" in page


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        ("first-come", "at least two policies"),
        ("first-come,acutiy", 'Did you mean "acuity"'),
        ("first-come,ckpt:/nowhere", "expected a checkpoint"),
        ("first-come,first-come", "named twice"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(policies, said, tmp_path):
    done = CliRunner().invoke(
        app, ["evaluate", CONFOUNDED, "--policies", policies, *SHORT, "--out", str(tmp_path)]
    )

    assert done.exit_code == 2
    assert said in done.output
