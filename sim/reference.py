"""The reference engine: SimPy through its public API, one process for each patient's journey.

Written to be read; `sim/order.py` is the contract on who goes first. After every event `_settle`
scans the hospitals that changed, so a start resumes its journey within the event that made room.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import inf
from typing import TYPE_CHECKING

import simpy
from simpy.events import Process

from scenarios.errors import DeadlockError
from scenarios.rules import Nearest, Outside, OverflowRule, Stay
from sim.allocation import Desk
from sim.arrival_source import Outcomes
from sim.blocking import blocked_for_ever, exchange
from sim.clock import Gate, Timer
from sim.columns import Columns
from sim.deadlines import Deadlines
from sim.directives import Standing
from sim.eventlog import LogBuilder, Row
from sim.hazards import Hazards
from sim.network import (
    BOARDING,
    CARE,
    DETERIORATE,
    DIE,
    TRAVELLING,
    UNLIMITED,
    WAITING,
    WRONG_UNIT,
    Network,
    Route,
)
from sim.order import Kind, leg_id, on_grid, priority
from sim.patient import Patient, PatientFactory, PlainPatients
from sim.protocol import Decision, Directive
from sim.result import Result
from sim.rules import QueueRanking, overflow_target
from sim.staffing import on_duty
from sim.supply import Supply
from sim.tally import Tallies
from sim.view import decision_view, names_of

if TYPE_CHECKING:
    from sim.arrival_source import ArrivalSource
    from sim.workload import Workload

QUEUE, MOVE, START, FINISHED, END = "queue", "move", "start", "finished", "end"
"""Signals on which a journey resumes."""

PATIENCE, LEFT, DIED, MOVED, FULL, BALKED, INELIGIBLE = range(7)
"""Values of a QUIT row."""

ORDERED, OVERFLOW, DIVERSION, UNBLOCKED = range(4)
"""Values of a DEPARTED_FOR row."""

TRIGGERS = ("regular", "arrival", "full", "free")

Journey = Generator[Gate, str, None]

Routes = list[tuple[Route, list[bool] | None]]
"""Routes with whom their condition on arrival holds for; None: everybody."""


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
        self.tallies = Tallies(len(network.hospitals), len(network.groups))
        self._factory = factory or PlainPatients()
        self._source = source
        self._log_builder = LogBuilder()
        self.log = self._log_builder.append
        self._changed: set[int] = set()
        """Hospitals to scan."""
        self._deadlines = Deadlines(self.at, self._deadline)
        self._hazards = Hazards(network, workload)
        self.supply = (
            Supply(network, workload, lambda: self.env.now, self.at, self.log, self._changed.add)
            if network.scenario.vaccine
            else None
        )
        ranking = QueueRanking(network.scenario.queue_rule, network)
        self._first = [self._bound(routes) for routes in network.first]
        self._routes = [self._bound(step.routes) for step in network.steps]
        self._columns = Columns(workload)
        self.desks = [Desk(network, h, ranking, self.supply) for h in range(len(network.hospitals))]
        self._most = [list(desk.capacity) for desk in self.desks]
        """H x P: the most that a roster will ever open."""
        self.ambulances = [
            UNLIMITED if spec.ambulances is None else spec.ambulances
            for spec in network.scenario.hospitals.values()
        ]
        self._open_hospitals()
        self.standing = Standing(self, ranking)
        self.decisions = 0
        """How many were answered."""
        self._names = names_of(network)
        self._protected = network.group is not None and network.scenario.attributes[network.group].protected
        self._asked = TRIGGERS[0]
        self._trigger = -1
        """Why a decision is asked for now (index of `TRIGGERS`); -1: it is not."""
        self._decide_on = {TRIGGERS.index(name) for name in network.scenario.decide_on}
        self._decide_every = on_grid(network.scenario.decide_every)
        self.at(0.0, priority(Kind.DECISION, 0), self._regular_decision)
        self._load_arrivals()
        if source is not None:
            self.at(0.0, priority(Kind.DAY, 0), self._midnight)
        self._ended = False
        self._departed: list[tuple[float, int, int]] = []
        self._dosed: list[tuple[float, int, int]] = []
        """What happened today, for arrivals that depend on it."""

    # The protocol.

    def next_decision(self) -> Decision | None:
        """Run the clock to the next decision; None at the horizon."""
        env, horizon = self.env, self.network.horizon
        self._settle()
        while self._trigger < 0:
            if env.peek() > horizon:
                self._close()
                return None
            env.step()
            if self._changed:
                self._settle()
        self._asked, self._trigger = TRIGGERS[self._trigger], -1
        return decision_view(
            self, self._asked, self._names, self.network.scenario.group_blind and self._protected
        )

    def answer(self, directive: Directive) -> None:
        """Carry out the orders. Raises `DirectiveError` with every part that is illegal by itself."""
        self.standing.carry_out(directive, self._asked)
        self.decisions += 1

    def result(self) -> Result:
        """Return what happened."""
        return Result(
            network=self.network,
            seed=self.workload.seed,
            replication=self.workload.replication,
            log=self._log_builder.build(),
            patients=self.workload.patients,
            orders=tuple(self.standing.ordered),
            since=self.tallies.since(self.network.horizon),
            workload_hash=self.workload.fingerprint(),
        )

    # The clock.

    def at(self, time: float, rank: int, action: Callable[[], None]) -> None:
        if time <= self.network.horizon:
            Timer(self.env, time - self.env.now, rank, lambda _: action(), None)

    def changed(self, hospital: int) -> None:
        """Have a hospital scanned before anything else happens."""
        self._changed.add(hospital)

    def _settle(self) -> None:
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
            if patient.cell is not None and patient.hospital == desk.hospital:
                self._must_wait(patient)

    def _regular_decision(self) -> None:
        self._trigger = 0
        following = self.env.now + self._decide_every
        if self._decide_every and following < self.network.horizon:
            self.at(following, priority(Kind.DECISION, 0), self._regular_decision)

    def _midnight(self) -> None:
        assert self._source is not None
        day = int(self.env.now // 24)
        self.workload.extend(self._source.next_day(day, Outcomes(tuple(self._departed), tuple(self._dosed))))
        self._departed.clear()
        self._dosed.clear()
        idle = self._next_number >= len(self._arrival_times)
        self._load_arrivals(idle)
        self.at(self.env.now + 24.0, priority(Kind.DAY, 0), self._midnight)

    def _close(self) -> None:
        if not self._ended:
            self._ended = True
            self._factory.close()

    # Capacity.

    def _open_hospitals(self) -> None:
        network = self.network
        for h, name in enumerate(network.hospitals):
            spec = network.scenario.hospitals[name]
            for p, pool in enumerate(network.pools):
                if pool.kind == "staff" and pool.name in spec.staff:
                    if spec.staff[pool.name].count != "unlimited":
                        self._roster(h, p, on_duty(self.workload, h, p, spec.staff[pool.name]))
                if pool.name in getattr(spec, pool.kind):
                    self.log((0.0, Row.CAPACITY, -1, h, p, float(self.desks[h].capacity[p])))

    def _roster(self, hospital: int, pool: int, timeline: list[tuple[float, int]]) -> None:
        unit = self.network.pools[pool].unit
        desk = self.desks[hospital]
        desk.capacity[pool] = timeline[0][1] * unit
        self._most[hospital][pool] = max(people for _, people in timeline) * unit
        before = timeline[0][1]
        rank = priority(Kind.SHIFT, hospital * len(self.network.pools) + pool)
        for time, people in timeline[1:]:
            change = (people - before) * unit
            self.at(time, rank, lambda change=change: self.change_capacity(hospital, pool, change))
            before = people

    def change_capacity(self, hospital: int, pool: int, change: int) -> None:
        """Open or close part of a pool; what is in use stays in use."""
        if change:
            desk = self.desks[hospital]
            desk.capacity[pool] += change
            self.log((self.env.now, Row.CAPACITY, -1, hospital, pool, float(desk.capacity[pool])))
            self._changed.add(hospital)

    # Presentation.

    def _load_arrivals(self, idle: bool = True) -> None:
        people = self.workload.patients
        self._arrival_times: list[float] = people.time.tolist()
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
        if not hasattr(self, "_next_number"):
            self._next_number = 0
        if idle:
            self._expect_next()

    def _expect_next(self) -> None:
        number = self._next_number
        if number < len(self._arrival_times):
            delay = self._arrival_times[number] - self.env.now
            if self._arrival_times[number] <= self.network.horizon:
                Timer(self.env, delay, priority(Kind.ARRIVAL, number), self._present, number)

    def _present(self, timer: Timer) -> None:
        number = timer.about
        self._next_number = number + 1
        self._expect_next()
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
        self.tallies.starts_waiting(hospital, group, now)
        if self._hazards.active:
            self._hazards.start(patient, now)
        Process(self.env, self._journey(patient))

    # The journey.

    def _journey(self, patient: Patient) -> Journey:
        network = self.network
        pathway = network.class_pathway[self._classes[patient.number]]
        step = self._route(patient, self._first[pathway], self._columns.first_route())
        if step >= 0 and patient.ambulance and not self._receive_ambulance(patient, step):
            return
        while step >= 0:
            self._enter(patient, step)
            signal = QUEUE if patient.destination < 0 else MOVE
            while signal == QUEUE or signal == MOVE:
                if signal == MOVE:
                    signal = yield self._travel(patient)
                elif network.steps[step].product >= 0 and not self._eligible(patient):
                    signal = self._turn_away(patient)
                elif network.steps[step].options or network.steps[step].product >= 0:
                    signal = yield self._queue(patient)
                else:
                    signal = self._nothing_needed(patient)
            if signal == START:
                signal = yield self._serve(patient)
            if signal == END:
                return
            step = self._route(patient, self._routes[step], self._columns.route(step, patient.visit))
            self._finish(patient, step)
        self._leave(patient, -1 - step)

    def _route(self, patient: Patient, routes: Routes, uniforms: list[float]) -> int:
        number = patient.number
        for route, holds in routes:
            levels = route.condition.acuities
            if levels is not None and patient.acuity not in levels:
                continue
            if holds is not None and not holds[number]:
                continue
            if len(route.targets) == 1:
                return route.targets[0]
            chance = uniforms[number]
            return next(t for t, limit in zip(route.targets, route.cumulative, strict=True) if chance < limit)
        raise AssertionError("the scenario's checks let pass a routing without a last case")

    def _bound(self, routes: tuple[Route, ...]) -> Routes:
        return [(r, self.workload.holds(r.condition.fixed) if r.condition.fixed else None) for r in routes]

    def _enter(self, patient: Patient, step: int) -> None:
        patient.step = step
        patient.visit = patient.visits.get(step, 0)
        patient.visits[step] = patient.visit + 1
        patient.leg += 1
        patient.queued = -1.0
        patient.patience = inf

    def _nothing_needed(self, patient: Patient) -> str:
        self.log(
            (self.env.now, Row.QUEUED, patient.number, patient.hospital, patient.step, float(patient.visit))
        )
        patient.option = None
        return START

    def _queue(self, patient: Patient) -> Gate:
        now, hospital = self.env.now, patient.hospital
        if patient.queued < 0:
            patient.queued = now
            self._set_patience(patient)
        self.log((now, Row.QUEUED, patient.number, hospital, patient.step, float(patient.visit)))
        self.desks[hospital].join(patient)
        self._changed.add(hospital)
        if self._hazards.active:
            self._go_to(patient, WAITING if patient.held < 0 else BOARDING)
        if 1 in self._decide_on and patient.leg == 1:
            self._trigger = 1
        return patient.gate

    def _set_patience(self, patient: Patient) -> None:
        spec = self.network.steps[patient.step].spec.patience
        if spec is not None:
            hours = self._columns.patience(patient.step, patient.visit)[patient.number]
            patient.patience = hours + (patient.presented if spec.scope == "journey" else self.env.now)

    def _must_wait(self, patient: Patient) -> None:
        """The patient cannot start now: refuse, balk, go elsewhere, or wait."""
        step = self.network.steps[patient.step]
        spec = step.spec
        desk = self.desks[patient.hospital]
        ahead = desk.waiting_for[patient.step] - 1
        for limit in spec.queue_limit:
            if self._holds(patient, limit.when):
                if ahead >= limit.count:
                    return self._quit(patient, FULL, step.full_outcome)
                break
        for balking in spec.balking:
            if self._holds(patient, balking.when):
                chance = balking.probability[min(ahead, len(balking.probability) - 1)]
                if chance and self._columns.balk(patient.step, patient.visit)[patient.number] < chance:
                    return self._quit(patient, BALKED, self.network.outcomes.index("left"))
                break
        if spec.if_full == "leave":
            return self._quit(patient, FULL, step.full_outcome)
        if spec.if_full == "overflow" and self._overflow(patient):
            return None
        self._set_deadline(patient)
        if 2 in self._decide_on:
            self._trigger = 2
        if patient.held >= 0:
            self._unblock(patient.hospital)
        return None

    def _holds(self, patient: Patient, when: dict[str, tuple[str, ...]]) -> bool:
        return not when or self._columns.holds(when)[patient.number]

    def _eligible(self, patient: Patient) -> bool:
        spec = self.network.scenario.vaccine
        assert spec is not None
        if not self.network.tiers:
            return True
        return patient.tier >= 0 and self.env.now >= spec.tiers[self.network.tiers[patient.tier]].opens

    def _turn_away(self, patient: Patient) -> str:
        now, number, hospital = self.env.now, patient.number, patient.hospital
        self.log((now, Row.QUEUED, number, hospital, patient.step, float(patient.visit)))
        self.log((now, Row.QUIT, number, hospital, patient.step, float(INELIGIBLE)))
        self._leave(patient, self.network.outcomes.index("ineligible"))
        return END

    def _serve(self, patient: Patient) -> Gate:
        now, number, hospital = self.env.now, patient.number, patient.hospital
        step, option = self.network.steps[patient.step], patient.option
        factor = step.acuity_factor[patient.acuity] * self.network.hospital_factor[hospital][step.index]
        need = -1
        if option is not None:
            need = option.need
            factor *= option.factor
            self.desks[hospital].seize(need)
        if patient.held >= 0:
            self._release(patient, patient.held, patient.held_from)
            patient.held = -1
        patient.need, patient.since = need, now
        self.log((now, Row.STARTED, number, hospital, step.index, float(need)))
        if step.treatment and not patient.treated:
            patient.treated = True
            self.log((now, Row.TREATED, number, hospital, step.index, 0.0))
            self.tallies.count("treated", patient.origin, patient.group)
            self.tallies.stops_waiting(patient.origin, patient.group, now)
        if step.product >= 0:
            assert self.supply is not None
            self.supply.give(hospital, step.product, number)
            self.tallies.count("doses", patient.origin, patient.group)
            if self._source is not None:
                self._dosed.append((now, number, step.product))
        if self._hazards.active:
            self._go_to(patient, WRONG_UNIT if option is not None and option.wrong_unit else CARE)
            self._set_deadline(patient)
        else:
            self._deadlines.drop(number)
        hours = self._columns.durations(step.index, patient.visit)[number]
        if factor != 1.0:
            hours = on_grid(hours * factor)
        hours += patient.extra
        patient.extra = 0.0
        patient.finish = now + hours
        rank = priority(Kind.FINISH, leg_id(number, patient.leg))
        Timer(self.env, hours, rank, self._finished, (patient, patient.leg))
        return patient.gate

    def _finished(self, timer: Timer) -> None:
        patient, leg = timer.about
        if patient.leg == leg and patient.finish == self.env.now and patient.number in self.patients:
            self._end_step(patient, 0)

    def _end_step(self, patient: Patient, why: int) -> None:
        patient.finish = inf
        self.log((self.env.now, Row.ENDED, patient.number, patient.hospital, patient.step, float(why)))
        if why < 2:
            patient.gate.fire(FINISHED)

    def discharge_early(self, patient: Patient) -> None:
        """End the patient's step now."""
        self._end_step(patient, 1)

    def _finish(self, patient: Patient, following: int) -> None:
        """Give back what the step held, or keep it until the next step starts."""
        if patient.need < 0:
            return
        came_from = (patient.step, patient.visit, patient.leg)
        if following >= 0 and self.network.steps[patient.step].spec.hold:
            patient.held, patient.held_from = patient.need, came_from
        else:
            self._release(patient, patient.need, came_from)
        patient.need = -1

    def _leave(self, patient: Patient, outcome: int) -> None:
        """The journey ends."""
        now, number = self.env.now, patient.number
        if patient.held >= 0:
            self._release(patient, patient.held, patient.held_from)
            patient.held = -1
        self.log((now, Row.LEFT_NETWORK, number, patient.hospital, outcome, 0.0))
        kind = self.network.outcome_kind[outcome]
        if kind == "died":
            self.tallies.count("died", patient.origin, patient.group)
        elif kind in ("left", "cancelled", "diverted"):
            self.tallies.count("left", patient.origin, patient.group)
        if self._source is not None:
            self._departed.append((now, number, outcome))
        if not patient.treated:
            self.tallies.stops_waiting(patient.origin, patient.group, now)
        self._deadlines.drop(number)
        del self.patients[number]
        self._factory.depart(patient)

    def _release(self, patient: Patient, need: int, came_from: tuple[int, int, int]) -> None:
        now, hospital = self.env.now, patient.hospital
        desk = self.desks[hospital]
        step, visit, leg = came_from
        desk.release(need)
        self.log((now, Row.RELEASED, patient.number, hospital, need, float(step)))
        for pool, bed in self.network.beds_of[need]:
            if self.network.cleaning[hospital][pool] is None:
                continue
            hours = self._columns.cleaning(hospital, pool, step, visit)[patient.number]
            if hours > 0:
                desk.clean(bed, 1)
                self.log((now, Row.CLEANING, patient.number, hospital, bed, 0.0))
                rank = priority(Kind.CLEANED, leg_id(patient.number, leg, pool))
                Timer(self.env, hours, rank, self._cleaned, (patient.number, hospital, bed))
        self._room(hospital)

    def _cleaned(self, timer: Timer) -> None:
        number, hospital, bed = timer.about
        self.desks[hospital].clean(bed, -1)
        self.log((self.env.now, Row.CLEANED, number, hospital, bed, 0.0))
        self._room(hospital)

    def _room(self, hospital: int) -> None:
        self._changed.add(hospital)
        if 3 in self._decide_on and self.desks[hospital].cells:
            self._trigger = 3

    # Hazards, patience and their deadlines.

    def _go_to(self, patient: Patient, place: int) -> None:
        patient.place = place
        self._hazards.update(patient, self.env.now)

    def _set_deadline(self, patient: Patient) -> None:
        due = self._hazards.due(patient)[0] if self._hazards.active else inf
        if patient.cell is not None:
            due = min(due, patient.patience)
        self._deadlines.put(patient.number, max(due, self.env.now))

    def _deadline(self, number: int) -> None:
        patient, now = self.patients[number], self.env.now
        waiting = patient.cell is not None
        if waiting and patient.patience <= now:
            self._quit(patient, PATIENCE, self.network.steps[patient.step].patience_outcome)
            return
        _, cause = self._hazards.due(patient)
        if cause == DETERIORATE:
            self._deteriorate(patient)
        elif waiting:
            self._quit(patient, DIED if cause == DIE else LEFT, self._fate(cause))
        else:
            self._lost_in_care(patient, cause)

    def _fate(self, cause: int) -> int:
        return self.network.outcomes.index("died" if cause == DIE else "left")

    def _deteriorate(self, patient: Patient) -> None:
        now = self.env.now
        self._hazards.draw_again(patient, DETERIORATE, now)
        if patient.acuity > 0:
            patient.acuity -= 1
            patient.triage = min(patient.triage, patient.acuity)
            self.log((now, Row.DETERIORATED, patient.number, patient.hospital, -1, float(patient.acuity)))
            self._hazards.update(patient, now)
            if patient.cell is not None:
                self.desks[patient.hospital].rerank(patient)
                self._changed.add(patient.hospital)
        self._set_deadline(patient)

    def _quit(self, patient: Patient, why: int, outcome: int) -> None:
        """Leave the queue and the network."""
        self._leave_queue(patient, why)
        self._leave(patient, outcome)
        patient.gate.fire(END)

    def _leave_queue(self, patient: Patient, why: int) -> None:
        self.log((self.env.now, Row.QUIT, patient.number, patient.hospital, patient.step, float(why)))
        self.desks[patient.hospital].quit(patient)
        self._deadlines.drop(patient.number)
        self._changed.add(patient.hospital)

    def _lost_in_care(self, patient: Patient, cause: int) -> None:
        """Die, or leave, in a step or on the way."""
        if patient.place == TRAVELLING:
            self._unreserve(patient, 1)
        else:
            self._end_step(patient, 2)
            self._finish(patient, -1)
        self._leave(patient, self._fate(cause))
        patient.gate.fire(END)

    # Between hospitals.

    def _receive_ambulance(self, patient: Patient, step: int) -> bool:
        """Divert an ambulance if ordered; False: it left the network."""
        if not self.standing.diverting[patient.hospital]:
            return True
        rule = self.standing.overflow[patient.hospital]
        if isinstance(rule.law, Stay):
            rule = OverflowRule(nearest=Nearest())
        target = self._choose(rule, patient, step)
        if target < 0:
            self._leave(patient, self.network.outcomes.index("diverted"))
            return False
        patient.destination = target
        self._depart(patient, step, DIVERSION)
        return True

    def _choose(self, rule: OverflowRule, patient: Patient, step: int) -> int:
        compiled = self.network.steps[step]
        return overflow_target(
            rule, self.network, patient.hospital, step,
            lambda g: not compiled.options or self.desks[g].fitting(compiled, patient.triage) is not None,
            lambda g: self.desks[g].load(compiled),
        )  # fmt: skip

    def _overflow(self, patient: Patient) -> bool:
        """Ask the overflow rule; False: wait here."""
        rule = self.standing.overflow[patient.hospital]
        if isinstance(rule.law, Outside):
            self._quit(patient, FULL, self.network.outcomes.index("diverted"))
            return True
        target = self._choose(rule, patient, patient.step)
        return target >= 0 and self.move(patient, target, OVERFLOW)

    def move(self, patient: Patient, target: int, why: int) -> bool:
        """Send a waiting patient to another hospital; False: no ambulance."""
        if not self.ambulances[patient.hospital]:
            return False
        self._take_ambulance(patient, target)
        self._leave_queue(patient, MOVED)
        patient.destination = target
        self._depart(patient, patient.step, why)
        patient.gate.fire(MOVE)
        return True

    def _take_ambulance(self, patient: Patient, target: int) -> None:
        origin = patient.hospital
        if self.ambulances[origin] == UNLIMITED:
            return
        self.ambulances[origin] -= 1
        hours = on_grid(2 * self.network.travel[origin][target] * self._travel_factor[patient.number])
        rank = priority(Kind.RETURNED, leg_id(patient.number, patient.leg))

        def returned() -> None:
            self.ambulances[origin] += 1

        self.at(self.env.now + hours, rank, returned)

    def _depart(self, patient: Patient, step: int, why: int) -> None:
        """Give up what is kept here, reserve there if there is room."""
        now, target = self.env.now, patient.destination
        if patient.held >= 0:
            self._release(patient, patient.held, patient.held_from)
            patient.held = -1
        self.log((now, Row.DEPARTED_FOR, patient.number, patient.hospital, target, float(why)))
        compiled = self.network.steps[step]
        option = self.desks[target].fitting(compiled, patient.triage)
        patient.reservation = -1
        if option is not None:
            patient.option, patient.reservation = option, option.need
            self.desks[target].reserve(option.need, 1)
            self.log((now, Row.RESERVED, patient.number, target, option.need, 0.0))

    def _travel(self, patient: Patient) -> Gate:
        origin, target = patient.hospital, patient.destination
        patient.hospital, patient.destination = target, -1
        hours = on_grid(self.network.travel[origin][target] * self._travel_factor[patient.number])
        if self._hazards.active:
            self._go_to(patient, TRAVELLING)
            self._set_deadline(patient)
        Timer(self.env, hours, priority(Kind.HANDOVER, patient.number), self._handed_over, patient)
        limit = self.network.scenario.transfers.reservation_expires
        if patient.reservation >= 0 and limit is not None and limit < hours:
            rank = priority(Kind.LAPSE, leg_id(patient.number, patient.leg))
            self.at(self.env.now + on_grid(limit), rank, lambda: self._unreserve(patient, 1))
        return patient.gate

    def _unreserve(self, patient: Patient, why: int) -> None:
        if patient.reservation < 0:
            return
        self.desks[patient.hospital].reserve(patient.reservation, -1)
        self.log(
            (self.env.now, Row.UNRESERVED, patient.number, patient.hospital, patient.reservation, float(why))
        )
        patient.reservation = -1
        self._room(patient.hospital)

    def _handed_over(self, timer: Timer) -> None:
        patient = timer.about
        if patient.number not in self.patients:
            return
        now = self.env.now
        self.log((now, Row.HANDED_OVER, patient.number, patient.hospital, -1, 0.0))
        if patient.reservation < 0:
            patient.gate.fire(QUEUE)
            return
        if patient.queued < 0:
            patient.queued = now
        self.log((now, Row.QUEUED, patient.number, patient.hospital, patient.step, float(patient.visit)))
        self._unreserve(patient, 0)
        patient.gate.fire(START)

    # Blocking.

    def _unblock(self, hospital: int) -> None:
        desk = self.desks[hospital]
        boarders = [
            p
            for p in desk.boarders()
            if p.patience == inf and self.network.steps[p.step].product < 0 and not self._may_go(p)
        ]
        if len(boarders) < 2:
            return
        most = [max(now, ever) for now, ever in zip(desk.capacity, self._most[hospital], strict=True)]
        stuck = blocked_for_ever(self.network, most, boarders)
        if not stuck:
            return
        rule = self.network.scenario.on_deadlock
        now = self.env.now
        if rule == "swap":
            partners = exchange(self.network, desk.capacity, desk.taken, stuck)
            if partners:
                self.log((now, Row.DEADLOCK, -1, hospital, 0, float(len(stuck))))
                self._swap(hospital, partners)
                return
        elif rule == "overflow":
            self.log((now, Row.DEADLOCK, -1, hospital, 1, float(len(stuck))))
            for patient in reversed(stuck):
                choice = self.standing.overflow[hospital]
                nearest = (
                    OverflowRule(nearest=Nearest()) if isinstance(choice.law, Stay | Outside) else choice
                )
                target = self._choose(nearest, patient, patient.step)
                if target >= 0 and self.move(patient, target, UNBLOCKED):
                    return
        raise DeadlockError(
            self.network.hospitals[hospital], now,
            [(p.number, self.network.steps[p.held_from[0]].name, self.network.steps[p.step].name) for p in stuck],
        )  # fmt: skip

    def _may_go(self, patient: Patient) -> bool:
        return self._hazards.active and self._hazards.due(patient)[0] < inf

    def _swap(self, hospital: int, partners: list[Patient]) -> None:
        """All give up what they keep and start at once; each pays for the cleaning of the bed it enters."""
        desk = self.desks[hospital]
        for patient in partners:
            desk.quit(patient)
            desk.release(patient.held)
            self.log(
                (
                    self.env.now,
                    Row.RELEASED,
                    patient.number,
                    hospital,
                    patient.held,
                    float(patient.held_from[0]),
                )
            )
            patient.held = -1
        for patient in partners:
            patient.option = self.network.steps[patient.step].options[0]
            for pool, _ in self.network.beds_of[patient.option.need]:
                if self.network.cleaning[hospital][pool] is not None:
                    cleaning = self._columns.cleaning(hospital, pool, patient.step, patient.visit)
                    patient.extra = max(patient.extra, cleaning[patient.number])
            patient.gate.fire(START)
        self._changed.add(hospital)
