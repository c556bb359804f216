"""The event log, a page at a time: what is sought is found on the server, and only one page goes to the browser."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from dashboards.report.exhibit import Cell, Table, row
from sim.event_words import KINDS, EventWords

ROWS = 25
"""On a page."""


@dataclass(frozen=True)
class Sought:
    """Which rows; None: any."""

    hospital: str | None = None
    kind: int | None = None
    patient: int | None = None
    after: float = 0.0
    """Hours: rows from this time on."""


@dataclass(frozen=True, eq=False)
class LogPage:
    """One page of what was found."""

    rows: pd.DataFrame
    """At most `ROWS`: time, hospital, patient, event, detail."""
    number: int
    """From 1."""
    n_pages: int
    n_rows: int
    """Found in all."""


def found(log: bytes, words: EventWords, sought: Sought) -> pd.DataFrame:
    """Return the rows of a log that are sought, as they are in the log."""
    where = [("time", ">=", sought.after)]
    if sought.hospital is not None:
        where.append(("hospital", "==", words.hospitals.index(sought.hospital)))
    if sought.kind is not None:
        where.append(("kind", "==", sought.kind))
    if sought.patient is not None:
        where.append(("patient", "==", sought.patient))
    return pq.read_table(io.BytesIO(log), filters=where).to_pandas()


def log_page(log: bytes, words: EventWords, sought: Sought, number: int) -> LogPage:
    """Return a page; a number beyond the last gives the last."""
    rows = found(log, words, sought)
    n_pages = max(-(-len(rows) // ROWS), 1)
    number = min(max(number, 1), n_pages)
    return LogPage(said(rows.iloc[(number - 1) * ROWS : number * ROWS], words), number, n_pages, len(rows))


def said(rows: pd.DataFrame, words: EventWords) -> pd.DataFrame:
    """Return rows of a log in words; each thing that can be said is said once and looked up."""
    keys, which = np.unique(
        rows[["kind", "item", "value"]].to_numpy(dtype=np.float64), axis=0, return_inverse=True
    )
    details = np.array([words.say(int(k), int(i), float(v)) for k, i, v in keys], dtype=object)
    places = np.array([*words.hospitals, ""], dtype=object)
    patient = rows["patient"]
    return pd.DataFrame(
        {
            "time": rows["time"].to_numpy(),
            "hospital": places[rows["hospital"].to_numpy()],
            "patient": patient.where(patient >= 0).astype("Int64").to_numpy(),
            "event": rows["kind"].map(KINDS).to_numpy(),
            "detail": details[which.ravel()],
        }
    )


def log_csv(log: bytes, words: EventWords, sought: Sought, about: dict[str, object]) -> bytes:
    """Return everything that is sought as CSV; `about` is written in front of every row."""
    rows = said(found(log, words, sought), words)
    for k, (name, value) in enumerate(about.items()):
        rows.insert(k, name, value)
    return rows.to_csv(index=False).encode("utf-8")


def log_table(page: LogPage, titles: dict[str, str]) -> Table:
    """Return a page as a table for people."""
    lines = [
        row(
            Cell(f"{time:.2f}", titles.get(hospital, hospital)),
            "" if pd.isna(patient) else str(int(patient)),
            detail,
        )
        for time, hospital, patient, detail in zip(
            page.rows["time"], page.rows["hospital"], page.rows["patient"], page.rows["detail"], strict=True
        )
    ]
    caption = f"Page {page.number} of {page.n_pages}"
    return Table(caption, ("Hour, hospital", "Patient", "What happened"), tuple(lines), numeric=False)
