"""A checkpoint acts wherever a heuristic does, with numpy alone; a bad one is refused at once."""

import json
import shutil

import numpy as np
import pytest

from policies.environments.acting import Acting
from policies.environments.encoding import Encoding
from policies.experiment import experiment
from policies.learning.checkpoint import POLICY, WEIGHTS, Ground, read_checkpoint, write_checkpoint
from policies.learning.normalising import Normaliser
from policies.learning.offer import Offer, class_weights
from policies.parameters import parse
from policies.parts import Parts, policy_folder
from policies.registry import build_policy, checkpoint_hash, known
from policies.replication import simulate
from scenarios.errors import UsageError
from scenarios.loader import load
from tests.policies.scenes import drawn_weights

SHORT = ("horizon=3 days", "warm_up=0 h", "decide_every=12 h")


def weights(network, seed=1, hidden=6):
    return drawn_weights(network, np.random.default_rng(seed), hidden)


@pytest.fixture
def network(scene):
    return scene(*SHORT)


@pytest.fixture
def folder(network, tmp_path):
    return write_checkpoint(
        tmp_path / "odd+name:x=1" / "iteration-000003",
        Ground.of(network.scenario, Offer()),
        weights(network),
        Normaliser(len(Encoding(network).labels)),
        {"algo": "ppo"},
    )


def policy_of(written, network):
    return build_policy(written, network.scenario, network, np.random.default_rng(1))


def test_a_path_may_have_any_sign_in_it():
    assert parse("nearest + ckpt:/a+b:c=d/e.f,g") == [("nearest", {}), ("ckpt", {"path": "/a+b:c=d/e.f,g"})]
    assert parse("c-mu:critical=8+ckpt-sampled:x")[1] == ("ckpt-sampled", {"path": "x"})


def test_folders_of_results_have_short_names_that_differ():
    one, other = (f"ckpt:/{'deep/' * 80}{name}/iteration-000100" for name in "ab")

    assert len(policy_folder(one)) < 150
    assert policy_folder(one) != policy_folder(other)
    assert policy_folder(one).startswith("ckpt-a-iteration-000100-")


@pytest.mark.parametrize("name", ["ckpt", "ckpt-sampled"])
def test_it_runs_like_a_heuristic_and_is_not_neutral(network, folder, name):
    logs = [simulate(network.scenario, f"{name}:{folder}", 1, 1).log.fingerprint() for _ in range(2)]

    assert logs[0] == logs[1]
    assert logs[0] != simulate(network.scenario, "neutral", 1, 1).log.fingerprint()


def test_it_is_combined_with_a_heuristic(network, folder):
    assert policy_of(f"nearest+ckpt:{folder}", network) is not None


def test_it_orders_what_the_same_weights_order_in_torch(network, folder):
    torch = pytest.importorskip("torch")
    from policies.learning.network import ActorCritic

    menu, size = Offer().menu(network), len(Encoding(network).labels)
    net = ActorCritic(size, 0, menu.sizes, 1, hidden=(6,))
    net.load_state_dict({k: torch.tensor(v) for k, v in weights(network).items()}, strict=False)
    random = np.random.default_rng(5)
    seen, masks = (
        random.normal(size=(40, size)),
        (random.random((40, menu.sizes.sum())) < 0.7).astype(np.int8),
    )
    masks[:, menu.starts] = 1
    checkpoint = read_checkpoint(folder)

    ours = checkpoint.logits(seen, masks)

    theirs = net(torch.tensor(checkpoint.normaliser(seen)), torch.tensor(masks)).detach().numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_equal_weights_are_equal_bytes(network, folder, tmp_path):
    again = write_checkpoint(
        tmp_path / "again", Ground.of(network.scenario, Offer()), weights(network),
        Normaliser(len(Encoding(network).labels)), {"algo": "ppo"},
    )  # fmt: skip

    assert (again / WEIGHTS).read_bytes() == (folder / WEIGHTS).read_bytes()
    assert json.loads((again / "manifest.json").read_text())["files"][WEIGHTS]
    assert load(again / "scenario.resolved.yaml").name == network.scenario.name


@pytest.mark.parametrize("written", ["ckpt:{}", "nearest+ckpt-sampled:{}"])
def test_what_was_trained_anew_to_the_same_path_is_another_policy(network, folder, tmp_path, written):
    policy, parts = written.format(folder), Parts(tmp_path / "parts")

    def again():
        return experiment(network.scenario, ["neutral", policy], 2, parts=parts).provenance

    first, same = again(), again()
    shutil.rmtree(folder)
    write_checkpoint(
        folder,
        Ground.of(network.scenario, Offer()),
        weights(network, seed=2),
        Normaliser(len(Encoding(network).labels)),
        {},
    )
    other = again()

    assert (first["reused"], same["reused"], other["reused"]) == (0, 4, 2)
    assert list(first["checkpoints"]) == [policy]
    assert first["checkpoints"] == same["checkpoints"]
    assert len({run["checkpoints"][policy] for run in (first, other)}) == 2
    assert first["logs"][policy] != other["logs"][policy]
    assert checkpoint_hash("c-mu:critical=8") is None


def test_it_acts_on_the_same_hospitals_with_other_numbers(scene, folder):
    busier = scene(*SHORT, "replications=7", "horizon=4 days")

    assert policy_of(f"ckpt:{folder}", busier) is not None


def test_a_checkpoint_of_another_scenario_is_refused_by_name(folder):
    rural = load("rural")

    with pytest.raises(UsageError) as caught:
        simulate(rural, f"ckpt:{folder}", 1, 1)

    said = str(caught.value)
    assert "cannot act on rural" in said
    assert "hospitals: this scenario lacks" in said
    assert "has valley, hill, lake beside." in said


def cut(path, keep=0.5):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])


def replaced(folder, network, name, **changed):
    """Write other arrays under an honest checksum."""
    arrays = {**weights(network), **changed}
    normaliser = Normaliser(len(Encoding(network).labels))
    target = folder.parent / name
    return write_checkpoint(target, Ground.of(network.scenario, Offer()), arrays, normaliser, {})


def test_what_is_missing_truncated_or_damaged_is_said(network, folder, tmp_path):
    def said():
        with pytest.raises(UsageError) as caught:
            policy_of(f"ckpt:{folder}", network)
        return str(caught.value)

    whole = (folder / WEIGHTS).read_bytes()
    cut(folder / WEIGHTS)
    assert "weights.npz cannot be read" in said()
    assert "truncated" in said()
    (folder / WEIGHTS).write_bytes(whole[:-30] + bytes(30))
    assert "weights.npz" in said()
    (folder / WEIGHTS).write_bytes(whole)
    (folder / WEIGHTS).rename(tmp_path / "away")
    assert "weights.npz cannot be read" in said()
    (tmp_path / "away").rename(folder / WEIGHTS)
    cut(folder / POLICY)
    assert "policy.json cannot be read" in said()
    (folder / POLICY).write_text('{"schema": "other/1"}')
    assert "expected fairward.policy/1" in said()


def test_a_folder_that_is_no_checkpoint_says_where_one_is(network, folder):
    with pytest.raises(UsageError, match=r"does not exist. Train one"):
        policy_of("ckpt:nowhere/at-all", network)
    with pytest.raises(
        UsageError, match=r"it has no policy.json. Its newest checkpoint is ckpt:.*iteration-000003"
    ):
        policy_of(f"ckpt:{folder.parent}", network)
    with pytest.raises(UsageError, match="expected a folder after ckpt:, got nothing"):
        known("ckpt:")
    with pytest.raises(UsageError, match="expected the folder of a checkpoint"):
        policy_of("ckpt", network)


def test_wrong_shapes_and_nan_weights_are_refused(network, folder):
    with pytest.raises(UsageError, match=r"NaN or infinite numbers. Training diverged"):
        read_checkpoint(replaced(folder, network, "nan", **{"actor.2.bias": np.full(3, np.nan)}))
    narrow = {"actor.0.weight": np.zeros((6, 3), np.float32)}
    with pytest.raises(UsageError, match="entries of an observation"):
        read_checkpoint(replaced(folder, network, "narrow", **narrow))


def test_a_checkpoint_is_never_overwritten(network, folder):
    with pytest.raises(UsageError, match="A checkpoint goes to a new folder"):
        write_checkpoint(folder, Ground.of(network.scenario, Offer()), {}, Normaliser(1), {})


def test_an_offer_survives_its_checkpoint_and_free_weights_say_every_order(network):
    offer = class_weights(network)

    assert Offer.of_plain(json.loads(json.dumps(offer.plain()))) == offer
    starts = [tuple(rule.law.start[a] for a in network.acuities) for rule in offer.queue_rules]
    assert len(starts) == len(set(starts))
    assert all(rule.name == "accumulating-priority" for rule in offer.queue_rules)
    n = len(network.acuities)
    assert tuple(map(float, range(n))) in starts
    assert tuple(map(float, reversed(range(n)))) in starts


def test_acting_reads_raw_observations(network, folder):
    """The normaliser of training is applied inside, so the environment's observation is what goes in."""
    checkpoint = read_checkpoint(folder)
    checkpoint.normaliser.mean += 3.0

    assert (checkpoint.normaliser(np.full((1, checkpoint.normaliser.size), 3.0)) == 0).all()
    assert Acting(network, lambda seen, masks: np.zeros((3, 1), np.int64)) is not None
