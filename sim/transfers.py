"""Going to another hospital: by order, by the overflow rule, by diversion; ambulances and reservations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.rules import Nearest, Outside, OverflowRule, Stay
from sim.clock import Gate, Timer
from sim.eventlog import Row
from sim.network import TRAVELLING, UNLIMITED
from sim.order import Kind, leg_id, on_grid, priority
from sim.patient import Patient
from sim.rules import overflow_target
from sim.signals import MOVE, QUEUE, START, Departure, Quit

if TYPE_CHECKING:
    from sim.journey import Journeys
    from sim.reference import ReferenceEngine


class Transfers:
    """The roads between the hospitals."""

    def __init__(self, engine: ReferenceEngine, journeys: Journeys) -> None:
        self._engine = engine
        self._journeys = journeys
        self._network = engine.network
        self._env = engine.env
        self._log = engine.log
        self._desks = engine.desks
        self._patients = engine.patients
        self.ambulances = [
            UNLIMITED if spec.ambulances is None else spec.ambulances
            for spec in engine.network.scenario.hospitals.values()
        ]
        """Free now, by hospital."""

    def receive_ambulance(self, patient: Patient, step: int) -> bool:
        """Divert an ambulance if ordered; False: it left the network."""
        if not self._engine.standing.diverting[patient.hospital]:
            return True
        rule = self._engine.standing.overflow[patient.hospital]
        if isinstance(rule.law, Stay):
            rule = OverflowRule(nearest=Nearest())
        target = self.choose(rule, patient, step)
        if target < 0:
            self._journeys.leave(patient, self._network.outcomes.index("diverted"))
            return False
        patient.destination = target
        self._depart(patient, step, Departure.DIVERSION)
        return True

    def choose(self, rule: OverflowRule, patient: Patient, step: int) -> int:
        compiled = self._network.steps[step]
        return overflow_target(
            rule, self._network, patient.hospital, step,
            lambda g: not compiled.options or self._desks[g].fitting(compiled, patient.triage) is not None,
            lambda g: self._desks[g].load(compiled),
        )  # fmt: skip

    def overflow(self, patient: Patient) -> bool:
        """Ask the overflow rule; False: wait here."""
        rule = self._engine.standing.overflow[patient.hospital]
        if isinstance(rule.law, Outside):
            self._journeys.quit(patient, Quit.FULL, self._network.outcomes.index("diverted"))
            return True
        target = self.choose(rule, patient, patient.step)
        return target >= 0 and self.move(patient, target, Departure.OVERFLOW)

    def move(self, patient: Patient, target: int, why: int) -> bool:
        """Send a waiting patient to another hospital; False: no ambulance."""
        if not self.has_ambulance(patient.hospital):
            return False
        self._take_ambulance(patient, target)
        self._journeys.leave_queue(patient, Quit.MOVED)
        patient.destination = target
        self._depart(patient, patient.step, why)
        patient.gate.fire(MOVE)
        return True

    def has_ambulance(self, hospital: int) -> bool:
        """Whether a patient can be sent away now."""
        return self.ambulances[hospital] > 0

    def _take_ambulance(self, patient: Patient, target: int) -> None:
        origin = patient.hospital
        if self.ambulances[origin] == UNLIMITED:
            return
        self.ambulances[origin] -= 1
        there_and_back = self._network.travel[origin][target] + self._network.travel[target][origin]
        hours = on_grid(there_and_back * self._engine.travel_factor(patient.number))
        rank = priority(Kind.RETURNED, leg_id(patient.number, patient.leg))

        def returned() -> None:
            self.ambulances[origin] += 1
            if self._journeys.unblocking.awaits_ambulance(origin):
                self._engine.changed(origin)

        self._engine.at(self._env.now + hours, rank, returned)

    def _depart(self, patient: Patient, step: int, why: int) -> None:
        """Give up what is kept here, reserve there if there is room."""
        now, target = self._env.now, patient.destination
        if patient.held >= 0:
            self._journeys.release(patient, patient.held, patient.held_from)
            patient.held = -1
        self._log((now, Row.DEPARTED_FOR, patient.number, patient.hospital, target, float(why)))
        compiled = self._network.steps[step]
        option = self._desks[target].fitting(compiled, patient.triage)
        patient.reservation = -1
        if option is not None:
            patient.option, patient.reservation = option, option.need
            self._desks[target].reserve(option.need, 1)
            self._log((now, Row.RESERVED, patient.number, target, option.need, 0.0))

    def travel(self, patient: Patient) -> Gate:
        origin, target = patient.hospital, patient.destination
        patient.hospital, patient.destination = target, -1
        hours = on_grid(self._network.travel[origin][target] * self._engine.travel_factor(patient.number))
        if self._journeys.hazards.active:
            self._journeys.go_to(patient, TRAVELLING)
            self._journeys.set_deadline(patient)
        Timer(self._env, hours, priority(Kind.HANDOVER, patient.number), self._handed_over, patient)
        limit = self._network.scenario.transfers.reservation_expires
        if patient.reservation >= 0 and limit is not None and limit < hours:
            rank = priority(Kind.LAPSE, leg_id(patient.number, patient.leg))
            self._engine.at(self._env.now + on_grid(limit), rank, lambda: self.unreserve(patient, 1))
        return patient.gate

    def unreserve(self, patient: Patient, why: int) -> None:
        if patient.reservation < 0:
            return
        self._desks[patient.hospital].reserve(patient.reservation, -1)
        self._log(
            (self._env.now, Row.UNRESERVED, patient.number, patient.hospital, patient.reservation, float(why))
        )
        need, patient.reservation = patient.reservation, -1
        self._journeys.room(patient.hospital, need)

    def _handed_over(self, timer: Timer) -> None:
        patient = timer.about
        if patient.number not in self._patients:
            return
        now = self._env.now
        self._log((now, Row.HANDED_OVER, patient.number, patient.hospital, -1, 0.0))
        if not self._can_use_reservation(patient):
            self.unreserve(patient, 1)
        if patient.reservation < 0:
            patient.gate.fire(QUEUE)
            return
        if patient.queued < 0:
            patient.queued = now
        self._log((now, Row.QUEUED, patient.number, patient.hospital, patient.step, float(patient.visit)))
        self.unreserve(patient, 0)
        patient.gate.fire(START)

    def _can_use_reservation(self, patient: Patient) -> bool:
        """Whether nothing closed meanwhile: staff gone home, the last dose given, a tier not open."""
        if patient.reservation < 0:
            return False
        desk, step = self._desks[patient.hospital], self._network.steps[patient.step]
        return desk.covers(patient.reservation) and (
            step.product < 0 or (desk.has_dose(step) and self._journeys.eligible(patient))
        )
