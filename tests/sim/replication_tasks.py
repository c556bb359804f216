"""Tasks that a spawned worker can import (a test module it cannot)."""

import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from scenarios.errors import UsageError


def slow_square(number: int) -> int:
    time.sleep(0.05 if number % 2 else 0.0)
    return number * number


def threads_allowed(number: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


def fails_in_third(number: int) -> int:
    if number == 3:
        raise UsageError("no such bed")
    return number


def dies_in_second(number: int) -> int:
    if number == 2:
        os._exit(1)
    return number


def dies_while_it_answers(number: int) -> bytes:
    """End in the middle of writing what is returned, as a process may that is killed."""
    if number == 2:
        _answer_half(lambda: os._exit(1))
    return bytes(100_000)


def pauses_while_it_answers(number: int) -> bytes:
    """Be in the middle of writing what is returned for a long time."""
    _answer_half(lambda: time.sleep(600))
    return bytes(100_000)


def _answer_half(then: Callable[[], None]) -> None:
    def half(self: Connection, content: bytes) -> None:
        os.write(self.fileno(), content[: len(content) // 2])
        then()

    Connection._send = half
