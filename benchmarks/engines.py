"""The engines beside a plain SimPy program of the same model, in one run: time and memory per patient.

python benchmarks/engines.py           about ten minutes of processor time
python benchmarks/engines.py --quick   about one and a half

First it checks that all programs agree on the mean waits; then each case is run in processes of its
own, the programs in turn. Time is processor time; ratios are what counts, not this machine's seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import region_year  # noqa: E402

PLAIN = "plain SimPy"
ENGINES = {
    "reference": "simpy",
    "fast": "fast",
}
"""Our engines by the name that the table shows; another one is a line here."""

FULL = [(1, 30, 3), (1, 365, 2), (8, 30, 2), (64, 30, 1), (8, 365, 1)]
QUICK = [(1, 30, 2), (1, 90, 1), (8, 10, 1), (64, 2, 1)]
"""Hospitals, days, repetitions."""

AGREEMENT_RUNS = {"full": 60, "quick": 10}
CONFIDENCE = 0.999
"""Of each of the intervals of differences that must span zero."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    patients: int
    set_up: float
    """Seconds to draw the patients and build the engine."""
    run: float
    """Seconds from there to the log."""
    tables: float
    """Seconds to make the tables and the outcomes from the log; the plain program has none."""
    memory: int
    """Bytes by which the process grew from before the set-up to the end of the run."""


def scenario(hospitals: int, days: int) -> Any:
    """Return hospital.yaml with so many equal hospitals."""
    from scenarios.loader import load_text, resolve

    raw = resolve(HERE / "hospital.yaml").raw
    (hospital,) = raw["hospitals"].values()
    (stream,) = raw["arrivals"].values()
    raw["hospitals"] = {f"hospital-{i}": hospital for i in range(hospitals)}
    raw["arrivals"] = {f"arrivals-{i}": {**stream, "hospital": f"hospital-{i}"} for i in range(hospitals)}
    raw["horizon"] = f"{days} days"
    return load_text(json.dumps(raw))  # JSON is YAML, without aliases


def simulated(engine: str, hospitals: int, days: int, seed: int) -> tuple[Any, float, float, int]:
    """Return the result, the seconds of set-up and run, and the memory at the end of the run."""
    from agents.build import build_engine
    from policies.registry import build_policy
    from sim.network import compile_network
    from sim.protocol import run

    case = scenario(hospitals, days)
    neutral = build_policy("neutral", case, compile_network(case), np.random.default_rng(1))
    build_engine(scenario(1, 1), seed, 1, engine)  # what is imported when first used is not the engine's cost
    started, before = time.process_time(), peak()
    built = build_engine(case, seed, 1, engine)
    ready = time.process_time()
    result = run(built, neutral)
    return result, ready - started, time.process_time() - ready, peak() - before


def cost(program: str, hospitals: int, days: int, seed: int) -> Cost:
    if program == PLAIN:
        import plain_simpy

        before, started = peak(), time.process_time()
        patients, rows = plain_simpy.simulate(hospitals, days, seed)
        seconds, grown = time.process_time() - started, peak() - before
        assert rows
        return Cost(patients, 0.0, seconds, 0.0, grown)
    from sim.outcomes import outcomes
    from sim.tables import Tables

    result, set_up, run_seconds, grown = simulated(ENGINES[program], hospitals, days, seed)
    started = time.process_time()
    outcomes(Tables(result), result.network)
    return Cost(len(result.patients), set_up, run_seconds, time.process_time() - started, grown)


def peak() -> int:
    """Return the most memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # `ru_maxrss` of a new process starts at its parent's
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes if sys.platform == "darwin" else kilobytes * 1024


def measured(program: str, hospitals: int, days: int, seed: int) -> Cost:
    """Run in a process of its own, so that programs do not share memory or garbage."""
    command = [sys.executable, __file__, "--one", program, str(hospitals), str(days), str(seed)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Cost(**json.loads(done.stdout))


# Do they simulate the same thing?


def plain_means(seed: int) -> dict[str, float]:
    import plain_simpy

    patients, rows = plain_simpy.simulate(1, 30, seed)
    times: dict[int, dict[str, float]] = {}
    for row in rows:
        times.setdefault(row["patient"], {})[row["event"]] = row["time"]

    def mean_wait(begin: str, end: str) -> float:
        return float(np.mean([t[end] - t[begin] for t in times.values() if begin in t and end in t]))

    return {
        "wait for triage, h": mean_wait("presented", "triage started"),
        "wait for treatment, h": mean_wait("triage ended", "treatment started"),
        "boarding, h": mean_wait("treatment ended", "admitted"),
        "share who leave": sum("left" in t for t in times.values()) / patients,
    }


def engine_means(engine: str, seed: int) -> dict[str, float]:
    from sim.tables import Tables

    result, *_ = simulated(engine, 1, 30, seed)
    made = Tables(result)
    step = made.steps["step"].astype(str).str.removeprefix("emergency.")
    waits = made.steps["wait"].groupby(step).mean()
    inpatient = made.steps["wait"][step.isin(["ward", "icu"])]
    return {
        "wait for triage, h": waits["triage"],
        "wait for treatment, h": waits["treatment"],
        "boarding, h": inpatient.mean(),
        "share who leave": float((made.visits["outcome"] == "left").mean()),
    }


def agree(n_runs: int) -> bool:
    """Print the means of all programs; False when a difference cannot be chance."""
    programs: dict[str, Callable[[int], dict[str, float]]] = {PLAIN: plain_means}
    for name, engine in ENGINES.items():
        programs[name] = lambda seed, engine=engine: engine_means(engine, seed)  # type: ignore[misc]
    runs = {name: [means(seed) for seed in range(1, n_runs + 1)] for name, means in programs.items()}
    print(f"Do they agree? 1 hospital, 30 days, {n_runs} runs: mean and 95 % half-width")
    print(f"  {'':24}" + "".join(f"{name:>22}" for name in runs) + f"{'difference':>22}")
    everything = True
    quantile = student.ppf([0.975, (1 + CONFIDENCE) / 2], n_runs - 1)
    for measure in runs[PLAIN][0]:
        samples = {name: np.array([means[measure] for means in done]) for name, done in runs.items()}
        errors = {name: x.std(ddof=1) / np.sqrt(len(x)) for name, x in samples.items()}
        line = "".join(f"{x.mean():13.4f} ± {quantile[0] * errors[name]:6.4f}" for name, x in samples.items())
        for name in ENGINES:
            difference = samples[name].mean() - samples[PLAIN].mean()
            width = quantile[1] * np.hypot(errors[name], errors[PLAIN])
            everything &= bool(abs(difference) < width)
            line += f"{difference:13.4f} ± {width:6.4f}"
        print(f"  {measure:24}{line}")
    print(
        f"  ({CONFIDENCE:.1%} intervals of the differences) {'They agree.' if everything else 'THEY DO NOT AGREE.'}"
    )
    return everything


# What do they cost?


def best(costs: list[Cost]) -> Cost:
    """The fastest repetition: what disturbs a run only makes it slower."""
    return min(costs, key=lambda one: one.set_up + one.run)


def compare(cases: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, dict[str, Cost]]]:
    """Yield the cost of every program for every case, repetitions in turn."""
    for hospitals, days, repetitions in cases:
        found: dict[str, list[Cost]] = {name: [] for name in (PLAIN, *ENGINES)}
        for repetition in range(repetitions):
            for name, costs in found.items():
                costs.append(measured(name, hospitals, days, 1 + repetition))
        yield hospitals, days, {name: best(costs) for name, costs in found.items()}


def micro(seconds: float, cost_: Cost) -> float:
    return seconds / cost_.patients * 1e6


def per_patient(one: Cost) -> float:
    return micro(one.set_up + one.run, one)


def show(cases: list[tuple[int, int, int]]) -> None:
    print(
        "\nWhat do they cost? Processor time and memory per patient; a ratio below 1 is cheaper than the plain program"
    )
    print(
        f"  {'hospitals':>9} {'days':>5} {'patients':>9}  {'program':12} {'patients/s':>10} {'us/patient':>10}"
        f" {'ratio':>7} {'of it set-up':>12} {'tables (extra)':>14} {'KiB/patient':>11}"
    )
    table: dict[tuple[int, int], dict[str, Cost]] = {}
    for hospitals, days, costs in compare(cases):
        table[hospitals, days] = costs
        for name, one in costs.items():
            ratio = per_patient(one) / per_patient(costs[PLAIN])
            print(
                f"  {hospitals:>9} {days:>5} {one.patients:>9}  {name:12} {1e6 / per_patient(one):>10.0f}"
                f" {per_patient(one):>10.1f} {ratio:>7.4f} {micro(one.set_up, one):>12.1f}"
                f" {micro(one.tables, one):>14.1f} {one.memory / one.patients / 1024:>11.2f}",
                flush=True,
            )
    print("\nGoals")
    one_hospital = sorted(key for key in table if key[0] == 1)
    small, large = min(table), max(table)
    short, long = one_hospital[0], one_hospital[-1]
    for name in ENGINES:
        ratios = [per_patient(costs[name]) / per_patient(costs[PLAIN]) for costs in table.values()]
        limit = 1 / 50 if name == "fast" else 1.0
        goal(name, "cost per patient, as a share of the plain program's", max(ratios), limit)
        flat = per_patient(table[long][name]) / per_patient(table[short][name])
        goal(name, f"cost per patient flat from {short[1]} to {long[1]} days (within a quarter)", flat, 1.25)
        growth = per_patient(table[large][name]) / per_patient(table[small][name])
        goal(name, f"cost per patient at most doubled from {small[0]} to {large[0]} hospitals", growth, 2.0)


def beside_ciw(quick: bool) -> None:
    """Print what Ciw and our engines cost on clinics of two stations, which Ciw can express."""
    from ciw_stations import EXACT_WAIT, HOURS

    print(f"\nBeside Ciw: clinics of two stations, {HOURS:.0f} h; the mean wait should be {EXACT_WAIT:.3f} h")
    for clinics in (1, 8):
        base = 0.0
        for name in ("Ciw", "simpy", "fast"):
            found = [stations(name, clinics, seed) for seed in range(1, 2 if quick else 4)]
            patients = sum(n for n, *_ in found)
            micros = sum(seconds for _, seconds, _ in found) / patients * 1e6
            wait = float(np.mean([mean for *_, mean in found]))
            base = base or micros
            print(
                f"  {clinics} clinics  {name:6} {micros:9.2f} us/patient   {base / micros:7.1f} times Ciw"
                f"   mean wait {wait:.3f} h",
                flush=True,
            )
        if name == "fast":
            goal("fast", f"at least 200 times Ciw, {clinics} clinics", 200 * micros / base, 1.0)


def stations(program: str, clinics: int, seed: int) -> tuple[int, float, float]:
    """Run in a process of its own."""
    command = [sys.executable, __file__, "--stations", program, str(clinics), str(seed)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    n, seconds, wait = json.loads(done.stdout)
    return n, seconds, wait


def goal(name: str, what: str, ratio: float, limit: float) -> None:
    print(f"  {name}: {what}: {ratio:.3f} ({'met' if ratio <= limit else 'NOT met'}, limit {limit:g})")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="smaller cases, about half a minute")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--stations", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stations:
        import ciw_stations

        program, clinics, seed = arguments.stations
        print(json.dumps(ciw_stations.one(program, int(clinics), int(seed))))
        return 0
    if arguments.one:
        program, hospitals, days, seed = arguments.one
        print(json.dumps(asdict(cost(program, int(hospitals), int(days), int(seed)))))
        return 0
    agreed = agree(AGREEMENT_RUNS["quick" if arguments.quick else "full"])
    show(QUICK if arguments.quick else FULL)
    beside_ciw(arguments.quick)
    region_year.main(arguments.quick)
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
