"""Resolving deadlocks by the rule that the scenario names."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from scenarios.errors import DeadlockError
from scenarios.rules import Nearest, Outside, OverflowRule, Stay
from sim.blocking import blocked_for_ever, exchange
from sim.eventlog import Row
from sim.network import Option
from sim.patient import Patient
from sim.rules import within_reach
from sim.signals import START, Departure

if TYPE_CHECKING:
    from sim.journey import Journeys
    from sim.reference import ReferenceEngine

SWAP, OVERFLOW, LATER = range(3)
"""`item` of a DEADLOCK row."""


class Unblocking:
    """Looks for patients who block one another: when a boarder must wait, deteriorates, or capacity falls."""

    def __init__(self, engine: ReferenceEngine, journeys: Journeys) -> None:
        self._engine = engine
        self._journeys = journeys
        self._network = engine.network
        self._env = engine.env
        self._log = engine.log
        self._desks = engine.desks
        self.to_look_at: set[int] = set()
        """Hospitals to be looked at when all who may start have started."""
        self._blocked: set[int] = set()
        """Hospitals where patients block one another and nothing can be done about it yet."""

    def resolve(self, hospital: int) -> None:
        """Exchange, send away or stop until nobody here is blocked for ever; or else look again later."""
        self.to_look_at.discard(hospital)
        network = self._network
        desk = self._desks[hospital]
        most = [max(now, ever) for now, ever in zip(desk.capacity, self._engine.most[hospital], strict=True)]
        while True:
            boarders = desk.best_first([p for p in desk.boarders() if not self._may_go(p)], self._env.now)
            stuck = blocked_for_ever(network, most, boarders)
            if not stuck:
                self._blocked.discard(hospital)
                return
            rule = network.scenario.on_deadlock
            if rule == "swap" and (partners := exchange(network, desk.capacity, desk.taken, stuck)):
                self._say(hospital, SWAP, stuck)
                self._swap(hospital, partners)
            elif rule == "overflow" and (way := self._way_out(hospital, most, boarders, stuck)):
                self._say(hospital, OVERFLOW, stuck)
                self._journeys.transfers.move(*way, Departure.DEADLOCK)
            elif self._may_be_possible_later(hospital, most, stuck):
                if hospital not in self._blocked:
                    self._say(hospital, LATER, stuck)
                self._blocked.add(hospital)
                self.to_look_at.add(hospital)
                return
            else:
                raise DeadlockError(
                    network.hospitals[hospital],
                    self._env.now,
                    [
                        (p.number, network.steps[p.held_from[0]].name, network.steps[p.step].name)
                        for p in stuck
                    ],
                )

    def awaits_ambulance(self, hospital: int) -> bool:
        """Whether an ambulance that comes back here might help."""
        return hospital in self._blocked

    def _say(self, hospital: int, what: int, stuck: list[Patient]) -> None:
        self._log((self._env.now, Row.DEADLOCK, -1, hospital, what, float(len(stuck))))

    def _may_go(self, patient: Patient) -> bool:
        """Whether the patient has another way out than to start: patience, a hazard, a dose that comes."""
        return (
            patient.patience < inf
            or self._network.steps[patient.step].product >= 0
            or self._journeys.hazards.may_take(patient)
        )

    def _may_be_possible_later(self, hospital: int, most: list[int], stuck: list[Patient]) -> bool:
        """Whether the rule could help once timed care and cleaning are over, or elsewhere beds come free."""
        network = self._network
        match network.scenario.on_deadlock:
            case "swap":
                held = [0] * len(most)
                for patient in stuck:
                    for pool, amount in network.needs[patient.held].amounts:
                        held[pool] += amount
                return bool(exchange(network, most, held, stuck))
            case "overflow":
                fleet = network.scenario.hospitals[network.hospitals[hospital]].ambulances
                rule = self._overflow_rule(hospital)
                return fleet != 0 and any(
                    network.serves[g][patient.step]
                    for patient in stuck
                    for g in within_reach(rule, network, hospital)
                )
        return False

    def _overflow_rule(self, hospital: int) -> OverflowRule:
        rule = self._engine.standing.overflow[hospital]
        return OverflowRule(nearest=Nearest()) if isinstance(rule.law, Stay | Outside) else rule

    def _way_out(
        self, hospital: int, most: list[int], boarders: list[Patient], stuck: list[Patient]
    ) -> tuple[Patient, int] | None:
        """Return whom to send where: the worst-ranked whose leaving helps another, else the worst-ranked."""
        transfers, rule = self._journeys.transfers, self._overflow_rule(hospital)

        def helps(patient: Patient) -> bool:
            others = [p for p in boarders if p is not patient]
            return len(blocked_for_ever(self._network, most, others)) < len(stuck) - 1

        if not transfers.has_ambulance(hospital):
            return None
        worst_first = stuck[::-1]
        for patient in sorted(worst_first, key=helps, reverse=True):
            target = transfers.choose(rule, patient, patient.step)
            if target >= 0:
                return patient, target
        return None

    def _swap(self, hospital: int, partners: list[tuple[Patient, Option]]) -> None:
        """All give up what they keep and start at once; each pays for the cleaning of the bed it enters."""
        desk = self._desks[hospital]
        for patient, _ in partners:
            desk.quit(patient)
            desk.release(patient.held)
            row = (Row.RELEASED, patient.number, hospital, patient.held, float(patient.held_from[0]))
            self._log((self._env.now, *row))
        for patient, option in partners:
            kept = {pool for pool, _ in self._network.needs[patient.held].amounts}
            patient.held = -1
            patient.option = option
            for pool, _ in self._network.beds_of[option.need]:
                if pool not in kept and self._network.cleaning[hospital][pool] is not None:
                    cleaning = self._journeys.columns.cleaning(hospital, pool, patient.step, patient.visit)
                    patient.extra = max(patient.extra, cleaning[patient.number])
            patient.gate.fire(START)
        self._engine.changed(hospital)
