"""Dials for people: patients moved or sent home early, staff lent or called in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from policies.environments.dial import Legality, with_neutral
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

    def legal(self, decision: Decision) -> Legality:
        """Return to whom somebody who waits there may be moved now."""
        legal = np.zeros((len(self.hospitals), len(self.hospitals)), dtype=np.bool_)
        for h, view in enumerate(decision.hospitals):
            moves = view.legal.moves
            for need, by_acuity in enumerate(view.queue if view.ambulances else ()):
                if moves[need] and any(map(any, by_acuity)):
                    legal[h, moves[need]] = True
        return with_neutral(legal)

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
    possible: Legality
    """H x loans: whether both have the role and are neighbours."""
    name: str = "lend"

    @property
    def options(self) -> tuple[str, ...]:
        """Nobody, then roles and destinations."""
        return ("nobody", *(f"{role} to {self.hospitals[to]}" for role, to in self.loans))

    def legal(self, decision: Decision) -> Legality:
        """Return of which role somebody is on duty there."""
        roles = dict.fromkeys(role for role, _ in self.loans)
        on_duty = [{role: view.legal.lend.get(role, 0) > 0 for role in roles} for view in decision.hospitals]
        somebody = np.array([[duty[role] for role, _ in self.loans] for duty in on_duty])
        return with_neutral(somebody & self.possible)

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

    def legal(self, decision: Decision) -> Legality:
        """Return how many may be called in there."""
        limits = [[view.legal.call_in.get(self.role, 0)] for view in decision.hospitals]
        return np.asarray(np.arange(self.most + 1) <= np.array(limits))

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

    def legal(self, decision: Decision) -> Legality:
        """Return whether somebody is ready."""
        ready = [view.legal.early_discharge.get(self.step, 0) for view in decision.hospitals]
        return with_neutral([[n > 0, n > 1] for n in ready])

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return how many."""
        ready = decision.hospitals[hospital].legal.early_discharge[self.step]
        return {"early_discharge": {self.step: 1 if option == 1 else ready}}
