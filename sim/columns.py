"""The workload's columns as an engine's inner loop reads them: found by two integers instead of by name.

A column grows in place when patients are added, so a list found once stays right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.quantities import When

if TYPE_CHECKING:
    from sim.workload import Workload

Column = list[float]


class Columns:
    """Remembers the lists that the workload has handed out."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._durations: dict[tuple[int, int], Column] = {}
        self._routes: dict[tuple[int, int], Column] = {}
        self._cleaning: dict[tuple[int, int, int, int], Column] = {}
        self._holds: dict[int, tuple[When, list[bool]]] = {}
        self._first: Column | None = None
        self.patience = workload.patience
        self.balk = workload.balk

    def durations(self, step: int, visit: int) -> Column:
        """See `Workload.durations`."""
        column = self._durations.get((step, visit))
        if column is None:
            column = self._durations[step, visit] = self._workload.durations(step, visit)
        return column

    def route(self, step: int, visit: int) -> Column:
        """See `Workload.route`."""
        column = self._routes.get((step, visit))
        if column is None:
            column = self._routes[step, visit] = self._workload.route(step, visit)
        return column

    def first_route(self) -> Column:
        """See `Workload.first_route`."""
        if self._first is None:
            self._first = self._workload.first_route()
        return self._first

    def cleaning(self, hospital: int, pool: int, step: int, visit: int) -> Column:
        """See `Workload.cleaning`."""
        key = (hospital, pool, step, visit)
        column = self._cleaning.get(key)
        if column is None:
            column = self._cleaning[key] = self._workload.cleaning(*key)
        return column

    def holds(self, when: When) -> list[bool]:
        """See `Workload.holds`; conditions are recognised by identity, and kept alive for it."""
        known = self._holds.get(id(when))
        if known is None:
            known = self._holds[id(when)] = (when, self._workload.holds(when))
        return known[1]
