"""What is lost on a cluster is not the training: a worker node is killed, then the driver itself."""

import json
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("ray.rllib")
pytest.importorskip("torch")

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(240)]

DRIVER = Path(__file__).parent / "driver.py"


class Driver:
    def __init__(self, environment, folder, *arguments):
        self.errors = folder.with_suffix(".err").open("a+")
        command = [sys.executable, str(DRIVER), *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.errors, text=True, env=environment
        )

    def line(self):
        """Iteration, steps so far, env runners; None at the end."""
        while text := self.process.stdout.readline():
            words = text.split()
            if len(words) == 3 and all(map(str.isdigit, words)):  # Ray tells of lost nodes between our lines.
                return tuple(map(int, words))
        return None

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.errors.seek(0)
        said = self.errors.read()
        self.errors.close()
        return said


def test_a_killed_node_costs_an_env_runner_and_a_killed_driver_goes_on_from_its_checkpoint(
    two_nodes, ray_environment, tmp_path
):
    folder = tmp_path / "trained"
    first = Driver(ray_environment, folder, two_nodes.address, str(folder), "2", "1000")
    before = [first.line() for _ in range(3)]
    assert None not in before, first.close()

    assert two_nodes.ask("kill") == "killed"
    after = [first.line() for _ in range(7)]
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    while line := first.line():
        after.append(line)
    first.close()

    assert None not in after
    assert before[-1][2] == 2
    assert after[-1][2] == 1
    steps = [steps for _, steps, _ in [*before, *after]]
    assert all(later > earlier for earlier, later in pairwise(steps))

    reached = max(int(path.name.partition("-")[2]) for path in (folder / "ray").glob("iteration-*"))
    assert reached >= after[-1][0] - 2
    second = Driver(ray_environment, folder, two_nodes.address, str(folder), "1", str(reached + 2), "resume")
    resumed = [second.line() for _ in range(2)]
    assert second.line() is None
    code = second.process.wait(60)
    said = second.close()

    assert code == 0, said
    assert [line[0] for line in resumed] == [reached + 1, reached + 2]
    at_checkpoint = {i: steps for i, steps, _ in [*before, *after]}[reached]
    assert at_checkpoint < resumed[0][1] < resumed[1][1]
    manifest = json.loads((folder / f"iteration-{reached + 2:06d}" / "manifest.json").read_text())
    assert manifest["trained"]["decisions"] == resumed[1][1]
    lines = (folder / "history.csv").read_text().splitlines()
    assert [int(line.partition(",")[0]) for line in lines[1:]] == list(range(1, reached + 3))
