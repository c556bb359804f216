"""The reference engine: SimPy through its public API, one process for each patient's journey.

Written to be read; `sim/order.py` is the contract on who goes first. After every event `_settle`
scans the hospitals that changed, so a start resumes its journey within the event that made room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import simpy

from sim.allocation import Desk
from sim.arrival_source import ArrivalSource, Outcomes, fingerprint
from sim.clock import Gate, Timer
from sim.directives import Standing
from sim.eventlog import LogBuilder, Row
from sim.journey import Journeys
from sim.legal import ready_to_leave
from sim.network import Network
from sim.order import Kind, on_grid, on_second, priority
from sim.patient import Patient, PatientFactory, PlainPatients
from sim.protocol import Decision, Directive, Tally
from sim.result import Result
from sim.rules import QueueRanking
from sim.signals import START, Trigger
from sim.staffing import on_duty
from sim.supply import Supply
from sim.tally import Tallies
from sim.view import Census, CensusView, census_of

if TYPE_CHECKING:
    from sim.workload import Workload

PACK_EVERY = 4096
"""Patients between two packings of the log."""


class ReferenceEngine:
    """One replication of a network, by SimPy. See `sim.protocol.Engine`."""

    def __init__(
        self,
        network: Network,
        workload: Workload,
        factory: PatientFactory | None = None,
        source: ArrivalSource | None = None,
    ) -> None:
        self.network = network
        self.workload = workload
        self.env = simpy.Environment()
        self.patients: dict[int, Patient] = {}
        """Everybody in the system, by number."""
        self.tallies = Tallies(len(network.hospitals), len(network.groups), network.tau)
        self._factory = factory or PlainPatients()
        self._source = source
        self._log_builder = LogBuilder()
        self.log = self._log_builder.append
        self._changed: set[int] = set()
        """Hospitals to scan."""
        self.supply = (
            Supply(network, workload, lambda: self.env.now, self.at, self.log, self.changed)
            if network.scenario.vaccine
            else None
        )
        ranking = QueueRanking(network.scenario.queue_rule, network, workload.codes)
        self.desks = [Desk(network, h, ranking, self.supply) for h in range(len(network.hospitals))]
        self.most = [list(desk.capacity) for desk in self.desks]
        """H x P: what a pool may have open some day, flex beds left out, nobody sick, all staff called in."""
        if self.supply is not None:
            self.supply.open()
        self._open_hospitals()
        self.journeys = Journeys(self)
        self.standing = Standing(self, ranking)
        self.decisions = 0
        """How many were answered."""
        self._view = CensusView(self)
        self._asked = Trigger.REGULAR
        self._trigger = -1
        """Why a decision is asked for now (`Trigger`); -1: it is not."""
        self._decide_on = {Trigger[name.upper()] for name in network.scenario.decide_on}
        self._decide_every = on_grid(network.scenario.decide_every)
        self.at(0.0, priority(Kind.DECISION, 0), self._regular_decision)
        self._over = False
        """Whether the horizon has been passed."""
        Timer(self.env, network.horizon, priority(Kind.END, 0), self._stop, None)
        self._n_presented = 0
        self._arrival_times: list[float] = []
        self._load_arrivals()
        if source is not None:
            self.at(0.0, priority(Kind.DAY, 0), self._midnight)
        self._ended = False
        self._last: Tally | None = None
        """The interval from the last decision to the horizon, when that is reached."""
        self._departed: list[tuple[float, int, int]] = []
        self._dosed: list[tuple[float, int, int]] = []
        self._treated: list[tuple[float, int]] = []
        """What happened today, for arrivals that depend on it."""

    # The protocol.

    def next_decision(self) -> Decision | None:
        """Run the clock to the next decision; None at the horizon."""
        step, changed = self.env.step, self._changed
        self._settle()
        while self._trigger < 0:
            if self._over:
                self._close()
                return None
            step()
            if changed:
                self._settle()
        self._asked, self._trigger = Trigger(self._trigger), -1
        return self._view.decision(self._asked.name.lower())

    def answer(self, directive: Directive) -> None:
        """Carry out the orders. Raises `DirectiveError` with every part that is illegal by itself."""
        self.standing.carry_out(directive, self._asked)
        self.decisions += 1

    def result(self) -> Result:
        """Return what happened; after the horizon, as often as it is asked for."""
        return Result(
            network=self.network,
            seed=self.workload.seed,
            replication=self.workload.replication,
            log=self._log_builder.build(),
            patients=self.workload.patients,
            sources=self.workload.sources,
            orders=tuple(self.standing.ordered),
            since=self._last or self.tallies.since(self.network.horizon),
            hashed=partial(fingerprint, self.workload, self._source),
        )

    # The clock.

    def at(self, time: float, rank: int, action: Callable[[], None]) -> None:
        """Run an action at a time with an event priority, unless that is after the horizon."""
        if on_second(time) <= self.network.horizon:
            Timer(self.env, time - self.env.now, rank, lambda _: action(), None)

    def changed(self, hospital: int) -> None:
        """Something may have opened at a hospital: have it scanned before anything else happens."""
        self._changed.add(hospital)
        self.desks[hospital].stir()

    def joined(self, hospital: int) -> None:
        """Somebody joined or left a queue: have the hospital scanned before anything else happens."""
        self._changed.add(hospital)

    def at_once(self, patient: Patient) -> bool:
        """Whether a patient who joins a queue may start before anybody is asked or scanned."""
        changed = self._changed
        if changed and (len(changed) > 1 or patient.hospital not in changed):
            return False
        if self._trigger >= 0 or (not patient.announced and Trigger.ARRIVAL in self._decide_on):
            return False
        step = self.network.steps[patient.step]
        patient.option = self.desks[patient.hospital].start_at_once(step, patient.triage, patient.held)
        return patient.option is not None

    def ask(self, trigger: Trigger) -> None:
        """Have somebody decide now, if the scenario says so for this trigger."""
        if trigger in self._decide_on:
            self._trigger = trigger

    def _settle(self) -> None:
        """Start whoever may start and see who must wait; then look where patients may block one another."""
        self._start_and_see()
        unblocking = self.journeys.unblocking
        for hospital in sorted(unblocking.to_look_at) if unblocking.to_look_at else ():
            if self._trigger >= 0:
                return
            unblocking.resolve(hospital)
            self._start_and_see()

    def _start_and_see(self) -> None:
        """Start whoever may start, then see who must wait, until nothing changes or somebody must decide."""
        while self._changed and self._trigger < 0:
            hospital = min(self._changed)
            desk = self.desks[hospital]
            while self._trigger < 0 and (start := desk.scan(self.env.now)) is not None:
                patient, option = start
                patient.option = option
                patient.gate.fire(START)
            if self._trigger >= 0:
                return
            self._changed.discard(hospital)
            if desk.newcomers:
                self._see_who_must_wait(desk)

    def _see_who_must_wait(self, desk: Desk) -> None:
        newcomers, desk.newcomers = sorted(desk.newcomers, key=lambda p: p.number), []
        for place, patient in enumerate(newcomers):
            if self._trigger >= 0 or desk.hospital in self._changed:
                desk.newcomers += newcomers[place:]
                self._changed.add(desk.hospital)
                return
            if _waits_at(patient, desk):
                later = [p for p in newcomers[place + 1 :] if p.step == patient.step and _waits_at(p, desk)]
                self.journeys.must_wait(patient, len(later))

    def _stop(self, _: Timer) -> None:
        self._over = True

    def _regular_decision(self) -> None:
        self._trigger = Trigger.REGULAR
        following = self.env.now + self._decide_every
        if self._decide_every and following < self.network.horizon:
            self.at(following, priority(Kind.DECISION, 0), self._regular_decision)

    def _midnight(self) -> None:
        assert self._source is not None
        day = int(self.env.now // 24)
        self.workload.extend(self._source.next_day(day, self._outcomes()))
        self._load_arrivals()
        self.at(self.env.now + 24.0, priority(Kind.DAY, 0), self._midnight)

    def _outcomes(self) -> Outcomes:
        """Return what happened since it was last asked."""
        happened = Outcomes(tuple(self._departed), tuple(self._dosed), tuple(self._treated))
        for rows in (self._departed, self._dosed, self._treated):
            rows.clear()
        return happened

    def _close(self) -> None:
        if not self._ended:
            self._ended = True
            self._last = self.tallies.since(self.network.horizon)
            self._factory.close()

    # Capacity.

    def _open_hospitals(self) -> None:
        network = self.network
        for h, name in enumerate(network.hospitals):
            spec = network.scenario.hospitals[name]
            most = network.most[h]
            for p, pool in enumerate(network.pools):
                if pool.name in spec.staff and spec.staff[pool.name].count != "unlimited":
                    self._roster(h, p, on_duty(self.workload, h, p, spec.staff[pool.name]))
                    self.most[h][p] = int(most[pool.name]) * pool.unit
                if pool.name in getattr(spec, pool.kind):
                    self.log((0.0, Row.CAPACITY, -1, h, p, float(self.desks[h].capacity[p])))

    def _roster(self, hospital: int, pool: int, timeline: list[tuple[float, int]]) -> None:
        unit = self.network.pools[pool].unit
        self.desks[hospital].capacity[pool] = timeline[0][1] * unit
        rank = priority(Kind.SHIFT, hospital * len(self.network.pools) + pool)

        def change(place: int) -> None:
            self.change_capacity(hospital, pool, (timeline[place][1] - timeline[place - 1][1]) * unit)
            await_change(place + 1)

        def await_change(place: int) -> None:
            if place < len(timeline):
                self.at(timeline[place][0], rank, lambda: change(place))

        await_change(1)

    def change_capacity(self, hospital: int, pool: int, change: int) -> None:
        """Open or close part of a pool; what is in use stays in use."""
        if change:
            desk = self.desks[hospital]
            desk.capacity[pool] += change
            self.log((self.env.now, Row.CAPACITY, -1, hospital, pool, float(max(0, desk.capacity[pool]))))
            self.changed(hospital)
            if change < 0:
                self.journeys.unblocking.to_look_at.add(hospital)

    # Presentation.

    def _load_arrivals(self) -> None:
        """Read the patients who are new; each batch is in order of time, and waits for its next by one event."""
        people, first = self.workload.patients, len(self._arrival_times)
        self._arrival_times = people.time.tolist()
        self._people = list(
            zip(
                people.hospital.tolist(), people.acuity.tolist(), people.triage.tolist(), people.group.tolist(),
                self._arrival_times, strict=True,
            )
        )  # fmt: skip
        self._classes: list[int] = people.cls.tolist()
        self._sources: list[int] = people.source.tolist()
        self._ambulance: list[bool] = people.ambulance.tolist()
        self._declined: list[bool] = people.declined.tolist()
        self._tiers: list[int] = people.tier.tolist()
        self._travel_factor: list[float] = people.travel_factor.tolist()
        self._expect_next(iter(range(first, len(self._arrival_times))))

    def _expect_next(self, batch: Iterator[int]) -> None:
        number = next(batch, None)
        if number is not None and self._arrival_times[number] <= self.network.horizon:
            delay = self._arrival_times[number] - self.env.now
            Timer(self.env, delay, priority(Kind.ARRIVAL, number), self._present, (number, batch))

    def _present(self, timer: Timer) -> None:
        number, batch = timer.about
        self._n_presented += 1
        if self._n_presented % PACK_EVERY == 0:
            self._log_builder.pack()
        self._expect_next(batch)
        hospital, acuity, triage, group, now = self._people[number]
        self.log((now, Row.PRESENTED, number, hospital, self._classes[number], float(self._sources[number])))
        if self._declined[number]:
            outcome = self.network.outcomes.index("declined")
            self.log((now, Row.LEFT_NETWORK, number, hospital, outcome, 0.0))
            return
        patient = self._factory.present(number, hospital, acuity, triage, group, now)
        patient.ambulance = self._ambulance[number]
        patient.tier = self._tiers[number]
        patient.gate = Gate(self.env)
        self.patients[number] = patient
        self.tallies.count("arrived", hospital, group)
        self.tallies.starts_waiting(patient)
        self.journeys.begin(patient)

    def class_of(self, number: int) -> int:
        """Return a patient's class."""
        return self._classes[number]

    def travel_factor(self, number: int) -> float:
        """Return what multiplies a patient's travel times."""
        return self._travel_factor[number]

    def ready_to_leave(self, hospital: int, step: int, margin: float) -> list[Patient]:
        """See `sim.legal.ready_to_leave`."""
        return ready_to_leave(self.patients.values(), hospital, step, margin, self.env.now)

    def n_ready_to_leave(self, step: int, margin: float) -> list[int]:
        """Return by hospital how many are ready to leave."""
        return [len(self.ready_to_leave(h, step, margin)) for h in range(len(self.desks))]

    def census(self) -> Census:
        """Count who is where now."""
        return census_of(self.network, self.patients.values(), self.env.now)

    # The end of journeys.

    def departed(self, patient: Patient, outcome: int) -> None:
        """A journey has ended."""
        del self.patients[patient.number]
        self._factory.depart(patient)
        if self._source is not None:
            self._departed.append((self.env.now, patient.number, outcome))

    def treated(self, number: int) -> None:
        """A patient's treatment has begun."""
        if self._source is not None:
            self._treated.append((self.env.now, number))

    def dosed(self, number: int, product: int) -> None:
        """A patient has received a dose."""
        if self._source is not None:
            self._dosed.append((self.env.now, number, product))


def _waits_at(patient: Patient, desk: Desk) -> bool:
    return patient.cell is not None and patient.hospital == desk.hospital
