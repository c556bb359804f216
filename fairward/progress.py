"""Progress on stderr: a bar on a terminal, a sparse line elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

EVERY_SECONDS = 10.0
"""Between two lines where there is no terminal."""


@contextmanager
def progress(what: str, quiet: bool, unit: str = "replications") -> Iterator[Callable[[int, int, Any], None]]:
    """Yield a function of (done, wanted, the newest) to call after each replication, or what the unit is."""
    if quiet:
        yield lambda done, wanted, newest: None
    elif sys.stderr.isatty():
        with _bar(what, unit) as tell:
            yield tell
    else:
        yield _lines(what, unit)


@contextmanager
def _bar(what: str, unit: str) -> Iterator[Callable[[int, int, Any], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    units = "runs" if unit == "replications" else unit
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(units),
        TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, wanted, newest: bar.update(task, completed=done, total=wanted)


def _lines(what: str, unit: str) -> Callable[[int, int, Any], None]:
    began = time.monotonic()
    said = began

    def tell(done: int, wanted: int, newest: Any) -> None:
        nonlocal said
        now = time.monotonic()
        if done == wanted or now - said >= EVERY_SECONDS:
            said = now
            print(f"{what}: {done} of {wanted} {unit}, {now - began:.0f} s", file=sys.stderr, flush=True)

    return tell
