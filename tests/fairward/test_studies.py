"""The commands about other worlds, from the command line to the run folder."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fairward.cli import app

ROOT = Path(__file__).resolve().parents[2]
CONFOUNDED = str(ROOT / "docs" / "examples" / "confounded.yaml")
CLINIC = str(ROOT / "docs" / "examples" / "uncertain-clinic.yaml")
SHORT = ["--set", "horizon=2 days", "--set", "warm_up=2 h", "-q", "-j", "1"]


def answer(folder, *words):
    done = CliRunner().invoke(app, [*words, "--out", str(folder)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_flip_of_everybody_is_told_written_and_the_same_again(tmp_path):
    words = ["counterfactual", CONFOUNDED, "--flip", "group=b:a", "--reps", "2", "--json", *SHORT]
    first, again = json.loads(answer(tmp_path, *words)), json.loads(answer(tmp_path, *words))
    folder = Path(first.pop("run"))
    again.pop("run")

    assert first == again
    assert first["schema"] == "fairward.counterfactual/1"
    assert first["flipped"]["untreated_hours"]["value"] < 0
    assert {path.name for path in folder.iterdir()} == {
        "counterfactual.json", "manifest.json", "report.html", "scenario.resolved.yaml"
    }  # fmt: skip
    assert "What changes, and for whom?" in (folder / "report.html").read_text(encoding="utf-8")


def test_one_patient_who_has_not_the_value_is_refused_with_others_who_have(tmp_path):
    words = ["counterfactual", CONFOUNDED, "--flip", "group=b:a", *SHORT, "--out", str(tmp_path)]
    done = [CliRunner().invoke(app, [*words, "--patient", str(number)]) for number in range(20, 30)]

    assert {one.exit_code for one in done} == {0, 2}
    assert any("has group a, not b. With b:" in one.output for one in done)
    assert any("exact in this one world" in one.output for one in done)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["counterfactual", CONFOUNDED], "expected either --flip"),
        (
            ["counterfactual", CONFOUNDED, "--flip", "group=b:a", "--everybody", "--one-each"],
            "at most one of",
        ),
        (
            ["counterfactual", "rural", "--contributions", "untreated_hours:ethnicity=blck/white"],
            'mean "black"',
        ),
        (["uncertainty", CONFOUNDED], "has no `uncertain`"),
        (["uncertainty", CLINIC, "--method", "tornade"], "expected one of split, tornado, sobol"),
        (["uncertainty", CLINIC, "--outcome", "gap:untreated_hours:home"], '"home" is not a category'),
    ],
)
def test_wrong_use_is_told_in_a_sentence(words, said, tmp_path):
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path)])

    assert done.exit_code == 2
    assert said in done.output


def test_a_sweep_of_several_policies_feeds_the_front(tmp_path):
    answer(tmp_path, "sweep", CONFOUNDED, "--set-over", "hospitals.busy.beds.bay=9,11", "--policies",
           "first-come,acuity", "--reps", "6", *SHORT)  # fmt: skip
    told = answer(
        tmp_path, "tradeoffs", "latest", "--objectives", "untreated_hours,gap:untreated_hours:group"
    )
    found = json.loads(
        answer(tmp_path, "tradeoffs", "latest", "--objectives", "untreated_hours,worst:untreated_hours:group", "--json",
               "--corner", "12,12")
    )  # fmt: skip

    assert "Which options does nothing beat?" in told
    assert [one["option"] for one in found["options"]] == [
        "first-come, beds.bay=9", "acuity, beds.bay=9", "first-come, beds.bay=11", "acuity, beds.bay=11"
    ]  # fmt: skip
    assert found["hypervolume"]["low"] <= found["hypervolume"]["value"] <= found["hypervolume"]["high"]
    assert any(one["on_front"] for one in found["options"])
    assert found["runs"] == 6


def test_a_run_of_one_policy_has_no_trade_off(tmp_path):
    answer(tmp_path, "run", CONFOUNDED, "--reps", "1", *SHORT)
    done = CliRunner().invoke(
        app, ["tradeoffs", "latest", "--objectives", "untreated_hours,died_share", "--out", str(tmp_path)]
    )

    assert done.exit_code == 2
    assert "one option only" in done.output


def test_an_interrupted_study_goes_on_from_what_is_finished(tmp_path, monkeypatch):
    import policies.variants as module

    words = ["uncertainty", CLINIC, "--draws", "10", "--reps", "2", "--json", *SHORT, "--out", str(tmp_path)]
    ran, whole = [], module.simulate

    def counted(*words, **more):
        ran.append(words[3])
        if len(ran) == 5:
            raise KeyboardInterrupt
        return whole(*words, **more)

    monkeypatch.setattr(module, "simulate", counted)
    first = CliRunner().invoke(app, words)
    again = CliRunner().invoke(app, words)
    monkeypatch.setattr(module, "simulate", whole)
    undisturbed = CliRunner().invoke(app, [*words[:-1], str(tmp_path / "other")])

    assert first.exit_code == 130
    assert "4 of 20 runs are kept" in first.output
    assert len(ran) == 5 + 16
    assert {**json.loads(again.stdout), "run": ""} == {**json.loads(undisturbed.stdout), "run": ""}
