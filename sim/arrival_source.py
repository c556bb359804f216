"""Arrivals that depend on the past: a population that falls ill, an epidemic, return visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sim.patients import Patients


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What happened on the day just ended, in the order in which it happened."""

    departed: tuple[tuple[float, int, int], ...] = ()
    """(time, patient, outcome): journeys that ended; outcome is an index of `Network.outcomes`."""
    dosed: tuple[tuple[float, int, int], ...] = ()
    """(time, patient, product): doses received."""


class ArrivalSource(Protocol):
    """Whoever decides at midnight who comes on the day that begins.

    It holds its own state and survives `copy.deepcopy`, so that a simulation can be forked. Its
    random numbers come from `sim.streams.uniforms`, keyed by person and day: two policies then meet
    the same people with the same luck, though not always the same patients.
    """

    def next_day(self, day: int, outcomes: Outcomes) -> Patients:
        """Return who presents from hour 24 x day until 24 hours later, in the order of (time, source, ordinal).

        `outcomes` is the day before. No (source, ordinal) may come twice in a run.
        """
        ...
