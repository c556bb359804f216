"""Finished replications on disk: written atomically, verified by checksum when read again."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from policies.registry import checkpoint_hash

OUTCOMES = "outcomes"
IN_SYSTEM = "in_system"
META = "part.json"
LONGEST = 120
"""Characters of a policy that go into the name of a folder: file systems take 255 at most."""


@dataclass(frozen=True)
class Part:
    """One replication of one policy: small enough to return from a worker."""

    policy: str
    replication: int
    outcomes: pd.DataFrame
    fingerprint: str
    """SHA-256 of the event log."""
    workload: str
    """SHA-256 of the patients: equal for two policies of one replication."""
    in_system: pd.DataFrame
    """Patients in the network in every hour, for the check of the warm-up: hour, patients."""
    n_patients: int
    events: int
    reused: bool = False
    """Whether it was read, not run."""


@dataclass(frozen=True)
class Parts:
    """The folder `runs/.partial/<hash>`, one folder a policy and replication."""

    folder: Path

    def place(self, policy: str, replication: int) -> Path:
        """Return where a replication is kept."""
        return self.home(policy) / f"rep-{replication:04d}"

    def home(self, policy: str) -> Path:
        """Return the folder of a policy; a learned one has another as soon as it is another, under the same path."""
        name, learned = policy_folder(policy), checkpoint_hash(policy)
        return self.folder / (name if learned is None else f"{name}-{learned[:12]}")

    def write(self, part: Part, tables: Mapping[str, pd.DataFrame]) -> None:
        """Write a replication: either all of it is there afterwards, or nothing."""
        place = self.place(part.policy, part.replication)
        temporary = place.with_name(f".{place.name}-{os.getpid()}")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        checksums = {}
        for name, frame in {**tables, IN_SYSTEM: part.in_system, OUTCOMES: part.outcomes}.items():
            path = temporary / f"{name}.parquet"
            write_parquet(frame, path)
            checksums[name] = _checksum(path.read_bytes())
        meta = {key: value for key, value in plain_fields(part).items() if key != "reused"}
        body = {"part": meta, "tables": list(tables), "checksums": checksums}
        text = json.dumps({**body, "checksum": _checksum(_canonical(body))}, indent=1)
        (temporary / META).write_text(text, encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        try:
            temporary.rename(place)
        except OSError:
            # Another process has just put the same replication there.
            shutil.rmtree(temporary)

    def read(self, policy: str, replication: int) -> Part | None:
        """Return a replication that is there, complete and undamaged; else None."""
        place = self.place(policy, replication)
        try:
            body = json.loads((place / META).read_text(encoding="utf-8"))
            checksum = body.pop("checksum")
            meta = body["part"]
            whole = (
                checksum == _checksum(_canonical(body))
                and (meta["policy"], meta["replication"]) == (policy, replication)
                and all(
                    _checksum((place / f"{name}.parquet").read_bytes()) == expected
                    for name, expected in body["checksums"].items()
                )
            )
            if not whole:
                return None
            kept = {name: pd.read_parquet(place / f"{name}.parquet") for name in (OUTCOMES, IN_SYSTEM)}
            return Part(**kept, reused=True, **meta)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException):
            return None

    def table_names(self, policy: str, replication: int) -> list[str]:
        """Return the names of the tables of a replication that is there."""
        meta = json.loads((self.place(policy, replication) / META).read_text(encoding="utf-8"))
        return list(meta["tables"])


def policy_folder(policy: str) -> str:
    """Return a folder name for a policy: its own name unless it has characters that a file system may not like.

    >>> policy_folder("acuity+nearest"), policy_folder("c-mu:critical=8")
    ('acuity+nearest', 'c-mu-critical-8-64758c')
    >>> policy_folder("ckpt:/a/long/way/to/trained/iteration-000100")
    'ckpt-trained-iteration-000100-b5be61'
    """
    short = re.sub(r"(ckpt[a-z-]*:).*?([^/]*/?[^/]+)/*$", r"\1\2", policy)[-LONGEST:]
    plain = re.sub(r"[^A-Za-z0-9.+_-]", "-", short)
    return plain if plain == policy else f"{plain}-{_checksum(policy.encode())[:6]}"


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a table: the same frame gives the same bytes."""
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, compression="zstd")


def plain_fields(part: Part) -> dict[str, object]:
    """Return the fields of a part but its tables."""
    return {key: value for key, value in vars(part).items() if not isinstance(value, pd.DataFrame)}


def _canonical(body: object) -> bytes:
    return json.dumps(body, sort_keys=True).encode()


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
