"""The learned policies of a folder, by name: found by looking, so that a name is never used as a path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from policies.learning.checkpoint import (
    POLICY,
    checkpoints_of,
    misfits,
    read_about,
    read_trained,
)
from scenarios.errors import UsageError
from sim.network import Network

DEEPEST = 6
"""Folders below the first that are looked into: a study keeps `training/<scenario>/<label>/<seed>/<checkpoint>`."""
PASSED_OVER = ("parts", "tables", "figures")
"""Folders with thousands of files and no checkpoint."""


@dataclass(frozen=True)
class Learned:
    """One learned policy: the newest checkpoint of a training folder."""

    name: str
    """The training folder, from the folder that was looked through."""
    checkpoint: Path

    @property
    def written(self) -> str:
        """How it is written wherever a policy stands."""
        return f"ckpt:{self.checkpoint}"

    @cached_property
    def settings(self) -> dict[str, Any]:
        """How it was trained, as far as its manifest says."""
        try:
            return dict(read_trained(self.checkpoint)["settings"])
        except (UsageError, KeyError, TypeError, ValueError):
            return {}

    @property
    def lam(self) -> float | None:
        """How much the worst-off count; None where lambda is not fixed or not known."""
        fixed = "lam" in self.settings and self.settings.get("target_gap") is None
        return float(self.settings["lam"]) if fixed else None

    @property
    def kin(self) -> tuple[Any, ...]:
        """What policies share that differ by lambda only: all other settings."""
        return tuple(sorted((k, repr(v)) for k, v in self.settings.items() if k != "lam"))

    @property
    def called(self) -> str:
        """Name, algorithm, lambda and seed."""
        found = self.settings
        known = [str(found["algo"])] if "algo" in found else []
        known += [f"lambda {self.lam:g}"] if self.lam is not None else []
        known += [f"seed {found['seed']}"] if "seed" in found else []
        return f"{self.name} ({', '.join(known)})" if known else self.name

    def scenario_hash(self) -> str:
        """Return the hash of the scenario that it was trained on. Raises `UsageError`."""
        return str(read_about(self.checkpoint).get("scenario_hash", ""))

    def misfit(self, network: Network) -> str:
        """Return why it cannot act on a network; empty: it can, perhaps with other numbers than it was trained with."""
        try:
            return next(iter(misfits(read_about(self.checkpoint), network)), "")
        except UsageError as error:
            return str(error)


def learned_policies(folder: Path) -> list[Learned]:
    """Return what is below a folder, by name."""
    return sorted(_found(folder, folder, DEEPEST), key=lambda one: one.name)


def _found(top: Path, folder: Path, deeper: int) -> Iterator[Learned]:
    if (folder / POLICY).is_file():
        yield Learned(_name(top, folder), folder)
        return
    if newest := checkpoints_of(folder)[-1:]:
        yield Learned(_name(top, folder), newest[0])
        return
    if deeper and folder.is_dir():
        for path in folder.iterdir():
            inside = path.is_dir() and not path.is_symlink()
            if inside and path.name not in PASSED_OVER and not path.name.startswith("."):
                yield from _found(top, path, deeper - 1)


def _name(top: Path, folder: Path) -> str:
    return folder.relative_to(top).as_posix()
