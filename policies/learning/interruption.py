"""Ctrl-C while training: the iteration is finished and kept; pressed again, it stops at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def patient() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether Ctrl-C was pressed since.

    Outside the main thread nobody can press it, and whoever handles it in a way of their own goes on to do so.
    """
    pressed = False

    def note(*told: Any) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        print("Finishing this iteration to keep it. Ctrl-C again stops at once.", file=sys.stderr, flush=True)

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: False
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
