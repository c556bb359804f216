"""Who ordered what, against which advice, and why: a record to which one can only add.

One SQLite file. Its triggers refuse to change or remove an entry, and each entry holds the hash of the one before it,
so that whoever edits the file with another program breaks the chain, and `broken` says where. That is no protection
against somebody who rewrites the whole file: keep its last hash elsewhere if that matters.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scenarios.errors import UsageError

PATIENCE = 10.0
"""Seconds to wait for another process that is writing."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, run TEXT NOT NULL, mode TEXT NOT NULL,
    decision INTEGER NOT NULL, hours REAL NOT NULL, verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'overridden')),
    recommended TEXT NOT NULL, ordered TEXT NOT NULL, rationale TEXT NOT NULL, effect TEXT NOT NULL,
    previous TEXT NOT NULL, digest TEXT NOT NULL UNIQUE
);
CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""


@dataclass(frozen=True)
class Verdict:
    """What somebody did with a recommendation."""

    who: str
    run: str
    """Which run: scenario, its hash, policy, seed and replication."""
    mode: str
    decision: int
    """Its number in the run, from 0."""
    hours: float
    """Hours since the start of the scenario."""
    verdict: str
    """`accepted` or `overridden`."""
    recommended: str
    """The recommended orders, a line each."""
    ordered: str
    """What was ordered, a line each."""
    rationale: str
    """Why; empty only where the advice was accepted."""
    effect: Mapping[str, Any]
    """What the person was shown of the consequences; empty: nothing."""


@dataclass(frozen=True)
class Entry:
    """A verdict in the ledger."""

    number: int
    """From 1."""
    at: str
    """UTC, ISO 8601."""
    verdict: Verdict
    previous: str
    digest: str
    """SHA-256 of all the others."""


class Ledger:
    """The record in a file, which is made when first written to. Several processes may share it."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def add(self, verdict: Verdict) -> Entry:
        """Append a verdict. Raises `UsageError` on a missing name or reason, or if the file cannot be written."""
        if not verdict.who.strip():
            raise UsageError("who: expected the name of whoever decides, got nothing.")
        if verdict.verdict == "overridden" and not verdict.rationale.strip():
            raise UsageError("rationale: expected why the advice was not followed, got nothing.")
        with self._open() as base:
            base.execute("BEGIN IMMEDIATE")
            last = base.execute("SELECT number, digest FROM entries ORDER BY number DESC LIMIT 1").fetchone()
            number, previous = (last[0] + 1, last[1]) if last else (1, "")
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            entry = Entry(number, at, verdict, previous, _digest(number, at, verdict, previous))
            row = _row(entry)
            base.execute(
                f"INSERT INTO entries ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                tuple(row.values()),
            )
            base.execute("COMMIT")
        return entry

    def entries(self) -> list[Entry]:
        """Return all entries, the oldest first; none if there is no file yet."""
        if not self.place.exists():
            return []
        with self._open() as base:
            names = [field.name for field in fields(Verdict)]
            rows = base.execute(
                f"SELECT number, at, previous, digest, {', '.join(names)} FROM entries ORDER BY number"
            ).fetchall()
        return [
            Entry(number, at, _verdict(dict(zip(names, values, strict=True))), previous, digest)
            for number, at, previous, digest, *values in rows
        ]

    def broken(self) -> int | None:
        """Return the number of the first entry that is not as it was written; None: the chain is whole."""
        previous = ""
        for number, entry in enumerate(self.entries(), start=1):
            digest = _digest(entry.number, entry.at, entry.verdict, entry.previous)
            if (entry.number, entry.previous, entry.digest) != (number, previous, digest):
                return number
            previous = entry.digest
        return None

    def as_csv(self) -> str:
        """Return all entries as CSV. Cells that a spreadsheet would take for a formula begin with an apostrophe."""
        rows = [_row(entry) for entry in self.entries()]
        text = io.StringIO()
        names = ["number", "at", *(field.name for field in fields(Verdict)), "previous", "digest"]
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
        return text.getvalue()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            base = sqlite3.connect(self.place, timeout=PATIENCE, isolation_level=None)
            try:
                base.executescript(SCHEMA)
                yield base
            finally:
                base.close()
        except sqlite3.Error as error:
            raise UsageError(f"{self.place}: the ledger cannot be read or written: {error}.") from None


def _row(entry: Entry) -> dict[str, Any]:
    told = {**asdict(entry.verdict), "effect": _json(entry.verdict.effect)}
    return {
        "number": entry.number,
        "at": entry.at,
        **told,
        "previous": entry.previous,
        "digest": entry.digest,
    }


def _verdict(row: dict[str, Any]) -> Verdict:
    return Verdict(**{**row, "effect": json.loads(row["effect"])})


def _digest(number: int, at: str, verdict: Verdict, previous: str) -> str:
    content = _json([number, at, asdict(verdict), previous])
    return hashlib.sha256(content.encode()).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False, default=dict)


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
