"""Finished parts of a study on disk: each a folder with a manifest, complete and undamaged or not there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from scenarios.errors import UsageError

Kind = Literal["training", "tuning", "evaluation", "explanation", "live", "failed"]

MANIFESTS, MANIFEST = "manifests", "manifest.json"
"""The folder of the parts beside a published page, and what each of them holds."""
OUTCOMES = "outcomes.parquet"
HISTORY = "history.csv"
EXPLANATION = "explanation.json"


@dataclass(frozen=True)
class Kept:
    """One finished part."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def kind(self) -> Kind:
        """What it is about."""
        kind: Kind = self.manifest["kind"]
        return kind

    @property
    def scenario(self) -> str:
        """The name of the scenario in the protocol."""
        return str(self.manifest["scenario"])

    def outcomes(self) -> pd.DataFrame:
        """Return the outcomes of an evaluation, every run of every member."""
        return pd.read_parquet(self.folder / OUTCOMES)

    def history(self) -> pd.DataFrame:
        """Return the history of a training, or of a live lambda."""
        return pd.read_csv(self.folder / HISTORY)


def read_kept(folder: Path) -> list[Kept]:
    """Return the parts in a folder, in the order of their names. Raises `UsageError` for a damaged one."""
    found = [read_part(path.parent) for path in sorted(folder.glob(f"*/{MANIFEST}"))]
    if not found:
        raise UsageError(f"{folder} holds no finished part of a study. Run it: fairward study run.")
    studies = sorted({str(one.manifest["protocol"]) for one in found})
    if len(studies) > 1:
        raise UsageError(f"{folder} holds parts of {len(studies)} protocols. Keep those of one.")
    return found


def read_part(folder: Path) -> Kept:
    """Return one finished part. Raises `UsageError` if it is damaged."""
    return Kept(folder, _manifest(folder / MANIFEST))


def _manifest(path: Path) -> Mapping[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        wrong = [
            name
            for name, expected in content["files"].items()
            if hashlib.sha256((path.parent / name).read_bytes()).hexdigest() != expected
        ]
        missing = [key for key in ("kind", "scenario", "protocol", "study") if key not in content]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} cannot be read: {error!r}. Run the study again for it.") from None
    if wrong or missing:
        problem = f"{', '.join(wrong)} differ from what was written" if wrong else f"no {', '.join(missing)}"
        raise UsageError(f"{path}: {problem}. Run the study again for it.")
    return content
