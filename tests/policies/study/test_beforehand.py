"""Nothing is told of a study whose seeds meet, or that was judged otherwise than was fixed."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from policies.evaluation.seeds import SPAN, simulation_seed
from policies.learning.baseline import TRAINING_SEEDS
from policies.parameters import parse
from policies.registry import POLICIES
from policies.study.beforehand import check_apart, check_kept, live_seeds, seeds_of
from policies.study.kept import read_kept
from policies.study.protocol import read_protocol as read_anew
from scenarios.errors import ScenarioError, UsageError

ROOT = Path(__file__).resolve().parents[3]
TINY = Path(__file__).with_name("tiny.yaml")
FIRST = ROOT / "docs" / "results" / "first" / "manifests"


read_protocol = cache(read_anew)


def test_seeds_of_every_published_protocol_are_apart_and_those_of_trainers_are_in_their_range():
    purposes = set()
    for path in sorted((ROOT / "docs" / "results").glob("*.yaml")):
        protocol = read_protocol(path)
        seeds = seeds_of(protocol)

        check_apart(seeds)
        assert seeds["training"][:1] == ([TRAINING_SEEDS + 1] if protocol.learned else [])
        purposes |= seeds.keys()
    assert {"training, live tuning", "training, live judged"} <= purposes


def test_seeds_that_meet_or_are_of_another_range_are_an_error():
    with pytest.raises(UsageError, match="seed 1000007 is for training and for training, live judged"):
        check_apart({"training": [1_000_007], "training, live judged": [1_000_007]})
    with pytest.raises(UsageError, match="seed 1000007: expected a tuning seed, got one for training"):
        check_apart({"tuning": [1_000_007]})


def test_more_training_seeds_than_the_live_lambda_leaves_free_are_an_error():
    protocol = read_protocol(TINY)
    many = protocol.model_copy(update={"training": protocol.training.model_copy(update={"seeds": 1_001})})

    with pytest.raises(UsageError, match="is for training and for training, live tuning"):
        check_apart(seeds_of(many))
    assert {what: list(seeds) for what, seeds in live_seeds(protocol).items()} == {
        "tuning": [1001],
        "judged": [2001, 2002],
    }


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("evaluation", {"pair": ["adult", "critical care"]}, "pair are not what was fixed"),
        ("evaluation", {"rival": "c-mu"}, "rival are not what was fixed"),
        (
            "evaluation",
            {"seed": simulation_seed("training", 1)},
            "expected a evaluation seed, got one for training",
        ),
        (
            "tuning",
            {"seed": simulation_seed("evaluation", 1)},
            "expected a tuning seed, got one for evaluation",
        ),
        ("training", {"seed": SPAN}, "expected a training seed from 0"),
        ("tuning", {"scenario": "elsewhere"}, "nothing was fixed on the tuning seed for rural"),
    ],
)
def test_a_page_is_refused_if_a_manifest_does_not_keep_to_what_was_fixed(kind, change, said):
    kept = read_kept(FIRST)
    check_kept(kept)
    changed = [replace(one, manifest={**one.manifest, **change}) if one.kind == kind else one for one in kept]

    with pytest.raises(UsageError, match=said):
        check_kept(changed)


def test_the_full_protocol_has_every_policy_there_is_and_every_learner_of_the_question():
    protocol = read_protocol(ROOT / "docs" / "results" / "study.yaml")
    lambdas = {one["lam"] for one in protocol.learned.values() if one["algo"] == "gr-ppo"}

    rules = {rule for name in protocol.scenarios for rule in protocol.rules_in(name)}
    assert set(POLICIES) <= {name for rule in rules for name, _ in parse(rule)}
    assert lambdas == {0, 0.1, 0.25, 0.5, 0.75, 1}
    assert {one["algo"] for one in protocol.learned.values()} == {
        "ppo", "gr-ppo", "ggf", "pi-lagrangian", "naive-max", "gr-es",
    }  # fmt: skip
    assert set(protocol.scenarios) == {"surge", "rural", "region", "flu-season"}
    assert protocol.training.seeds >= 10
    n = protocol.training.settings
    assert all(
        protocol.settings_in(name, {})["start"] in protocol.rules_in(name) for name in protocol.scenarios
    )
    assert protocol.tuning.decisions == n["iterations"] * n["copies"] * n["steps"]


def test_a_protocol_that_was_run_before_a_field_came_keeps_its_fingerprint_and_a_new_field_changes_it():
    first = read_protocol(ROOT / "docs" / "results" / "first.yaml")
    manifest = json.loads(next(FIRST.glob("tuning--*/manifest.json")).read_text(encoding="utf-8"))
    tiny = read_protocol(TINY)

    assert first.fingerprint() == manifest["protocol"]
    assert tiny.model_copy(update={"live": None}).fingerprint() != tiny.fingerprint()


def test_a_live_lambda_of_a_scenario_or_shift_that_is_not_there_is_refused_at_its_place(tmp_path):
    path = tmp_path / "tiny.yaml"
    text = TINY.read_text(encoding="utf-8")
    path.write_text(text.replace("  scenario: little", "  scenario: litle"), "utf-8")

    with pytest.raises(ScenarioError, match=r"live\.scenario: expected one of little, got litle"):
        read_anew(path)
    path.write_text(text.replace("shift: demand +30 %", "shift: demand +20 %"), "utf-8")
    with pytest.raises(ScenarioError, match=r"live\.shift: expected one of demand \+30 %"):
        read_anew(path)
