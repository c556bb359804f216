"""How the risks of a catchment move from day to day, and how often that brings people in."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from agents.drift import drifted, part_of_episode
from agents.population.luck import Luck
from agents.population.people import People
from agents.population.timetable import HOURS, weight_of_day
from scenarios.people import ShareCase
from scenarios.population import TRENDS, Population, Presenting, Risk
from sim.arrivals import Floats
from sim.attributes import choose
from sim.conditions import Codes, Facts, Mask

IMPROVING, STABLE, WORSENING = range(3)
"""Trends, in the order of `TRENDS`."""


class Drift:
    """The drifting risk of one catchment."""

    def __init__(self, risk: Risk, facts: Facts, luck: Luck) -> None:
        self.risk = risk
        self.length = int(risk.episode // HOURS)
        """Days of an episode."""
        self._facts = facts
        self._luck = luck
        self._trends = risk.trends or (ShareCase(share={"stable": 1.0}),)
        self._kept = 1.0 - HOURS / risk.feedback.fades
        """What is left of an effect after a day."""
        self._fades = any((risk.feedback.treated, risk.feedback.untreated, risk.feedback.per_hour_waited))

    def begin(self, people: People) -> None:
        """Draw where everybody's first episode is going."""
        everybody = np.arange(len(people), dtype=np.int64)
        people.risk_end = self._anchors(people.risk_start, everybody, self._luck.once("trend"))

    def risks(self, people: People, day: int) -> Floats:
        """Return everybody's risk on a day."""
        u = self._luck.of_day(day, "noise") if self.risk.noise else 0.5
        a = part_of_episode(day - people.begun, self.length)
        return drifted(people.risk_start, people.risk_end, a, u, self.risk.noise, people.effect)

    def go_on(self, people: People, day: int) -> None:
        """Begin the next episode of those whose last has ended by this day, and let effects fade."""
        over = np.flatnonzero(day - people.begun >= self.length)
        if len(over):
            people.risk_start[over] = people.risk_end[over]
            people.risk_end[over] = self._anchors(
                people.risk_start[over], over, self._luck.of_day(day, "trend")[over]
            )
            people.begun[over] = day
        if self._fades:
            people.effect *= self._kept

    def _anchors(self, now: Floats, who: Codes, u: Floats) -> Floats:
        """Return the anchors of episodes that begin now: who is past the anchor already stays."""
        trend = choose(self._trends, TRENDS, self._facts.take(who), lambda *_: u, "trend")
        better, worse = np.minimum(now, self.risk.improving), np.maximum(now, self.risk.worsening)
        return np.where(trend == STABLE, now, np.where(trend == IMPROVING, better, worse))


class Propensities:
    """The daily chance of presenting: in proportion to the risk, times who and which day."""

    def __init__(self, presenting: Presenting, facts: Facts, start: datetime) -> None:
        self._spec = presenting
        self._start = start
        self._factor: Floats | float = 1.0
        for row in presenting.factors:
            self._factor = self._factor * np.where(facts.hold(row.when), row.factor, 1.0)

    def chances(self, risk: Floats, day: int) -> Floats:
        """Return each person's chance of presenting on the day, at most 1 (checked with the scenario)."""
        none, full = self._spec.at_no_risk * HOURS, self._spec.at_full_risk * HOURS
        weight = weight_of_day(self._start, self._spec.weekday, day)
        return np.asarray((none + (full - none) * risk) * (self._factor * weight))


def band_of(population: Population, values: tuple[str, ...], risk: Floats) -> Codes:
    """Return the risk band of each, an index of the values of its attribute."""
    bands = population.risk.bands
    assert bands is not None
    codes = np.array([values.index(value) for value in bands.limits], dtype=np.int64)
    limits = np.array(list(bands.limits.values()))
    return codes[np.searchsorted(limits, risk, side="right") - 1]


def free(people: People) -> Mask:
    """Return who could come: the living who are not in care."""
    return people.alive & ~people.in_care
