"""How many people a scenario sends for a dose, by hospital, product and priority group."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from policies.kinds_of_arrivals import Known, holds, kinds_of_arrivals
from scenarios.checks_population import people_of
from scenarios.people import Arrivals
from scenarios.quantities import When
from scenarios.scenario import Scenario
from sim.catchments import kinds_of_people
from sim.distributions import mean

HOURS_PER_WEEK = 168.0
EVERYBODY = "everybody"
"""The priority group of a scenario that names none."""


def dose_demand(scenario: Scenario) -> dict[tuple[str, str, str], float]:
    """Return (hospital, product, tier) -> expected people per hour, long-run mean, refusals not taken off.

    Tiers that ask for a number attribute cannot be told beforehand; their `when` counts as not holding.
    """
    demand: dict[tuple[str, str, str], float] = {}
    if scenario.vaccine is None:
        return demand
    tiers = {name: tier.when for name, tier in scenario.vaccine.tiers.items()} or {EVERYBODY: {}}
    for source, stream in scenario.arrivals.items():
        rate = people_per_hour(stream)
        for kind, share in stream.classes.items():
            products = _products(scenario, kind)
            if not products or not share:
                continue
            known = {"source": source, "hospital": stream.hospital, "class": kind}
            for tier, chance in _tier_shares(scenario, stream, kind, known, tiers).items():
                for product in products:
                    key = (stream.hospital, product, tier)
                    demand[key] = demand.get(key, 0.0) + rate * share * chance
    for key, rate in _invited(scenario, tiers):
        demand[key] = demand.get(key, 0.0) + rate
    return demand


def _invited(scenario: Scenario, tiers: dict[str, When]) -> Iterator[tuple[tuple[str, str, str], float]]:
    """Yield those whom the population's invitations send, per hour of their period."""
    population = scenario.population
    for hospital in population.catchments if population else ():
        assert population is not None
        asked = {key for when in tiers.values() for key in when}
        asked |= {key for row in population.invitations for key in row.when}
        people = people_of(scenario, hospital)
        for person, share in kinds_of_people(scenario, hospital, asked):
            row = next((row for row in population.invitations if holds(row.when, person)), None)
            if row is None:
                continue
            person = {**person, "class": row.patients}
            tier = next((name for name, when in tiers.items() if holds(when, person)), None)
            if tier is not None:
                for product in _products(scenario, row.patients):
                    yield (hospital, product, tier), people * share / (row.ends - row.begins)


def _products(scenario: Scenario, kind: str) -> list[str]:
    """The vaccines that patients of a class are given."""
    pathway = scenario.pathways[scenario.classes[kind].pathway]
    return list(dict.fromkeys(step.dose for step in pathway.steps.values() if step.dose))


def people_per_hour(stream: Arrivals) -> float:
    """Return the mean number of people of a stream per hour while it runs."""
    if stream.poisson is not None:
        table = stream.poisson.table
        if table is None:
            rate = stream.poisson.rate or 0.0
        else:
            n = len(table.rates)
            begins = [*(table.breakpoints or [table.period * i / n for i in range(n)]), table.period]
            spans = [end - begin for begin, end in pairwise(begins)]
            rate = sum(r * span for r, span in zip(table.rates, spans, strict=True)) / table.period
        rate *= stream.scale
    elif stream.renewal is not None:
        gap = mean(stream.renewal.gap)
        rate = 1 / gap if gap else 0.0
    elif stream.schedule is not None:
        timetable = stream.schedule
        days = len(set(timetable.weekdays)) / 7 if timetable.weekdays else 1.0
        people = len(timetable.at) * timetable.each * (1 - timetable.no_show)
        rate = people * days / timetable.every if timetable.every else 0.0
    else:
        rate = 0.0
    return rate * (mean(stream.batch) if stream.batch else 1.0)


def _tier_shares(
    scenario: Scenario, stream: Arrivals, kind: str, known: Known, tiers: dict[str, When]
) -> dict[str, float]:
    shares = dict.fromkeys(tiers, 0.0)
    for person, chance in kinds_of_arrivals(scenario, stream, kind, known, tiers.values()):
        tier = next((name for name, when in tiers.items() if holds(when, person)), None)
        if tier is not None:
            shares[tier] += chance
    return shares
