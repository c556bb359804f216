"""Deadlines of patients (patience, hazards) that are usually cancelled before they fall due.

A cancelled SimPy timeout stays among the future events until its time. Here the deadlines wait in a
heap of their own, and SimPy holds only alarms: a new one when a deadline is earlier than every alarm
that is set. So forgotten deadlines never fill the future event list.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from math import inf

from sim.order import Kind, priority

SetAlarm = Callable[[float, int, Callable[[], None]], None]
"""(time, priority, action): run the action then."""


class Deadlines:
    """At most one deadline a patient; the earliest falls due first, ties by patient number."""

    def __init__(self, set_alarm: SetAlarm, due: Callable[[int], None]) -> None:
        self._set_alarm = set_alarm
        self._due = due
        self._heap: list[tuple[float, int]] = []
        self._at: dict[int, float] = {}
        self._alarms: list[tuple[float, int]] = []
        """Alarms that are set, the earliest last."""

    def put(self, number: int, time: float) -> None:
        """Set or move the deadline of a patient; infinite: none."""
        if time == inf:
            self._at.pop(number, None)
            return
        if self._at.get(number) == time:
            return
        self._at[number] = time
        heappush(self._heap, (time, number))
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._at):
            self._heap = [(t, n) for n, t in self._at.items()]
            heapify(self._heap)
        self._arm()

    def drop(self, number: int) -> None:
        """Cancel the deadline of a patient, if any."""
        self._at.pop(number, None)

    def __len__(self) -> int:
        return len(self._at)

    def _arm(self) -> None:
        heap, at = self._heap, self._at
        while heap and at.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        if heap and (not self._alarms or heap[0] < self._alarms[-1]):
            self._alarms.append(heap[0])
            self._set_alarm(heap[0][0], priority(Kind.DEADLINE, heap[0][1]), self._ring)

    def _ring(self) -> None:
        alarm = self._alarms.pop()
        time, number = alarm
        if self._at.get(number) == time:
            del self._at[number]
            self._due(number)
        self._arm()
