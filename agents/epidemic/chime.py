"""The deterministic SIR of Penn CHIME: its daily step, its calibration and its hospital census.

Source: Weissman et al. (2020), Locally informed simulation to predict hospital capacity needs during the
COVID-19 pandemic, Ann Intern Med 173:21; the rules are those of the program, version 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

import numpy as np

from sim.arrivals import Floats
from sim.conditions import Codes

LONGEST_PAST = 1000
"""Days before the start within which the first admission is looked for."""


def sir_step(s: float, i: float, r: float, beta: float, gamma: float) -> tuple[float, float, float]:
    """Return the susceptible, infected and recovered a day later; their sum stays.

    `beta` is infections a day per susceptible and infected person, `gamma` recoveries a day.

    >>> sir_step(990.0, 10.0, 0.0, beta=0.0002, gamma=0.1)
    (988.02, 10.98, 1.0)
    """
    n = s + i + r
    infected = beta * s * i
    left, ill, well = max(s - infected, 0.0), max(i + infected - gamma * i, 0.0), r + gamma * i
    scale = n / (left + ill + well)
    return left * scale, ill * scale, well * scale


def growth_rate(doubling_days: float) -> float:
    """Return the daily growth that doubles in so many days."""
    return float(2.0 ** (1.0 / doubling_days) - 1.0)


@dataclass(frozen=True, slots=True)
class Region:
    """What CHIME is told."""

    population: float
    in_hospital: float
    """Patients of the epidemic in the hospitals now."""
    admitted: float
    """The share of the infected who are admitted."""
    stay: int
    """Days in hospital by which those there now are counted."""
    doubling_days: float
    infectious_days: float
    market_share: float = 1.0
    contact_reduction: float = 0.0
    """From day 0 on."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Days from the first admission to the last day asked for; day 0 is the start. All columns have one row a day."""

    region: Region
    day: Codes
    susceptible: Floats
    infected: Floats
    recovered: Floats
    beta: float
    """Infections a day per susceptible and infected person, before contacts were reduced."""
    gamma: float

    @property
    def first(self) -> int:
        """How many days before the start the first patient was admitted."""
        return -int(self.day[0])

    @property
    def infected_now(self) -> float:
        """Infected people on day 0."""
        return float(self.infected[self.first])

    @property
    def r_t(self) -> float:
        """The reproduction number after contacts were reduced, when nearly everybody is susceptible."""
        return self.beta * (1 - self.region.contact_reduction) / self.gamma * float(self.susceptible[0])

    @property
    def doubling_days(self) -> float:
        """The doubling time after contacts were reduced; infinite or negative where the epidemic shrinks."""
        reduced = self.beta * (1 - self.region.contact_reduction)
        growth = reduced * float(self.susceptible[0]) - self.gamma
        return 1.0 / log2(1.0 + growth) if growth else float("inf")

    def admissions(self, share: float) -> Floats:
        """Return admissions in the day up to each, from the second day on, of a share of the infected."""
        ever = self.infected + self.recovered
        return np.asarray(np.diff(ever) * share * self.region.market_share)

    def census(self, share: float, stay: int) -> Floats:
        """Return beds taken on each day by those who stay so many whole days."""
        admitted = np.concatenate(([0.0], np.cumsum(self.admissions(share))))
        before = np.concatenate((np.zeros(stay), admitted))[: len(admitted)]
        return np.asarray(admitted - before)


def project(region: Region, days: int) -> Projection:
    """Project so many days beyond the start.

    The epidemic begins on the day of the first admission, with 1 / (market share x admitted) infected;
    that day is the one from which the census comes nearest to those who are in hospital now.
    """
    gamma = 1.0 / region.infectious_days
    infected = 1.0 / region.market_share / region.admitted
    susceptible = region.population - infected
    beta = (growth_rate(region.doubling_days) + gamma) / susceptible
    begin = (susceptible, infected, 0.0)
    past = _run(region, begin, [(beta, LONGEST_PAST)], gamma, first=0)
    census = past.census(region.admitted, region.stay)
    rising = census[: int(np.argmax(census)) + 1]
    first = int(np.argmin((rising - region.in_hospital) ** 2))
    reduced = beta * (1.0 - region.contact_reduction)
    return _run(region, begin, [(beta, first), (reduced, days)], gamma, first)


def _run(
    region: Region,
    begin: tuple[float, float, float],
    phases: list[tuple[float, int]],
    gamma: float,
    first: int,
) -> Projection:
    rows = [begin]
    for beta, n in phases:
        for _ in range(n):
            rows.append(sir_step(*rows[-1], beta, gamma))
    columns = np.array(rows)
    day = np.arange(len(rows), dtype=np.int64) - first
    return Projection(region, day, columns[:, 0], columns[:, 1], columns[:, 2], phases[0][0], gamma)
