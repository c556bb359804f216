"""How work grows with processes on this machine, and what that says about a cluster: measured, fitted, extrapolated.

python benchmarks/scaling.py           about four minutes
python benchmarks/scaling.py --quick   about one

Replications and sweeps are independent, so the model is wall = start + work / (processes x efficiency), fitted by
least squares to the runs printed. What is extrapolated from it is marked `assumed` where nothing here measured it.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

POLICIES = ("neutral", "acuity")
SCENARIOS = ("rural", "surge", "region")
PROCESSES = (1, 2)

N_SCENARIOS, N_REPLICATIONS, CORES = 10_000, 30, 256
"""The study that is planned: so many scenarios, runs of each under two policies, on so many cores."""
N_STEPS = 10**9
"""The training run that is planned."""


@dataclass(frozen=True)
class Timed:
    """One run of the benchmark: so many replications over so many processes took so many seconds."""

    processes: int
    replications: int
    seconds: float


@dataclass(frozen=True)
class Fitted:
    """The model of one scenario."""

    start: float
    """Seconds before the first replication, over two processes."""
    each: float
    """Processor seconds a replication of both policies, in one process."""
    efficiency: float
    """What a second process brings, as a share of what it would at best."""
    kilobytes: float
    """On disk a replication, tables of both policies."""
    worst: float
    """The largest relative error of the fit."""


def timed(scenario: str, processes: int, replications: int, folder: Path) -> Timed:
    """Run an experiment with its tables written, as `fairward compare` does."""
    from policies.experiment import experiment
    from policies.parts import Parts
    from scenarios.loader import load
    from sim.replications import Workers

    started = time.perf_counter()
    with Workers(processes) as workers:
        experiment(load(scenario), POLICIES, replications, 1, workers=workers, parts=Parts(folder))
    return Timed(processes, replications, time.perf_counter() - started)


def size_of(folder: Path) -> int:
    """Return the bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def fitted(runs: list[Timed], kilobytes: float) -> Fitted:
    """Fit one process (no start) and two (with a start) by least squares, weighted by 1 / seconds."""
    alone = [run for run in runs if run.processes == 1]
    each = float(np.mean([run.seconds / run.replications for run in alone]))
    both = [run for run in runs if run.processes == 2]
    weights = np.array([1 / run.seconds for run in both])
    design = np.array([[1.0, run.replications] for run in both]) * weights[:, None]
    (start, slope), *_ = np.linalg.lstsq(design, np.ones(len(both)), rcond=None)
    said = {1: lambda n: n * each, 2: lambda n: start + n * slope}
    worst = max(abs(said[run.processes](run.replications) / run.seconds - 1) for run in runs)
    return Fitted(float(start), each, each / (2 * float(slope)), kilobytes, float(worst))


def measured(scenario: str, sizes: tuple[int, ...]) -> Iterator[tuple[list[Timed], Fitted]]:
    """Yield the runs of a scenario and the model fitted to them."""
    runs, kilobytes = [], 0.0
    with tempfile.TemporaryDirectory() as place:
        timed(scenario, 1, 1, Path(place) / "first")  # what is compiled and imported when first used
        for processes in PROCESSES:
            for n in sizes:
                folder = Path(place) / f"{processes}-{n}"
                runs.append(timed(scenario, processes, n, folder))
                kilobytes = size_of(folder) / n / 1024
    yield runs, fitted(runs, kilobytes)


def show(quick: bool) -> dict[str, Fitted]:
    """Print what was measured, and return the models by scenario."""
    print(f"Replications under {' and '.join(POLICIES)}, tables written; wall seconds")
    print(f"  {'scenario':10} {'processes':>9} {'runs':>5} {'seconds':>8} {'runs/s':>7}")
    models = {}
    for scenario in SCENARIOS:
        for runs, model in measured(scenario, (4, 8) if quick else (10, 20, 40)):
            for run in runs:
                rate = run.replications / run.seconds
                print(
                    f"  {scenario:10} {run.processes:>9} {run.replications:>5} {run.seconds:>8.2f} {rate:>7.2f}"
                )
            models[scenario] = model
    print("\nThe model: wall = start + runs x seconds each / (processes x efficiency)")
    print(
        f"  {'scenario':10} {'start':>7} {'each':>7} {'efficiency':>11} {'KiB/run':>8} {'worst error of fit':>19}"
    )
    for scenario, model in models.items():
        print(
            f"  {scenario:10} {model.start:>6.2f}s {model.each:>6.3f}s {model.efficiency:>11.2f}"
            f" {model.kilobytes:>8.0f} {model.worst:>19.0%}"
        )
    return models


def plan(models: dict[str, Fitted]) -> None:
    """Print what the planned study would take."""
    print(f"\nA study of {N_SCENARIOS} scenarios x {N_REPLICATIONS} runs x 2 policies on {CORES} cores")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    for scenario, model in models.items():
        runs = N_SCENARIOS * N_REPLICATIONS
        core_hours = runs * model.each / model.efficiency / 3600
        print(
            f"  all like {scenario:8} {core_hours:8.0f} core-hours, {core_hours / CORES:6.2f} h, tables"
            f" {runs * model.kilobytes / 2**20:8.0f} GiB"
        )
    print(
        f"  measured: seconds a run, efficiency of two processes, KiB a run, {memory:.0f} MiB a worker at its peak"
    )
    print(
        f"  assumed: the efficiency of two processes holds for {CORES} cores (runs share nothing but the disk, so the\n"
        "  disk saturates first: write tables to the node's own disk, or keep outcomes only); no node fails; no queue."
    )


def trained(seed: int) -> int:
    """Train for a little while with a seed of its own; return the environment steps made."""
    from policies.learning.settings import TrainSettings
    from policies.learning.training import train
    from scenarios.loader import load

    case = load("surge", ("decide_every=1 h", "horizon=5 days", "warm_up=0"))
    settings = TrainSettings(seed=seed, iterations=6, copies=8, steps=64, checkpoint_every=6)
    with tempfile.TemporaryDirectory() as place:
        train(case, settings, Path(place) / "run")
    return settings.iterations * settings.copies * 64


def training() -> None:
    """Print the throughput of independent training runs, and what the planned one would take."""
    from sim.replications import Workers, replicate

    print("\nTraining runs of the lean trainer side by side (surge, hourly decisions), start included")
    rates = {}
    for processes in PROCESSES:
        with Workers(processes) as workers:
            replicate(trained, [100 + p for p in range(processes)], workers=workers)
            started = time.perf_counter()
            steps = sum(replicate(trained, list(range(1, 2 * processes + 1)), workers=workers).values())
        rates[processes] = steps / (time.perf_counter() - started)
        print(f"  {processes} at once: {rates[processes]:8.0f} environment steps a second")
    days = N_STEPS / rates[1] / 86_400
    print(f"  {N_STEPS:.0e} steps: {days:.1f} days of one core; on 64 cores at best {days / 64 * 24:.1f} h")
    print(
        "  measured: steps a second, and that a second run beside it brings "
        f"{rates[2] / rates[1]:.2f} times as many\n"
        "  assumed: one run split over 64 cores loses nothing to the exchange of gradients, which is never so: take\n"
        "  it as the least. There was no second machine, so no network and no object store was measured."
    )


def main() -> int:
    """Print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    models = show(parser.parse_args().quick)
    plan(models)
    training()
    return 0


if __name__ == "__main__":
    sys.exit(main())
