"""All random numbers of one replication, drawn outside the engines.

A column holds one number a patient, for one purpose: how long the second visit to the ward takes,
how long they wait for triage, where they go next. Each is element `ordinal` of the stream named
(seed, replication, source, step, visit, purpose). So whatever a policy does, whichever hospitals or
streams are added and however long the run, a patient keeps the same luck: common random numbers.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any

import numpy as np

from scenarios.distributions import Distribution
from scenarios.quantities import When
from sim.arrival_source import ArrivalSource, Outcomes
from sim.arrivals import Floats, all_on_grid, arrival_times, partial_sums
from sim.attributes import describe, nobody
from sim.batches import Batch, Column, by_case, drawn_for
from sim.conditions import Codes, Mask
from sim.known import NOTHING, Known
from sim.network import CAUSES, Network
from sim.patients import Patients, facts_of, in_order, join, on_clock
from sim.streams import Spans, Streams

__all__ = ["ArrivalSource", "Outcomes", "Patients", "Workload", "draw_patients"]


def draw_patients(network: Network, seed: int, replication: int) -> Patients:
    """Draw everybody who presents to the horizon from the scenario's arrival streams."""
    scenario, streams = network.scenario, Streams(seed, replication)
    if not scenario.arrivals:
        return nobody(network)
    ill = []
    for name, stream in scenario.arrivals.items():

        def of_arrivals(purpose: str, n: int, name: str = name) -> Floats:
            return streams.uniforms((name, "arrivals", purpose), n)

        ill.append(arrival_times(stream, scenario.start, network.horizon, of_arrivals))
    patients = in_order(on_clock(describe(network, ill, streams)))
    return patients.take(slice(np.searchsorted(patients.time, network.horizon, side="right")))


class Workload:
    """The patients of one replication and, made when first asked for, every random number about them.

    Columns are lists of Python numbers by patient id (`numpy.float64` would slow SimPy down). They
    are the workload's own and grow in place with `extend`: read them, do not write to them. Steps,
    hospitals, pools, products and causes are indices of the network.
    """

    def __init__(
        self, network: Network, seed: int, replication: int, more_sources: tuple[str, ...] = ()
    ) -> None:
        """Draw the patients. `more_sources` are the names of sources that come by `extend`."""
        self.network = network
        self.seed = seed
        self.replication = replication
        self.sources = network.sources + more_sources
        self.patients = draw_patients(network, seed, replication)
        self._n_drawn = len(self.patients)
        self._batch = self._look_at(self.patients)
        self._streams = Streams(seed, replication)
        self._known = NOTHING
        # Last: columns refer to the workload, and a deep copy fills in what it refers to in this order.
        self._columns: dict[Hashable, Column] = {}

    def redrawn(
        self, network: Network, patients: Patients, who: Codes, streams: Streams, known: Known
    ) -> Workload:
        """Return a workload in which all that is not known is drawn from other streams.

        `patients`: everybody who has come, by their ids, and after them those who are imagined to come; `who`: the ids
        of those of whom anything may still be asked. The streams must be an imagined future's own.
        """
        other = copy.copy(self)
        other.network, other.patients, other._columns = network, patients, {}
        other._batch = replace(other._look_at(patients.take(who)), who=who, n=len(patients))
        other._streams, other._known = streams, replace(known, past=self)
        return other

    def extend(self, batch: Patients) -> None:
        """Append patients, whose ids follow the present ones, and extend every column made so far."""
        batch = on_clock(batch)
        if not len(batch):
            return
        new = self._look_at(batch)
        for column in self._columns.values():
            column.extend(new)
        self.patients = join([self.patients, batch])
        self._batch = self._look_at(self.patients)

    def durations(self, step: int, visit: int) -> list[float]:
        """Hours of the step, without what the engine multiplies in: acuity at start, alternative, hospital."""
        return self._column(("duration", step, visit), partial(self._durations, step, visit))

    def patience(self, step: int, visit: int) -> list[float]:
        """Hours that they are willing to wait, from joining the queue or from presentation; infinite: for ever."""
        return self._column(("patience", step, visit), partial(self._patience, step, visit))

    def route(self, step: int, visit: int) -> list[float]:
        """Uniforms that choose where they go after the step."""
        return self._step_uniforms("route", step, visit)

    def first_route(self) -> list[float]:
        """Uniforms that choose where they begin."""
        return self._column("first route", partial(self._uniforms, ("first route",), None))

    def balk(self, step: int, visit: int) -> list[float]:
        """Uniforms that decide whether they join a queue."""
        return self._step_uniforms("balk", step, visit)

    def cleaning(self, hospital: int, pool: int, step: int, visit: int) -> list[float]:
        """Hours for which a bed is out of use after their visit to the step; 0 where it is not cleaned."""
        law = self.network.cleaning[hospital][pool]
        return self._column(("cleaning", law, step, visit), partial(self._cleaning, law, step, visit))

    def thresholds(self, cause: int, ordinal: int) -> list[float]:
        """Unit exponentials: how much hazard they bear until it strikes for the (ordinal + 1)th time."""
        return self._column(("threshold", cause, ordinal), partial(self._thresholds, cause, ordinal))

    def holds(self, fixed: When) -> list[bool]:
        """Whether a condition on what is fixed at arrival holds."""
        return self._column(("holds", tuple(sorted(fixed.items()))), partial(self._holds, fixed))

    def codes(self, attribute: str) -> list[int]:
        """A category, as an index of `attribute_values`."""
        return self._column(("codes", attribute), partial(self._codes, attribute))

    def number(self, attribute: str) -> list[float]:
        """A number attribute."""
        return self._column(("number", attribute), partial(self._number, attribute))

    def sick(
        self,
        hospital: int | Codes,
        role: int | Codes,
        shifts: Sequence[tuple[str, str]],
        counts: Sequence[int] | Codes,
        probability: float | Floats,
        begins: Sequence[float] | Floats = (),
    ) -> list[int]:
        """Return how many of each shift (day, number) are absent; who is does not depend on how many there are.

        Hospital, role and probability are one for all, or by shift. `begins`: when the shifts do, from when on it is
        known; needed of a redrawn workload only.
        """
        n = len(shifts)
        hospitals, roles, chances = (np.broadcast_to(one, n) for one in (hospital, role, probability))
        people = np.asarray(counts, dtype=np.int64)
        names = [
            ("sick", self.network.hospitals[h], self.network.pools[p].name, *shift)
            for h, p, shift in zip(hospitals.tolist(), roles.tolist(), shifts, strict=True)
        ]
        u = self._streams.spans(names, Spans([(0, count) for count in people.tolist()]))
        absent = np.concatenate([[0], np.cumsum(u < np.repeat(chances, people))])
        ends = np.cumsum(people)
        numbers = absent[ends] - absent[ends - people]
        known = self._known
        if known.past is not None:
            begun = np.flatnonzero(np.asarray(begins) <= known.until)
            numbers[begun] = known.past.sick(
                hospitals[begun],
                roles[begun],
                [shifts[i] for i in begun.tolist()],
                people[begun],
                chances[begun],
                np.asarray(begins)[begun],
            )
        return numbers.tolist()  # type: ignore[no-any-return]

    def lost_delivery(self, hospital: int, product: int, number: int) -> float:
        """Return the uniform that decides whether the hospital's delivery of this number, from 0, is spoilt."""
        names = ("delivery", self.network.hospitals[hospital], self.network.products[product])
        return float(self._streams.uniforms(names, 1, first=number)[0])

    def breach_times(self, hospital: int) -> list[float]:
        """Return when the hospital's cold chain fails, from now or the start to the horizon."""
        name = self.network.hospitals[hospital]
        vaccine = self.network.scenario.vaccine
        fridge = vaccine.fridges.get(name) if vaccine else None
        if fridge is None or fridge.breach_rate == 0:
            return []
        rate, begin = fridge.breach_rate, max(0.0, self._known.until)
        length = self.network.horizon - begin

        def gaps(n: int) -> Floats:
            return np.asarray(-np.log1p(-self._streams.uniforms(("breach", name), n)) / rate)

        times: list[float] = all_on_grid(begin + partial_sums(gaps, length, rate * length)).tolist()
        return times

    def fingerprint(self) -> str:
        """Return a SHA-256 of the patients and their first visits, the same for two policies of one replication.

        Those who came by `extend` are left out: whether they come may depend on the policy.
        """
        digest = hashlib.sha256()
        drawn = slice(self._n_drawn)
        for name, column in self.patients.columns().items():
            digest.update(name.encode() + b"\0")
            digest.update(np.ascontiguousarray(column[drawn], column.dtype.newbyteorder("<")).data)
        arrays = Arrays(self)
        for step in range(len(self.network.steps)):
            digest.update(np.ascontiguousarray(arrays.durations(step, 0)[drawn], "<f8").data)
        return digest.hexdigest()

    def _column(self, key: Hashable, fill: Callable[[Batch], Any]) -> list[Any]:
        return self._made(key, fill).listed()

    def _made(self, key: Hashable, fill: Callable[[Batch], Any]) -> Column:
        column = self._columns.get(key)
        if column is None:
            column = self._columns[key] = Column(fill, self._batch)
        return column

    def _look_at(self, patients: Patients) -> Batch:
        pathway = np.array(self.network.class_pathway, dtype=np.int64)[patients.cls]
        return Batch(patients, facts_of(self.network, self.sources, patients), pathway)

    def _uniforms(self, names: tuple[str, ...], pathway: int | None, batch: Batch) -> Floats:
        """Uniforms of the stream (source, *names) for the patients of a pathway, or all; 0 for the others."""
        here, sources, which = batch.by_source(pathway)
        u = self._streams.spans([(self.sources[source], *names) for source in sources.tolist()], which)
        if here is not None:
            everybody = np.zeros(len(batch.patients))
            everybody[here] = u
            u = everybody
        return self._known.within(names, u, batch)

    def _step_uniforms(self, purpose: str, step: int, visit: int) -> list[float]:
        spec = self.network.steps[step]
        return self._column(
            (purpose, step, visit), partial(self._uniforms, (spec.name, str(visit), purpose), spec.pathway)
        )

    def _durations(self, step: int, visit: int, batch: Batch) -> Floats:
        spec = self.network.steps[step].spec
        name, pathway = self.network.steps[step].name, self.network.steps[step].pathway
        u = self._uniforms((name, str(visit), "duration"), pathway, batch)
        here = batch.pathway == pathway
        hours = by_case(spec.duration, u, here, batch.facts, 0.0)
        return all_on_grid(self.stretched(step, hours, batch))

    def stretched(self, step: int, hours: Floats, batch: Batch) -> Floats:
        """Return what attributes and disparities make of a step's hours; changes them in place."""
        spec, name = self.network.steps[step].spec, self.network.steps[step].name
        here = batch.pathway == self.network.steps[step].pathway
        for attribute in spec.scale_by:
            hours *= batch.patients.numbers[attribute]
        for factor in spec.factors:
            hours[batch.facts.hold(factor.when)] *= factor.factor
        for row in self.network.scenario.disparities.extra_time:
            if name in row.steps or name.split(".", 1)[1] in row.steps:
                hours[here & batch.facts.hold(row.when)] += row.extra
        return hours

    def _patience(self, step: int, visit: int, batch: Batch) -> Floats:
        compiled = self.network.steps[step]
        here = batch.pathway == compiled.pathway
        patience = compiled.spec.patience
        if patience is None:
            return np.where(here, inf, 0.0)
        names = self.patience_stream(step, visit)
        u = self._uniforms(names, compiled.pathway, batch)
        return all_on_grid(by_case(patience.time, u, here, batch.facts, inf))

    def patience_stream(self, step: int, visit: int) -> tuple[str, ...]:
        """Return the name of the stream that says how patient they are, without the source."""
        compiled = self.network.steps[step]
        if compiled.spec.patience is not None and compiled.spec.patience.scope == "journey":
            return self.network.pathways[compiled.pathway], "journey patience"
        return compiled.name, str(visit), "patience"

    def batch_of(self, who: Codes) -> Batch:
        """Return some of the patients by id, with what columns ask of them."""
        return replace(self._look_at(self.patients.take(who)), who=who, n=len(self.patients))

    def _cleaning(self, law: Distribution[float] | None, step: int, visit: int, batch: Batch) -> Floats:
        compiled = self.network.steps[step]
        if law is None:
            return np.zeros(len(batch.patients))
        here = batch.pathway == compiled.pathway
        u = self._uniforms((compiled.name, str(visit), "cleaning"), compiled.pathway, batch)
        return all_on_grid(drawn_for(here, law, u, np.zeros(len(u))))

    def _thresholds(self, cause: int, ordinal: int, batch: Batch) -> Floats:
        return np.asarray(-np.log1p(-self._uniforms((CAUSES[cause], str(ordinal), "threshold"), None, batch)))

    def _holds(self, fixed: When, batch: Batch) -> Mask:
        return batch.facts.hold(fixed)

    def _codes(self, attribute: str, batch: Batch) -> Codes:
        return batch.patients.codes[attribute]

    def _number(self, attribute: str, batch: Batch) -> Floats:
        return batch.patients.numbers[attribute]


class Arrays(Workload):
    """The same workload, the same columns, handed out as arrays. `extend` moves them: ask again afterwards."""

    def __init__(self, workload: Workload) -> None:
        self.__dict__ = workload.__dict__

    def _column(self, key: Hashable, fill: Callable[[Batch], Any]) -> Any:
        return self._made(key, fill).array()
