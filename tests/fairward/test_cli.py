"""The command line: exit codes, streams, errors, and runs that are interrupted for real."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fairward.cli import app
from policies.registry import POLICIES

SMALL = """
fairward: 1
name: small
title: A small hospital
horizon: 2 days
replications: 3
acuities: [urgent, standard]
targets: {urgent: 30 min, standard: 4 h}
attributes: {sex: {title: Sex, share: {female: 0.5, male: 0.5}}, rare: {share: {yes-sir: 0.01, plain: 0.99}}}
equity: {groups: [sex, rare]}
classes: {ill: {pathway: care, acuity: {urgent: 0.3, standard: 0.7}}}
pathways: {care: {steps: {ward: {needs: bed, duration: {exponential: 5 h}}}}}
hospitals: {north: {beds: {bed: 4}}}
arrivals: {walk-in: {hospital: north, classes: ill, poisson: 0.9 per hour}}
"""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fairward(*arguments: str):
    return CliRunner(env={"NO_COLOR": "1"}).invoke(app, list(arguments))


def the_run(desk: Path) -> Path:
    (run,) = [path for path in (desk / "runs").iterdir() if not path.name.startswith(".")]
    return run


def test_compare_answers_on_stdout_and_tells_progress_on_stderr(desk):
    done = fairward("compare", "small.yaml", "--policies", "first-come,acuity", "--jobs", "1")

    assert done.exit_code == 0, done.stderr
    assert "acuity" in done.stdout
    assert "3 paired runs, seed 1" in done.stdout
    assert "Untreated time by acuity" in done.stdout
    assert "synthetic" in done.stdout
    assert "replications" in done.stderr
    assert "replications," not in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_a_run_folder_holds_everything_and_nothing_half_done(desk):
    fairward("compare", "small.yaml", "--policies", "first-come,acuity", "--jobs", "1", "--quiet")
    run = the_run(desk)
    manifest = json.loads((run / "manifest.json").read_text())

    names = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert {
        "manifest.json", "scenario.resolved.yaml", "outcomes.parquet", "report.html", "answer.json",
        "tables/acuity/visits.parquet", "tables/first-come/steps.parquet",
    } <= names  # fmt: skip
    assert set(manifest["files"]) == names - {"manifest.json"}
    assert len(manifest["provenance"]["workloads"]) == 3
    assert manifest["arguments"]["policies"] == ["first-come", "acuity"]
    assert list((desk / "runs" / ".partial").iterdir()) == []


def test_quiet_says_nothing_on_stderr(desk):
    done = fairward("run", "small.yaml", "--reps", "2", "--jobs", "1", "--quiet")

    assert (done.exit_code, done.stderr) == (0, "")


def test_json_is_one_versioned_object_without_small_groups(desk):
    done = fairward("run", "small.yaml", "--policy", "acuity", "--reps", "2", "--jobs", "1", "--json")

    answer = json.loads(done.stdout)
    assert answer["schema"] == "fairward.answer/1"
    assert (answer["policies"], answer["n_replications"], answer["seed"]) == (["acuity"], 2, 1)
    groups = {row["group"] for row in answer["summaries"] if row["attribute"] == "rare"}
    assert groups == {"plain"}


def test_a_pathway_of_several_steps_shows_waits_by_step_and_use_by_pool(desk):
    steps = "pathways.care.steps.ward.next=look", "pathways.care.steps.look={duration: 5 min, needs: bed}"
    changes = [word for step in reversed(steps) for word in ("--set", step)]

    done = fairward("run", "small.yaml", "--reps", "2", "--jobs", "1", "--quiet", *changes)

    assert "Wait for a step, of those who started" in done.stdout, done.stderr
    assert "  care.look  " in done.stdout
    assert "\nUtilisation" in done.stdout


def test_who_left_is_said_to_count_as_untreated(desk):
    patience = "pathways.care.steps.ward.patience={time: {exponential: 1 h}}"

    done = fairward("run", "small.yaml", "--reps", "2", "--jobs", "1", "--quiet", "--set", patience)

    assert "counts as untreated to tau = 24 h" in done.stdout, done.stderr
    assert "it is not cut where values end" in done.stdout


def test_one_run_gives_no_interval_and_says_so(desk):
    done = fairward("run", "small.yaml", "--reps", "1")

    assert done.exit_code == 0
    assert "One run has no interval" in done.stdout


def test_small_groups_are_hidden_and_said_to_be(desk):
    done = fairward("run", "small.yaml", "--reps", "2", "--jobs", "1", "--all-groups")

    assert "(1 hidden, under 10 patients a run)" in done.stdout
    assert "yes-sir" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["compare", "small.yaml", "--policies", "first-come,acuty"], 2, 'Did you mean "acuity"?'),
        (["compare", "small.yaml", "--policies", "acuity"], 2, "expected two or more by commas"),
        (["compare", "small.yaml", "--policies", "acuity,acuity"], 2, "named twice"),
        (["run", "smal"], 2, "neither a scenario of the library nor a file"),
        (["run", "missing.yaml"], 2, "missing.yaml"),
        (["run", "small.yaml", "--set", "horizn=3 days"], 2, 'Did you mean "horizon"?'),
        (["run", "small.yaml", "--engine", "warp"], 2, "warp"),
        (["run", "small.yaml", "--reps", "0"], 2, "--reps"),
        (["run", "small.yaml", "--until", "patience<3"], 2, "is not a metric"),
        (["run", "small.yaml", "--out", "/proc/nowhere"], 2, "Choose another folder with --out"),
        (["sweep", "small.yaml", "--set-over", "horizon"], 2, "expected key=v1,v2"),
        (["sweep", "small.yaml", "--set-over", "a=1,2", "--set-over", "a=3"], 2, "given twice"),
        (["sweep", "small.yaml", "--set-over", "horizn=1 day,2 days"], 2, "--set-over horizn=1 day"),
        (["run", "."], 2, '"." is a folder. Name a scenario file, such as small.yaml'),
        (["runs", "show", "../../etc"], 2, "there are no runs"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_wrong_use_is_explained_on_stderr(desk, arguments, code, said):
    done = fairward(*arguments)

    assert done.exit_code == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_bug_of_ours_has_its_own_exit_code(desk, monkeypatch):
    def breaks(*arguments, **options):
        raise ZeroDivisionError("by design")

    monkeypatch.setattr("fairward.answering.answered", breaks)

    quiet, loud = fairward("run", "small.yaml"), fairward("--debug", "run", "small.yaml")

    assert (quiet.exit_code, loud.exit_code) == (101, 101)
    assert "Please report it" in quiet.stderr
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in loud.stderr


def test_overrides_reach_the_scenario(desk):
    fairward("run", "small.yaml", "--reps", "1", "--set", "hospitals.north.beds.bed.count=9", "--quiet")

    assert "count: 9" in (the_run(desk) / "scenario.resolved.yaml").read_text()


def test_two_runs_and_any_number_of_jobs_give_the_same_bytes(desk):
    tables = []
    for n, jobs in enumerate(("1", "2", "2")):
        fairward(
            "compare", "small.yaml", "--policies", "first-come,acuity", "--jobs", jobs, "--out", f"runs{n}"
        )
        (run,) = [path for path in (desk / f"runs{n}").iterdir() if not path.name.startswith(".")]
        files = sorted(path for path in run.rglob("*") if path.suffix in (".parquet", ".yaml"))
        tables.append({path.relative_to(run).as_posix(): path.read_bytes() for path in files})

    assert len(tables[0]) > 10
    assert tables[0] == tables[1] == tables[2]


def test_tables_keep_all_replications_in_order(desk):
    import pandas as pd

    fairward("run", "small.yaml", "--policy", "acuity", "--reps", "3", "--jobs", "2", "--quiet")
    visits = pd.read_parquet(the_run(desk) / "tables" / "acuity" / "visits.parquet")

    assert visits["replication"].is_monotonic_increasing
    assert list(visits["replication"].unique()) == [1, 2, 3]
    assert isinstance(visits["acuity"].dtype, pd.CategoricalDtype)


def test_a_sweep_has_a_line_for_each_setting(desk):
    done = fairward(
        "sweep",
        "small.yaml",
        "--set-over",
        "hospitals.north.beds.bed.count=3,8",
        "--reps",
        "3",
        "--jobs",
        "1",
    )

    lines = [line for line in done.stdout.splitlines() if line.startswith(("3 ", "8 "))]
    assert done.exit_code == 0, done.stderr
    assert len(lines) == 2
    assert "3 runs each, seed 1" in done.stdout


def test_an_interrupted_sweep_goes_on_from_what_is_finished(desk, monkeypatch):
    from policies import replication

    command = (
        "sweep",
        "small.yaml",
        "--set-over",
        "hospitals.north.beds.bed.count=3,8",
        "--reps",
        "3",
        "--jobs",
        "1",
    )
    whole = fairward(*command).stdout.splitlines()[:-1]
    simulate, calls = replication.simulate, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return simulate(*arguments)

    monkeypatch.setattr(replication, "simulate", interrupted)
    stopped = fairward(*command)
    done = fairward(*command)

    assert stopped.exit_code == 130
    assert done.exit_code == 0, done.stderr
    assert len(calls) == 4 + 1 + 2
    assert done.stdout.splitlines()[:-1] == whole
    assert not list((desk / "runs" / ".partial").glob("*/neutral"))


def test_past_runs_are_listed_and_shown_and_checked(desk):
    fairward("run", "small.yaml", "--reps", "2", "--quiet")
    run = the_run(desk)

    assert run.name in fairward("runs", "list").stdout
    assert "All files are as they were written" in fairward("runs", "show").stdout
    assert "All files" in fairward("runs", "show", run.name).stdout
    (run / "outcomes.parquet").write_bytes(b"changed")
    assert "Changed since: outcomes.parquet" in fairward("runs", "show", "latest").stdout
    assert json.loads(fairward("runs", "list", "--json").stdout)["runs"][0]["run"] == run.name


@pytest.mark.parametrize("name", ["..", "../runs", "/etc", ".partial", "a/b", ""])
def test_the_name_of_a_run_leads_nowhere_else(desk, name):
    fairward("run", "small.yaml", "--reps", "1", "--quiet")

    done = fairward("runs", "show", name)

    assert done.exit_code == 2
    assert "expected the name of a run" in done.stderr


def test_list_names_what_there_is():
    done = fairward("list")

    assert done.exit_code == 0
    assert all(f"  {name} " in done.stdout for name in POLICIES)
    assert "untreated_hours" in done.stdout
    assert json.loads(fairward("list", "--json").stdout)["schema"] == "fairward.list/1"


def test_validate_lists_every_problem_and_fails(desk):
    (desk / "bad.yaml").write_text(
        SMALL.replace("2 days", "-2 days").replace("bed: 4", "bed: many"), encoding="utf-8"
    )

    good, bad = fairward("validate", "small.yaml"), fairward("validate", "small.yaml", "bad.yaml")

    assert (good.exit_code, good.stdout) == (0, "small.yaml: valid\n")
    assert bad.exit_code == 1
    assert bad.stdout.count("bad.yaml:") == 2
    assert "2 problems in 2 files" in bad.stderr


def test_init_writes_a_scenario_that_is_valid_and_overwrites_nothing(desk):
    assert fairward("init", "mine.yaml").exit_code == 0
    assert fairward("validate", "mine.yaml").exit_code == 0

    again = fairward("init", "mine.yaml")

    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert fairward("init", "mine.yaml", "--force").exit_code == 0


def test_the_schema_is_json():
    schema = json.loads(fairward("schema").stdout)

    assert "hospitals" in schema["properties"]


def test_doctor_reports_and_finds_what_is_wrong(desk):
    well = fairward("doctor")

    assert well.exit_code == 0, well.stdout
    assert "Versions: python 3.11" in well.stdout
    assert json.loads(fairward("doctor", "--json").stdout)["schema"] == "fairward.doctor/1"


def test_the_version_and_the_formulas_are_at_hand():
    assert fairward("--version").stdout.startswith("fairward 0.")
    assert fairward("theory", "--help").exit_code == 0


def test_the_facade_is_small_and_lazy():
    script = (
        "import sys, fairward; print(len(fairward.__all__), 'pandas' in sys.modules, callable(fairward.load))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    n, loaded, usable = done.stdout.split()
    assert int(n) <= 10
    assert (loaded, usable) == ("False", "True")


def test_the_facade_compares():
    import fairward as front
    from scenarios.loader import load_text

    answer = front.compare(load_text(SMALL), ["first-come", "acuity"], replications=2)

    assert answer.policies == ("first-come", "acuity")
    assert "2 paired runs" in answer.sentence


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_keeps_what_finished_and_goes_on_from_there(desk, jobs):
    command = [
        sys.executable, "-m", "fairward.cli", "run", "small.yaml", "--policy", "acuity", "--reps", "60",
        "--set", "horizon=100 days", "--jobs", jobs,
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    finished: list[Path] = []
    deadline = time.monotonic() + 60
    while len(finished) < 3 and time.monotonic() < deadline and process.poll() is None:
        finished = list((desk / "runs").glob(".partial/*/acuity/rep-*"))
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)

    assert process.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err
    assert "of 60 replications are kept" in err
    kept = {int(path.name.removeprefix("rep-")) for path in (desk / "runs").glob(".partial/*/acuity/rep-*")}
    assert len(kept) >= 3
    assert [path.name for path in (desk / "runs").iterdir()] == [".partial"]

    done = subprocess.run(
        [*command, "--reps", str(max(kept)), "--quiet"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads((the_run(desk) / "manifest.json").read_text())["provenance"]["reused"] == len(kept)
    assert "reused" not in json.loads((the_run(desk) / "answer.json").read_text())["provenance"]
