"""How many people of each group live around each hospital, as the scenario's shares say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from scenarios.checks_population import lasting, people_of
from scenarios.people import ShareCase
from scenarios.quantities import When
from scenarios.scenario import Scenario
from sim.conditions import Codes
from sim.patients import Patients

Person = dict[str, str]
"""What is known of a kind of people: attribute -> value."""


def source_name(hospital: str) -> str:
    """Return the name of the source of the people around a hospital."""
    return f"people of {hospital}"


def person_numbers(scenario: Scenario, sources: tuple[str, ...], patients: Patients) -> Codes:
    """Return which of the people of their catchment patients are, from 0; -1: from outside.

    A visit's ordinal is day x people + person: see `agents.population.luck`.
    """
    person = np.full(len(patients), -1, dtype=np.int64)
    for hospital in scenario.population.catchments if scenario.population else ():
        mine = patients.source == sources.index(source_name(hospital))
        person[mine] = patients.ordinal[mine] % max(people_of(scenario, hospital), 1)
    return person


def people_by_group(scenario: Scenario, attribute: str) -> dict[str, dict[str, float]]:
    """Return hospital -> value -> expected people of the catchment; empty without a `population`.

    People are drawn in exact shares, so a group of the simulation differs from this by rounding only.
    Raises `ValueError` for an attribute that people do not have for good.
    """
    if scenario.population is None:
        return {}
    if attribute not in lasting(scenario):
        raise ValueError(f"expected one of {', '.join(lasting(scenario))}, got {attribute!r}")
    found: dict[str, dict[str, float]] = {}
    for hospital in scenario.population.catchments:
        sizes = found[hospital] = {}
        n = people_of(scenario, hospital)
        for person, share in kinds_of_people(scenario, hospital, {attribute}):
            sizes[person[attribute]] = sizes.get(person[attribute], 0.0) + n * share
    return found


def kinds_of_people(scenario: Scenario, hospital: str, asked: set[str]) -> Iterator[tuple[Person, float]]:
    """Yield every combination of the attributes asked for, and of those they depend on, with its share."""
    assert scenario.population is not None
    overrides = scenario.population.catchments[hospital].attributes
    cases: dict[str, tuple[ShareCase, ...]] = {}
    for name in lasting(scenario):
        cases[name] = overrides.get(name) or scenario.attributes[name].share or ()
    needed, ask = set[str](), list(asked)
    while ask:
        name = ask.pop()
        if name in cases and name not in needed:
            needed.add(name)
            ask += [key for case in cases[name] for key in case.when]
    yield from _kinds(cases, [name for name in cases if name in needed], {"hospital": hospital})


def holds(when: When, person: Mapping[str, str]) -> bool:
    """Return whether a condition holds for a kind of people."""
    return all(person.get(key) in values for key, values in when.items())


def _kinds(
    cases: dict[str, tuple[ShareCase, ...]], names: list[str], known: Person
) -> Iterator[tuple[Person, float]]:
    if not names:
        yield known, 1.0
        return
    name, *others = names
    case = next((case for case in cases[name] if holds(case.when, known)), None)
    for value, share in case.share.items() if case else ():
        if share:
            for person, part in _kinds(cases, others, {**known, name: value}):
                yield person, share * part
