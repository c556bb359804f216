"""Patients of an epidemic that is not of our people: a given curve, or the deterministic SIR."""

from __future__ import annotations

from math import ceil

import numpy as np
from scipy import stats

from agents.epidemic.chime import Region, project
from agents.population.luck import Luck
from agents.population.timetable import HOURS, hour_of_day
from scenarios.epidemic import Epidemic
from sim.arrivals import Floats
from sim.attributes import acuity_by_class, attributes, choose, presenting
from sim.conditions import Codes, Facts
from sim.network import Network
from sim.patients import Patients

FROM_START = "epidemic"


def expected_admissions(epidemic: Epidemic, days: int) -> Floats:
    """Return the expected admissions of each day from the start, over all hospitals.

    CHIME's admissions up to day d + 1 are those of the day from hour 24 d to 24 (d + 1).
    """
    if epidemic.curve is not None:
        curve = np.array(epidemic.curve.admissions[:days], dtype=np.float64)
        return np.concatenate((curve, np.zeros(days - len(curve))))
    assert epidemic.sir is not None
    spec = epidemic.sir
    region = Region(
        population=spec.population,
        in_hospital=spec.in_hospital,
        admitted=spec.admitted,
        stay=int(spec.stay // HOURS),
        doubling_days=spec.doubling_time / HOURS,
        infectious_days=spec.infectious / HOURS,
        market_share=spec.market_share,
        contact_reduction=spec.contact_reduction,
    )
    projection = project(region, days)
    return projection.admissions(spec.admitted)[projection.first : projection.first + days]


class Admissions:
    """Who is admitted because of the curve, day by day; no policy changes it."""

    def __init__(self, network: Network, source: int, seed: int, replication: int) -> None:
        epidemic = network.scenario.epidemic
        assert epidemic is not None
        self.network = network
        self.source = source
        self.epidemic = epidemic
        days = max(ceil(network.horizon / HOURS), 1)
        self.expected = expected_admissions(epidemic, days)
        """By day."""
        self.counts = _counts(self.expected, epidemic.counts, Luck(seed, replication, FROM_START, days))
        self._luck = Luck(seed, replication, FROM_START, int(self.counts.sum()))
        self._before = np.concatenate(([0], np.cumsum(self.counts)))

    def of_day(self, day: int) -> Patients:
        """Return the patients of a day, unsorted."""
        network, epidemic = self.network, self.epidemic
        n = int(self.counts[day]) if day < len(self.counts) else 0
        ordinal = np.arange(n, dtype=np.int64) + int(self._before[min(day, len(self.counts))])

        def draw(*purpose: str) -> Floats:
            return self._luck.of_visits(ordinal, *purpose)

        facts = Facts(n, {}, {})
        facts.learn("hospital", network.hospitals, self._hospitals(draw("hospital")))
        sources = (*network.sources, FROM_START)
        facts.learn("source", sources, np.full(n, len(network.sources), dtype=np.int64))
        facts.learn("class", network.classes, choose(epidemic.classes, network.classes, facts, draw, "class"))
        numbers = attributes(network, epidemic.attributes, facts, ordinal, draw)
        cases = epidemic.acuity or acuity_by_class(network)
        facts.learn("acuity", network.acuities, choose(cases, network.acuities, facts, draw, "acuity"))
        hours = HOURS * day + hour_of_day(network.scenario.start, epidemic.hourly, draw("hour"))
        patients = presenting(network, facts, numbers, epidemic.ambulance, hours, ordinal, draw)
        patients.source[:] = self.source
        return patients

    def _hospitals(self, u: Floats) -> Codes:
        places = np.array([self.network.hospitals.index(name) for name in self.epidemic.hospitals])
        cumulative = np.cumsum(list(self.epidemic.hospitals.values()))[:-1]
        return places[np.searchsorted(cumulative, u, side="right")]


def _counts(expected: Floats, how: str, luck: Luck) -> Codes:
    """Return whole numbers of patients a day."""
    if how == "nearest":
        return np.diff(np.floor(np.concatenate(([0.0], np.cumsum(expected))) + 0.5)).astype(np.int64)
    return np.asarray(stats.poisson.ppf(luck.once("count"), expected)).astype(np.int64)
