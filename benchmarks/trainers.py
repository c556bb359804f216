"""Trainers end to end: decisions of all hospitals per second, simulated and learned from.

Every turn is a process of its own. The first iteration (start-up, compiled code, Ray) and what comes before it do not
count. All play the same scenario with equal batches, epochs and networks. Two rates: by the clock on the wall, and by
the processor time of the process and all that it started, which other work on the machine disturbs less.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REGION = ("region", ["decide_every=1 h", "warm_up=0 h"])
COPIES, STEPS, EPOCHS, MINIBATCH, HIDDEN = 16, 32, 4, 512, (64, 64)

TRAINERS: dict[str, tuple[int, bool, int]] = {
    "lean trainer": (0, True, 6),
    "RLlib, 0 runners": (0, False, 2),
    "RLlib, 1 runner": (1, False, 2),
    "RLlib, 0 runners, lockstep": (0, True, 4),
    "RLlib, 1 runner, lockstep": (1, True, 4),
    "RLlib, 2 runners, lockstep": (2, True, 3),
}
"""Name -> env runners, whether copies are in lockstep, iterations that count. Two runners are told of, no more."""


def missing() -> str | None:
    """Return what is missing to run them all."""
    absent = [module for module in ("torch", "ray") if find_spec(module) is None]
    return f'{" and ".join(absent)} (pip install -e ".[train]")' if absent else None


def rate(name: str) -> tuple[float, float]:
    """Train in a new process; return decisions of all copies per second on the wall, and of processor time.

    NaN if it fails, which is told: on a very busy machine Ray may not come up in time.
    """
    *_, counted = TRAINERS[name]
    command = [sys.executable, __file__, name, str(1 + counted)]
    # Ray's processes are otherwise so polite (niceness 15) that they hardly run beside other work.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "RAY_worker_niceness": "0"}
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        print(f"{name}: exit code {done.returncode}", file=sys.stderr, flush=True)
        return float("nan"), float("nan")
    wall, processor = map(float, json.loads(done.stdout.splitlines()[-1]))
    print(f"{name}: {wall:.0f} by the wall, {processor:.0f} of processor time", file=sys.stderr, flush=True)
    return wall, processor


class Watch:
    """Called after every iteration: when the first and the last were over."""

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []

    def __call__(self, *told: Any) -> None:
        self.times.append((time.monotonic(), processor_seconds(os.getpid())))

    def rates(self, steps: int) -> list[float]:
        """Decisions per second, `steps` an iteration: on the wall, and of processor time."""
        n = steps * (len(self.times) - 1)
        return [n / (end - begin) for begin, end in zip(self.times[0], self.times[-1], strict=True)]


def processor_seconds(root: int) -> float:
    """Return what a process and all that descend from it have used so far, as Linux tells it."""
    parents, used = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = path.read_text(encoding="utf-8").rpartition(")")
        except OSError:  # It has just ended.
            continue
        words = rest.split()
        parents[int(path.parent.name)] = int(words[1])
        used[int(path.parent.name)] = int(words[11]) + int(words[12])
    family, grown = {root}, True
    while grown:
        more = {one for one, parent in parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return sum(used.get(one, 0) for one in family) / os.sysconf("SC_CLK_TCK")


def settings(iterations: int) -> Any:
    """The same for all; no iteration ends early."""
    from policies.learning.settings import TrainSettings

    return TrainSettings(
        iterations=iterations, copies=COPIES, steps=STEPS, epochs=EPOCHS, minibatch=MINIBATCH, hidden=HIDDEN,
        target_kl=1e9, checkpoint_every=iterations,
    )  # fmt: skip


def lean(iterations: int, watch: Callable[..., None]) -> int:
    """Train; return the decisions of an iteration."""
    from policies.learning.training import train
    from scenarios.loader import load

    with tempfile.TemporaryDirectory() as folder:
        train(load(*REGION), settings(iterations), Path(folder), watch)
    return COPIES * STEPS


def rllib(runners: int, lockstep: bool, iterations: int, watch: Callable[..., None]) -> int:
    """Train; return the decisions of an iteration."""
    from policies.rllib.cluster import Cluster, joined
    from scenarios.loader import load

    cluster = Cluster(env_runners=runners)
    with joined(cluster):
        from policies.rllib.configuration import config_of  # Ray: its token must be there when it is imported
        from policies.rllib.task import Task

        algorithm = config_of(Task(load(*REGION), settings(iterations), lockstep), cluster).build_algo()
        for _ in range(iterations):
            algorithm.train()
            watch()
        algorithm.stop()
    return COPIES * STEPS * max(1, runners)


def main() -> int:
    name, iterations = sys.argv[1], int(sys.argv[2])
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    watch = Watch()
    runners, in_lockstep, _ = TRAINERS[name]
    if name == "lean trainer":
        steps = lean(iterations, watch)
    else:
        steps = rllib(runners, in_lockstep, iterations, watch)
    print(json.dumps(watch.rates(steps)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
