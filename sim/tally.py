"""Tallies by hospital of first presentation and group, for rewards: kept as counts and sums of times."""

from __future__ import annotations

from operator import sub
from typing import TypeVar

from sim.patient import Patient
from sim.protocol import Tally

N = TypeVar("N", int, float)


class Tallies:
    """Running totals; `since()` gives the interval that has passed since it was last called.

    All times, and `tau`, lie on the time grid: sums of hours are exact, in whatever order they are made.
    """

    COUNTS = ("arrived", "treated", "left", "died", "doses")

    def __init__(self, hospitals: int, groups: int, tau: float) -> None:
        self._shape = (hospitals, groups)
        self._tau = tau
        self._presented: list[list[dict[int, float]]] = [
            [{} for _ in range(groups)] for _ in range(hospitals)
        ]
        """When those presented who are untreated, by number."""
        self._hours = [[0.0] * groups for _ in range(hospitals)]
        """Of those who are not."""
        self._counts = {name: self._zeros() for name in self.COUNTS}
        self._before = (0.0, self._wait_hours(0.0), {name: self._zeros() for name in self.COUNTS})

    def _zeros(self) -> list[list[int]]:
        return [[0] * self._shape[1] for _ in range(self._shape[0])]

    def count(self, what: str, hospital: int, group: int) -> None:
        """Count one event."""
        self._counts[what][hospital][group] += 1

    def starts_waiting(self, patient: Patient) -> None:
        """A patient presents and is not yet treated."""
        self._presented[patient.origin][patient.group][patient.number] = patient.presented

    def stops_waiting(self, patient: Patient, now: float) -> None:
        """A patient is treated, or goes home without needing it."""
        presented = self._presented[patient.origin][patient.group].pop(patient.number)
        self._hours[patient.origin][patient.group] += min(now - presented, self._tau)

    def never_treated(self, patient: Patient) -> None:
        """A patient has left or died untreated, and so is untreated until `tau`."""
        del self._presented[patient.origin][patient.group][patient.number]
        self._hours[patient.origin][patient.group] += self._tau

    def _wait_hours(self, now: float) -> list[list[float]]:
        return [
            [
                total + sum(min(now - presented, self._tau) for presented in untreated.values())
                for total, untreated in zip(totals, row, strict=True)
            ]
            for totals, row in zip(self._hours, self._presented, strict=True)
        ]

    def since(self, now: float) -> Tally:
        """Return what happened since the last call, and begin the next interval."""
        then, hours_before, counts_before = self._before
        hours = self._wait_hours(now)
        counts = {name: [list(row) for row in table] for name, table in self._counts.items()}
        self._before = (now, hours, counts)
        return Tally(
            hours=now - then,
            wait_hours=_minus(hours, hours_before),
            **{name: _minus(counts[name], counts_before[name]) for name in self.COUNTS},
        )


def _minus(after: list[list[N]], before: list[list[N]]) -> tuple[tuple[N, ...], ...]:
    return tuple(tuple(map(sub, x, y)) for x, y in zip(after, before, strict=True))
