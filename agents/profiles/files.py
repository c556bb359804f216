"""Profiles in files: CSV and Parquet, the same flat form in both, exact there and back."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from agents.profiles.foreign import read_csv
from agents.profiles.reading import BadRow, Reading, expectation
from agents.profiles.record import COLUMNS, KINDS, Profile
from scenarios.errors import UsageError

PARQUET_MAGIC = b"PAR1"
SUFFIXES = (".csv", ".parquet")


def read_profiles(path: Path) -> Reading:
    """Read a CSV, ours or somebody else's, or a Parquet file of ours. Raises `UsageError`."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise UsageError(f"{path}: cannot read this file: {(error.strerror or '').lower()}") from None
    return _read_parquet(path) if start == PARQUET_MAGIC or path.suffix == ".parquet" else read_csv(path)


def write_profiles(profiles: Sequence[Profile], path: Path) -> None:
    """Write a file of profiles, whole or not at all; the suffix says which kind. Raises `UsageError`."""
    if path.suffix not in SUFFIXES:
        raise UsageError(
            f"{path}: expected a name ending in {' or '.join(SUFFIXES)}, got {path.suffix or 'none'!r}."
        )
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        if path.suffix == ".csv":
            temporary.write_text(csv_text(profiles), encoding="utf-8", newline="")
        else:
            _write_parquet(profiles, temporary)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot write this file: {(error.strerror or '').lower()}") from None


def csv_text(profiles: Iterable[Profile], header: bool = True) -> str:
    """Return rows as CSV with line feeds."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in profile.flat().values()] for profile in profiles)
    return out.getvalue()


def frame_of(profiles: Sequence[Profile]) -> pd.DataFrame:
    """Return the flat form as a frame."""
    rows = [profile.flat() for profile in profiles]
    types = {"int": "Int64", "float": "float64", "bool": "boolean"}
    return pd.DataFrame(
        {
            column: pd.Series([row[column] for row in rows], dtype=types.get(KINDS[column], object))
            for column in COLUMNS
        }
    )


def profiles_of(frame: pd.DataFrame) -> list[Profile]:
    """Return the profiles of a frame in the flat form. Raises `pydantic.ValidationError`."""
    columns = {column: frame[column].astype(object).tolist() for column in frame.columns}
    names = list(columns)
    return [
        Profile.of_row({c: _none(v) for c, v in zip(names, row, strict=True)})
        for row in zip(*columns.values(), strict=True)
    ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _none(value: Any) -> Any:
    return None if value is None or value is pd.NA or value != value else value


def _write_parquet(profiles: Sequence[Profile], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    schema = pa.schema([(column, types.get(KINDS[column], pa.string())) for column in COLUMNS])
    pq.write_table(pa.Table.from_pylist([profile.flat() for profile in profiles], schema=schema), path)


def _read_parquet(path: Path) -> Reading:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        what = str(error).splitlines()[0][:200]
        raise UsageError(f"{path}: this is not a Parquet file that can be read: {what}") from None
    reading = Reading(str(path), encoding="Parquet", separator="columns", n_rows=table.num_rows)
    reading.ignored = [name for name in table.column_names if name not in COLUMNS]
    kept = [name for name in table.column_names if name in COLUMNS]
    reading.columns = {name: name for name in kept}
    if missing := [name for name in ("profile_id", "age", "sex") if name not in kept]:
        raise UsageError(
            f"{path}: expected the columns that Fairward writes, got none named {', '.join(missing)}. "
            "Save tables of others as CSV: their columns are recognised there."
        )
    for number, row in enumerate(table.select(kept).to_pylist(), start=1):
        try:
            reading.profiles.append(Profile.of_row({c: _none(v) for c, v in row.items()}))
        except (ValidationError, AttributeError) as error:
            details = error.errors() if isinstance(error, ValidationError) else []
            reading.bad += [
                BadRow(number, str(d["loc"][-1]), expectation(d), str(d["input"])[:60]) for d in details
            ] or [BadRow(number, "", "text, numbers and booleans", "something else")]
    return reading
