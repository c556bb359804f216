"""Which kinds of patients a stream brings, with their shares: exact, from the scenario's share cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scenarios.people import Arrivals, ShareCase
from scenarios.quantities import When
from scenarios.scenario import Scenario

Known = dict[str, str]
"""What is known of a kind of patients: attribute -> value."""


def kinds_of_arrivals(
    scenario: Scenario, stream: Arrivals, kind: str, known: Known, asked: Iterable[When]
) -> Iterator[tuple[Known, float]]:
    """Yield every combination of what the conditions ask for, added to what is known, with its share of a class."""
    cases = _share_cases(scenario, stream, kind)
    needed = _needed_for(cases, asked)
    yield from _combinations(cases, [name for name in cases if name in needed], known)


def holds(when: When, known: Known) -> bool:
    """Return whether a condition holds of a kind; triage is taken for the true acuity, numbers never hold."""
    return all(known.get("acuity" if key == "triage" else key) in values for key, values in when.items())


def _share_cases(scenario: Scenario, stream: Arrivals, kind: str) -> dict[str, tuple[ShareCase, ...]]:
    """Category -> its share cases for this stream and class, in the order in which they are drawn."""
    cases = {
        name: stream.attributes.get(name, spec.share)
        for name, spec in scenario.attributes.items()
        if spec.share is not None
    }
    acuity = stream.acuity or scenario.classes[kind].acuity
    return {name: case for name, case in {**cases, "acuity": acuity}.items() if case}


def _needed_for(cases: dict[str, tuple[ShareCase, ...]], asked: Iterable[When]) -> set[str]:
    """The categories that conditions ask for, and those on which these depend."""
    needed: set[str] = set()
    ask = [key for when in asked for key in when]
    while ask:
        name = "acuity" if (key := ask.pop()) == "triage" else key
        if name in cases and name not in needed:
            needed.add(name)
            ask += [key for case in cases[name] for key in case.when]
    return needed


def _combinations(
    cases: dict[str, tuple[ShareCase, ...]], names: list[str], known: Known
) -> Iterator[tuple[Known, float]]:
    """Every combination of values with its probability."""
    if not names:
        yield known, 1.0
        return
    name, *others = names
    case = next((case for case in cases[name] if holds(case.when, known)), None)
    for value, share in case.share.items() if case else ():
        if share:
            for person, chance in _combinations(cases, others, {**known, name: value}):
                yield person, share * chance
