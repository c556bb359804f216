"""What goes wrong on a cluster is said at once and in our words."""

import hashlib
import json
import re
import time

import numpy as np
import pytest

pytest.importorskip("ray.rllib")
pytest.importorskip("torch")

from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from policies.learning.settings import TrainSettings
from policies.rllib.cluster import Cluster, check_address, check_room, joined
from policies.rllib.costs import COSTS, HOURS, observations, totals
from policies.rllib.module import OBSERVATION, POLICY
from policies.rllib.runners import LockstepRunner
from policies.rllib.training import train_on_ray
from policies.rllib.tuning import tune
from scenarios.errors import RunError, UsageError
from scenarios.loader import load

pytestmark = pytest.mark.ray

SETTINGS = TrainSettings(iterations=1, copies=1, steps=2)


@pytest.fixture(scope="module")
def scenario():
    return load("urban", ["decide_every=4 h", "horizon=1 day", "warm_up=0 h"])


def test_an_unreachable_cluster_is_an_error_within_seconds(scenario, tmp_path):
    began = time.monotonic()

    with pytest.raises(UsageError, match=r"127\.0\.0\.1:1: nobody answers .*docs/cluster\.md"):
        train_on_ray(scenario, SETTINGS, tmp_path / "new", Cluster("127.0.0.1:1", env_runners=1))

    assert time.monotonic() - began < 10
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("address", ["nowhere", "host:", "host:port", ":"])
def test_an_address_is_a_host_and_a_port(address):
    with pytest.raises(UsageError, match="expected HOST:PORT"):
        check_address(address)


def test_auto_is_for_submitted_jobs(scenario, tmp_path, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)

    with pytest.raises(UsageError, match="RAY_ADDRESS is not set"):
        train_on_ray(scenario, SETTINGS, tmp_path / "new", Cluster("auto"))


def test_a_cluster_that_does_not_come_up_is_an_error_of_ours(monkeypatch):
    def init(**settings):
        raise Exception("The current node timed out during startup. This could happen because ...\nMore.")

    monkeypatch.setattr("ray.init", init)
    monkeypatch.setattr("policies.rllib.cluster._prepare", lambda address: None)
    said = r"Ray cannot be started here \(The current node timed out .* needs no Ray"

    with pytest.raises(RunError, match=said), joined(Cluster()):
        pass


def test_too_small_a_cluster_is_an_error_and_not_a_wait():
    class Small:
        @staticmethod
        def cluster_resources():
            return {"CPU": 2.0}

    with pytest.raises(UsageError, match="3 env runners and 1 learners need 4 CPUs, the cluster has 2"):
        check_room(Small, Cluster("head:6379", env_runners=3, learners=1))


def test_a_folder_is_new_or_gone_on_from(scenario, tmp_path):
    with pytest.raises(UsageError, match="no checkpoint to go on from"):
        train_on_ray(scenario, SETTINGS, tmp_path, Cluster(), resume=True)

    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match="is not empty"):
        train_on_ray(scenario, SETTINGS, tmp_path, Cluster())
    with pytest.raises(UsageError, match="A sweep goes to a new folder"):
        tune(scenario, SETTINGS, [0, 1], [1e-3], tmp_path, Cluster())
    with pytest.raises(UsageError, match="at least two combinations"):
        tune(scenario, SETTINGS, [0.5], [1e-3], tmp_path / "new", Cluster())


def test_a_truncated_checkpoint_is_found_before_ray_starts(scenario, tmp_path):
    for number in (10, 20):
        place = tmp_path / "ray" / f"iteration-{number:06d}" / "learner"
        place.mkdir(parents=True)
        (place / "state.pkl").write_bytes(b"weights")
        written = {"learner/state.pkl": hashlib.sha256(b"weights").hexdigest()}
        (place.parent / "checksums.json").write_text(json.dumps(written))
    (place / "state.pkl").write_bytes(b"weig")

    with pytest.raises(
        UsageError, match=r"iteration-000020 is not what .*; --resume then goes on from iteration-000010"
    ):
        train_on_ray(scenario, SETTINGS, tmp_path, Cluster(), resume=True)


@pytest.mark.parametrize(
    ("error", "mendable", "said"),
    [
        (UsageError("costs: expected finite numbers"), True, "^costs: expected finite numbers$"),
        (
            RuntimeError("mat1 and mat2 shapes"),
            False,
            "an env runner failed with RuntimeError: mat1 and mat2 shapes\n",
        ),
    ],
)
def test_an_error_in_an_env_runner_is_handed_on_and_not_tried_again_and_again(error, mendable, said):
    class Broken(LockstepRunner):
        def __init__(self):
            pass

        def _sampled(self):
            raise error

    (told,) = Broken().sample()

    assert told.mendable is mendable
    assert re.search(said, told.message)


def episode(costs, hours, entries=3):
    n = len(costs)
    return SingleAgentEpisode(
        observations=[{OBSERVATION: np.zeros(entries)}] * (n + 1),
        actions=[0] * n,
        rewards=[0.0] * n,
        extra_model_outputs={COSTS: costs, HOURS: hours},
        len_lookback_buffer=0,
        agent_id="north",
        module_id=POLICY,
    ).to_numpy()


def test_a_cost_that_is_no_number_stops_training_before_it_is_learned_from():
    with pytest.raises(UsageError, match="costs at north: expected finite numbers, got 1 of 4"):
        totals([episode([[1.0, 2.0], [float("nan"), 0.0]], [1.0, 1.0])], "north", 2)


def test_shapes_that_do_not_fit_are_named():
    whole = episode([[1.0, 2.0, 0.5], [1.0, 1.0, 0.0]], [1.0, 2.0])

    with pytest.raises(UsageError, match=r"costs at north: expected steps x values = \(2, 5\), got \(2, 3\)"):
        totals([whole], "north", 5)
    with pytest.raises(UsageError, match=r"observation of north: expected 4 entries, got \(3,\)"):
        observations([whole], OBSERVATION, 4)
    costs, hours = totals([whole], "north", 3)
    assert costs.tolist() == [2.0, 3.0]
    assert hours == 3.0
