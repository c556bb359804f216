"""Evaluation: whose seeds, what counts as one algorithm, and whether planted differences are found and no others."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from policies.evaluation.blocks import efficiency
from policies.evaluation.comparing import changes, fixed_pair
from policies.evaluation.entries import Entry, entries_of
from policies.evaluation.measures import COST, Groups, Measured, attribute_of
from policies.evaluation.seeds import SPAN, purpose_of, simulation_seed
from policies.evaluation.telling import _sentence, change_json
from scenarios.errors import UsageError
from scenarios.loader import load, load_text
from tests.conftest import seed_of
from tests.policies.scenes import NETWORK

PURPOSES = ("exploring", "training", "tuning", "evaluation")
GROUPS = Groups("home", ("near", "far"))


def made(label, everybody, far, near):
    """An entry with these costs: members x runs each."""
    value = np.stack([np.atleast_2d(np.asarray(v, dtype=float)) for v in (everybody, near, far)], axis=-1)
    zeros = np.zeros_like(value)
    members = tuple(f"{label}-{k}" for k in range(value.shape[0]))
    return Measured(
        Entry(label, members), GROUPS, {COST.name: value, "untreated_hours": value, "died_share": zeros}
    )


def patients(name, runs=20):
    """The luck of the runs, common to all entries, and a stream for what is their own."""
    rng = np.random.Generator(np.random.Philox(seed_of(name)))
    return 10 + rng.normal(scale=2, size=runs), rng


def test_seeds_of_different_purposes_never_meet():
    seeds = [simulation_seed(purpose, n) for purpose in PURPOSES for n in (0, 1, SPAN - 1)]

    assert len(set(seeds)) == len(seeds)
    assert [purpose_of(seed) for seed in seeds] == [purpose for purpose in PURPOSES for _ in range(3)]
    assert purpose_of(4 * SPAN) is None
    with pytest.raises(UsageError, match="expected a tuning seed"):
        simulation_seed("tuning", SPAN)


def test_the_trainers_meet_patients_of_the_training_range():
    from policies.learning.baseline import TRAINING_SEEDS

    assert purpose_of(TRAINING_SEEDS + 1) == purpose_of(TRAINING_SEEDS + SPAN - 1) == "training"


def checkpoint(folder):
    folder.mkdir(parents=True)
    (folder / "policy.json").write_text("{}")
    return folder


def test_folders_are_a_checkpoint_a_training_or_one_algorithm_with_several_seeds(tmp_path):
    for seed in (1, 2):
        for iteration in ("iteration-000010", "iteration-000020"):
            checkpoint(tmp_path / "gr" / f"seed-{seed}" / iteration)
    one = tmp_path / "gr" / "seed-1"

    found = entries_of(
        [
            "c-mu",
            "hot=c-mu:critical=8",
            f"a=ckpt:{one}/iteration-000010",
            f"b=ckpt:{one}",
            f"gr=ckpt:{tmp_path}/gr",
        ]
    )

    assert [e.label for e in found] == ["c-mu", "hot", "a", "b", "gr"]
    assert found[1].members == ("c-mu:critical=8",)
    assert found[2].members == (f"ckpt:{one}/iteration-000010",)
    assert found[3].members == (f"ckpt:{one}/iteration-000020",)
    assert found[4].members == tuple(f"ckpt:{tmp_path}/gr/seed-{s}/iteration-000020" for s in (1, 2))
    assert [e.learned for e in found] == [False, False, True, True, True]


def test_a_folder_without_checkpoints_and_a_name_used_twice_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"found no policy\.json"):
        entries_of([f"ckpt:{tmp_path}"])
    with pytest.raises(UsageError, match="c-mu is named twice"):
        entries_of(["c-mu", "c-mu"])


def test_the_attribute_that_learners_see_is_taken_unless_one_is_named():
    scenario = load_text(NETWORK)

    assert attribute_of(scenario, None) == "home"
    assert attribute_of(scenario, "age") == "age"
    assert attribute_of(load("rural"), None) == "care-group"
    with pytest.raises(UsageError, match='"hair" is not a category'):
        attribute_of(scenario, "hair")


def test_a_planted_difference_is_found_with_its_size_and_efficiency_is_kept():
    luck, rng = patients("planted")
    noise = lambda: rng.normal(scale=0.05, size=20)  # noqa: E731
    reference = made("ref", luck, luck + 3, luck)
    fair = made("fair", luck + noise(), luck + 1 + noise(), luck + noise())
    slow = made("slow", luck + 1 + noise(), luck + 3 + noise(), luck + noise())

    found = changes([reference, fair, slow], reference, ("far", "near"))

    assert fixed_pair(reference) == ("far", "near")
    assert [c.entry.label for c in found] == ["fair", "slow"]
    assert found[0].gap.difference.low < -2 < found[0].gap.difference.high
    assert found[0].gap.stands
    assert found[0].worst.stands
    assert found[0].efficient
    assert not found[1].gap.stands
    assert not found[1].efficient
    assert [efficiency(change) for change in found] == ["not inferior", "inferior"]
    assert found[1].cost_part.value == pytest.approx(1 / luck.mean(), rel=0.1)
    assert change_json(found[0], GROUPS.names)["non_inferior"]["shown"] is True


def test_non_inferiority_is_not_the_absence_of_a_difference():
    """Twenty noisy runs with the same mean: no difference is shown, and that costs are kept is not shown either."""
    luck, rng = patients("noisy")
    wild = rng.normal(scale=3, size=20)
    reference = made("ref", luck, luck, luck)
    noisy = made("noisy", luck + wild - wild.mean(), luck, luck)

    (found,) = changes([reference, noisy], reference, ("far", "near"))

    assert found.cost.low < 0 < found.cost.high
    assert efficiency(found) == "not shown"


def test_seeds_that_disagree_do_not_make_a_finding():
    """Three training seeds, one much fairer and two a little: over runs alone it would be certain."""
    luck, _ = patients("disagree")
    reference = made("ref", luck, luck + 3, luck)
    gaps = np.array([-2.5, 2.9, 2.8])
    learned = made("gr", np.tile(luck, (3, 1)), luck + gaps[:, None], np.tile(luck, (3, 1)))

    (found,) = changes([reference, learned], reference, ("far", "near"))
    over_runs_alone = made("mean", luck, luck + gaps.mean(), luck)
    (alone,) = changes([reference, over_runs_alone], reference, ("far", "near"))

    assert not found.gap.stands
    assert alone.gap.stands


@pytest.mark.stats
def test_of_many_policies_without_a_difference_few_studies_find_one():
    """150 studies of 8 policies that differ by noise: Holm keeps false findings below 5 % (4 standard errors above)."""
    rng = np.random.Generator(np.random.Philox(seed_of("familywise")))
    hits, n = 0, 150
    for _ in range(n):
        luck = rng.normal(scale=2, size=20)
        noise = [rng.normal(size=(3, 20)) for _ in range(9)]
        entries = [made(str(k), luck + a, luck + b, luck + c) for k, (a, b, c) in enumerate(noise)]
        hits += any(c.gap.stands or c.worst.stands for c in changes(entries, entries[0], ("far", "near")))

    assert hits / n < 0.05 + 4 * np.sqrt(0.05 * 0.95 / n)


def test_the_sentence_says_plainly_that_nothing_was_found():
    luck, _ = patients("nothing")
    reference = made("ref", luck, luck, luck)
    same = made("same", luck, luck, luck)
    evaluation = SimpleNamespace(entries=[reference.entry], n_runs=20, pair=("far", "near"))

    compared = changes([reference, same], reference, ("far", "near"))
    said = _sentence(evaluation, compared)

    assert said.startswith("No policy narrows the gap for certain")
    assert json.dumps(change_json(compared[0], GROUPS.names), allow_nan=False)
