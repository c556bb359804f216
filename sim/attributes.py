"""Who the patients of a stream are: class, attributes, acuity, and the disparities that act on arrival.

Where several disparities of one kind hold for a patient, all act, each by random numbers of its own:
removing one changes nothing of the others. Triage errs by one level at most, and so does lateness.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import TypeVar

import numpy as np

from scenarios.people import LatePresentation, ShareCase, ShareCases, UnderTriage, Uptake
from sim.arrivals import Floats, all_on_grid
from sim.conditions import Codes, Facts, Mask
from sim.distributions import quantile
from sim.flipped import flipped
from sim.network import Network
from sim.patients import Patients

Draw = Callable[..., Floats]
"""(*purpose) -> one uniform for each patient of the stream."""

D = TypeVar("D", LatePresentation, UnderTriage, Uptake)


def describe(network: Network, source: int, time: Floats, ordinal: Codes, draw: Draw) -> Patients:
    """Return the patients of an arrival stream who fall ill at the given times, unsorted."""
    stream = network.scenario.arrivals[network.sources[source]]
    n = len(time)
    facts = Facts(n, {}, {})
    facts.learn("hospital", network.hospitals, np.full(n, network.source_hospital[source], dtype=np.int64))
    facts.learn("source", network.sources, np.full(n, source, dtype=np.int64))
    classes = (ShareCase(share=stream.classes),)
    facts.learn("class", network.classes, choose(classes, network.classes, facts, draw, "class"))
    numbers = attributes(network, stream.attributes, facts, ordinal, draw)
    facts.learn("acuity", network.acuities, true_acuity(network, stream.acuity, facts, draw))
    return presenting(network, facts, numbers, stream.ambulance, time, ordinal, draw)


def nobody(network: Network) -> Patients:
    """Return no patients, with all columns."""
    nothing = np.empty(0, dtype=np.int64)
    facts = Facts(0, {}, {})
    for key in ("hospital", "source", "class", "acuity"):
        facts.learn(key, (), nothing)
    numbers = attributes(network, {}, facts, nothing, lambda *_: np.empty(0))
    return presenting(network, facts, numbers, 0.0, np.empty(0), nothing, lambda *_: np.empty(0))


def presenting(
    network: Network,
    facts: Facts,
    numbers: dict[str, Floats],
    ambulance: float,
    time: Floats,
    ordinal: Codes,
    draw: Draw,
) -> Patients:
    """Return those of whom hospital, source, class, attributes and acuity are known, as they present."""
    scenario, n = network.scenario, facts.n
    time, acuity = _late(scenario.disparities.late_presentation, facts, time, draw)
    facts.learn("acuity", network.acuities, acuity)
    triage = _under_triage(scenario.disparities.under_triage, network, facts, draw)
    facts.learn("triage", network.acuities, triage)
    travel_factor = np.ones(n)
    for row in scenario.disparities.longer_travel:
        travel_factor[facts.hold(row.when)] *= row.factor
    group = np.zeros(n, dtype=np.int64) if network.group is None else facts.codes[network.group]
    return Patients(
        time=time,
        hospital=facts.codes["hospital"],
        source=facts.codes["source"],
        ordinal=ordinal,
        cls=facts.codes["class"],
        acuity=acuity,
        triage=triage,
        ambulance=_happens(ambulance, n, draw, "ambulance"),
        declined=_declined(scenario.disparities.uptake, facts, draw),
        tier=_tier(network, facts),
        group=group,
        travel_factor=travel_factor,
        codes={
            name: facts.codes[name] for name, spec in scenario.attributes.items() if spec.share is not None
        },
        numbers=numbers,
    )


def attributes(
    network: Network, overrides: dict[str, ShareCases], facts: Facts, ordinal: Codes, draw: Draw
) -> dict[str, Floats]:
    """Learn the categories in the scenario's order, by the overrides where there are any; return the numbers."""
    numbers = {}
    for name, spec in network.scenario.attributes.items():
        if spec.number is not None:
            numbers[name] = quantile(spec.number, draw("attribute", name))
        else:
            cases = overrides.get(name, spec.share) or ()
            values = network.values[name]
            codes = choose(cases, values, facts, draw, "attribute", name)
            codes = flipped(network.scenario.counterfactual or (), name, values, facts, codes, ordinal)
            facts.learn(name, values, codes)
    return numbers


def choose(
    cases: Sequence[ShareCase], values: tuple[str, ...], facts: Facts, draw: Draw, *purpose: str
) -> Codes:
    """Choose a value for each patient by the shares of the first case that holds."""
    if len(cases) == 1 and not cases[0].when:
        codes, cumulative = _steps(values, tuple(cases[0].share.items()))
        if len(codes) == 1:
            return np.full(facts.n, codes[0])
        return codes[np.searchsorted(cumulative, draw(*purpose), side="right")]
    chosen = np.full(facts.n, -1, dtype=np.int64)
    u: Floats | None = None
    for case, mask in facts.take_first(cases):
        codes, cumulative = _steps(values, tuple(case.share.items()))
        if len(codes) == 1:
            chosen[mask] = codes[0]
            continue
        u = draw(*purpose) if u is None else u
        chosen[mask] = codes[np.searchsorted(cumulative, u[mask], side="right")]
    return chosen


@lru_cache(maxsize=4096)  # every replication asks for the same
def _steps(values: tuple[str, ...], shares: tuple[tuple[str, float], ...]) -> tuple[Codes, Floats]:
    """Return which values have a share, by number, and where a uniform passes from one to the next."""
    index = {value: i for i, value in enumerate(values)}
    some = {index[value]: share for value, share in shares if share > 0}
    return np.array(list(some), dtype=np.int64), np.cumsum(list(some.values()))[:-1]


def true_acuity(network: Network, shares: ShareCases | None, facts: Facts, draw: Draw) -> Codes:
    """Return acuities by the given shares, or else the class's; the only level when there is one."""
    acuity = np.zeros(facts.n, dtype=np.int64)
    if shares is not None:
        return choose(shares, network.acuities, facts, draw, "acuity")
    draw = cache(draw)  # one stream for all classes
    for cls, spec in enumerate(network.scenario.classes.values()):
        mine = facts.codes["class"] == cls
        if spec.acuity is not None and mine.any():
            acuity[mine] = choose(spec.acuity, network.acuities, facts, draw, "acuity")[mine]
    return acuity


def _late(rows: tuple[LatePresentation, ...], facts: Facts, time: Floats, draw: Draw) -> tuple[Floats, Codes]:
    """Return when they present, on the grid, and how urgent they are by then."""
    worse = np.zeros(facts.n, dtype=np.bool_)
    delay = np.zeros(facts.n)
    for row, label in _labelled(rows):
        mask = facts.hold(row.when)
        if mask.any():
            delay[mask] += quantile(row.delay, draw("late", label)[mask])
            worse |= mask & _happens(row.worse, facts.n, draw, "worse", label)
    acuity = facts.codes["acuity"]
    return all_on_grid(time + delay), np.where(worse, np.maximum(acuity - 1, 0), acuity)


def _under_triage(rows: tuple[UnderTriage, ...], network: Network, facts: Facts, draw: Draw) -> Codes:
    missed = np.zeros(facts.n, dtype=np.bool_)
    for row, label in _labelled(rows):
        missed |= facts.hold(row.when) & _happens(row.probability, facts.n, draw, "triage", label)
    return np.minimum(facts.codes["acuity"] + missed, len(network.acuities) - 1)


def _declined(rows: tuple[Uptake, ...], facts: Facts, draw: Draw) -> Mask:
    declined = np.zeros(facts.n, dtype=np.bool_)
    for row, label in _labelled(rows):
        invited = facts.hold({"class": row.classes}) & facts.hold(row.when)
        declined |= invited & ~_happens(row.probability, facts.n, draw, "uptake", label)
    return declined


def _tier(network: Network, facts: Facts) -> Codes:
    tier = np.full(facts.n, -1, dtype=np.int64)
    tiers = list(network.scenario.vaccine.tiers.values()) if network.scenario.vaccine else []
    for row, mask in facts.take_first(tiers):
        tier[mask] = tiers.index(row)
    return tier


def _happens(probability: float, n: int, draw: Draw, *purpose: str) -> Mask:
    """Draw only what is not certain."""
    if probability in (0.0, 1.0):
        return np.full(n, probability == 1.0)
    return np.asarray(draw(*purpose) < probability)


def _labelled(rows: Iterable[D]) -> list[tuple[D, str]]:
    """Name each row by whom it affects, since disparities have no names of their own."""
    seen: Counter[str] = Counter()
    named = []
    for row in rows:
        label = json.dumps({**row.when, "class ": getattr(row, "classes", ())}, sort_keys=True)
        seen[label] += 1
        named.append((row, f"{label} {seen[label]}"))
    return named
