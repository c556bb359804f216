"""What the fast engine is for: a year of `region`, decisions per second, start-up, where `compare` spends time.

And what a second process brings.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def year(engine: str) -> dict[str, float]:
    """Return processor seconds of a year of `region` under the neutral policy, the kernel loaded before."""
    import numpy as np

    from agents.build import build_engine
    from policies.registry import build_policy
    from scenarios.loader import load
    from sim.network import compile_network
    from sim.protocol import run

    day = load("region", ("horizon=1 day", "warm_up=0"))
    neutral = build_policy("neutral", day, compile_network(day), np.random.default_rng(1))
    run(build_engine(day, 1, 1, engine), neutral)
    case = load("region", ("horizon=365 days", "warm_up=0"))
    started = time.process_time()
    built = build_engine(case, 1, 1, engine)
    ready = time.process_time()
    result = run(built, neutral)
    done = time.process_time()
    return {
        "patients": len(result.patients),
        "rows": len(result.log),
        "set-up": ready - started,
        "run": done - ready,
    }


def decisions(engine: str, copies: int, every: str, days: int) -> dict[str, float]:
    """Return decisions per processor second, looked at and answered neutrally."""
    from agents.build import build_engine
    from scenarios.loader import load
    from sim.fast.batch import FastBatch
    from sim.protocol import Directive

    case = load("region", (f"horizon={days} days", "warm_up=0", f"decide_every={every}"))
    n = 0
    if copies == 1:
        single = build_engine(case, 1, 1, engine)
        started = time.process_time()
        while single.next_decision() is not None:
            single.answer(Directive())
            n += 1
        return {"per second": n / (time.process_time() - started)}
    batch = FastBatch([build_engine(case, 1, 1 + i, engine) for i in range(copies)])
    started = time.process_time()
    while batch.advance().any():
        batch.counted()
        batch.answer([Directive()] * copies)
        n += copies
    return {"per second": n / (time.process_time() - started)}


def wall(*command: str) -> float:
    """Return the seconds that a command takes, all of its processes included."""
    started = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def start_up() -> dict[str, float]:
    """Return seconds to import the kernel from its cache in a new process, beside Numba alone and the rest."""
    python = sys.executable
    rest = "import agents.build, sim.reference"
    kernel = wall(python, "-c", f"{rest}; import sim.fast.engine")  # so that it has been compiled
    return {
        "everything but the kernel": min(wall(python, "-c", rest) for _ in range(3)),
        "with the kernel": min(
            [kernel, *(wall(python, "-c", f"{rest}; import sim.fast.engine") for _ in range(3))]
        ),
    }


def split(engine: str, replications: int) -> dict[str, float]:
    """Return seconds of comparing two policies on `region` in this process, by what they are spent on."""
    import policies.replication as replication
    from policies.experiment import answer
    from scenarios.loader import load

    spent = {"simulation": 0.0}
    simulate = replication.simulate

    def timed(*arguments: object) -> object:
        started = time.perf_counter()
        result = simulate(*arguments)  # type: ignore[arg-type]
        spent["simulation"] += time.perf_counter() - started
        return result

    case, names = load("region"), ("neutral", "acuity")
    task = replication.Replication(case, names, 1, engine, None)
    replication.simulate = timed  # type: ignore[assignment]
    try:
        started = time.perf_counter()
        done = {number: task(number) for number in range(1, replications + 1)}
        spent["tables and outcomes"] = time.perf_counter() - started - spent["simulation"]
    finally:
        replication.simulate = simulate
    started = time.perf_counter()
    answer(case, names, 1, done, engine)
    return {**spent, "statistics and answer": time.perf_counter() - started}


def processes(jobs: int, replications: int) -> float:
    """Return wall seconds of comparing two policies on `region` over so many processes, once they have started."""
    from policies.experiment import experiment
    from scenarios.loader import load
    from sim.replications import Workers

    case, names = load("region"), ("neutral", "acuity")
    with Workers(jobs) as workers:
        experiment(case, names, 2, 2, workers=workers)
        started = time.perf_counter()
        experiment(case, names, replications, 1, workers=workers)
        return time.perf_counter() - started


def main(quick: bool) -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print("\nA year of `region` (eight hospitals), neutral policy, a decision every 4 h; processor seconds")
    found = {engine: year(engine) for engine in (("fast",) if quick else ("fast", "simpy"))}
    for engine, one in found.items():
        total = one["set-up"] + one["run"]
        print(
            f"  {engine:6} {one['patients']:.0f} patients, {one['rows']:.0f} rows: set-up {one['set-up']:.2f} + run"
            f" {one['run']:.2f} = {total:.2f} s"
        )
    fast = found["fast"]["set-up"] + found["fast"]["run"]
    print(f"  fast: under 2 s: {'met' if fast < 2 else 'NOT met'}")
    print("\nDecisions per processor second, `region`, hourly: looked at and answered neutrally")
    days = 5 if quick else 20
    slow = decisions("simpy", 1, "1 h", days)["per second"]
    for name, rate in (
        ("reference", slow),
        ("fast", decisions("fast", 1, "1 h", days)["per second"]),
        ("fast, 64 in lockstep, counted as arrays", decisions("fast", 64, "1 h", days // 2)["per second"]),
    ):
        print(f"  {name:40} {rate:8.0f}   ratio {rate / slow:6.1f}")
    print("\nStart-up in a new process, seconds")
    for name, seconds in start_up().items():
        print(f"  {name:40} {seconds:8.2f}")
    replications = 5 if quick else 100
    print("\nComparing two policies on `region` in one process, without start-up and report")
    for engine in ("fast", "simpy"):
        n = replications if engine == "fast" else max(2, replications // 20)
        parts = split(engine, n)
        whole = sum(parts.values())
        each = ", ".join(f"{name} {seconds:.2f} s ({seconds / whole:.0%})" for name, seconds in parts.items())
        print(f"  {engine:6} {n:3} replications: {each}")
    n = 4 if quick else 40
    print(f"\nThe same with {n} replications over one and two processes, wall seconds")
    one, two = processes(1, n), processes(2, n)
    print(f"  one {one:.2f}, two {two:.2f}: {one / two:.2f} times as fast")
