"""Resolving deadlocks by the rule that the scenario names."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from scenarios.errors import DeadlockError
from scenarios.rules import Nearest, Outside, OverflowRule, Stay
from sim.blocking import blocked_for_ever, exchange
from sim.eventlog import Row
from sim.patient import Patient
from sim.signals import START, Departure

if TYPE_CHECKING:
    from sim.journey import Journeys
    from sim.reference import ReferenceEngine


class Unblocking:
    """Looks for patients who block one another whenever a boarder must wait."""

    def __init__(self, engine: ReferenceEngine, journeys: Journeys) -> None:
        self._engine = engine
        self._journeys = journeys
        self._network = engine.network
        self._env = engine.env
        self._log = engine.log
        self._desks = engine.desks

    def resolve(self, hospital: int) -> None:
        """A boarder must wait here: exchange, send away or stop if that closes a knot."""
        desk = self._desks[hospital]
        boarders = [
            p
            for p in desk.boarders()
            if p.patience == inf and self._network.steps[p.step].product < 0 and not self._may_go(p)
        ]
        if len(boarders) < 2:
            return
        most = [max(now, ever) for now, ever in zip(desk.capacity, self._engine.most[hospital], strict=True)]
        stuck = blocked_for_ever(self._network, most, boarders)
        if not stuck:
            return
        rule = self._network.scenario.on_deadlock
        now = self._env.now
        if rule == "swap":
            partners = exchange(self._network, desk.capacity, desk.taken, stuck)
            if partners:
                self._log((now, Row.DEADLOCK, -1, hospital, 0, float(len(stuck))))
                self._swap(hospital, partners)
                return
        elif rule == "overflow":
            self._log((now, Row.DEADLOCK, -1, hospital, 1, float(len(stuck))))
            for patient in reversed(stuck):
                choice = self._engine.standing.overflow[hospital]
                nearest = (
                    OverflowRule(nearest=Nearest()) if isinstance(choice.law, Stay | Outside) else choice
                )
                target = self._journeys.transfers.choose(nearest, patient, patient.step)
                if target >= 0 and self._journeys.transfers.move(patient, target, Departure.DEADLOCK):
                    return
        raise DeadlockError(
            self._network.hospitals[hospital], now,
            [(p.number, self._network.steps[p.held_from[0]].name, self._network.steps[p.step].name) for p in stuck],
        )  # fmt: skip

    def _may_go(self, patient: Patient) -> bool:
        return self._journeys.hazards.active and self._journeys.hazards.due(patient)[0] < inf

    def _swap(self, hospital: int, partners: list[Patient]) -> None:
        """All give up what they keep and start at once; each pays for the cleaning of the bed it enters."""
        desk = self._desks[hospital]
        for patient in partners:
            desk.quit(patient)
            desk.release(patient.held)
            self._log(
                (
                    self._env.now,
                    Row.RELEASED,
                    patient.number,
                    hospital,
                    patient.held,
                    float(patient.held_from[0]),
                )
            )
            patient.held = -1
        for patient in partners:
            patient.option = self._network.steps[patient.step].options[0]
            for pool, _ in self._network.beds_of[patient.option.need]:
                if self._network.cleaning[hospital][pool] is not None:
                    cleaning = self._journeys.columns.cleaning(hospital, pool, patient.step, patient.visit)
                    patient.extra = max(patient.extra, cleaning[patient.number])
            patient.gate.fire(START)
        self._engine.changed(hospital)
