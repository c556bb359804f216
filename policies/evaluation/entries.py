"""What is compared: a policy, or one algorithm trained with several seeds.

c-mu                        a policy
name=c-mu:critical=8        the same under a name of one's own
ckpt:FOLDER                 a checkpoint; of a training folder the newest
gr=ckpt:FOLDER              of a folder of training folders (seed-1, seed-2, ...) all, as one algorithm
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from policies.learning.checkpoint import POLICY, checkpoints_of
from scenarios.errors import UsageError

CHECKPOINT = "ckpt:"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of every table."""

    label: str
    members: tuple[str, ...]
    """Policies as written; several are training seeds of one algorithm."""

    @property
    def learned(self) -> bool:
        """Whether it was trained."""
        return self.members[0].startswith(CHECKPOINT)


def entries_of(written: Sequence[str]) -> tuple[Entry, ...]:
    """Return the entries; raises `UsageError` for a folder without checkpoints and for a name used twice."""
    found = tuple(_entry(one.strip()) for one in written if one.strip())
    twice = sorted({e.label for e in found if [o.label for o in found].count(e.label) > 1})
    if twice:
        raise UsageError(f"{twice[0]} is named twice. Give one of them another name: NAME={twice[0]}.")
    return found


def _entry(written: str) -> Entry:
    named = re.fullmatch(r"(?P<label>[^:=+]+)=(?P<policy>.+)", written)
    label, policy = (named["label"].strip(), named["policy"].strip()) if named else (written, written)
    if not policy.startswith(CHECKPOINT):
        return Entry(label, (policy,))
    return Entry(
        label, tuple(f"{CHECKPOINT}{path}" for path in _checkpoints(Path(policy[len(CHECKPOINT) :])))
    )


def _checkpoints(folder: Path) -> list[Path]:
    """The checkpoint itself, the newest of a training folder, or the newest of each training folder inside."""
    if (own := _newest(folder)) is not None:
        return [own]
    inside = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    found = [newest for path in inside if (newest := _newest(path)) is not None]
    if not found:
        raise UsageError(
            f"{folder}: expected a checkpoint, a training folder or a folder of them, found no {POLICY}. "
            "Train one: fairward train."
        )
    return found


def _newest(folder: Path) -> Path | None:
    if (folder / POLICY).is_file():
        return folder
    return next(reversed(checkpoints_of(folder)), None)
