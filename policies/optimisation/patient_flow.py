"""What a planner may know of patients beforehand: who comes, how long each step takes, where they go next.

All from the scenario's own figures, none from the future. A cell is a step at an acuity; K cells. Patients are
taken as they are at arrival: that some get worse while they wait is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.kinds_of_arrivals import Known, holds, kinds_of_arrivals
from policies.vaccine_demand import people_per_hour
from scenarios.distributions import DurationCase
from scenarios.pathways import RouteCase, Step
from scenarios.people import Arrivals
from scenarios.quantities import When
from scenarios.scenario import Scenario
from sim.distributions import mean
from sim.network import BOARDING, DIE, LEAVE, WAITING, Network

Floats = NDArray[np.float64]

SHORTEST = 1 / 60
"""Hours: a step that takes no time is planned with a minute, so that rates stay finite."""


@dataclass(frozen=True)
class PatientFlow:
    """The mean patient, by cell."""

    cells: tuple[tuple[int, int], ...]
    """(step, acuity) of those that somebody can reach: K."""
    begins: Floats
    """Streams x K: share of a stream's patients who begin there."""
    route: Floats
    """K x K: chance of going from the row's cell to the column's; the rest leave the hospital."""
    stay: Floats
    """K: mean hours from start to finish."""
    leaves: Floats
    """K, per hour: how fast those who wait give up."""
    dies: Floats
    """K, per hour: how fast those who wait die of it, with a risk of 1."""
    untreated: NDArray[np.bool_]
    """K: whether who waits here has not been treated yet."""
    visits: Floats
    """K, per hour: expected in the whole network, for sharing out those in care."""
    held: NDArray[np.int64]
    """K: the need (index of `Network.needs`) that most keep while they wait here; -1: none."""


def patient_flow(network: Network) -> PatientFlow:
    """Return the mean patient of a scenario."""
    scenario, streams = network.scenario, streams_of(network.scenario)
    n_acuities = len(network.acuities)
    n = len(network.steps) * n_acuities
    begins, visits = np.zeros((len(streams), n)), np.zeros(n)
    routed, hours, impatience = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    steps = {step.name: step.index for step in network.steps}
    for row, (known, share, stream) in _people(scenario, streams):
        a = network.acuities.index(known["acuity"])
        path = scenario.classes[known["class"]].pathway
        names = list(scenario.pathways[path].steps)
        chance = np.zeros((len(names), len(names)))
        for i, spec in enumerate(scenario.pathways[path].steps.values()):
            chance[i] = _to(spec.next, known, names)
        start = _to(scenario.pathways[path].first or (RouteCase(to={names[0]: 1.0}),), known, names)
        rate = share * (people_per_hour(stream) or 1.0)
        through = rate * np.linalg.solve(np.eye(len(names)) - 0.999999 * chance.T, start)
        at = np.array([steps[f"{path}.{name}"] * n_acuities + a for name in names])
        begins[row, at] += share * start
        visits[at] += through
        routed[np.ix_(at, at)] += through[:, None] * chance
        for i, spec in enumerate(scenario.pathways[path].steps.values()):
            hours[at[i]] += through[i] * _stay(spec, known)
            impatience[at[i]] += through[i] * _impatience(spec, known)
    reached = np.flatnonzero(visits > 0)
    per = visits[reached]
    cells = tuple((int(k) // n_acuities, int(k) % n_acuities) for k in reached)
    flow = routed[np.ix_(reached, reached)]
    held = _held(network, cells, flow)
    return PatientFlow(
        cells=cells,
        begins=begins[:, reached],
        route=flow / per[:, None],
        stay=np.maximum(hours[reached] / per, SHORTEST),
        leaves=impatience[reached] / per + _hazard(network, cells, held, LEAVE),
        dies=_hazard(network, cells, held, DIE),
        untreated=_untreated(network, cells, flow),
        visits=per,
        held=held,
    )


def streams_of(scenario: Scenario) -> tuple[Arrivals, ...]:
    """Return the streams; where there are none (people or an epidemic send patients), one of all classes alike."""
    if scenario.arrivals:
        return tuple(scenario.arrivals.values())
    alike = {name: 1 / len(scenario.classes) for name in scenario.classes}
    hospital = next(iter(scenario.hospitals))
    return (Arrivals.model_validate({"hospital": hospital, "classes": alike, "poisson": "1 per hour"}),)


def _people(
    scenario: Scenario, streams: tuple[Arrivals, ...]
) -> Iterator[tuple[int, tuple[Known, float, Arrivals]]]:
    names = list(scenario.arrivals) or [""]
    for row, stream in enumerate(streams):
        for kind, share in stream.classes.items():
            known = {"source": names[row], "hospital": stream.hospital, "class": kind}
            asked: list[When] = [*_asked(scenario, scenario.classes[kind].pathway), {"acuity": ()}]
            for person, chance in kinds_of_arrivals(scenario, stream, kind, known, asked):
                yield row, ({"acuity": scenario.acuities[0], **person}, share * chance, stream)


def _asked(scenario: Scenario, path: str) -> Iterator[When]:
    pathway = scenario.pathways[path]
    for route in pathway.first or ():
        yield route.when
    for step in pathway.steps.values():
        yield from (case.when for case in step.next)
        yield from (case.when for case in step.duration)
        yield from (factor.when for factor in step.factors)
        yield from (case.when for case in (step.patience.time if step.patience else ()))


def _to(routes: tuple[RouteCase, ...], known: Known, names: list[str]) -> Floats:
    case = next((case for case in routes if holds(case.when, known)), None)
    return np.array([case.to.get(name, 0.0) if case else 0.0 for name in names])


def _mean_of(cases: tuple[DurationCase, ...], known: Known) -> float:
    return next((mean(case) for case in cases if holds(case.when, known)), 0.0)


def _stay(step: Step, known: Known) -> float:
    hours = _mean_of(step.duration, known) * step.acuity_factor.get(known["acuity"], 1.0)
    for factor in step.factors:
        hours *= factor.factor if holds(factor.when, known) else 1.0
    return hours


def _impatience(step: Step, known: Known) -> float:
    patience = _mean_of(step.patience.time, known) if step.patience else 0.0
    return 1 / patience if patience else 0.0


def _held(network: Network, cells: tuple[tuple[int, int], ...], flow: Floats) -> NDArray[np.int64]:
    held = np.full(len(cells), -1)
    for k in range(len(cells)):
        source = int(flow[:, k].argmax())
        step = network.steps[cells[source][0]]
        if flow[source, k] > 0 and step.spec.hold and step.options:
            held[k] = step.options[0].need
    return held


def _hazard(
    network: Network, cells: tuple[tuple[int, int], ...], held: NDArray[np.int64], cause: int
) -> Floats:
    """Per hour in the queue; rows that ask for an attribute count for nobody."""
    rates = np.zeros(len(cells))
    for row in network.hazards:
        if row.cause != cause or row.condition.fixed:
            continue
        for k, (_, acuity) in enumerate(cells):
            place = BOARDING if held[k] >= 0 else WAITING
            if place in row.places and (row.condition.acuities is None or acuity in row.condition.acuities):
                rates[k] += row.rate
    return rates


def _untreated(network: Network, cells: tuple[tuple[int, int], ...], flow: Floats) -> NDArray[np.bool_]:
    """Whether no step that counts as treatment leads there."""
    treated = np.zeros(len(cells), dtype=np.bool_)
    starts = np.array([network.steps[step].treatment for step, _ in cells])
    for _ in cells:
        treated = ((flow > 0) & (treated | starts)[:, None]).any(axis=0)
    return np.asarray(~treated)
