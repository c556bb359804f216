"""The desk's network on disk: read as written, acting by its values, refused if damaged."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from policies.desk.evaluation import ALWAYS, DQN, OPTIMUM, evaluate_desk, tell_desk
from policies.desk.q_network import WEIGHTS, QNetwork, read_q_network, write_q_network
from policies.environments.cohorts import calibrated_people
from scenarios.errors import UsageError

pytest.importorskip("gymnasium")

from policies.desk.training import DeskSetting, train_desk

ROOT = Path(__file__).resolve().parents[3]
SETTING = {"resource": "beds", "n_units": 6, "n_patients": 20, "fairness": 0.0, "grouping": "sex"}


@pytest.fixture(scope="module")
def people():
    return calibrated_people(2025, 200, "sex")


@pytest.fixture
def folder(people, tmp_path):
    """A network that admits from a severity of 0.3 on: written by hand."""
    desk = DeskSetting(**SETTING).desk(people)
    first = np.zeros((2, len(desk.labels)))
    first[:, 0] = [1.0, 0.0]
    layers = [(first, np.array([0.0, 0.3])), (np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2))]
    about = {"desk": SETTING, "labels": list(desk.labels), "groups": list(desk.groups)}
    return write_q_network(tmp_path / "net", layers, about)


def test_a_network_acts_by_its_values_and_is_read_as_it_was_written(folder):
    network = read_q_network(folder)
    observations = np.zeros((2, len(network.about["labels"])), dtype=np.float32)
    observations[:, 0] = [0.2, 0.4]

    assert network(observations) == pytest.approx(np.array([[0.3, 0.2], [0.3, 0.4]]))
    assert [network.choose(one) for one in observations] == [0, 1]


def test_reading_a_network_needs_neither_torch_nor_ray(folder):
    script = "import sys; from pathlib import Path; from policies.desk.q_network import read_q_network\n"
    script += "print(len(read_q_network(Path(sys.argv[1])).layers), *{'torch', 'ray'} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert done.stdout.split() == ["2"]


def test_a_damaged_network_is_refused(folder, tmp_path):
    whole = (folder / WEIGHTS).read_bytes()
    for content, said in ((whole[: len(whole) // 2], "cannot be read"), (None, "cannot be read")):
        (folder / WEIGHTS).unlink(missing_ok=True)
        if content is not None:
            (folder / WEIGHTS).write_bytes(content)
        with pytest.raises(UsageError, match=said):
            read_q_network(folder)
    with pytest.raises(UsageError, match="fairward desk train"):
        read_q_network(tmp_path / "nowhere")


def test_a_network_for_other_groups_is_refused(folder):
    with pytest.raises(UsageError, match="trained on groups"):
        evaluate_desk(
            QNetwork((), {**read_q_network(folder).about, "labels": ["other"]}),
            calibrated_people(1, 50, "sex"),
            2,
            1,
        )


def test_what_is_said_of_a_network_is_what_it_earned(folder, people):
    found = evaluate_desk(read_q_network(folder), people, 5, 1)
    content = json.loads(json.dumps(tell_desk(found).content, allow_nan=False))

    assert content["earned"][DQN]["value"] == pytest.approx(found.earned[DQN].mean())
    assert content["ratios"][DQN]["value"] == pytest.approx(
        found.earned[DQN].mean() / found.earned[OPTIMUM].mean()
    )
    assert set(found.earned) == {DQN, OPTIMUM, ALWAYS, "threshold", "clairvoyant bound"}


def test_a_folder_that_exists_is_not_written_over(people, folder):
    with pytest.raises(UsageError, match="goes to a new folder"):
        train_desk(people, DeskSetting(**SETTING), 1000, 1, folder, lambda *_: None)
