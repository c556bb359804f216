"""How the desk may decide, and how well: plain rules, the optimum, and a network, all on the same cohorts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from policies.desk.optimum import Optimum, clairvoyant, optimum
from policies.environments.cohorts import People
from policies.environments.hospital_desk import ADMIT, DECLINE, HospitalDesk

Floats = NDArray[np.float64]
Choose = Callable[[NDArray[np.float32]], int]
"""From an observation (D) to 0 (decline) or 1 (admit)."""

THRESHOLDS = np.linspace(0.0, 1.0, 51)
"""Those that a tuned threshold is chosen from."""


def seed_of(what: str, seed: int) -> int:
    """Return the seed of cohorts for a purpose, so that no cohort is used both to learn and to judge."""
    return int.from_bytes(blake2b(f"desk {what} {seed}".encode(), digest_size=4).digest(), "big")


def always(observation: NDArray[np.float32]) -> int:
    """Admit everybody as long as there are units."""
    return ADMIT


def threshold(need: float, index: int) -> Choose:
    """Return the rule that admits from a need on; `index` is where the observation has it."""
    return lambda observation: ADMIT if observation[index] >= np.float32(need) else DECLINE


def best_rule(best: Optimum, index: int, n_units: int, n_patients: int) -> Choose:
    """Return the optimal rule."""

    def choose(observation: NDArray[np.float32]) -> int:
        left, to_come = round(float(observation[3]) * n_units), round(float(observation[4]) * n_patients)
        # Needs are seen as float32: a tie of the last digit is worth nothing either way.
        return ADMIT if float(observation[index]) >= best.threshold(to_come, left) else DECLINE

    return choose


def need_index(desk: HospitalDesk) -> int:
    """Return where the observation has the need."""
    return 0 if desk.resource == "beds" else 1


def needs(desk: HospitalDesk, people: People) -> Floats:
    """Return what a unit does for each of these people."""
    return people.severity if desk.resource == "beds" else people.priority


def optimum_of(desk: HospitalDesk, people: People, n_patients: int) -> Optimum:
    """Return the optimum of the desk with lambda = 0 when cohorts are drawn from these people."""
    return optimum(needs(desk, people), n_patients, desk.n_units)


def rewards(desk: HospitalDesk, choose: Choose, seed: int, cohorts: Iterable[int]) -> Floats:
    """Return the sum of rewards in each cohort."""
    return np.array([_play(desk, choose, seed, number) for number in cohorts])


def bounds(desk: HospitalDesk, seed: int, cohorts: Iterable[int]) -> Floats:
    """Return what somebody who knew each cohort beforehand would meet; lambda = 0."""
    return np.array(
        [clairvoyant(needs(desk, desk.generator.cohort(seed, number)), desk.n_units) for number in cohorts]
    )


def tuned_threshold(desk: HospitalDesk, seed: int, n_cohorts: int) -> float:
    """Return the threshold that earns most in cohorts of its own."""
    index, cohorts = need_index(desk), range(1, n_cohorts + 1)
    earned = [rewards(desk, threshold(need, index), seed, cohorts).mean() for need in THRESHOLDS]
    return float(THRESHOLDS[int(np.argmax(earned))])


def _play(desk: HospitalDesk, choose: Choose, seed: int, number: int) -> float:
    observation, _ = desk.reset(seed=seed, options={"replication": number})
    total, over = 0.0, False
    while not over:
        observation, reward, over, _, _ = desk.step(choose(observation))
        total += reward
    return total
