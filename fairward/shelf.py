"""Run folders as the dashboard sees them."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fairward.runs import checksums, find_run, past_runs, read_manifest
from policies.learning.catalogue import Learned, learned_policies

KEPT = ".dashboard"
"""In the folder of runs: what a dashboard has simulated."""


class RunShelf:
    """A folder of run folders; see `dashboards.app.session.Shelf`."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def past(self) -> list[tuple[Path, dict[str, Any]]]:
        """Return the runs with their manifests, the newest last."""
        return past_runs(self.place)

    def find(self, name: str) -> Path:
        """Return the folder of a run. Raises `UsageError` for what is not the name of one."""
        return find_run(self.place, name)

    def learned(self) -> list[Learned]:
        """Return the learned policies below the folder, by name."""
        return learned_policies(self.place)

    def changed(self, folder: Path) -> list[str]:
        """Return the files of a run that are not as they were written."""
        now = checksums(folder)
        return [
            name for name, checksum in read_manifest(folder)["files"].items() if now.get(name) != checksum
        ]


@contextmanager
def kept(runs: Path) -> Iterator[Path]:
    """Yield where a dashboard keeps what it simulates: found again after a restart.

    Where another server has that folder, or it cannot be written, it is one of its own that ends with the server.
    """
    folder = runs / KEPT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError:
        lock = None
    if lock is not None:
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pass
            else:
                yield folder
                return
    with tempfile.TemporaryDirectory(prefix="fairward-dashboard-") as own:
        yield Path(own)
