"""Dials for people: patients moved or sent home early, staff lent or called in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.protocol import Decision


@dataclass(frozen=True)
class MoveDial:
    """To which hospital a batch of waiting patients is moved: the most urgent, then those who came first."""

    hospitals: tuple[str, ...]
    batch: int
    """At most so many at a decision."""
    name: str = "move to"

    @property
    def options(self) -> tuple[str, ...]:
        """Nobody is moved, then the destinations."""
        return ("nobody", *self.hospitals)

    def legal(self, decision: Decision, hospital: int) -> list[bool]:
        """Return to whom somebody who waits here may be moved now."""
        view = decision.hospitals[hospital]
        if view.ambulances == 0:
            return [True, *(False for _ in self.hospitals)]
        moves = view.legal.moves
        open_to = {
            destination
            for need, by_acuity in enumerate(view.queue)
            if moves[need] and any(map(any, by_acuity))
            for destination in moves[need]
        }
        return [True, *(destination in open_to for destination in range(len(self.hospitals)))]

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the moves, no more than there are ambulances."""
        view, destination = decision.hospitals[hospital], option - 1
        most = self.batch if view.ambulances < 0 else min(self.batch, view.ambulances)
        needs = decision.names.needs
        movable = {needs[n] for n, open_to in enumerate(view.legal.moves) if destination in open_to}
        who = [w for w in decision.waiting if w.hospital == hospital and w.step in movable]
        who.sort(key=lambda w: (w.acuity, -w.hours, w.patient))
        return {"moves": {w.patient: self.hospitals[destination] for w in who[:most]}}


@dataclass(frozen=True)
class LendDial:
    """One person who is lent to a neighbour."""

    loans: tuple[tuple[str, int], ...]
    """By option after the neutral one: role, destination."""
    hospitals: tuple[str, ...]
    possible: tuple[tuple[bool, ...], ...]
    """H x loans: whether both have the role and are neighbours."""
    name: str = "lend"

    @property
    def options(self) -> tuple[str, ...]:
        """Nobody, then roles and destinations."""
        return ("nobody", *(f"{role} to {self.hospitals[to]}" for role, to in self.loans))

    def legal(self, decision: Decision, hospital: int) -> list[bool]:
        """Return of which role somebody is on duty here."""
        on_duty = decision.hospitals[hospital].legal.lend
        possible = self.possible[hospital]
        return [
            True,
            *(can and on_duty[role] > 0 for can, (role, _) in zip(possible, self.loans, strict=True)),
        ]

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the loan."""
        role, to = self.loans[option - 1]
        return {"lend": {(role, self.hospitals[to]): 1}}


@dataclass(frozen=True)
class CallInDial:
    """How many people of a role are called in."""

    role: str
    most: int
    """In any hospital."""

    @property
    def name(self) -> str:
        """What it is called."""
        return f"call in {self.role}"

    @property
    def options(self) -> tuple[str, ...]:
        """How many."""
        return tuple(str(n) for n in range(self.most + 1))

    def legal(self, decision: Decision, hospital: int) -> list[bool]:
        """Return how many may be called in here."""
        limit = decision.hospitals[hospital].legal.call_in.get(self.role, 0)
        return [n <= limit for n in range(self.most + 1)]

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the call."""
        return {"call_in": {self.role: option}}


@dataclass(frozen=True)
class EarlyDischargeDial:
    """Whether patients within the clinical margin of a step leave it now."""

    step: str
    options: tuple[str, ...] = ("nobody", "one", "all")

    @property
    def name(self) -> str:
        """What it is called."""
        return f"early discharge {self.step}"

    def legal(self, decision: Decision, hospital: int) -> list[bool]:
        """Return whether somebody is ready."""
        ready = decision.hospitals[hospital].legal.early_discharge.get(self.step, 0)
        return [True, ready > 0, ready > 1]

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return how many."""
        ready = decision.hospitals[hospital].legal.early_discharge[self.step]
        return {"early_discharge": {self.step: 1 if option == 1 else ready}}
