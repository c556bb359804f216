"""Where the parts of a study are kept: each a folder with a manifest, renamed into place when it is complete."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairward.runs import write_manifest
from policies.origin import source_hash, versions
from policies.study.kept import MANIFEST, Kept, read_part
from policies.study.protocol import Protocol
from policies.variants import study_hash
from scenarios.scenario import Scenario

RESULTS = "results"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Shelf:
    """The folder of a study."""

    protocol: Protocol
    folder: Path
    tell: Tell

    def place(self, *words: str) -> Path:
        """Return the folder of a part, `KIND--SCENARIO--...`."""
        return self.folder / RESULTS / "--".join(map(slug, words))

    def has(self, *words: str) -> bool:
        """Return whether a part is finished."""
        return (self.place(*words) / MANIFEST).is_file()

    def read(self, *words: str) -> Kept:
        """Return a finished part."""
        return read_part(self.place(*words))

    def parts(self, scenario: Scenario) -> Path:
        """Return where replications are kept; a learned policy has a folder in it for each of its checkpoints."""
        return self.folder / "parts" / study_hash(scenario, (), 0, "auto")[:16]

    def fail(self, name: str, label: str, why: str, *more: str) -> None:
        """Keep that something could not be done, and why."""
        if not self.has("failed", name, label, *more):
            content = {"kind": "failed", "scenario": name, "label": label, "why": why, "detail": list(more)}
            self.keep(self.place("failed", name, label, *more), content, time.time())
            self.tell(f"{name}: {', '.join((label, *more))} is left out: {why}")

    def forgive(self, name: str, label: str, *more: str) -> None:
        """Forget that something could not be done."""
        shutil.rmtree(self.place("failed", name, label, *more), ignore_errors=True)

    def keep(
        self,
        part: Path,
        content: Mapping[str, Any],
        began: float,
        write: Callable[[Path], None] | None = None,
    ) -> None:
        """Write a part and rename it into place."""
        temporary = part.with_name(f".{part.name}")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        if write is not None:
            write(temporary)
        common = {
            "study": self.protocol.name, "protocol": self.protocol.fingerprint(), "source_hash": source_hash(),
            "versions": versions(),
        }  # fmt: skip
        write_manifest(temporary, {**content, **common}, began)
        temporary.rename(part)


def slug(text: str) -> str:
    """Return a name for a folder.

    >>> slug("gr-ppo 0.5"), slug("demand +30 %")
    ('gr-ppo-0.5', 'demand-+30')
    """
    return "".join(c if c.isalnum() or c in ".+=" else "-" for c in text.lower()).strip("-")
