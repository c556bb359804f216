"""From a scenario to checkpoints that act, go on, and can be interrupted."""

import dataclasses
import json
import signal

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from policies.environments.costs import prices_of
from policies.environments.lockstep import LockstepNetwork
from policies.learning.baseline import (
    REPLICATIONS,
    TRAINING_SEEDS,
    baseline_of,
    group_factors,
)
from policies.learning.checkpoint import checkpoints_of
from policies.learning.offer import Offer
from policies.learning.settings import TrainSettings
from policies.learning.training import train
from policies.replication import simulate
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.network import compile_network

SMALL = TrainSettings(
    algo="gr-ppo", iterations=2, copies=2, steps=6, hidden=(8,), checkpoint_every=1, minibatch=32, epochs=2
)


@pytest.fixture
def scenario(scene):
    return scene("horizon=4 days", "warm_up=1 day", "decide_every=6 h").scenario


def test_a_trained_policy_acts_and_says_where_it_comes_from(scenario, tmp_path):
    told = []

    trained = train(scenario, SMALL, tmp_path / "run", lambda done, wanted, row: told.append((done, wanted)))

    assert told == [(1, 2), (2, 2)]
    assert trained.folder == tmp_path / "run" / "iteration-000002"
    assert list(trained.history["iteration"]) == [1, 2]
    assert len(simulate(scenario, f"ckpt:{trained.folder}", 1, 1).log) > 0
    manifest = json.loads((trained.folder / "manifest.json").read_text())
    assert TrainSettings.of_plain(manifest["trained"]["settings"]) == SMALL
    assert manifest["scenario_hash"]


def test_equal_settings_train_equal_policies_to_the_bit(scenario, tmp_path):
    one, other = (train(scenario, SMALL, tmp_path / name).folder for name in "ab")

    for file in ("weights.npz", "resume.npz", "policy.json"):
        assert (one / file).read_bytes() == (other / file).read_bytes(), file


@pytest.mark.parametrize("stop", [1, 3], ids=["in the first episode", "in a later one"])
def test_a_training_that_was_interrupted_ends_as_if_it_never_was(scenario, resumed_and_whole, stop):
    """Steps do not divide episodes, so that it is stopped in the middle of one."""
    settings = dataclasses.replace(SMALL, iterations=4, steps=7)

    resumed, whole = resumed_and_whole(scenario, settings, stop)

    pd.testing.assert_frame_equal(
        resumed.history.drop(columns="seconds"), whole.history.drop(columns="seconds"), check_exact=True
    )


def test_it_goes_on_from_the_newest_checkpoint_and_keeps_the_curve(scenario, tmp_path):
    train(scenario, SMALL, tmp_path / "run")
    longer = dataclasses.replace(SMALL, iterations=4)

    trained = train(scenario, longer, tmp_path / "run", resume=True)

    assert list(trained.history["iteration"]) == [1, 2, 3, 4]
    assert trained.folder.name == "iteration-000004"
    with pytest.raises(UsageError, match=r"other settings:\nlam: was 0.5, is 0.9"):
        train(scenario, dataclasses.replace(longer, lam=0.9), tmp_path / "run", resume=True)


def test_it_goes_on_with_the_same_numbers_and_the_whole_of_its_memory_only(scene, scenario, tmp_path):
    folder = train(scenario, SMALL, tmp_path / "run").folder
    longer = dataclasses.replace(SMALL, iterations=4)
    other = scene("horizon=5 days", "warm_up=1 day", "decide_every=6 h").scenario

    with pytest.raises(UsageError, match=r"with other numbers\. Give the same scenario and the same --set"):
        train(other, longer, tmp_path / "run", resume=True)
    whole = (folder / "resume.npz").read_bytes()
    (folder / "resume.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match=r"resume.npz cannot be read: .*truncated"):
        train(scenario, longer, tmp_path / "run", resume=True)
    (folder / "resume.npz").write_bytes((folder / "weights.npz").read_bytes())
    with pytest.raises(UsageError, match="does not say what training needs to go on"):
        train(scenario, longer, tmp_path / "run", resume=True)


def test_a_run_is_never_written_over_and_nothing_is_resumed_from_nothing(scenario, tmp_path):
    train(scenario, SMALL, tmp_path / "run")

    with pytest.raises(UsageError, match=r"holds a training run already \(iteration-000002\)"):
        train(scenario, SMALL, tmp_path / "run")
    with pytest.raises(UsageError, match="no checkpoint to go on from"):
        train(scenario, SMALL, tmp_path / "other", resume=True)


def test_an_interrupted_run_keeps_its_checkpoints(scenario, tmp_path):
    def stop(done, wanted, row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(scenario, SMALL, tmp_path / "run", stop)

    assert train(scenario, SMALL, tmp_path / "run", resume=True).folder.name == "iteration-000002"


def test_ctrl_c_keeps_the_iteration_that_is_being_learned(scenario, tmp_path, capsys):
    """Checkpoints are due every ten iterations; pressed during the second, that is kept, though it is not due."""
    settings = dataclasses.replace(SMALL, iterations=9, checkpoint_every=10)

    def press(done, wanted, row):
        if done == 1:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(scenario, settings, tmp_path / "run", press)

    assert [path.name for path in checkpoints_of(tmp_path / "run")] == ["iteration-000002"]
    assert "Finishing this iteration to keep it" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert len(train(scenario, settings, tmp_path / "run", resume=True).history) == 9


def test_ctrl_c_twice_stops_at_once(scenario, tmp_path):
    def press(done, wanted, row):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(scenario, dataclasses.replace(SMALL, checkpoint_every=10), tmp_path / "run", press)

    assert checkpoints_of(tmp_path / "run") == []


def test_sending_everybody_away_is_never_rewarded():
    """Nobody waits where ambulances are diverted and the overflow leaves the network; it costs more all the same."""
    scenario = load("rural", ["horizon=10 days", "warm_up=0 h"])
    offer = Offer(dials=("overflow rule", "divert"))
    found = {}
    for name, options in (("neutral", ("the scenario's", "no")), ("away", ("outside", "yes"))):
        env = LockstepNetwork(scenario, 2, menu=offer.menu(compile_network(scenario)))
        action = [dial.options.index(option) for dial, option in zip(env.menu.dials, options, strict=True)]
        env.reset()
        found[name] = sum(env.step(np.tile(action, (2, 3, 1))).costs.sum() for _ in range(60))

    assert found["away"] > found["neutral"]


def test_one_is_the_cost_of_an_average_patient_under_neutral_orders(scenario):
    """Played by the environment on the same patients, neutral orders give the level of the baseline."""
    network = compile_network(scenario)
    levels = baseline_of(scenario, network, prices_of(scenario), group_factors(network.groups, {}), 5, 1.0)
    env = LockstepNetwork(scenario, REPLICATIONS, seed=TRAINING_SEEDS + 5, skip_warm_up=True)
    env.reset()
    costs, hours, over = np.zeros(len(network.groups)), 0.0, np.zeros(REPLICATIONS, bool)
    while not over.all():
        stepped = env.step(np.zeros((REPLICATIONS, len(network.hospitals), len(env.menu.dials)), np.int64))
        costs, hours, over = costs + stepped.costs.sum(axis=(0, 1)), hours + stepped.hours.sum(), stepped.over

    assert levels.rho @ levels.update(costs, hours) == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"algo": "trpo", "lam": 2.0},
            r"lam: expected a number from 0 to 1, got 2.0.\nalgo: expected one of",
        ),
        ({"target_gap": 0.1, "algo": "ppo"}, "target_gap"),
        ({"gamma": 1.0}, "episodes are truncated"),
    ],
)
def test_settings_that_make_no_sense_are_refused_together(changes, said):
    with pytest.raises(UsageError, match=said):
        TrainSettings(**changes)


def test_a_strange_group_or_menu_is_refused_before_anything_is_played(scenario, tmp_path):
    with pytest.raises(UsageError, match="cost_by_group: expected numbers of at least 0 for"):
        train(scenario, dataclasses.replace(SMALL, cost_by_group={"nobody": 2.0}), tmp_path / "a")
    with pytest.raises(UsageError, match="--menu: expected one of all, inside, rules, class-weights"):
        train(scenario, dataclasses.replace(SMALL, menu="everything"), tmp_path / "b")
