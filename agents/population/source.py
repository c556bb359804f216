"""Everybody who comes because of what happened before: residents, the infected, those who return.

One source for both engines: it knows what it is told at midnight and nothing else of the engine.
"""

from __future__ import annotations

import copy
from hashlib import sha256
from typing import Any, Self

import numpy as np

from agents.epidemic.admissions import Admissions
from agents.epidemic.seir import Spread
from agents.population.catchment import Catchment, Ended
from agents.population.diary import Diary
from agents.population.luck import Luck
from agents.population.profiles import read_pool
from scenarios.checks_population import people_of
from scenarios.scenario import Scenario
from sim.arrival_source import Outcomes
from sim.catchments import source_name
from sim.network import Network
from sim.patients import Patients, in_order, join

ADMITTED = "epidemic"
"""The source of those whom a given curve or an SIR sends."""


def source_names(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of the sources that depend on the past; none for most scenarios."""
    homes = list(scenario.population.catchments) if scenario.population else []
    epidemic = scenario.epidemic
    given = [ADMITTED] if epidemic is not None and epidemic.seir is None else []
    return (*(source_name(name) for name in homes), *given)


class People:
    """The `ArrivalSource` of scenarios with a population or an epidemic."""

    def __init__(
        self, network: Network, seed: int, replication: int, first_number: int, diary: Diary | None = None
    ) -> None:
        """`first_number` is the id that the first patient of this source will have; `diary` is written in."""
        self.network = network
        self.diary = diary
        self.catchments = catchments_of(network, seed, replication)
        epidemic = network.scenario.epidemic
        self.spread = Spread(network, self.catchments) if epidemic is not None and epidemic.seir else None
        self.admissions = (
            Admissions(network, len(network.sources) + len(self.catchments), seed, replication)
            if epidemic is not None and epidemic.seir is None
            else None
        )
        self._first_number = first_number
        self._catchment: list[int] = []
        """By patient, from the first of this source: whose people they are of; -1: of none."""
        self._person: list[int] = []
        digest = sha256()
        for catchment in self.catchments:
            digest.update(catchment.people.fingerprint().encode())
        if self.admissions is not None:
            digest.update(self.admissions.expected.astype("<f8").tobytes())
        self._fingerprint = digest.hexdigest()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the same people at the same point of their lives; the network is shared, no diary goes along."""
        memo[id(self.network)] = self.network
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__ = copy.deepcopy({**self.__dict__, "diary": None}, memo)
        return twin

    def next_day(self, day: int, outcomes: Outcomes) -> Patients:
        """Return who falls ill on the day that begins. See `sim.arrival_source.ArrivalSource`."""
        self._hear(outcomes)
        if self.spread is not None:
            self.spread.step(day)
        batches = []
        for catchment in self.catchments:
            catchment.step()
            if self.diary is not None:
                self.diary.write(catchment)
            batches.append(catchment.come())
        if self.admissions is not None:
            batches.append(self.admissions.of_day(day))
        patients = join(batches)
        patients = in_order(patients.take(patients.time <= self.network.horizon))
        self._note(patients)
        return patients

    def fingerprint(self) -> str:
        """Return a SHA-256 of the people at the start."""
        return self._fingerprint

    def whose(self, number: int) -> tuple[Catchment, int] | None:
        """Return the catchment and person that a patient is; None for somebody from outside."""
        place = number - self._first_number
        if place < 0 or self._catchment[place] < 0:
            return None
        return self.catchments[self._catchment[place]], self._person[place]

    def _note(self, patients: Patients) -> None:
        home = patients.source - len(self.network.sources)
        home = np.where(home < len(self.catchments), home, -1)
        sizes = np.array([max(len(c.people), 1) for c in self.catchments] + [1], dtype=np.int64)
        self._catchment += home.tolist()
        self._person += (patients.ordinal % sizes[home]).tolist()

    def _hear(self, outcomes: Outcomes) -> None:
        for time, number in outcomes.treated:
            if (found := self.whose(number)) is not None:
                found[0].was_treated(found[1], time)
        for time, number, product in outcomes.dosed:
            if (found := self.whose(number)) is not None:
                found[0].was_dosed(found[1], time, product)
        ended: dict[int, list[Ended]] = {}
        for time, number, outcome in outcomes.departed:
            if (found := self.whose(number)) is not None:
                ended.setdefault(found[0].hospital, []).append((found[1], time, outcome))
        for catchment in self.catchments:
            catchment.journeys_ended(ended.get(catchment.hospital, []))


def catchments_of(network: Network, seed: int, replication: int) -> list[Catchment]:
    """Return the people around each hospital as they are at the start; none without a population."""
    population = network.scenario.population
    if population is None:
        return []
    made = []
    pool = read_pool(network.scenario)
    for number, name in enumerate(population.catchments):
        n = people_of(network.scenario, name)
        luck = Luck(seed, replication, source_name(name), n)
        source = len(network.sources) + number
        made.append(Catchment(network, network.hospitals.index(name), source, n, luck, pool))
    return made
