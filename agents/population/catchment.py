"""The people around one hospital: a Mesa model with columns for everybody and agents for those in care."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, Self

import numpy as np

from agents.patients import CarePopulation
from agents.population.drifting import Drift, Propensities, band_of, free
from agents.population.luck import Luck
from agents.population.people import ILL, INFECTED, INVITED, draw_people, person_facts
from agents.population.profiles import Pool
from agents.population.timetable import HOURS, NEVER, hour_of_day, weight_of_day
from scenarios.people import ShareCase, ShareCases
from sim.arrivals import Floats
from sim.attributes import acuity_by_class, choose, presenting
from sim.conditions import Codes, Facts, Mask
from sim.distributions import quantile
from sim.network import Network, attribute_values
from sim.patients import Patients, join

Ended = tuple[int, float, int]
"""A journey that ended: person, time, outcome."""


class Catchment(CarePopulation):
    """Lives day by day: `step` moves everybody's risk on, `come` says who presents.

    Everybody is a row of `people`; only those in care are Mesa agents, made by the patient factory.
    """

    def __init__(
        self, network: Network, hospital: int, source: int, n: int, luck: Luck, pool: Pool | None = None
    ) -> None:
        super().__init__()
        population = network.scenario.population
        assert population is not None
        self.network = network
        self.hospital = hospital
        self.source = source
        """Index of `Workload.sources`."""
        self.luck = luck
        self.pool = pool
        """The profiles of which `people.profile` is a row."""
        self.day = -1
        """The day that was stepped into last."""
        self.population = population
        self.people = draw_people(network, hospital, n, luck, pool)
        self.facts = person_facts(network, hospital, self.people)
        """What never changes about everybody."""
        self.drift = Drift(population.risk, self.facts, luck)
        """How its people's risks move."""
        self.drift.begin(self.people)
        self._propensities = Propensities(population.presenting, self.facts, network.scenario.start)
        self.risk: Floats = np.zeros(n)
        """Everybody's risk today."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the same people at the same point of their lives; nobody's agent goes along."""
        twin = type(self)(self.network, self.hospital, self.source, len(self.people), self.luck, self.pool)
        twin.day, twin.people, twin.risk = self.day, copy.deepcopy(self.people, memo), self.risk.copy()
        memo[id(self)] = twin
        return twin

    def step(self) -> None:
        """Live through the night: the next day's risks."""
        self.day += 1
        self.drift.go_on(self.people, self.day)
        self.risk = self.drift.risks(self.people, self.day)

    def come(self) -> Patients:
        """Return who presents today, unsorted, each at most once; they are in care from now on."""
        people, day = self.people, self.day
        left = free(people)
        batches = [self._infected(left & (people.admission_due <= day))]
        left &= people.admission_due > day
        people.admission_due[batches[0][0]] = NEVER
        for who, patients in self._returning(left):
            left[who] = False
            batches.append((who, patients))
        invited = left & (people.invited_on == day)
        batches += self._invited(np.flatnonzero(invited))
        left &= ~invited
        chance = self._propensities.chances(self.risk, day)
        batches.append(self._ill(np.flatnonzero(left & (self.luck.of_day(day, "presents") < chance))))
        for who, patients in batches:
            self._presented(who, patients)
        return join([patients for _, patients in batches])

    # Who comes, and as what.

    def _ill(self, who: Codes) -> tuple[Codes, Patients]:
        spec = self.population.presenting
        self.people.reason[who] = ILL
        return who, self._patients(who, spec.classes, spec.acuity, {}, spec.ambulance, spec.hourly)

    def _infected(self, mask: Mask) -> tuple[Codes, Patients]:
        epidemic, who = self.network.scenario.epidemic, np.flatnonzero(mask)
        if epidemic is None:
            return who, self._patients(who, (), None, {}, 0.0, None)
        self.people.reason[who] = INFECTED
        return who, self._patients(
            who, epidemic.classes, epidemic.acuity, epidemic.attributes, epidemic.ambulance, epidemic.hourly
        )

    def _invited(self, who: Codes) -> list[tuple[Codes, Patients]]:
        batches = []
        self.people.invited_on[who] = NEVER
        who = who[self.people.doses[who] == 0]
        for number, row in enumerate(self.population.invitations):
            mine = who[self.people.invitation[who] == number]
            self.people.reason[mine] = INVITED + number
            classes = (ShareCase(share={row.patients: 1.0}),)
            batches.append((mine, self._patients(mine, classes, None, {}, 0.0, row.hourly)))
        return batches

    def _returning(self, left: Mask) -> list[tuple[Codes, Patients]]:
        """Those who come back do so as what they were, at the hours of what they came for."""
        people, spec, batches = self.people, self.population, []
        due = np.flatnonzero(left & (people.return_due <= self.day))
        hourly = [spec.presenting.hourly, None, *(row.hourly for row in spec.invitations)]
        if self.network.scenario.epidemic is not None:
            hourly[INFECTED] = self.network.scenario.epidemic.hourly
        start = self.network.scenario.start
        weekday = [None, None, *(row.weekday for row in spec.invitations)]
        for reason in np.unique(people.reason[due]).tolist():
            if not weight_of_day(start, weekday[reason], self.day):
                continue
            who = due[people.reason[due] == reason]
            people.return_due[who] = NEVER
            acuity = np.maximum(people.acuity[who] - people.return_worse[who], 0)
            ambulance = spec.presenting.ambulance if reason == ILL else 0.0
            patients = self._patients(who, (), None, {}, ambulance, hourly[reason], (people.cls[who], acuity))
            # Who has come once does not decline the second time.
            batches.append((who, replace(patients, declined=np.zeros(len(who), dtype=np.bool_))))
        return batches

    def _patients(
        self,
        who: Codes,
        classes: tuple[ShareCase, ...],
        acuity: ShareCases | None,
        overrides: dict[str, ShareCases],
        ambulance: float,
        hourly: tuple[float, ...] | None,
        again: tuple[Codes, Codes] | None = None,
    ) -> Patients:
        """Return these people as patients; `again`: class and acuity, for those who come back."""
        network, people, luck = self.network, self.people, self.luck
        n = len(who)
        ordinal = self.day * len(people) + who

        def draw(*purpose: str) -> Floats:
            return luck.of_visits(ordinal, *purpose)

        hours = self.day * HOURS + hour_of_day(network.scenario.start, hourly, draw("hour"))
        facts = Facts(n, {}, {})
        facts.learn("hospital", network.hospitals, np.full(n, self.hospital, dtype=np.int64))
        numbers = self._learn(who, facts)
        for name, cases in overrides.items():
            values = attribute_values(network.scenario, name)
            facts.learn(name, values, choose(cases, values, facts, draw, "attribute", name))
        if again is None:
            cls = choose(classes, network.classes, facts, draw, "class")
        else:
            cls = again[0]
        facts.learn("class", network.classes, cls)
        if again is None:
            level = choose(acuity or acuity_by_class(network), network.acuities, facts, draw, "acuity")
        else:
            level = again[1]
        facts.learn("acuity", network.acuities, level)
        sources = (*network.sources, luck.name)
        facts.learn("source", sources, np.full(n, len(network.sources), dtype=np.int64))
        patients = presenting(network, facts, numbers, ambulance, hours, ordinal, draw)
        patients.source[:] = self.source
        return patients

    def _learn(self, who: Codes, facts: Facts) -> dict[str, Floats]:
        """Learn the attributes of these people; return their numbers."""
        scenario, people = self.network.scenario, self.people
        bands, scale = self.population.risk.bands, self.population.risk.scale
        numbers = {}
        for name, spec in scenario.attributes.items():
            if spec.number is not None:
                numbers[name] = people.numbers[name][who]
            elif bands is not None and bands.attribute == name:
                values = attribute_values(scenario, name)
                facts.learn(name, values, band_of(self.population, values, self.risk[who]))
            else:
                facts.learn(name, attribute_values(scenario, name), people.codes[name][who])
        if scale is not None:
            span = scale.at_full_risk - scale.at_no_risk
            numbers[scale.attribute] = scale.at_no_risk + span * self.risk[who]
        return numbers

    def _presented(self, who: Codes, patients: Patients) -> None:
        people = self.people
        people.in_care[who] = ~patients.declined
        people.presented[who] = patients.time
        people.treated[who] = np.nan
        people.cls[who] = patients.cls
        people.acuity[who] = patients.acuity
        people.triage[who] = patients.triage
        people.return_due[who] = NEVER
        if (bands := self.population.risk.bands) is not None:
            people.band[who] = patients.codes[bands.attribute]

    # What the hospitals did.

    def was_treated(self, person: int, time: float) -> None:
        """Their treatment began."""
        self.people.treated[person] = time

    def was_dosed(self, person: int, time: float, product: int) -> None:
        """They received a dose; doses of another product than before count from one again."""
        people = self.people
        people.doses[person] = people.doses[person] + 1 if people.product[person] == product else 1
        people.product[person] = product
        people.dosed_at[person] = time

    def journeys_ended(self, ended: list[Ended]) -> None:
        """They are out of care: dead, better, worse, and some will come back."""
        if not ended:
            return
        people, spec = self.people, self.population
        who = np.array([person for person, _, _ in ended], dtype=np.int64)
        time = np.array([when for _, when, _ in ended])
        outcome = np.array([what for _, _, what in ended], dtype=np.int64)
        people.in_care[who] = False
        died = np.array([kind == "died" for kind in self.network.outcome_kind])[outcome]
        people.alive[who[died]] = False
        treated = ~np.isnan(people.treated[who])
        waited = np.where(treated, people.treated[who], time) - people.presented[who]
        feedback = spec.risk.feedback
        change = np.where(treated, feedback.treated, feedback.untreated) + feedback.per_hour_waited * waited
        for_illness = people.reason[who] == ILL
        people.effect[who[for_illness]] += change[for_illness]
        if spec.returns:
            self._plan_returns(who[~died], time[~died], outcome[~died], treated[~died])

    def _plan_returns(self, who: Codes, time: Floats, outcome: Codes, treated: Mask) -> None:
        """Each who comes back does so by the first row that holds."""
        people, today = self.people, self.day + 1
        facts = Facts(len(who), {}, {})
        facts.learn("hospital", self.network.hospitals, np.full(len(who), self.hospital, dtype=np.int64))
        self._learn_last(who, facts)
        ordinal = today * len(people) + who
        u, v, w = (self.luck.of_visits(ordinal, f"return {what}") for what in ("comes", "after", "worse"))
        open_ = np.ones(len(who), dtype=np.bool_)
        for row in self.population.returns:
            named = np.array([name in row.outcomes for name in self.network.outcomes])
            holds = open_ & named[outcome] & facts.hold(row.when)
            if row.untreated is not None:
                holds &= treated != row.untreated
            open_ &= ~holds
            comes = holds & (u < row.probability)
            due = ((time + quantile(row.after, v)) // HOURS).astype(np.int64)
            people.return_due[who[comes]] = np.maximum(due[comes], today)
            people.return_worse[who[comes]] = (w < row.worse)[comes]

    def _learn_last(self, who: Codes, facts: Facts) -> None:
        network, people = self.network, self.people
        bands = self.population.risk.bands
        facts.learn("class", network.classes, people.cls[who])
        facts.learn("acuity", network.acuities, people.acuity[who])
        facts.learn("triage", network.acuities, people.triage[who])
        for name, codes in people.codes.items():
            facts.learn(name, attribute_values(network.scenario, name), codes[who])
        if bands is not None:
            values = attribute_values(network.scenario, bands.attribute)
            facts.learn(bands.attribute, values, people.band[who])
