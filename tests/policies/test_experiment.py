"""Experiments: common patients, resumption, damage, stopping, and the sentence."""

import importlib
import pickle
from pathlib import Path

import pandas as pd
import pytest

from policies.experiment import experiment
from policies.parts import Parts
from policies.replication import Replication
from policies.sentence import Estimate, comparison, shown
from policies.stopping import parse_until
from scenarios.errors import UsageError
from sim.replications import Workers


@pytest.fixture
def scenes(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("scenes")


POLICIES = ("first-come", "acuity")


def reused(answer):
    return answer.provenance["reused"]


def test_two_policies_meet_the_same_patients(scenes):
    done = Replication(scenes.scenario(), POLICIES, 1, "auto", None)(2)

    assert done["first-come"].workload == done["acuity"].workload
    assert done["first-come"].fingerprint != done["acuity"].fingerprint


def test_the_task_travels_to_a_worker_and_back_unchanged(scenes):
    task = Replication(scenes.scenario(), POLICIES, 1, "auto", None)

    there = pickle.loads(pickle.dumps(task))

    assert there.scenario == task.scenario
    assert there(1)["acuity"].fingerprint == task(1)["acuity"].fingerprint


def test_workers_do_not_change_an_answer(scenes):
    alone = experiment(scenes.scenario(), POLICIES, 3)
    with Workers(2) as workers:
        together = experiment(scenes.scenario(), POLICIES, 3, workers=workers)

    assert alone.sentence == together.sentence
    assert alone.provenance == together.provenance
    for policy in POLICIES:
        pd.testing.assert_frame_equal(alone.outcomes[policy], together.outcomes[policy])


def test_finished_replications_are_not_run_again(scenes, tmp_path):
    parts = Parts(tmp_path)
    first = experiment(scenes.scenario(), POLICIES, 2, parts=parts)
    second = experiment(scenes.scenario(), POLICIES, 3, parts=parts)

    assert (reused(first), reused(second)) == (0, 4)
    for policy in POLICIES:
        before, after = first.outcomes[policy], second.outcomes[policy]
        pd.testing.assert_frame_equal(before, after[after["replication"] <= 2].reset_index(drop=True))


@pytest.mark.parametrize("file", ["visits.parquet", "outcomes.parquet", "part.json"])
@pytest.mark.parametrize("damage", ["truncated", "altered", "gone"])
def test_a_damaged_replication_is_done_again(scenes, tmp_path, file, damage):
    parts = Parts(tmp_path)
    experiment(scenes.scenario(), ["acuity"], 2, parts=parts)
    victim = parts.place("acuity", 1) / file
    content = victim.read_bytes()
    if damage == "gone":
        victim.unlink()
    elif damage == "truncated":
        victim.write_bytes(content[: len(content) // 2])
    else:
        middle = len(content) // 2
        victim.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])

    again = experiment(scenes.scenario(), ["acuity"], 2, parts=parts)

    assert reused(again) == 1
    assert parts.read("acuity", 1) is not None


def test_a_half_written_replication_is_not_seen(scenes, tmp_path):
    parts = Parts(tmp_path)
    experiment(scenes.scenario(), ["acuity"], 1, parts=parts)
    place = parts.place("acuity", 1)
    place.rename(place.with_name(".rep-0001-99"))

    assert parts.read("acuity", 1) is None


def test_it_runs_until_the_interval_is_narrow(scenes):
    wide = experiment(scenes.scenario(), ["acuity"], 2, until=parse_until("untreated_hours<50 h"))
    narrow = experiment(scenes.scenario(), ["acuity"], 2, until=parse_until("untreated_hours < 6 min"))

    assert len(wide.replications) == 12
    assert len(narrow.replications) > 12
    assert len(narrow.replications) % 10 == 2


def test_it_tells_about_how_many_runs_a_narrow_interval_takes(scenes):
    told = []

    answer = experiment(
        scenes.scenario(),
        ["acuity"],
        10,
        until=parse_until("untreated_hours<20 min"),
        on_estimate=told.append,
    )

    assert len(told) == 1
    assert any("was chosen by --until 'untreated_hours<20 min'" in note for note in answer.notes)


def test_it_does_not_go_on_for_a_value_that_no_run_has(scenes):
    until = parse_until("length_of_stay_hours<1 h")

    answer = experiment(scenes.scenario("horizon=1 s", "warm_up=0"), ["acuity"], 5, until=until)

    assert len(answer.replications) < 20
    assert any("not one of them has a value of length_of_stay_hours" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("metric", "changes"), [("within_target", ["targets={}"]), ("step_wait_hours", []), ("utilisation", [])]
)
def test_a_stopping_rule_needs_a_value_for_everybody(scenes, metric, changes):
    with pytest.raises(UsageError, match=f"--until: {metric} has no .*Choose one of .*untreated_hours"):
        experiment(scenes.scenario(*changes), ["acuity"], 1, until=parse_until(f"{metric}<1"))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("untreated_hours", "expected metric<value"),
        ("untreated_ours<1 h", 'Did you mean "untreated_hours"?'),
        ("untreated_hours<soon", "got 'soon'"),
        ("untreated_hours<0", "above 0"),
    ],
)
def test_a_stopping_rule_that_cannot_be_read_says_why(written, said):
    with pytest.raises(UsageError) as error:
        parse_until(written)

    assert said in str(error.value)


def test_a_share_may_be_written_in_per_cent():
    assert parse_until("left_share<2 %").half_width == pytest.approx(0.02)
    assert parse_until("untreated-hours<30 min").half_width == 0.5


@pytest.mark.parametrize(
    ("policies", "said"),
    [([], "at least one policy"), (["acuity", "acuity"], "named twice"), (["nobody"], "is not known")],
)
def test_policies_are_checked_before_anything_runs(scenes, policies, said):
    with pytest.raises(UsageError, match=said):
        experiment(scenes.scenario(), policies, 1)


def row(metric, mean, low, high, attribute="", group="all", n=100.0):
    return {"metric": metric, "attribute": attribute, "group": group, "hospital": "", "n_runs": 30,
            "n_mean": n, "mean": mean, "low": low, "high": high}  # fmt: skip


def sentence(scenes, *rows):
    frame = pd.DataFrame(rows)
    return comparison(
        scenes.scenario(), ["first-come", "acuity"], {"first-come": frame}, {"acuity": frame}, 30, 1
    )


def test_the_sentence_names_the_effect_and_who_pays_for_it(scenes):
    said = sentence(
        scenes,
        row("untreated_hours", -1.4, -1.7, -1.1),
        row("untreated_hours", 0.31, 0.10, 0.52, "acuity", "standard"),
        row("untreated_hours", 9.0, 8.0, 9.9, "home", "far", n=4),
        row("left_share", 0.05, 0.03, 0.07),
        row("died_share", 0.001, -0.001, 0.003),
    )

    assert said == (
        "acuity cuts the mean untreated time by 1.40 h [1.10, 1.70] (30 paired runs, seed 1, against first-come); "
        "who waits longer: standard acuity +0.31 h [0.10, 0.52]; "
        "what gets worse: left without care +5.0 points [3.0, 7.0]."
    )


def test_the_sentence_claims_nothing_when_the_interval_spans_zero(scenes):
    said = sentence(
        scenes,
        row("untreated_hours", -0.1, -0.4, 0.2),
        row("untreated_hours", 0.1, -0.2, 0.4, "acuity", "standard"),
    )

    assert said.startswith("no clear change: acuity changes the mean untreated time by -0.10 h [-0.40, 0.20]")
    assert "who waits longer: no group clearly (of 1 looked at)" in said


def test_the_sentence_says_who_gains_when_everybody_together_loses(scenes):
    said = sentence(
        scenes,
        row("untreated_hours", 0.6, 0.2, 1.0),
        row("untreated_hours", 1.1, 0.7, 1.5, "acuity", "standard"),
        row("untreated_hours", -0.7, -1.0, -0.4, "acuity", "critical"),
    )

    assert "acuity raises the mean untreated time by 0.60 h [0.20, 1.00]" in said
    assert "who waits longer: standard acuity +1.10 h" in said
    assert "who waits less: critical acuity -0.70 h [-1.00, -0.40]" in said


def test_a_group_is_not_named_for_being_one_of_many_looked_at(scenes):
    barely = row("untreated_hours", 0.2, 0.01, 0.39, "home", "far")
    others = [row("untreated_hours", 0.0, -0.2, 0.2, "age", value) for value in ("young", "old")]

    alone = sentence(scenes, row("untreated_hours", -1.4, -1.7, -1.1), barely)
    among_many = sentence(scenes, row("untreated_hours", -1.4, -1.7, -1.1), barely, *others)

    assert "far (home) +0.20 h [0.01, 0.39]" in alone
    assert "no group clearly (of 3 looked at)" in among_many


def test_the_sentence_says_that_one_run_cannot_tell(scenes):
    nan = float("nan")

    assert "one run cannot say more" in sentence(scenes, row("untreated_hours", -1.0, nan, nan))


def test_the_sentence_says_when_nothing_changed_at_all(scenes):
    assert "changes nothing" in sentence(scenes, row("untreated_hours", 0.0, 0.0, 0.0))


@pytest.mark.parametrize(("urgent", "named"), [(1e-13, False), (0.4, True)])
def test_no_group_is_worst_off_where_groups_do_not_differ(scenes, urgent, named):
    frame = pd.DataFrame(
        [
            row("untreated_hours", 0.0, 0.0, 0.0),
            row("untreated_hours", urgent, urgent, urgent, "acuity", "critical"),
            row("untreated_hours", 0.0, 0.0, 0.0, "acuity", "standard"),
        ]
    )

    said = comparison(scenes.scenario(), ["acuity"], {"acuity": frame}, {}, 30, 1)

    assert ("worst off: critical" in said) == named


def test_a_value_that_rounds_to_zero_has_no_sign():
    assert (
        shown(Estimate("", "all", -1e-9, -0.0004, 0.0004, 10), "untreated_hours") == "0.000 h [0.000, 0.000]"
    )


def test_a_network_that_never_settles_is_said_to(scenes):
    overloaded = scenes.scenario(
        "arrivals.north.scale=4", "horizon=10 days", "pathways.care.steps.ward.patience=null"
    )

    answer = experiment(overloaded, ["acuity"], 3)

    assert any("Warm-up check (MSER-5)" in note for note in answer.notes)
