"""Tasks that a spawned worker can import (a test module it cannot)."""

import os
import time

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
