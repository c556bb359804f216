"""`fairward audit`: exit codes, what is written, and a doctored run."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from fairward.cli import app

SCENARIO = """
fairward: 1
name: small
title: A small hospital
horizon: 8 days
warm_up: 1 day
acuities: [urgent, standard]
targets: {urgent: 30 min, standard: 4 h}
attributes: {sex: {title: Sex, share: {female: 0.5, male: 0.5}}}
equity: {groups: [sex]}
classes: {ill: {pathway: care, acuity: {urgent: 0.3, standard: 0.7}}}
pathways: {care: {steps: {ward: {needs: bed, duration: {exponential: 5 h}}}}}
hospitals: {north: {beds: {bed: 6}}}
arrivals: {walk-in: {hospital: north, classes: ill, poisson: 0.9 per hour}}
"""

GATES = """
gates:
  - name: four hours
    outcome: treated_within
    within: 4 h
    compare: difference
    to: best
    at_least: -5 points
"""


def fairward(*arguments: str):
    return CliRunner(env={"NO_COLOR": "1"}).invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    desk = tmp_path_factory.mktemp("desk")
    (desk / "small.yaml").write_text(SCENARIO, encoding="utf-8")
    (desk / "gates.yaml").write_text(GATES, encoding="utf-8")
    done = fairward(
        "run", desk / "small.yaml", "--reps", "8", "--jobs", "1", "--quiet", "--out", desk / "runs"
    )
    assert done.exit_code == 0, done.output
    return desk


@pytest.fixture
def desk(made, tmp_path):
    return shutil.copytree(made, tmp_path / "desk")


def run_of(desk):
    (run,) = [path for path in (desk / "runs").iterdir() if not path.name.startswith(".")]
    return run


def doctor(run, delay):
    """Let every woman's treatment begin later than it did."""
    path = run / "tables" / "neutral" / "visits.parquet"
    visits = pd.read_parquet(path)
    visits["treated"] = visits["treated"] + np.where(visits["sex"] == "female", delay, 0.0)
    visits.to_parquet(path)


def test_an_audit_prints_a_page_and_writes_json_and_html(desk):
    done = fairward("audit", "latest", "--out", desk / "runs", "--gates", desk / "gates.yaml")

    assert done.exit_code == 0, done.output
    assert "Fairness audit: A small hospital" in done.stdout
    assert "Gate kept: four hours" in done.stdout
    assert "at risk" in done.stdout
    said = json.loads((run_of(desk) / "audit.json").read_text())
    assert (said["schema"], said["breached"], said["n_replications"]) == ("fairward.audit/1", False, 8)
    page = (run_of(desk) / "audit.html").read_text()
    assert "Who is worse off, by sex?" in page
    assert "four hours" in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_doctored_run_with_a_planted_bias_breaches_its_gate(desk):
    doctor(run_of(desk), 3.9)

    done = fairward(
        "audit", run_of(desk), "--gates", desk / "gates.yaml", "--reference", "sex=male", "--no-html"
    )

    assert done.exit_code == 1, done.output
    assert "Gate BREACHED: four hours" in done.stdout
    assert "female (Sex) waits longer than male" in done.stdout
    assert "Changed since the run was made: tables/neutral/visits.parquet" in done.stdout
    assert not (run_of(desk) / "audit.html").exists()


def test_one_json_object_goes_to_stdout(desk):
    done = fairward("audit", run_of(desk), "--json", "--no-html")

    assert json.loads(done.stdout)["run"] == run_of(desk).name


def test_a_lever_is_tried_on_the_same_patients(desk):
    done = fairward("audit", run_of(desk), "--try", "hospitals.north.beds.bed.count+=2", "--try", "policy=acuity",
                    "--jobs", "1", "--quiet")  # fmt: skip

    assert done.exit_code == 0, done.output
    assert "hospitals.north.beds.bed.count+=2" in done.stdout
    assert "policy=acuity" in done.stdout
    assert "What was tried?" in (run_of(desk) / "audit.html").read_text()


def test_successive_runs_are_monitored_and_a_shift_is_exit_1(desk):
    first = run_of(desk)
    places = [shutil.copytree(first, desk / "runs" / f"copy-{i}") for i in range(1, 4)]
    doctor(places[-1], 20.0)

    done = fairward("audit", first, *places, "--monitor", "--baseline", "3")

    assert done.exit_code == 1, done.output
    assert "outside the limits: copy-3" in done.stdout
    assert "repeats" in done.stdout
    page = (places[-1] / "monitoring.html").read_text()
    assert "signals a shift for everybody" in page
    assert page.count("<svg") == 2 * 3
    quiet = fairward("audit", first, *places[:2], "--monitor", "--baseline", "2", "--json")
    assert quiet.exit_code == 0
    assert json.loads(quiet.stdout)["signals"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--by", "sexx"], 'Did you mean "sex"?'),
        (["--policy", "acuity"], "It has neutral"),
        (["--reference", "sex=mael"], 'Did you mean "male"?'),
        (["--gates", "nowhere.yaml"], "cannot read this file"),
        (["--people", "nowhere.csv"], "cannot be read"),
        (["--should", "sex"], "expected attribute=value"),
        (["--try", "hospitals.nroth.beds.bed.count+=1"], 'Did you mean "north"?'),
        (["--monitor"], "at least 3"),
        (["--monitor", "--outcome", "untreated_hours"], "not a share"),
    ],
)
def test_wrong_use_is_exit_2_and_says_what_to_do(desk, arguments, words):
    done = fairward("audit", run_of(desk), *arguments)

    assert done.exit_code == 2, done.output
    assert words in done.stderr


def test_a_run_that_is_not_there_and_two_runs_without_monitor_are_refused(desk):
    assert "is not a run" in fairward("audit", "nothing", "--out", desk / "runs").stderr
    assert "--monitor" in fairward("audit", run_of(desk), run_of(desk)).stderr
    (run_of(desk) / "tables" / "neutral" / "visits.parquet").unlink()
    done = fairward("audit", run_of(desk))
    assert done.exit_code == 2
    assert "lacks the table of visits" in done.stderr


def test_all_tests_are_printed_and_in_the_page_and_the_json(desk):
    done = fairward(
        "audit", "latest", "--out", desk / "runs", "--tests", "--margin", "untreated_hours=2 h", "--small", "pool",
        "--by", "sex,acuity",
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    assert "Signed ranks" in done.stdout
    assert "±2.00 h: shown" in done.stdout
    page = (run_of(desk) / "audit.html").read_text(encoding="utf-8")
    assert "Which tests say so?" in page
    assert "Cliff&#39;s delta" in page or "Cliff's delta" in page
    told = json.loads((run_of(desk) / "audit.json").read_text(encoding="utf-8"))
    one = next(t for t in told["gap_tests"] if t["metric"] == "untreated_hours")
    assert one["margin"] == 2.0
    assert one["equivalence"]["p_value"] < 0.05


def test_what_is_wrong_with_margins_and_small_groups_is_told(desk):
    for arguments, words in (
        (("--margin", "untreated_hour=1 h"), 'Did you mean "untreated_hours"?'),
        (("--small", "maybe"), "expected hide or pool"),
    ):
        done = fairward("audit", "latest", "--out", desk / "runs", *arguments)

        assert done.exit_code != 0
        assert words in done.output + str(done.exception)
