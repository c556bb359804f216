"""Who the patients of a stream are: class, attributes, acuity, and the disparities that act on arrival.

Where several disparities of one kind hold for a patient, all act, each by random numbers of its own:
removing one changes nothing of the others. Triage errs by one level at most, and so does lateness.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from scenarios.people import LatePresentation, ShareCase, UnderTriage, Uptake
from scenarios.quantities import When
from sim.arrivals import Floats, all_on_grid
from sim.conditions import Codes, Facts, Mask
from sim.distributions import quantile
from sim.flipped import flipped
from sim.network import KEPT, Network
from sim.patients import Patients
from sim.streams import Streams, spans_of

Draw = Callable[..., Floats]
"""(*purpose) -> one uniform for each patient of the stream."""

Cases = tuple[ShareCase, ...]

D = TypeVar("D", LatePresentation, UnderTriage, Uptake)
Labelled = list[tuple[D, str]]


def describe(network: Network, ill: Sequence[tuple[Floats, Codes]], streams: Streams) -> Patients:
    """Return the patients of all arrival streams, one stream after the other, unsorted.

    `ill`: by stream, when they fall ill and their numbers in the stream, rising.
    """
    spec = _streams(network)
    which = spans_of([ordinal for _, ordinal in ill])

    def draw(*purpose: str) -> Floats:
        return streams.spans([(name, "people", *purpose) for name in network.sources], which)

    numbers = [len(time) for time, _ in ill]
    time, ordinal = ill[0] if len(ill) == 1 else map(np.concatenate, zip(*ill, strict=True))
    source = np.repeat(np.arange(len(ill)), numbers)
    facts = Facts(len(time), {}, {})
    facts.learn("hospital", network.hospitals, np.repeat(spec.hospital, numbers))
    facts.learn("source", network.sources, source)
    facts.learn("class", network.classes, choose(spec.classes, network.classes, facts, draw, "class"))
    amounts = attributes(network, spec.attributes, facts, ordinal, draw)
    facts.learn("acuity", network.acuities, choose(spec.acuity, network.acuities, facts, draw, "acuity"))
    alike = (spec.ambulance == spec.ambulance[0]).all()
    ambulance = float(spec.ambulance[0]) if alike else np.repeat(spec.ambulance, numbers)
    return presenting(network, facts, amounts, ambulance, time, ordinal, draw)


@dataclass(frozen=True, slots=True, eq=False)
class _Streams:
    """What the arrival streams of a network say of their people: one list of cases for all streams together."""

    hospital: Codes
    """By stream."""
    ambulance: Floats
    """By stream."""
    classes: Cases
    attributes: dict[str, Cases]
    """Of those that some stream says otherwise than the scenario."""
    acuity: Cases


@lru_cache(maxsize=KEPT)
def _streams(network: Network) -> _Streams:
    scenario, streams = network.scenario, network.scenario.arrivals
    named = {name for stream in streams.values() for name in stream.attributes}
    return _Streams(
        hospital=np.array(network.source_hospital, dtype=np.int64),
        ambulance=np.array([stream.ambulance for stream in streams.values()]),
        classes=_together("source", {name: (ShareCase(share=s.classes),) for name, s in streams.items()}),
        attributes={
            attribute: _together(
                "source",
                {
                    name: stream.attributes.get(attribute) or scenario.attributes[attribute].share or ()
                    for name, stream in streams.items()
                },
            )
            for attribute in sorted(named)
        },
        acuity=_together(
            "source", {name: stream.acuity or acuity_by_class(network) for name, stream in streams.items()}
        ),
    )


def _together(key: str, cases: dict[str, Cases]) -> Cases:
    """Return the cases of all values of a key as one list; those of each value end with one for everybody."""
    alike: list[tuple[list[str], Cases]] = []
    for value, mine in cases.items():
        values = next((values for values, others in alike if _as_written(others) == _as_written(mine)), None)
        if values is None:
            alike.append(([value], mine))
        else:
            values.append(value)
    if len(alike) == 1:
        return alike[0][1]
    return tuple(case for values, mine in alike for case in _only(key, tuple(values), mine))


def _as_written(cases: Cases) -> list[tuple[When, list[tuple[str, float]]]]:
    """Return what cases say: the order of shares decides which uniforms choose which value."""
    return [(case.when, list(case.share.items())) for case in cases]


def _only(key: str, values: tuple[str, ...], cases: Cases) -> Iterator[ShareCase]:
    """Yield the cases for those alone who have one of the values."""
    for case in cases:
        both = tuple(value for value in case.when.get(key, values) if value in values)
        if both:
            yield case.model_copy(update={"when": {**case.when, key: both}})


@lru_cache(maxsize=KEPT)
def acuity_by_class(network: Network) -> Cases:
    """Return how urgent patients truly are at arrival, as their classes say; the only level when there is one."""
    only = (ShareCase(share={network.acuities[0]: 1.0}),)
    return _together("class", {name: spec.acuity or only for name, spec in network.scenario.classes.items()})


def nobody(network: Network) -> Patients:
    """Return no patients, with all columns."""
    nothing = np.empty(0, dtype=np.int64)
    facts = Facts(0, {}, {})
    for key in ("hospital", "source", "class", "acuity"):
        facts.learn(key, (), nothing)
    numbers = attributes(network, {}, facts, nothing, lambda *_: np.empty(0))
    return presenting(network, facts, numbers, np.empty(0), np.empty(0), nothing, lambda *_: np.empty(0))


def presenting(
    network: Network,
    facts: Facts,
    numbers: dict[str, Floats],
    ambulance: float | Floats,
    time: Floats,
    ordinal: Codes,
    draw: Draw,
) -> Patients:
    """Return those of whom hospital, source, class, attributes and acuity are known, as they present."""
    scenario, n = network.scenario, facts.n
    disparities = _labelled(network)
    time, acuity = _late(disparities.late_presentation, facts, time, draw)
    facts.learn("acuity", network.acuities, acuity)
    triage = _under_triage(disparities.under_triage, network, facts, draw)
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
        declined=_declined(disparities.uptake, facts, draw),
        tier=_tier(network, facts),
        group=group,
        travel_factor=travel_factor,
        codes={
            name: facts.codes[name] for name, spec in scenario.attributes.items() if spec.share is not None
        },
        numbers=numbers,
    )


def attributes(
    network: Network, overrides: Mapping[str, Cases], facts: Facts, ordinal: Codes, draw: Draw
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


def _late(rows: Labelled[LatePresentation], facts: Facts, time: Floats, draw: Draw) -> tuple[Floats, Codes]:
    """Return when they present, on the grid, and how urgent they are by then."""
    if not rows:
        return all_on_grid(time), facts.codes["acuity"]
    worse = np.zeros(facts.n, dtype=np.bool_)
    delay = np.zeros(facts.n)
    for row, label in rows:
        who = np.flatnonzero(facts.hold(row.when))
        if len(who):
            delay[who] += quantile(row.delay, draw("late", label)[who])
            worse[who] |= _happens(row.worse, facts.n, draw, "worse", label)[who]
    acuity = facts.codes["acuity"]
    return all_on_grid(time + delay), np.where(worse, np.maximum(acuity - 1, 0), acuity)


def _under_triage(rows: Labelled[UnderTriage], network: Network, facts: Facts, draw: Draw) -> Codes:
    if not rows:
        return facts.codes["acuity"]
    missed = np.zeros(facts.n, dtype=np.bool_)
    for row, label in rows:
        missed |= facts.hold(row.when) & _happens(row.probability, facts.n, draw, "triage", label)
    return np.minimum(facts.codes["acuity"] + missed, len(network.acuities) - 1)


def _declined(rows: Labelled[Uptake], facts: Facts, draw: Draw) -> Mask:
    declined = np.zeros(facts.n, dtype=np.bool_)
    for row, label in rows:
        invited = facts.hold({"class": row.classes}) & facts.hold(row.when)
        declined |= invited & ~_happens(row.probability, facts.n, draw, "uptake", label)
    return declined


def _tier(network: Network, facts: Facts) -> Codes:
    tier = np.full(facts.n, -1, dtype=np.int64)
    tiers = list(network.scenario.vaccine.tiers.values()) if network.scenario.vaccine else []
    for row, mask in facts.take_first(tiers):
        tier[mask] = tiers.index(row)
    return tier


def _happens(probability: float | Floats, n: int, draw: Draw, *purpose: str) -> Mask:
    """Draw only what is not certain."""
    certain = np.equal(probability, 0.0) | np.equal(probability, 1.0)
    if np.all(certain):
        return np.broadcast_to(np.equal(probability, 1.0), n).copy()
    return np.asarray(draw(*purpose) < probability)


@dataclass(frozen=True, slots=True, eq=False)
class _Disparities:
    """Those that are drawn, each row with a name."""

    late_presentation: Labelled[LatePresentation]
    under_triage: Labelled[UnderTriage]
    uptake: Labelled[Uptake]


@lru_cache(maxsize=KEPT)
def _labelled(network: Network) -> _Disparities:
    rows = network.scenario.disparities
    return _Disparities(
        _with_labels(rows.late_presentation), _with_labels(rows.under_triage), _with_labels(rows.uptake)
    )


def _with_labels(rows: Iterable[D]) -> Labelled[D]:
    """Name each row by whom it affects, since disparities have no names of their own."""
    seen: Counter[str] = Counter()
    named = []
    for row in rows:
        label = json.dumps({**row.when, "class ": getattr(row, "classes", ())}, sort_keys=True)
        seen[label] += 1
        named.append((row, f"{label} {seen[label]}"))
    return named
