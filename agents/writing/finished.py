"""Finished profiles on disk, so that an interrupted generation goes on where it stopped.

Each job (back end, prompt, people, seed) has a folder named by its hash, with Parquet parts that
are renamed into place when complete. What is wanted but not in any part is still to be written.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from agents.profiles.compact import picture_of, picture_text
from agents.profiles.record import Picture
from agents.writing.writer import Writer
from scenarios.errors import UsageError

JOB = "job.json"
SCHEMA = pa.schema(
    [("profile_id", pa.string()), ("picture", pa.string()), ("rejected", pa.list_(pa.string()))]
)


@dataclass(frozen=True, slots=True)
class Finished:
    """One patient's picture, and why earlier attempts at it were rejected."""

    profile_id: str
    picture: Picture
    rejected: tuple[str, ...]


class FinishedProfiles:
    """The finished part of one job, in a folder of its own."""

    def __init__(self, cache: Path, writer: Writer, people: pd.DataFrame, seed: int) -> None:
        job = job_description(writer, people, seed)
        text = json.dumps(job, indent=2, sort_keys=True)
        self.folder = cache / hashlib.sha256(text.encode()).hexdigest()[:32]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _replace(self.folder / JOB, text.encode())
        except OSError as error:
            raise self._unwritable(error) from None

    def read(self) -> dict[str, Finished]:
        """Return what is finished, by profile. A damaged part is left aside, with a warning."""
        found: dict[str, Finished] = {}
        for part in sorted(self.folder.glob("part-*.parquet")):
            try:
                rows = pq.read_table(part, schema=SCHEMA).to_pylist()
                for row in rows:
                    picture = picture_of(row["picture"])
                    found[row["profile_id"]] = Finished(row["profile_id"], picture, tuple(row["rejected"]))
            except (pa.ArrowException, OSError, ValueError) as error:
                warnings.warn(
                    f"{part} is damaged and left aside; its profiles are written again "
                    f"({str(error).splitlines()[0]})",
                    stacklevel=2,
                )
        return found

    def add(self, finished: Iterable[Finished]) -> None:
        """Keep these, as one part. Raises `UsageError` when the folder cannot be written."""
        rows = [
            {
                "profile_id": one.profile_id,
                "picture": picture_text(one.picture),
                "rejected": list(one.rejected),
            }
            for one in finished
        ]
        if rows:
            sink = pa.BufferOutputStream()
            pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), sink)
            name = f"part-{rows[0]['profile_id']}-{rows[-1]['profile_id']}.parquet"
            try:
                _replace(self.folder / name, sink.getvalue().to_pybytes())
            except OSError as error:
                raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(
            f"cannot write to {self.folder}: {(error.strerror or type(error).__name__).lower()}. What was written "
            "before is kept. Make room, or choose another folder with --cache."
        )


def job_description(writer: Writer, people: pd.DataFrame, seed: int) -> Mapping[str, object]:
    """Return everything that decides what is written. `people` is a hash of all demographics in their order."""
    who = people.to_csv(index=False, lineterminator="\n")
    return {
        "fairward": version("fairward"),
        "writer": dict(writer.identity),
        "people": hashlib.sha256(who.encode()).hexdigest(),
        "seed": seed,
    }


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
