"""What one visitor's pages share with each other, and with everybody."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dashboards.app.desk import Desk
from dashboards.app.service import RunService
from policies.learning.catalogue import Learned


class Shelf(Protocol):
    """Where runs are put and found again; `fairward.shelf` is it."""

    @property
    def place(self) -> Path:
        """The folder of run folders."""
        ...

    def past(self) -> list[tuple[Path, dict[str, Any]]]:
        """Return the runs with their manifests, the newest last."""
        ...

    def find(self, name: str) -> Path:
        """Return the folder of a run. Raises `UsageError` for what is not the name of one."""
        ...

    def learned(self) -> list[Learned]:
        """Return the learned policies below the folder, by name."""
        ...

    def changed(self, folder: Path) -> list[str]:
        """Return the files of a run that are not as they were written."""
        ...


@dataclass(frozen=True)
class Session:
    """One visitor."""

    desk: Desk
    service: RunService
    shelf: Shelf
