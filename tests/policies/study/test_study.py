"""A study from its protocol to its page: nothing is judged before it is fixed, nothing finished is run again."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboards.report.study_page import write_study_page
from fairward.study_commands import check_settings, report_study
from fairward.study_freezing import FROZEN, freeze
from fairward.study_making import Makers
from fairward.study_runs import Study
from fairward.study_shelf import RESULTS, Shelf
from policies.evaluation.comparing import changes
from policies.evaluation.entries import Entry
from policies.evaluation.measures import COST, Groups, Measured
from policies.evaluation.seeds import purpose_of
from policies.study.choosing import alike, fairest, fixed_rules, runs_of_budget
from policies.study.kept import read_kept, read_part
from policies.study.protocol import BASE, Choosing, read_protocol
from policies.study.results import Judged, goals
from policies.study.tables import rivals_block
from scenarios.errors import ScenarioError, UsageError
from sim.replications import Workers
from tests.conftest import seed_of
from tests.policies.study.study_made_up import not_explained, not_learned, untrained

ROOT = Path(__file__).resolve().parents[3]
TINY = Path(__file__).with_name("tiny.yaml")


def run(folder, trainer=untrained, resume=False, jobs=1):
    protocol = read_protocol(TINY)
    freeze(protocol, folder, resume)
    told = []
    with Workers(jobs) as workers:
        makers = Makers(trainer, not_explained, not_learned)
        Study(Shelf(protocol, folder, told.append), makers, workers).run()
    return protocol, told


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study") / "tiny"
    run(folder)
    return folder


def names(folder):
    return {path.name for path in (folder / RESULTS).iterdir()}


def test_every_part_is_kept_under_its_name_failures_too(finished):
    assert names(finished) == {
        "training--little--gr-ppo-1--seed-1", "training--little--gr-ppo-1--seed-2", "tuning--little",
        "evaluation--little--as-trained", "evaluation--little--demand-+30",
        "failed--little--broken--seed-1", "failed--little--broken--seed-2",
        "failed--little--equity-weighted-attribute=hair",
        "failed--little--equity-weighted-attribute=care-group-nobody=2--equity-weighted-tuned",
        "explanation--little--first-come", "explanation--little--gr-ppo-1",
        *(f"live--little--lambda-{lam}--seed-{seed}" for lam in ("0.25", "1") for seed in (1001, 2001, 2002)),
        *(f"live--little--adapts-itself--seed-{seed}" for seed in (2001, 2002)),
    }  # fmt: skip
    kept = {one.folder.name: one.manifest for one in read_kept(finished / RESULTS)}
    assert "expected a number from 0 to 1" in kept["failed--little--broken--seed-1"]["why"]
    assert kept["evaluation--little--as-trained"]["entries"]["gr-ppo 1"] == [
        "gr-ppo 1, seed 1",
        "gr-ppo 1, seed 2",
    ]


def test_explanations_name_the_policy_as_the_page_does_and_no_path_of_this_machine(finished):
    text = (finished / RESULTS / "explanation--little--gr-ppo-1" / "explanation.json").read_text("utf-8")

    assert json.loads(text)["question"] == "which option under gr-ppo 1?"
    assert "ckpt:" not in text


def test_seeds_are_apart_and_the_choice_is_written_before_anything_is_judged(finished):
    kept = {one.folder.name: one for one in read_kept(finished / RESULTS)}
    tuning, judging = kept["tuning--little"].manifest, kept["evaluation--little--as-trained"].manifest
    written = [(finished / RESULTS / name / "manifest.json").stat().st_mtime_ns for name in
               ("tuning--little", "evaluation--little--as-trained")]  # fmt: skip

    assert purpose_of(tuning["seed"]) == "tuning"
    assert purpose_of(judging["seed"]) == "evaluation"
    assert written[0] < written[1]
    assert [judging[key] for key in ("pair", "rival", "groups", "tuned")] == [
        tuning[key] for key in ("pair", "rival", "groups", "tuned")
    ]
    # 300 decisions for two candidates (a third cannot be run) of 24 decisions a run: 6 runs each.
    assert set(tuning["runs"].values()) == {6}


def test_what_is_finished_is_not_run_again_and_what_is_missing_is(finished, tmp_path):
    folder = tmp_path / "tiny"
    shutil.copytree(finished, folder)
    before = {path: path.stat().st_mtime_ns for path in folder.glob(f"{RESULTS}/*/manifest.json")}
    missing = folder / RESULTS / "evaluation--little--demand-+30"
    shutil.rmtree(missing)

    def trainer(*arguments):
        raise AssertionError("trained again")

    run(folder, trainer, resume=True)
    after = {path: path.stat().st_mtime_ns for path in folder.glob(f"{RESULTS}/*/manifest.json")}
    first, again = (read_part(place / RESULTS / missing.name).outcomes() for place in (finished, folder))

    assert {path for path in after if after[path] != before[path]} == {missing / "manifest.json"}
    pd.testing.assert_frame_equal(first, again)


@pytest.mark.slow
def test_trainings_in_two_processes_leave_what_one_process_leaves_but_never_after_the_choice(
    finished, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(Path(__file__).parent)  # under a name that a new process finds, too
    trainer = importlib.import_module("study_made_up").untrained
    folder = tmp_path / "tiny"
    shutil.copytree(finished, folder)
    shutil.rmtree(folder / "training")
    for part in folder.glob(f"{RESULTS}/training--*"):
        shutil.rmtree(part)

    # Checkpoints say when they were written.
    with pytest.raises(UsageError, match="policies would be chosen otherwise"):
        run(folder, trainer, resume=True, jobs=2)

    for seed in (1, 2):
        first, again = (
            next(place.glob(f"training/*/*/seed-{seed}/*/weights.npz")).read_bytes()
            for place in (finished, folder)
        )
        assert first == again
    assert names(folder) == names(finished)


def test_a_study_that_has_begun_is_not_begun_again_nor_changed(finished):
    protocol = read_protocol(TINY)

    with pytest.raises(UsageError, match="has been begun"):
        freeze(protocol, finished, resume=False)
    with pytest.raises(UsageError, match="has not been begun"):
        freeze(protocol, finished / "nowhere", resume=True)
    with pytest.raises(UsageError, match="protocol changed since the study was frozen"):
        freeze(protocol.model_copy(update={"margin": 0.5}), finished, resume=True)


def test_another_checkpoint_in_a_finished_training_is_noticed(finished, tmp_path):
    folder = tmp_path / "tiny"
    shutil.copytree(finished, folder)
    for path in folder.glob("training/*/gr-ppo-1/seed-1/iteration-000001/policy.json"):
        path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")

    with pytest.raises(UsageError, match="policies would be chosen otherwise"):
        run(folder, resume=True)


def test_the_page_is_made_from_the_manifests_alone_and_is_the_same_again(finished, tmp_path):
    manifests = tmp_path / "manifests"
    shutil.copytree(finished / RESULTS, manifests)
    protocol = read_protocol(TINY)

    first, again = (write_study_page(protocol, manifests, tmp_path / name) for name in ("a", "b"))
    text = first.read_text(encoding="utf-8")

    assert text == again.read_text(encoding="utf-8")
    assert [p.read_bytes() for p in sorted((tmp_path / "a" / "figures").iterdir())] == [
        p.read_bytes() for p in sorted((tmp_path / "b" / "figures").iterdir())
    ]
    for said in ("Does learning beat", "| gr-ppo 1 | 2 | 20 | 1.000 | 0.950 | 0.500 | 0.400 |",
                 "How much is luck in training?", "What was tried and failed?",
                 "hair is not a category",
                 "demand +30 %", "hypervolume", "tau 1.05", "Nothing here was trained.",
                 "Untreated time: how well off is every group?", "Died: how well off is every group?",
                 "What moves the choices of the winners?", "faithfulness, deletion",
                 "the controller stays nearer", "it asks for 2 scenarios"):  # fmt: skip
        assert said in text


def test_a_page_is_not_replaced_by_one_of_a_study_that_has_finished_less_and_says_what_is_not_finished(
    finished, tmp_path
):
    out, page = tmp_path / "runs", tmp_path / "page"
    shutil.copytree(finished, out / "tiny")
    report_study(TINY, out, page)
    shutil.rmtree(out / "tiny" / RESULTS / "evaluation--little--demand-+30")

    with pytest.raises(UsageError, match=r"1 part that .* has not, evaluation--little--demand-\+30 first"):
        report_study(TINY, out, page)
    assert (page / "manifests" / "evaluation--little--demand-+30").is_dir()
    report_study(TINY, out, tmp_path / "elsewhere")
    text = (tmp_path / "elsewhere" / "index.md").read_text("utf-8")
    assert "> This study is not finished: little, demand +30 %. The goal is not reached" in text


def test_a_page_is_written_elsewhere_from_the_manifests_beside_the_protocol(finished, tmp_path):
    protocol = tmp_path / "tiny.yaml"
    shutil.copy(TINY, protocol)
    shutil.copytree(finished / RESULTS, tmp_path / "tiny" / "manifests")

    report_study(protocol, tmp_path / "no-runs", tmp_path / "page")

    assert (tmp_path / "page" / "index.md").is_file()


def test_a_rule_that_is_long_to_write_has_a_name_on_the_page_and_a_name_of_nothing_is_refused(
    finished, tmp_path
):
    """Names may come when the study has been run: they change no number, and the notes say what they stand for."""
    written = TINY.read_text(encoding="utf-8")
    named = tmp_path / "tiny.yaml"
    named.write_text(f"{written}names: {{who is worst off: max-weight}}\n", encoding="utf-8")
    before, after = (
        write_study_page(read_protocol(path), finished / RESULTS, tmp_path / name).read_text(encoding="utf-8")
        for path, name in ((TINY, "a"), (named, "b"))
    )

    levels = [line for line in before.splitlines() if line.startswith("| max-weight | ") and "\\[" in line]
    assert levels
    assert all(line.replace("max-weight", "who is worst off", 1) in after for line in levels[:3])
    assert "who is worst off stands for max-weight." in after

    named.write_text(f"{written}names: {{fairest: max-wait}}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"names.fairest: expected a rule of .policies., got \"?max-wait"):
        read_protocol(named)


def test_a_number_that_is_not_what_was_written_is_refused(finished, tmp_path):
    manifests = tmp_path / "manifests"
    shutil.copytree(finished / RESULTS, manifests)
    path = manifests / "evaluation--little--as-trained" / "outcomes.parquet"
    frame = pd.read_parquet(path)
    frame.assign(value=frame["value"] * 0.9).to_parquet(path)

    with pytest.raises(UsageError, match=r"outcomes\.parquet differ from what was written"):
        read_kept(manifests)


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("docs/results/*/index.md")), ids=lambda page: page.parent.name
)
def test_published_pages_are_what_their_manifests_say(page, tmp_path):
    protocol = read_protocol(ROOT / "docs" / "results" / f"{page.parent.name}.yaml")

    made = write_study_page(protocol, page.parent / "manifests", tmp_path)

    assert made.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    published, again = (
        {p.name: p.read_bytes() for p in (where / "figures").iterdir()} for where in (page.parent, tmp_path)
    )
    assert published == again


def test_every_published_number_has_a_manifest():
    """Pages under docs/results are those that are made from manifests (the test above makes them again)."""
    pages = set((ROOT / "docs" / "results").rglob("*.md"))

    assert {path for path in pages if not (path.parent / "manifests").is_dir()} == set()


def test_protocols_that_are_published_can_be_read_and_run_and_name_their_file():
    for path in sorted((ROOT / "docs" / "results").glob("*.yaml")):
        protocol = read_protocol(path)

        assert protocol.name == path.stem
        assert all(len(protocol.cases(name)) == 4 for name in protocol.scenarios)
        check_settings(protocol)


def test_a_protocol_is_refused_with_all_its_problems_at_their_places(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        TINY.read_text(encoding="utf-8").replace("runs: 7", "runs: many").replace("question:", "qestion:"),
        "utf-8",
    )

    with pytest.raises(ScenarioError) as caught:
        read_protocol(path)

    assert [problem.path for problem in caught.value.problems] == [
        "question",
        "qestion",
        "evaluation.runs",
    ] or {problem.path for problem in caught.value.problems} == {"question", "qestion", "evaluation.runs"}
    path.write_text(TINY.read_text(encoding="utf-8").replace("valley.scale", "vally.scale"), "utf-8")
    with pytest.raises(ScenarioError, match="vally"):
        read_protocol(path)


def test_the_budget_of_a_tuned_rule_is_shared_by_its_candidates():
    scenario = read_protocol(TINY).scenario("little", BASE)

    assert runs_of_budget(scenario, 2, Choosing(runs=3, decisions=480)) == 10  # 24 decisions a run
    assert runs_of_budget(scenario, 8, Choosing(runs=3, decisions=480)) == 3
    assert runs_of_budget(scenario, 2, Choosing(runs=3)) == 3


def test_the_rule_to_beat_is_the_fairest_of_the_efficient_and_a_reversed_gap_is_a_gap():
    assert fairest({"fast": (1.0, 3.0), "fair": (1.015, -1.0), "slow": (1.5, 0.0)}, 1.02) == "fair"
    assert fairest({"a": (1.0, -3.0), "b": (1.0, 2.0)}, 1.0) == "b"


def test_what_a_tuned_rule_might_have_been_counts_among_the_most_efficient():
    # The cheapest of all is a candidate that nobody takes; its limit holds for everybody. Before, every choice had a
    # limit of its own, of the entries at hand, and the fairest within one could be refused by the other.
    levels = {
        "plain": (7.48, 7.0),
        "c=2": (7.26, 9.2),
        "c=3": (7.35, 8.5),
        "c=6": (7.63, 5.9),
        "w=2": (8.0, 1.0),
    }
    tuned = {"max-weight tuned": ["c=2", "c=3", "c=6"], "weighted tuned": ["w=2"]}

    chosen, rival = fixed_rules(levels, ["plain"], tuned, 0.02)
    wider, fairer = fixed_rules(levels, ["plain"], tuned, 0.06)

    assert chosen == {"max-weight tuned": "c=3", "weighted tuned": "w=2"}
    assert rival == "max-weight tuned"
    assert (wider["max-weight tuned"], fairer) == ("c=6", "max-weight tuned")


def test_who_has_played_only_hard_runs_is_not_thought_expensive():
    # Two rules that differ by luck of their own only; the first 20 of 400 runs are hard for everybody.
    rng = np.random.default_rng(5)
    shared = 5 + rng.normal(scale=1.0, size=400) + np.where(np.arange(400) < 20, 2.0, 0.0)
    one, other, third = (shared + rng.normal(scale=0.1, size=400) for _ in range(3))

    levels = alike({"few": (one[:20], one[:20]), "many": (other, other), "too": (third, third)})

    assert levels["many"] == (other.mean(), other.mean())
    # sd of the mean difference of two rules over 20 runs: 0.1 x sqrt(2 / 20); as it stands, few is 2 h dearer.
    sd = 0.1 * np.sqrt(2 / 20)
    assert abs(levels["few"][1] - other.mean()) < 4 * sd
    assert abs(levels["few"][0] - other.mean()) < 4 * sd
    assert one[:20].mean() - other.mean() > 1


def test_a_yardstick_that_costs_nothing_changes_no_cost():
    nothing = np.zeros(4)

    assert alike({"few": (np.ones(2), np.ones(2)), "many": (nothing, nothing)}) == {
        "few": (1.0, 1.0),
        "many": (0.0, 0.0),
    }


def case(**learners):
    """A case whose rival has a gap of 4 h; learners are (everybody, far, near) less the rival's."""
    rng = np.random.Generator(np.random.Philox(seed_of("goal")))
    luck = 10 + rng.normal(scale=2, size=30)
    groups = Groups("home", ("near", "far"))

    def made(label, everybody, far, near):
        noise = rng.normal(scale=0.02, size=(3, 3, 30)) if label != "rival" else np.zeros((3, 1, 30))
        value = np.stack([luck + d + noise[k] for k, d in enumerate((everybody, near, far + 4))], axis=-1)
        return Measured(
            Entry(label, ("x",) * value.shape[0]), groups, {COST.name: value, "died_share": 0 * value}
        )

    entries = [made("rival", 0, 0, 0), *(made(label, *change) for label, change in learners.items())]
    return Judged(None, BASE, ("far", "near"), groups, tuple(entries), entries[0], tuple(learners), 0.02)


def test_the_goal_is_reached_only_with_every_part_of_it():
    found = {goal.label: goal for goal in goals(case(
        wins=(0.0, -2.0, 0.05), too_little=(0.0, -0.5, 0.05), others_pay=(0.0, -2.0, 1.0), slow=(0.6, -2.0, 0.05),
        reversed_gap=(0.0, -9.0, 0.05), nothing=(0.0, 0.0, 0.0),
    ))}  # fmt: skip

    assert {label for label, goal in found.items() if goal.reached} == {"wins"}
    assert found["wins"].smaller.value == pytest.approx(0.51, abs=0.02)
    assert found["wins"].smaller.low < 2.05 / 4 < found["wins"].smaller.high
    assert not found["reversed_gap"].smaller.bounded
    assert found["too_little"].gap_closes
    assert found["others_pay"].pays_most[0] == "near"
    assert not found["slow"].efficient
    assert not found["reversed_gap"].gap_closes
    assert not found["nothing"].gap_closes


def test_the_goal_does_not_stand_on_the_margin_of_another_protocol():
    strict = replace(case(wins=(0.1, -2.0, 0.05)), margin=0.001)

    assert not goals(strict)[0].efficient
    assert changes(strict.entries, strict.rival, strict.pair, 0.02)[0].efficient


def test_the_page_says_against_which_other_rules_the_goal_would_be_reached():
    # Beside the rival: one as fair as the learner that wins, one under which the near are so well off that they pay
    # for either learner, one that is less fair than the rival.
    found = case(
        slow=(0.6, -2.0, 0.05), wins=(0.0, -2.0, 0.05), fair=(0.0, -2.0, 0.0), spoils=(0.1, 0.5, -0.5),
        unfair=(0.0, 1.0, 0.0),
    )  # fmt: skip
    block = rivals_block(replace(found, learned=("slow", "wins")))

    assert block.rows == (
        ("fair", "0 of 2", "wins", "gap, worst off"),
        ("spoils", "0 of 2", "wins", "near pays"),
        ("unfair", "1 of 2", "wins", "nothing"),
    )
    assert rivals_block(replace(found, learned=())) is None


@pytest.mark.slow
def test_a_killed_study_goes_on_without_repeating_what_is_finished(finished, tmp_path):
    """SIGKILL as soon as the choice is written; resumed, it keeps that part and ends where the undisturbed one did."""
    text = TINY.read_text(encoding="utf-8")
    places = [text.index(key) for key in ("learned:", "tuning:", "explained:", "limits:")]
    rules_only = text[: places[0]] + text[places[1] : places[2]] + text[places[3] :]
    protocol = tmp_path / "tiny.yaml"
    protocol.write_text(rules_only, encoding="utf-8")
    command = [sys.executable, "-m", "fairward.cli", "study"]
    options = [str(protocol), "--out", str(tmp_path / "out"), "-j", "1", "-q"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    results = tmp_path / "out" / "tiny" / RESULTS

    process = subprocess.Popen([*command, "run", *options], env=environment, cwd=ROOT)
    deadline = time.monotonic() + 60
    while not (results / "tuning--little").is_dir() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {
        path.name: path.stat().st_mtime_ns for path in results.iterdir() if not path.name.startswith(".")
    }
    replications = {
        path: path.stat().st_mtime_ns for path in results.parent.glob("parts/*/*/*/*/*/part.json")
    }
    subprocess.run(
        [*command, "resume", *options], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    after = {path.name: path.stat().st_mtime_ns for path in results.iterdir()}

    assert process.returncode == -signal.SIGKILL
    assert "tuning--little" in before
    assert "evaluation--little--demand-+30" not in before
    assert replications
    assert {name: after[name] for name in before} == before
    assert all(path.stat().st_mtime_ns == when for path, when in replications.items())
    own, undisturbed = (
        next(
            one for one in read_kept(place) if one.folder.name == "evaluation--little--as-trained"
        ).outcomes()
        for place in (results, finished / RESULTS)
    )
    rules = undisturbed[~undisturbed["policy"].str.startswith("gr-ppo")].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, rules)
    assert json.loads((results.parent / FROZEN).read_text(encoding="utf-8"))["scenarios"]["little"].keys() == {
        BASE, "demand +30 %"
    }  # fmt: skip
