"""What writes pictures: the one interface of all back ends."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self

from agents.profiles.record import Demographics, Picture


class Rejected(Exception):
    """What was written is no picture; `reason` is short, and the same for all of a kind, so that it can be counted."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Writer(Protocol):
    """Opened as a context; costly things (a process, a model) begin there and end with it."""

    @property
    def label(self) -> str:
        """What it is, for people: an honest sentence."""
        ...

    @property
    def identity(self) -> Mapping[str, str]:
        """Everything but patient and seed that decides what it writes. Keys the cache."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether the same patient, seed and attempt give the same picture on this machine."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, demographics: Demographics, seed: int, attempt: int) -> Picture:
        """Return a picture, or raise `Rejected`. `attempt` counts from 0 and selects other random numbers."""
        ...
