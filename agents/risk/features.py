"""The thirteen features of a heart patient, and the reading of files that hold them.

The columns are those of the Statlog (Heart) file of the UCI repository as it circulates in CSV form;
the codes are given there. Limits are wide: they catch a slip of the pen, not a rare patient (assumed).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scenarios.errors import Problem, ScenarioError, UsageError

OUTCOME = "Heart Disease"
PRESENT, ABSENT = "Presence", "Absence"
ID = "Id"
MOST_PROBLEMS = 20
"""Problems of rows that are spelled out; the rest is counted."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """A column: a number within limits, or a code among several."""

    name: str
    unit: str
    low: float
    high: float
    codes: tuple[int, ...] = ()
    """The codes of a category; empty for a number."""

    def expected(self) -> str:
        """Return what a cell of the column holds, as the end of a sentence."""
        if self.codes:
            return f"one of {', '.join(map(str, self.codes))}"
        return f"a number from {self.low:g} to {self.high:g} ({self.unit})"

    def holds(self, value: float) -> bool:
        """Return whether the column may hold a value."""
        return value in self.codes if self.codes else isfinite(value) and self.low <= value <= self.high


def _category(name: str, *codes: int) -> Feature:
    return Feature(name, "code", min(codes), max(codes), codes)


FEATURES = (
    Feature("Age", "years", 18, 110),
    _category("Sex", 0, 1),
    _category("Chest pain type", 1, 2, 3, 4),
    Feature("BP", "mmHg", 60, 260),
    Feature("Cholesterol", "mg/dl", 80, 700),
    _category("FBS over 120", 0, 1),
    _category("EKG results", 0, 1, 2),
    Feature("Max HR", "beats per minute", 50, 230),
    _category("Exercise angina", 0, 1),
    Feature("ST depression", "mm", 0, 10),
    _category("Slope of ST", 1, 2, 3),
    Feature("Number of vessels fluro", "vessels", 0, 3),
    _category("Thallium", 3, 6, 7),
)
NAMES = tuple(feature.name for feature in FEATURES)


@dataclass(frozen=True)
class HeartPatients:
    """Patients with their features and, where it is known, whether they have heart disease."""

    ids: tuple[str, ...]
    features: pd.DataFrame
    """patients x `NAMES`, float."""
    present: NDArray[np.bool_] | None
    """Whether each has the disease; None: the file does not say."""

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, rows: NDArray[np.int64]) -> HeartPatients:
        """Return the patients in some rows, in that order."""
        present = None if self.present is None else self.present[rows]
        ids = tuple(self.ids[row] for row in rows)
        return HeartPatients(ids, self.features.iloc[rows].reset_index(drop=True), present)

    def outcomes(self) -> NDArray[np.bool_]:
        """Return who has the disease; raises if the file did not say."""
        if self.present is None:
            raise UsageError(
                f'these patients have no column "{OUTCOME}", which is needed to learn or to judge.'
            )
        return self.present


def read_patients(path: Path) -> HeartPatients:
    """Return the patients of a CSV file with the columns `NAMES`, and `Heart Disease` and `Id` where they are.

    Without `Id`, a patient is called after its line. Raises `ScenarioError` with every problem of the
    file, each with its line; nothing is read of a file that has any.
    """
    table = _table(path)
    missing = [name for name in NAMES if name not in table.columns]
    if missing:
        raise ScenarioError(
            Problem(str(path), 1, 1, name, f'a column "{name}"', "none", "See docs/thresholds.md.")
            for name in missing
        )
    if table.empty:
        raise UsageError(f"{path} holds no patients, only a heading.")
    problems: list[Problem] = []
    features = pd.DataFrame({feature.name: _column(path, table, feature, problems) for feature in FEATURES})
    present = _outcomes(path, table, problems) if OUTCOME in table.columns else None
    ids = list(table[ID]) if ID in table.columns else [str(line) for line in range(2, len(table) + 2)]
    for line, name in enumerate(ids, start=2):
        if not name.strip() or (ID in table.columns and ids.index(name) != line - 2):
            problems.append(
                Problem(str(path), line, 1, ID, "an Id of its own", repr(name), "Make it unique.")
            )
    if problems:
        raise ScenarioError(_the_first_of(problems, path))
    return HeartPatients(tuple(ids), features, present)


def write_patients(patients: HeartPatients, path: Path) -> None:
    """Write patients as `read_patients` reads them."""
    table = patients.features.copy()
    table.insert(0, ID, list(patients.ids))
    if patients.present is not None:
        table[OUTCOME] = np.where(patients.present, PRESENT, ABSENT)
    table.to_csv(path, index=False, lineterminator="\n", float_format="%.10g")


def _table(path: Path) -> pd.DataFrame:
    """Return the cells as text. A row that does not fit the heading is refused: its cells cannot be told apart."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except UnicodeDecodeError:
        raise UsageError(
            f"{path} cannot be read as a CSV file: it is not UTF-8 text. Save it as UTF-8."
        ) from None
    except (OSError, csv.Error) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UsageError(f"{path} cannot be read as a CSV file: {said.lower()}.") from None
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        raise UsageError(f"{path} cannot be read as a CSV file: it is empty.")
    heading, *rest = rows
    problems = [
        Problem(str(path), 1, place + 1, name, "one column of this name", "two", "Remove one.")
        for place, name in enumerate(heading)
        if name in heading[:place]
    ]
    for line, cells in enumerate(rest, start=2):
        if len(cells) != len(heading):
            expected, got = f"{len(heading)} cells as in the heading", str(len(cells))
            problems.append(Problem(str(path), line, 1, "", expected, got))
    if problems:
        raise ScenarioError(_the_first_of(problems, path))
    return pd.DataFrame(rest, columns=heading, dtype=str)


def _column(path: Path, table: pd.DataFrame, feature: Feature, problems: list[Problem]) -> Floats:
    values: Floats = pd.to_numeric(table[feature.name], errors="coerce").to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    column = table.columns.get_loc(feature.name) + 1
    for row, (value, text) in enumerate(zip(values, table[feature.name], strict=True)):
        if not feature.holds(float(value)):
            got = repr(text) if text.strip() else "nothing"
            problems.append(Problem(str(path), row + 2, column, feature.name, feature.expected(), got))
    return values


def _outcomes(path: Path, table: pd.DataFrame, problems: list[Problem]) -> NDArray[np.bool_]:
    column = table.columns.get_loc(OUTCOME) + 1
    for row, text in enumerate(table[OUTCOME]):
        if text not in (PRESENT, ABSENT):
            problems.append(
                Problem(str(path), row + 2, column, OUTCOME, f"{PRESENT} or {ABSENT}", repr(text))
            )
    return np.asarray(table[OUTCOME] == PRESENT)


def _the_first_of(problems: list[Problem], path: Path) -> list[Problem]:
    in_order = sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0))
    rest = len(in_order) - MOST_PROBLEMS
    if rest <= 0:
        return in_order
    more = Problem(
        str(path), in_order[MOST_PROBLEMS].line, 1, "", "", f"and {rest} problems more from here on"
    )
    return [*in_order[:MOST_PROBLEMS], more]
