"""Hazards: unit-exponential thresholds used up at rates that depend on place, acuity and attributes."""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING

from sim.network import CAUSES, DETERIORATE, DIE, LEAVE, Network
from sim.order import GRID
from sim.patient import Patient

if TYPE_CHECKING:
    from sim.workload import Workload


class HazardClock:
    """One cause of one patient: how much of the threshold is left and how fast it is used up."""

    __slots__ = ("left", "ordinal", "rate", "since")

    def __init__(self, threshold: float, now: float) -> None:
        self.left = threshold
        self.rate = 0.0
        self.since = now
        self.ordinal = 0

    def change(self, rate: float, now: float) -> None:
        """Go on at another rate."""
        if rate != self.rate:
            self.left -= self.rate * (now - self.since)
            self.rate = rate
            self.since = now

    def due(self) -> float:
        """Return when the threshold is used up: the first point of the grid at or after it."""
        if self.rate == 0.0:
            return inf
        return max(self.since, ceil((self.since + self.left / self.rate) * GRID) / GRID)


class Hazards:
    """The hazards of a network. Rates change only with acuity and place, never because a decision was taken."""

    def __init__(self, network: Network, workload: Workload) -> None:
        self._workload = workload
        self._rows = [
            [
                (row, workload.holds(row.condition.fixed), workload.number(row.times) if row.times else None)
                for row in network.hazards
                if row.cause == cause and row.rate > 0
            ]
            for cause in range(len(CAUSES))
        ]
        self.active = any(self._rows)

    def start(self, patient: Patient, now: float) -> None:
        """Draw the thresholds of a patient who presents."""
        patient.hazards = [
            HazardClock(self._workload.thresholds(cause, 0)[patient.number], now) if rows else None
            for cause, rows in enumerate(self._rows)
        ]

    def update(self, patient: Patient, now: float) -> None:
        """Set the rates for the patient's present place and acuity."""
        number, place, acuity = patient.number, patient.place, patient.acuity
        for cause, rows in enumerate(self._rows):
            if not rows:
                continue
            rate = 0.0
            for row, holds, times in rows if cause != DETERIORATE or acuity > 0 else ():
                levels = row.condition.acuities
                if place in row.places and (levels is None or acuity in levels) and holds[number]:
                    rate += row.rate * times[number] if times else row.rate
            patient.hazards[cause].change(rate, now)

    def due(self, patient: Patient) -> tuple[float, int]:
        """Return the earliest (time, cause) at the present rates; (infinite, -1) when none runs."""
        best, which = inf, -1
        for cause, clock in enumerate(patient.hazards):
            if clock is not None and (time := clock.due()) < best:
                best, which = time, cause
        return best, which

    def may_take(self, patient: Patient) -> bool:
        """Return whether a hazard of leaving or of dying runs at present."""
        return self.active and any(
            clock is not None and clock.rate > 0 for clock in (patient.hazards[LEAVE], patient.hazards[DIE])
        )

    def draw_again(self, patient: Patient, cause: int, now: float) -> None:
        """Start the next threshold of a cause that may strike again."""
        clock = patient.hazards[cause]
        clock.ordinal += 1
        clock.left = self._workload.thresholds(cause, clock.ordinal)[patient.number]
        clock.since = now
