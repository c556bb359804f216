"""Arrivals that depend on the past: a population that falls ill, an epidemic, return visits."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from sim.patients import Patients

if TYPE_CHECKING:
    from sim.workload import Workload


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What happened on the day just ended, in the order in which it happened."""

    departed: tuple[tuple[float, int, int], ...] = ()
    """(time, patient, outcome): journeys that ended; outcome is an index of `Network.outcomes`."""
    dosed: tuple[tuple[float, int, int], ...] = ()
    """(time, patient, product): doses received."""
    treated: tuple[tuple[float, int], ...] = ()
    """(time, patient): treatments that began, the first of each patient."""


class ArrivalSource(Protocol):
    """Whoever decides at midnight who comes on the day that begins.

    It holds its own state and survives `copy.deepcopy`, so that a simulation can be forked. Its
    random numbers come from `sim.streams.uniforms`, keyed by person and day: two policies then meet
    the same people with the same luck, though not always the same patients.
    """

    def next_day(self, day: int, outcomes: Outcomes) -> Patients:
        """Return who falls ill from hour 24 x day until 24 hours later, in the order of (time, source, ordinal).

        Those whom a disparity delays present later. `outcomes` is the day before. No (source, ordinal)
        may come twice in a run.
        """
        ...

    def fingerprint(self) -> str:
        """Return a SHA-256 of what it was before anything had happened: the same for two policies."""
        ...


def fingerprint(workload: Workload, source: ArrivalSource | None) -> str:
    """Return a SHA-256 of all that no policy can change: the workload as drawn, and the source at the start."""
    drawn = workload.fingerprint()
    return drawn if source is None else sha256((drawn + source.fingerprint()).encode()).hexdigest()
