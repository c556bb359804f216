"""`fairward thresholds` from the outside: files, manifests, refusals, interruption and going on."""

import csv
import hashlib
import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from fairward.cli import app

pytest.importorskip("sklearn")

QUICK = ("--cohort-size", "150", "--rounds", "40", "--learners", "2", "-q")
SHIPPED = "thresholds: {moderate: 0.3, high: 0.6}\nexplanation: {top_k: 3}\n"


def fairward(*arguments):
    return CliRunner().invoke(app, ["thresholds", *map(str, arguments)])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "thresholds"
    done = fairward("train", *QUICK, "--out", out)
    assert done.exit_code == 0, done.output
    return out, done.stdout


def test_simulate_writes_a_history_for_each_patient_that_can_be_checked(tmp_path):
    out = tmp_path / "histories"
    done = fairward("simulate", "--cohort-size", "120", "--out", out, "-q")
    assert done.exit_code == 0, done.output

    files = sorted((out / "patients").iterdir())
    assert len(files) == 120
    for file in files[:10]:
        rows = list(csv.DictReader(file.read_text().splitlines()))
        assert len(rows) == 12
        for row, following in zip(rows, [*rows[1:], None], strict=True):
            p = float(row["Prediction"])
            assert int(row["State"]) == min(int(p * 10 + 1e-9), 9)
            band = "high" if p >= float(row["High"]) else "moderate" if p >= float(row["Moderate"]) else "low"
            assert row["Band"] == band
            right = {
                ("high", "Presence"): 1,
                ("low", "Absence"): 1,
                ("high", "Absence"): -1,
                ("low", "Presence"): -1,
            }
            reward = right.get((band, row["True_Outcome"]), 0) - 0.01 * int(row["Top_K"])
            assert float(row["Reward"]) == pytest.approx(reward, abs=1e-6)
            assert row["Date"] < row["Eval_Date"]
            if following is not None:
                assert following["Date"] == row["Eval_Date"]
                assert following["Prediction"] == row["Eval_Prediction"]
                assert following["State"] == row["Next_State"]


def test_the_same_seed_writes_the_same_histories_and_another_seed_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert (
            fairward(
                "simulate", "--cohort-size", "100", "--seed", seed, "--out", tmp_path / name, "-q"
            ).exit_code
            == 0
        )
    a, b, c = (json.loads((tmp_path / name / "manifest.json").read_text())["files"] for name in "abc")

    assert a == b
    assert len(set(a.values()) & set(c.values())) == 0


def test_train_writes_what_apply_needs_and_says_what_was_found(trained):
    out, said = trained

    assert {path.name for path in out.iterdir()} == {
        "config.yml", "model.json", "table.csv", "curve.csv", "curve.svg", "answer.json", "manifest.json",
        "cohort.csv", "held-out.csv",
    }  # fmt: skip
    assert "Difference from the shipped thresholds, paired by patient" in said
    assert "best fixed by trying all" in said
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["arguments"]["seed"] == 1
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest


def test_held_out_patients_are_judged_and_were_not_learned_from(trained):
    out, _ = trained
    answer = json.loads((out / "answer.json").read_text())
    held_out = list(pd.read_csv(out / "held-out.csv")["Id"])

    assert held_out == answer["held_out_ids"]
    assert answer["risk_model"]["cross_validated"]["n"] + len(held_out) == 150
    assert answer["held_out"]["tuned"]["n"] == len(held_out)


def test_interrupted_training_keeps_its_learners_and_goes_on_to_the_same_answer(
    trained, tmp_path, monkeypatch
):
    import policies.thresholds.training as training

    whole, _ = trained
    original, asked = training.run_learner, []

    def run_learner(ground, question, start, seed, on_round=None):
        asked.append(seed)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return original(ground, question, start, seed, on_round)

    monkeypatch.setattr(training, "run_learner", run_learner)
    out = tmp_path / "thresholds"
    stopped = fairward("train", *QUICK, "--out", out)
    assert stopped.exit_code == 130
    assert "1 of 2 learners are kept" in stopped.output
    assert not out.exists()

    again = fairward("train", *QUICK, "--out", out)

    assert again.exit_code == 0, again.output
    assert asked == [1, 2, 2]
    files = [json.loads((folder / "manifest.json").read_text())["files"] for folder in (whole, out)]
    assert files[0] == files[1]


def test_apply_gives_each_patient_a_band_and_as_many_reasons_as_asked_for(trained, tmp_path):
    out, _ = trained
    (tmp_path / "config.yml").write_text(SHIPPED)

    done = fairward("apply", out / "held-out.csv", "--trained", out, "--config", tmp_path / "config.yml")

    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert len(rows) == 45
    for row in rows:
        p = float(row["Risk"])
        assert row["Band"] == ("high" if p >= 0.6 else "moderate" if p >= 0.3 else "low")
        sizes = [abs(float(row[f"Reason_{n}"].rpartition(": ")[2])) for n in (1, 2, 3)]
        assert sizes == sorted(sizes, reverse=True)
    assert "Reason_4" not in rows[0]


def test_the_changes_that_apply_prints_are_changes_of_the_clinic(trained):
    from scenarios.loader import load

    out, _ = trained
    done = fairward("apply", out / "held-out.csv", "--trained", out, "--scenario-set")
    changes = [line.removeprefix("--set '").removesuffix("'") for line in done.stdout.splitlines()]

    scenario = load("heart-clinic", changes)

    held_out = pd.read_csv(out / "held-out.csv")
    present = (held_out["Heart Disease"] == "Presence").mean()
    assert scenario.attributes["heart-disease"].share[0].share["present"] == pytest.approx(present, abs=1e-4)
    assert all(
        sum(case.share.values()) == pytest.approx(1) for case in scenario.attributes["risk-band"].share
    )


def test_two_thresholds_meet_the_same_patients_in_the_clinic(trained, tmp_path):
    out, _ = trained
    (tmp_path / "config.yml").write_text(SHIPPED)
    arguments = ("apply", out / "held-out.csv", "--trained", out, "--against", tmp_path / "config.yml", "-q")

    same = fairward(*arguments, "--config", tmp_path / "config.yml", "--reps", "2", "-j", "1", "--json")

    rows = json.loads(same.stdout)["rows"]
    assert {(row["metric"], row["group"]) for row in rows} >= {
        ("untreated_hours", "present"),
        ("untreated_hours", "absent"),
    }
    assert all(row["mean"] == 0.0 for row in rows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "--explorer", "luck"), "--explorer: expected one of epsilon-greedy, boltzmann, ucb"),
        (("train", "--patients", "absent.csv"), "absent.csv cannot be read"),
        (("train", "--config", "absent.yml"), "cannot read this file"),
        (("simulate", "--from", "tomorrow"), "--from: expected a date"),
        (("apply", "absent.csv", "--trained", "nowhere"), "is not a risk model"),
    ],
)
def test_wrong_use_is_told_and_exits_with_2(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    done = fairward(*arguments)

    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "thresholds").exists()


def test_a_folder_that_exists_is_replaced_only_if_asked_and_only_if_ours(tmp_path):
    (tmp_path / "mine").mkdir()

    refused = fairward("simulate", "--out", tmp_path / "mine")
    forced = fairward("simulate", "--out", tmp_path / "mine", "--force")

    assert refused.exit_code == forced.exit_code == 2
    assert "--force" in refused.output
    assert "was not written by this command" in forced.output
