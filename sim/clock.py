"""The SimPy clock: events that run in the written order, and gates that resume a journey at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import simpy
from simpy.events import Event

from sim.order import on_second


class Timer(Event):
    """Something that happens at a time; `action` is called with the event."""

    def __init__(
        self, env: simpy.Environment, delay: float, priority: int, action: Callable[[Any], None], about: Any
    ) -> None:
        now = env.now
        self.env = env
        self.callbacks = [action]
        self.time = on_second(now + delay)
        """When: exactly on the grid, so SimPy's sum of now and the delay gives it back."""
        self.about = about
        """What or whom it is about."""
        self._ok = True
        self._value = None
        env.schedule(self, priority, self.time - now)  # type: ignore[arg-type]  # SimPy's type is an enum, its heap takes any int


class Gate(Event):
    """What a journey waits on. `fire` resumes it within the present event and shuts the gate again."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.callbacks = []
        self._ok = True

    def fire(self, signal: Any) -> None:
        """Resume the journey that waits here with a signal."""
        callback = self.callbacks.pop()
        self._value = signal
        callback(self)


class Stay(Gate):
    """A gate that opens by itself, with its signal, when a duration is over; fired before, it does so no more."""

    def __init__(self, env: simpy.Environment, delay: float, priority: int, signal: Any) -> None:
        now = env.now
        self.env = env
        self.callbacks = []
        self.time = on_second(now + delay)
        """When: see `Timer.time`."""
        self._ok = True
        self._value = signal
        env.schedule(self, priority, self.time - now)  # type: ignore[arg-type]
