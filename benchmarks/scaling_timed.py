"""What is timed for docs/scale.md: replications, sweeps, trainings side by side, training on one and two Ray nodes."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

POLICIES = ("neutral", "acuity")
HOURLY = ("surge", ("decide_every=1 h", "horizon=5 days", "warm_up=0"))
"""What is trained on: three hospitals."""
BATCH, STEPS = 16, 64
"""Copies of all env runners together, and decisions of each an iteration: the same batch on any number of nodes."""


def replications(name: str, processes: Sequence[int], sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield timed experiments with their tables written, as `fairward compare` does."""
    from policies.experiment import experiment
    from policies.parts import Parts
    from scenarios.loader import load
    from sim.replications import Workers

    scenario = load(name)
    with tempfile.TemporaryDirectory() as place:
        for p in processes:
            with Workers(p) as workers:
                first = Parts(Path(place) / f"{p}-start")
                began = time.perf_counter()
                experiment(
                    scenario, POLICIES, p, 1, workers=workers, parts=first
                )  # processes begin, and import
                start = time.perf_counter() - began
                for n in sizes:
                    folder, began, used = Path(place) / f"{p}-{n}", time.perf_counter(), time.process_time()
                    answer = experiment(scenario, POLICIES, n, 1, workers=workers, parts=Parts(folder))
                    seconds, own = time.perf_counter() - began, time.process_time() - used
                    yield {
                        "scenario": name, "processes": p, "runs": n, "start": round(start, 3),
                        "seconds": round(seconds, 3), "parent_seconds": round(own, 3),
                        "kib": round(_size(folder) / n / 1024, 1),
                        "kib_outcomes": round(_size(folder, ("outcomes.parquet", "part.json")) / n / 1024, 1),
                        "kib_sent": round(len(pickle.dumps(answer.outcomes)) / n / 1024, 1),
                        "mib": max(map(peak, [os.getpid()] if p == 1 else _children())),
                    }  # fmt: skip


def sweeps(processes: Sequence[int], sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Return timed sweeps: other numbers in every variant, two runs of each."""
    from policies.variants import Variant, run_variants
    from scenarios.loader import load
    from sim.replications import Workers

    rural, found = load("rural"), []

    def run(n: int, workers: Workers) -> float:
        variants = [Variant((f"arrivals.valley.scale*={1 + k / 100}",), (1, 2)) for k in range(n)]
        began = time.perf_counter()
        run_variants(rural, variants, POLICIES, ("untreated_hours",), (), 1, workers=workers)
        return time.perf_counter() - began

    for p in processes:
        with Workers(p) as workers:
            start = run(1, workers)
            for n in sizes:
                seconds = run(n, workers)
                found.append(
                    {
                        "processes": p, "variants": n, "runs": 2 * n, "start": round(start, 3),
                        "seconds": round(seconds, 3),
                    }
                )  # fmt: skip
    return found


def trained(seed: int, iterations: int) -> tuple[int, float, int]:
    """Train for a little while; return decisions, seconds without the start, and peak memory, MiB."""
    from policies.learning.settings import TrainSettings
    from policies.learning.training import train
    from scenarios.loader import load

    times: list[float] = []
    settings = TrainSettings(
        seed=seed,
        iterations=iterations,
        copies=BATCH,
        steps=STEPS,
        checkpoint_every=iterations,
        target_kl=1e9,
    )
    with tempfile.TemporaryDirectory() as place:
        train(load(*HOURLY), settings, Path(place) / "run", lambda *_: times.append(time.perf_counter()))
    return (len(times) - 1) * BATCH * STEPS, times[-1] - times[0], peak(os.getpid())


def peak(pid: int) -> int:
    """Return the MiB of a process at its peak (Linux). `ru_maxrss` would count what its parent had when it began."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024


def _children() -> list[int]:
    return [one.pid for one in multiprocessing.active_children() if one.pid is not None]


def side_by_side(processes: Sequence[int], iterations: int) -> list[dict[str, Any]]:
    """Return independent trainings of the lean trainer, one a process, at the same time."""
    found = []
    for p in processes:
        programs = [
            subprocess.Popen(
                [sys.executable, __file__, "lean", str(iterations), str(k + 1)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for k in range(p)
        ]
        said = [json.loads(one.communicate()[0].splitlines()[-1]) for one in programs]
        found.append(
            {
                "processes": p, "decisions": sum(d for d, _, _ in said),
                "seconds": round(max(s for _, s, _ in said), 3),
                "mib": max(m for _, _, m in said),
            }
        )  # fmt: skip
    return found


def on_nodes(nodes: int, iterations: int) -> dict[str, Any]:
    """Return an RLlib training with one env runner a logical node of one CPU, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="fw", dir="/tmp") as place:
        token = Path(place) / "token"
        token.write_text(secrets.token_hex(32), encoding="utf-8")
        environment = {
            **os.environ, "RAY_TMPDIR": place, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, __file__, "ray", str(iterations), str(nodes)], check=True, stdout=subprocess.PIPE,
            text=True, env=environment,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def trained_on_nodes(nodes: int, iterations: int) -> dict[str, Any]:
    """Train on a cluster of so many logical nodes; seconds are of each iteration but the first, sampling apart."""
    from ray.cluster_utils import Cluster as Nodes

    from policies.learning.settings import TrainSettings
    from policies.rllib.cluster import Cluster, joined
    from scenarios.loader import load

    node = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "node_ip_address": "127.0.0.1"}
    ray_nodes = Nodes(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    for _ in range(nodes - 1):
        ray_nodes.add_node(**node)
    settings = TrainSettings(iterations=iterations, copies=BATCH // nodes, steps=STEPS, target_kl=1e9)
    cluster = Cluster(ray_nodes.address, env_runners=nodes)
    whole: list[float] = []
    sampling: list[float] = []
    with joined(cluster):
        from policies.rllib.configuration import config_of
        from policies.rllib.module import POLICY
        from policies.rllib.task import Task

        algorithm = config_of(Task(load(*HOURLY), settings), cluster).build_algo()
        sample = algorithm._sample

        def timed() -> Any:
            began = time.perf_counter()
            found = sample()
            sampling.append(time.perf_counter() - began)
            return found

        algorithm._sample = timed
        for _ in range(iterations):
            began = time.perf_counter()
            algorithm.train()
            whole.append(time.perf_counter() - began)
        weights = sum(array.nbytes for array in algorithm.learner_group.get_weights()[POLICY].values())
        algorithm.stop()
    ray_nodes.shutdown()
    return {
        "nodes": nodes, "decisions": BATCH * STEPS, "seconds": [round(s, 3) for s in whole[1:]],
        "sampling": [round(s, 3) for s in sampling[1:]], "weights_kib": round(weights / 1024, 1),
        "batch_kib": round(_batch_bytes() / 1024, 1),
    }  # fmt: skip


def _batch_bytes() -> int:
    """Bytes of the arrays that an iteration learns from: what travels from env runners to the learner."""
    import numpy as np

    from policies.environments.lockstep import LockstepNetwork
    from scenarios.loader import load

    env = LockstepNetwork(load(*HOURLY), 1)
    seen = env.reset()
    actions = np.zeros((1, len(env.hospitals), len(env.menu.dials)), dtype=np.int64)
    one = env.step(actions)
    of_decision = (
        seen.observation,
        seen.state,
        seen.mask,
        actions,
        one.costs,
        one.local,
        one.hours,
        one.over,
    )
    log_probs = 4 * len(env.hospitals)
    return BATCH * STEPS * (sum(array.nbytes for array in of_decision) + log_probs)


def _size(folder: Path, names: tuple[str, ...] | None = None) -> int:
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and (names is None or path.name in names)
    )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    what, n_iterations, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(
        json.dumps(
            trained(number, n_iterations) if what == "lean" else trained_on_nodes(number, n_iterations)
        )
    )
