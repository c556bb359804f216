"""The model of hospital.yaml as a plain SimPy program, as the SimPy documentation would have one write it.

A process for each patient, `PriorityResource`, reneging by `request | timeout`, random numbers drawn
where they are needed, a list of dicts for a log. It is what the engines are compared with.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from math import log, sqrt
from typing import Any

import simpy

HOURLY = [
    4,
    3,
    2.5,
    2.2,
    2,
    2.3,
    3.2,
    5,
    8,
    11,
    13,
    13.5,
    13,
    12.5,
    12,
    12,
    12,
    12,
    12,
    11.5,
    10.5,
    9,
    7,
    5.3,
]
RATE = [200 * weight / sum(HOURLY) for weight in HOURLY]  # per hour
ACUITY = [0.02, 0.15, 0.48, 0.27, 0.08]
PATIENCE = [96.0, 12.0, 5.0, 3.0, 2.0]  # hours, mean
TREATMENT = [(4.5, 2.4), (4.5, 2.4), (3.6, 1.9), (2.0, 1.1), (1.2, 0.7)]  # hours, mean and sd
TO_ICU = [0.375, 0.07, 0.01, 0.0, 0.0]
TO_WARD = [0.375, 0.38, 0.21, 0.04, 0.01]

Process = Generator[simpy.Event, Any, None]
Log = list[dict[str, Any]]


class Triage(simpy.PriorityResource):
    """Nurses whose number changes with the shift."""

    def set_capacity(self, capacity: int) -> None:
        self._capacity = capacity
        while self.queue and len(self.users) < capacity:
            self._trigger_put(None)


class Hospital:
    """The resources of one hospital."""

    def __init__(self, env: simpy.Environment, number: int) -> None:
        self.number = number
        self.triage = Triage(env, 2)
        self.bays = simpy.PriorityResource(env, 36)
        self.ward = simpy.PriorityResource(env, 160)
        self.icu = simpy.PriorityResource(env, 20)


def lognormal(rng: random.Random, mean: float, sd: float) -> float:
    spread = log(1 + (sd / mean) ** 2)
    return rng.lognormvariate(log(mean) - spread / 2, sqrt(spread))


def patient(
    env: simpy.Environment, hospital: Hospital, number: int, rng: random.Random, rows: Log
) -> Process:
    def record(event: str) -> None:
        rows.append({"time": env.now, "event": event, "patient": number, "hospital": hospital.number})

    acuity = rng.choices(range(5), ACUITY)[0]
    record("presented")
    with hospital.triage.request(priority=acuity) as nurse:
        yield nurse
        record("triage started")
        yield env.timeout(lognormal(rng, 7.6 / 60, 3.2 / 60))
    record("triage ended")
    bay = hospital.bays.request(priority=acuity)
    yield bay | env.timeout(rng.expovariate(1 / PATIENCE[acuity]))
    if not bay.triggered:
        bay.cancel()
        record("left")
        return
    record("treatment started")
    yield env.timeout(lognormal(rng, *TREATMENT[acuity]))
    record("treatment ended")
    u = rng.random()
    if u >= TO_ICU[acuity] + TO_WARD[acuity]:
        record("discharged")
        env.process(
            clean(env, hospital.bays, bay, lognormal(rng, 12.5 / 60, 3.8 / 60), number, hospital, rows)
        )
        return
    unit, mean, sd = (hospital.icu, 3.5, 3.3) if u < TO_ICU[acuity] else (hospital.ward, 3.9, 3.1)
    bed = unit.request(priority=acuity)
    yield bed
    record("admitted")
    env.process(clean(env, hospital.bays, bay, lognormal(rng, 12.5 / 60, 3.8 / 60), number, hospital, rows))
    yield env.timeout(lognormal(rng, mean * 24, sd * 24))
    record("discharged")
    env.process(clean(env, unit, bed, lognormal(rng, 57 / 60, 17 / 60), number, hospital, rows))


def clean(
    env: simpy.Environment, unit: Any, bed: Any, hours: float, number: int, hospital: Hospital, rows: Log
) -> Process:
    yield env.timeout(hours)
    unit.release(bed)
    rows.append({"time": env.now, "event": "cleaned", "patient": number, "hospital": hospital.number})


def arrivals(
    env: simpy.Environment, hospital: Hospital, rng: random.Random, rows: Log, counter: list[int]
) -> Process:
    fastest = max(RATE)
    while True:
        yield env.timeout(rng.expovariate(fastest))
        if rng.random() < RATE[int(env.now) % 24] / fastest:
            counter[0] += 1
            env.process(patient(env, hospital, counter[0], rng, rows))


def shifts(env: simpy.Environment, hospitals: list[Hospital]) -> Process:
    yield env.timeout(7)
    while True:
        for hospital in hospitals:
            hospital.triage.set_capacity(3)
        yield env.timeout(16)
        for hospital in hospitals:
            hospital.triage.set_capacity(2)
        yield env.timeout(8)


def simulate(hospitals: int, days: int, seed: int) -> tuple[int, Log]:
    """Run the model. Return how many presented and the log."""
    env = simpy.Environment()
    rng = random.Random(seed)
    network = [Hospital(env, number) for number in range(hospitals)]
    rows: Log = []
    counter = [0]
    for hospital in network:
        env.process(arrivals(env, hospital, rng, rows, counter))
    env.process(shifts(env, network))
    env.run(until=days * 24)
    return counter[0], rows
