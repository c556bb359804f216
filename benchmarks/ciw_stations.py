"""Ciw beside our engines on what it can express: clinics of two stations with a loop, first come first served.

The model is `validation/jackson-two-stations`, several times side by side. Ciw has no joint seizure, boarding,
cleaning, transfers or decisions, so the hospital of `hospital.yaml` cannot be written in it.
"""

from __future__ import annotations

import json
import time

HOURS = 5000.0
EXACT_WAIT = 0.4464
"""Mean wait at the first station in hours, exact: M/M/2 with 10/9 arrivals and 1 service per hour."""


def by_ciw(clinics: int, seed: int) -> tuple[int, float, float]:
    """Return (patients, seconds, mean wait at the first stations)."""
    import ciw

    n = 2 * clinics
    routing = [[0.0] * n for _ in range(n)]
    for first in range(0, n, 2):
        routing[first][first + 1] = 0.5
        routing[first + 1][first] = 0.2
    started = time.process_time()
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(1.0), None] * clinics,
        service_distributions=[ciw.dists.Exponential(1.0), ciw.dists.Exponential(0.5)] * clinics,
        number_of_servers=[2, 2] * clinics,
        routing=routing,
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(HOURS)
    records = simulation.get_all_records()
    seconds = time.process_time() - started
    waits = [r.waiting_time for r in records if r.node % 2 == 1]
    return len({r.id_number for r in records}), seconds, sum(waits) / len(waits)


def by_engine(engine: str, clinics: int, seed: int) -> tuple[int, float, float]:
    """Return the same of one of our engines, set-up included."""
    import numpy as np

    from agents.build import build_engine
    from policies.registry import build_policy
    from scenarios.loader import load, load_text, resolve
    from sim.network import compile_network
    from sim.protocol import run
    from sim.tables import Tables

    raw = resolve("validation/jackson-two-stations").raw
    (hospital,) = raw["hospitals"].values()
    (stream,) = raw["arrivals"].values()
    raw["hospitals"] = {f"clinic-{i}": hospital for i in range(clinics)}
    raw["arrivals"] = {f"patients-{i}": {**stream, "hospital": f"clinic-{i}"} for i in range(clinics)}
    raw |= {"horizon": f"{HOURS} h", "warm_up": "0 h"}
    case = load_text(json.dumps(raw))
    small = load("validation/jackson-two-stations", ("horizon=1 h", "warm_up=0"))
    for each in (small, case):  # the first time for what is imported when it is first used
        neutral = build_policy("neutral", each, compile_network(each), np.random.default_rng(1))
        started = time.process_time()
        result = run(build_engine(each, seed, 1, engine), neutral)
        seconds = time.process_time() - started
    steps = Tables(result).steps
    wait = steps["wait"][steps["step"].astype(str).str.endswith("assess")].mean()
    return len(result.patients), seconds, float(wait)


def one(program: str, clinics: int, seed: int) -> tuple[int, float, float]:
    return by_ciw(clinics, seed) if program == "Ciw" else by_engine(program, clinics, seed)
