"""The journey of one patient: a SimPy process that waits, is served, and goes on until it leaves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from math import inf
from typing import TYPE_CHECKING

from simpy.events import Process

from scenarios.pathways import Patience
from scenarios.quantities import When
from sim.clock import Gate, Stay, Timer
from sim.columns import Columns
from sim.deadlines import Deadlines
from sim.eventlog import Row
from sim.hazards import Hazards
from sim.network import BOARDING, CARE, DETERIORATE, DIE, TRAVELLING, WAITING, WRONG_UNIT, Route
from sim.order import Kind, leg_id, on_grid, on_second, priority
from sim.patient import Patient
from sim.signals import CUT, END, FINISHED, MOVE, QUEUE, START, Ended, Quit, Trigger
from sim.transfers import Transfers
from sim.unblocking import Unblocking

if TYPE_CHECKING:
    from sim.reference import ReferenceEngine

Journey = Generator[Gate, str, None]

Routes = list[tuple[frozenset[int] | None, list[bool] | None, tuple[float, ...], tuple[int, ...]]]
"""Routes: present acuities and whom the condition on arrival holds for (None: everybody), limits, targets."""

FINISH, CLEANED = priority(Kind.FINISH, 0), priority(Kind.CLEANED, 0)
"""Event priorities of the id 0, made once."""


class Journeys:
    """What happens to patients, one SimPy process each."""

    def __init__(self, engine: ReferenceEngine) -> None:
        network, workload = engine.network, engine.workload
        self._engine = engine
        self._network = network
        self._env = engine.env
        self._log = engine.log
        self._desks = engine.desks
        self._tallies = engine.tallies
        self._patients = engine.patients
        self._supply = engine.supply
        self._deadlines = Deadlines(engine.at, self._deadline)
        self.hazards = Hazards(network, workload)
        self.columns = Columns(workload)
        self._first = [_bound(engine, routes) for routes in network.first]
        self._routes = [_bound(engine, step.routes) for step in network.steps]
        self._cleaned_after = [
            [[(pool, bed) for pool, bed in beds if laws[pool] is not None] for beds in network.beds_of]
            for laws in network.cleaning
        ]
        self._factor = [
            [
                [acuity * here for acuity in step.acuity_factor]
                for step, here in zip(network.steps, row, strict=True)
            ]
            for row in network.hospital_factor
        ]
        """H x steps x acuities: what multiplies a duration at its start."""
        self._patience = [step.spec.patience for step in network.steps]
        self._hold = [step.spec.hold for step in network.steps]
        self.transfers = Transfers(engine, self)
        self.unblocking = Unblocking(engine, self)

    def begin(self, patient: Patient) -> None:
        """A patient has presented: start the journey."""
        if self.hazards.active:
            self.hazards.start(patient, self._env.now)
        Process(self._env, self._journey(patient))

    def _journey(self, patient: Patient) -> Journey:
        network = self._network
        pathway = network.class_pathway[self._engine.class_of(patient.number)]
        step = self._route(patient, self._first[pathway], -1)
        if step >= 0 and patient.ambulance and not self.transfers.receive_ambulance(patient, step):
            return
        while step >= 0:
            self._enter(patient, step)
            signal = QUEUE if patient.destination < 0 else MOVE
            while signal in (QUEUE, MOVE):
                if signal == MOVE:
                    signal = yield self.transfers.travel(patient)
                elif network.steps[step].product >= 0 and not self.eligible(patient):
                    signal = self._turn_away(patient)
                elif network.steps[step].options:
                    gate = self._queue(patient)
                    signal = START if gate is None else (yield gate)
                else:
                    signal = self._nothing_needed(patient)
            if signal == START:
                gate = patient.gate
                patient.gate = self._serve(patient)
                signal = yield patient.gate
                patient.gate = gate
                if signal == FINISHED:
                    self._end_step(patient, Ended.FINISHED)
            if signal == END:
                return
            step = self._route(patient, self._routes[step], step)
            self._finish(patient, step)
        self.leave(patient, -1 - step)

    def _route(self, patient: Patient, routes: Routes, step: int) -> int:
        number = patient.number
        for levels, holds, cumulative, targets in routes:
            if levels is not None and patient.acuity not in levels:
                continue
            if holds is not None and not holds[number]:
                continue
            if len(targets) == 1:
                return targets[0]
            columns = self.columns
            uniforms = columns.first_route() if step < 0 else columns.route(step, patient.visit)
            return targets[bisect_right(cumulative, uniforms[number])]
        raise AssertionError("the scenario's checks let pass a routing without a last case")

    def _enter(self, patient: Patient, step: int) -> None:
        patient.step = step
        patient.visit = patient.visits.get(step, 0)
        patient.visits[step] = patient.visit + 1
        patient.leg += 1
        patient.queued = -1.0
        patient.patience = inf

    def _nothing_needed(self, patient: Patient) -> str:
        self._log((self._env.now, Row.QUEUED, patient.number, patient.hospital, patient.step, patient.visit))
        patient.option = None
        return START

    def _queue(self, patient: Patient) -> Gate | None:
        now, hospital = self._env.now, patient.hospital
        if patient.queued < 0:
            patient.queued = now
            if (patience := self._patience[patient.step]) is not None:
                self._set_patience(patient, patience)
        self._log((now, Row.QUEUED, patient.number, hospital, patient.step, patient.visit))
        if self._engine.at_once(patient):
            return None
        self._desks[hospital].join(patient)
        self._engine.joined(hospital)
        if self.hazards.active:
            self.go_to(patient, WAITING if patient.held < 0 else BOARDING)
        if not patient.announced:
            patient.announced = True
            self._engine.ask(Trigger.ARRIVAL)
        return patient.gate

    def _set_patience(self, patient: Patient, spec: Patience) -> None:
        hours = self.columns.patience(patient.step, patient.visit)[patient.number]
        since = patient.presented if spec.scope == "journey" else self._env.now
        patient.patience = on_second(since + hours) if hours < inf else inf

    def must_wait(self, patient: Patient, later: int) -> None:
        """The patient cannot start now: refuse, balk, go elsewhere, or wait.

        `later`: how many joined the same queue at this instant and will be asked afterwards.
        """
        step = self._network.steps[patient.step]
        spec = step.spec
        desk = self._desks[patient.hospital]
        ahead = desk.waiting_for[patient.step] - 1 - later
        for limit in spec.queue_limit:
            if self._holds(patient, limit.when):
                if ahead >= limit.count:
                    return self.quit(patient, Quit.FULL, step.full_outcome)
                break
        for balking in spec.balking:
            if self._holds(patient, balking.when):
                chance = balking.probability[min(ahead, len(balking.probability) - 1)]
                if chance and self.columns.balk(patient.step, patient.visit)[patient.number] < chance:
                    return self.quit(patient, Quit.BALKED, self._network.outcomes.index(balking.outcome))
                break
        if spec.if_full == "leave":
            return self.quit(patient, Quit.FULL, step.full_outcome)
        if spec.if_full == "overflow" and self.transfers.overflow(patient):
            return None
        self.set_deadline(patient)
        self._engine.ask(Trigger.FULL)
        if patient.held >= 0:
            self.unblocking.resolve(patient.hospital)
        return None

    def _holds(self, patient: Patient, when: When) -> bool:
        return not when or self.columns.holds(when)[patient.number]

    def eligible(self, patient: Patient) -> bool:
        """Whether the patient's vaccine tier is open."""
        spec = self._network.scenario.vaccine
        assert spec is not None
        if not self._network.tiers:
            return True
        return patient.tier >= 0 and self._env.now >= spec.tiers[self._network.tiers[patient.tier]].opens

    def _turn_away(self, patient: Patient) -> str:
        now, number, hospital = self._env.now, patient.number, patient.hospital
        self._log((now, Row.QUEUED, number, hospital, patient.step, patient.visit))
        self._log((now, Row.QUIT, number, hospital, patient.step, Quit.INELIGIBLE))
        self.leave(patient, self._network.outcomes.index("ineligible"))
        return END

    def _serve(self, patient: Patient) -> Stay:
        now, number, hospital = self._env.now, patient.number, patient.hospital
        step, option = self._network.steps[patient.step], patient.option
        factor = self._factor[hospital][step.index][patient.acuity]
        need = -1
        if option is not None:
            need = option.need
            factor *= option.factor
            self._desks[hospital].seize(need)
        if patient.held >= 0:
            self.release(patient, patient.held, patient.held_from, need)
            patient.held = -1
        patient.need, patient.since = need, now
        self._log((now, Row.STARTED, number, hospital, step.index, need))
        if step.treatment and not patient.treated:
            patient.treated = True
            self._log((now, Row.TREATED, number, hospital, step.index, 0.0))
            self._tallies.count("treated", patient.origin, patient.group)
            self._tallies.stops_waiting(patient, now)
            self._engine.treated(number)
        if step.product >= 0:
            assert self._supply is not None
            self._supply.give(hospital, step.product, number)
            self._tallies.count("doses", patient.origin, patient.group)
            self._engine.dosed(number, step.product)
        if self.hazards.active:
            self.go_to(patient, WRONG_UNIT if option is not None and option.wrong_unit else CARE)
            self.set_deadline(patient)
        else:
            self._deadlines.drop(number)
        hours = self.columns.durations(step.index, patient.visit)[number]
        if factor != 1.0:
            hours = on_grid(hours * factor)
        hours += patient.extra
        patient.extra = 0.0
        stay = Stay(self._env, hours, FINISH + leg_id(number, patient.leg), FINISHED)
        patient.finish = stay.time
        return stay

    def _end_step(self, patient: Patient, why: int) -> None:
        patient.finish = inf
        self._log((self._env.now, Row.ENDED, patient.number, patient.hospital, patient.step, why))

    def discharge_early(self, patient: Patient) -> None:
        """End the patient's step now."""
        self._end_step(patient, Ended.EARLY)
        patient.gate.fire(CUT)

    def _finish(self, patient: Patient, following: int) -> None:
        """Give back what the step held, or keep it until the next step starts."""
        if patient.need < 0:
            return
        came_from = (patient.step, patient.visit, patient.leg)
        if following >= 0 and self._hold[patient.step]:
            patient.held, patient.held_from = patient.need, came_from
        else:
            self.release(patient, patient.need, came_from)
        patient.need = -1

    def leave(self, patient: Patient, outcome: int) -> None:
        """The journey ends."""
        now, number = self._env.now, patient.number
        if patient.held >= 0:
            self.release(patient, patient.held, patient.held_from)
            patient.held = -1
        self._log((now, Row.LEFT_NETWORK, number, patient.hospital, outcome, 0.0))
        kind = self._network.outcome_kind[outcome]
        lost = "died" if kind == "died" else "left" if kind in ("left", "cancelled", "diverted") else ""
        if lost:
            self._tallies.count(lost, patient.origin, patient.group)
        if not patient.treated and lost:
            self._tallies.never_treated(patient)
        elif not patient.treated:
            self._tallies.stops_waiting(patient, now)
        self._deadlines.drop(number)
        self._engine.departed(patient, outcome)

    def release(self, patient: Patient, need: int, came_from: tuple[int, int, int], again: int = -1) -> None:
        """Give back what a step seized, but for what the need `again` has taken over from it."""
        now, hospital = self._env.now, patient.hospital
        desk = self._desks[hospital]
        step, visit, leg = came_from
        desk.release(need)
        self._log((now, Row.RELEASED, patient.number, hospital, need, step))
        free = need if again < 0 else self._network.left_over[need, again]
        if free < 0:
            return
        for pool, bed in self._cleaned_after[hospital][free]:
            hours = self.columns.cleaning(hospital, pool, step, visit)[patient.number]
            if hours > 0:
                desk.clean(bed, 1)
                self._log((now, Row.CLEANING, patient.number, hospital, bed, 0.0))
                rank = CLEANED + leg_id(patient.number, leg, pool)
                Timer(self._env, hours, rank, self._cleaned, (patient.number, hospital, bed))
        self.room(hospital, free)

    def _cleaned(self, timer: Timer) -> None:
        number, hospital, bed = timer.about
        self._desks[hospital].clean(bed, -1)
        self._log((self._env.now, Row.CLEANED, number, hospital, bed, 0.0))
        self.room(hospital, bed)

    def room(self, hospital: int, need: int) -> None:
        """The pools of a need came free."""
        if self._desks[hospital].wake(need) or self.unblocking.to_look_at:
            self._engine.joined(hospital)
        if self._desks[hospital].cells:
            self._engine.ask(Trigger.FREE)

    def go_to(self, patient: Patient, place: int) -> None:
        patient.place = place
        self.hazards.update(patient, self._env.now)

    def set_deadline(self, patient: Patient) -> None:
        due = self.hazards.due(patient)[0] if self.hazards.active else inf
        if patient.cell is not None:
            due = min(due, patient.patience)
        self._deadlines.put(patient.number, max(on_second(due), self._env.now) if due < inf else inf)

    def _deadline(self, number: int) -> None:
        patient, now = self._patients[number], self._env.now
        waiting = patient.cell is not None
        if waiting and patient.patience <= now:
            self.quit(patient, Quit.PATIENCE, self._network.steps[patient.step].patience_outcome)
            return
        _, cause = self.hazards.due(patient)
        if cause == DETERIORATE:
            self._deteriorate(patient)
        elif waiting:
            self.quit(patient, Quit.DIED if cause == DIE else Quit.HAZARD, self._fate(cause))
        else:
            self._lost_in_care(patient, cause)

    def _fate(self, cause: int) -> int:
        return self._network.outcomes.index("died" if cause == DIE else "left")

    def _deteriorate(self, patient: Patient) -> None:
        now = self._env.now
        self.hazards.draw_again(patient, DETERIORATE, now)
        if patient.acuity > 0:
            patient.acuity -= 1
            patient.triage = min(patient.triage, patient.acuity)
            self._log((now, Row.DETERIORATED, patient.number, patient.hospital, -1, patient.acuity))
            self.hazards.update(patient, now)
            if patient.cell is not None:
                self._desks[patient.hospital].rerank(patient)
                self._engine.changed(patient.hospital)
            if patient.held >= 0:
                self.unblocking.to_look_at.add(patient.hospital)
        self.set_deadline(patient)

    def quit(self, patient: Patient, why: int, outcome: int) -> None:
        """Leave the queue and the network."""
        self.leave_queue(patient, why)
        self.leave(patient, outcome)
        patient.gate.fire(END)

    def leave_queue(self, patient: Patient, why: int) -> None:
        self._log((self._env.now, Row.QUIT, patient.number, patient.hospital, patient.step, why))
        self._desks[patient.hospital].quit(patient)
        self._deadlines.drop(patient.number)
        self._engine.joined(patient.hospital)

    def _lost_in_care(self, patient: Patient, cause: int) -> None:
        """Die, or leave, in a step or on the way."""
        if patient.place == TRAVELLING:
            self.transfers.unreserve(patient, 1)
        else:
            self._end_step(patient, Ended.LOST)
            self._finish(patient, -1)
        self.leave(patient, self._fate(cause))
        patient.gate.fire(END)


def _bound(engine: ReferenceEngine, routes: tuple[Route, ...]) -> Routes:
    return [
        (
            route.condition.acuities,
            engine.workload.holds(route.condition.fixed) if route.condition.fixed else None,
            route.cumulative,
            route.targets,
        )
        for route in routes
    ]
