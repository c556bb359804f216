"""Reading a CSV of profiles, ours or somebody else's, and telling what was understood of it.

Found by looking at the file: encoding, separator, decimal comma, which column is which, units. A row with a
value that cannot be right is left out and listed; a word that is not in our vocabulary is left out and counted;
columns that may name a person are dropped. A file that is not a table of patients at all is a `UsageError`.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.profiles import synonyms
from agents.profiles.csv_text import SEPARATORS, read_text, rows_of, sniff_separator
from agents.profiles.headings import meaning, plain_header
from agents.profiles.reading import BadRow, Reading, expectation
from agents.profiles.record import CHOICES, COLUMNS, KINDS, LISTS, SEPARATOR, Profile
from scenarios.errors import UsageError

MOST_COMPLAINTS = 3
AGE_TEXT = re.compile(
    r"(\d{1,6}(?:[.,]\d+)?)\s*(years?|yrs?|y|yo|y/o|months?|mos?|m|weeks?|wks?|w|days?|d)?(?:\s*old)?"
)
IN_A_YEAR = {"m": 12.0, "w": 52.2, "d": 365.25}


def read_csv(path: Path) -> Reading:
    """Read a CSV. Raises `UsageError` when it is no table with an age and a sex."""
    text, encoding = read_text(path)
    separator = sniff_separator(text)
    reading = Reading(str(path), encoding=encoding, separator=SEPARATORS[separator])
    rows = list(rows_of(text, separator, str(path)))
    if not rows:
        raise UsageError(f"{path}: expected a header and rows, got nothing. Is it the right file?")
    header = [cell.strip() for cell in rows[0][1]]
    places = _places(header, reading)
    table = [(line, cells) for line, cells in rows[1:] if any(cell.strip() for cell in cells)]
    reading.n_rows = len(table)
    full = [(line, cells) for line, cells in table if len(cells) == len(header)]
    for line, cells in table:
        if len(cells) != len(header):
            reading.bad.append(BadRow(line, "", f"{len(header)} cells as in the header", str(len(cells))))
    convert = {} if reading.native else _units(header, places, full, reading)
    _Rows(reading, header, places, convert).read(full)
    reading.bad.sort(key=lambda bad: bad.line)
    return reading


def _places(header: list[str], reading: Reading) -> dict[str, int]:
    """Return where each of our columns stands, and note what happens to the others."""
    twice = [cell for cell, n in Counter(header).items() if n > 1]
    if twice:
        raise UsageError(
            f"{reading.file}: expected each column once, got twice: {', '.join(map(repr, twice))}. Rename one."
        )
    places: dict[str, int] = {}
    exact_first = sorted(range(len(header)), key=lambda k: (header[k] not in COLUMNS, k))
    for k in exact_first:
        name, column = header[k], meaning(header[k])
        parts = column.split("/") if column else []
        if column and not any(part in places for part in parts) and column not in places:
            places[column] = k
        elif synonyms.NAMES_A_PERSON.search(plain_header(name)):
            reading.dropped.append(name)
        elif column:
            reading.notes.append(f"{name} looks like {column} too and is not used.")
        else:
            reading.ignored.append(name or f"(column {k + 1}, without a name)")
    reading.columns = {header[k]: column for column, k in sorted(places.items(), key=lambda item: item[1])}
    if missing := [column for column in ("age", "sex") if column not in places]:
        shown = ", ".join(header[:12]) + (", ..." if len(header) > 12 else "")
        raise UsageError(
            f"{reading.file}: expected columns for age and sex, got none for {' and '.join(missing)} among: "
            f"{shown[:300]}. Rename them, for example to `age` (completed years) and `sex`."
        )
    return places


class _Conversion:
    """A factor and an offset, and what to say about them."""

    def __init__(self, factor: float, offset: float, digits: int | None, said: str) -> None:
        self.factor, self.offset, self.digits, self.said = factor, offset, digits, said

    def __call__(self, value: float) -> float:
        return round(value * self.factor + self.offset, self.digits)


_UNITS: tuple[tuple[str, float, float, _Conversion], ...] = (
    ("temperature", 60.0, 130.0, _Conversion(5 / 9, -160 / 9, 1, "degrees Fahrenheit, converted to Celsius")),
    ("hba1c", 20.0, 250.0, _Conversion(0.09148, 2.152, 1, "mmol/mol, converted to % (NGSP = 0.09148 IFCC + 2.152)")),
    ("creatinine", 0.0, 9.0, _Conversion(88.42, 0, 0, "mg/dL, converted to µmol/L (times 88.42)")),
    ("haemoglobin", 0.0, 29.0, _Conversion(10, 0, 0, "g/dL, converted to g/L")),
    ("white_cells", 200.0, 1e6, _Conversion(0.001, 0, 1, "cells per µL, converted to 10⁹/L")),
    ("spo2", 0.0, 1.0, _Conversion(100, 0, 0, "a fraction, converted to %")),
)  # fmt: skip
"""(column, least and most median that betray the unit, conversion)."""


def _units(
    header: list[str], places: dict[str, int], rows: list[tuple[int, list[str]]], reading: Reading
) -> dict[str, _Conversion]:
    """Return the conversions that the medians of the columns ask for, and note them."""
    found = {}
    for column, least, most, conversion in _UNITS:
        if column not in places:
            continue
        values = [v for _, cells in rows if (v := _number(cells[places[column]])) is not None]
        if values and least < statistics.median(values) <= most:
            found[column] = conversion
            reading.notes.append(f"{header[places[column]]}: read as {conversion.said}.")
    commas = sum(bool(re.fullmatch(r"\s*-?\d+,\d+\s*", cells[k])) for _, cells in rows for column, k in places.items()
                 if KINDS.get(column) in ("int", "float"))  # fmt: skip
    if commas:
        reading.notes.append(f"Decimal commas in {commas} cells, read as decimal points.")
    return found


def _number(cell: str) -> float | None:
    """Return the number of a cell, such as `98 %` or `37,2`; None if it holds no finite one."""
    found = re.fullmatch(r"\s*([-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*[%°/a-zA-Zµμ]{0,8}\s*", cell)
    value = float(found[1].replace(",", ".")) if found else math.nan
    return value if math.isfinite(value) else None


class _Bad(Exception):
    """A cell that makes its row unusable."""

    def __init__(self, expected: str, got: str) -> None:
        self.expected, self.got = expected, got


class _Rows:
    """Turns rows of cells into profiles."""

    def __init__(
        self, reading: Reading, header: list[str], places: dict[str, int], convert: dict[str, _Conversion]
    ) -> None:
        self.reading, self.header, self.places, self.convert = reading, header, places, convert
        self.lost: dict[str, Counter[str]] = {}
        self.cut = 0
        self.months = 0
        self.rounded = 0
        self.coma = "consciousness" in places and bool(
            re.search(r"gcs|glasgow", header[places["consciousness"]], re.IGNORECASE)
        )
        self.given = {column: {w.lower(): w for w in known} for column, known in {**LISTS, **CHOICES}.items()}

    def read(self, rows: list[tuple[int, list[str]]]) -> None:
        """Add the profiles and the bad rows to the reading."""
        seen: dict[str, int] = {}
        width = max(6, len(str(len(rows))))
        for number, (line, cells) in enumerate(rows, start=1):
            row, bad = self._row(line, cells)
            label = row.setdefault("profile_id", f"p{number:0{width}d}")
            if label in seen:
                bad.append(
                    BadRow(line, "profile_id", "a label of its own", f"{label!r}, as in line {seen[label]}")
                )
            seen.setdefault(label, line)
            wrong = {ours for b in bad for ours in self.reading.columns.get(b.column, "").split("/")}
            try:
                profile = Profile.of_row(row)
            except ValidationError as error:
                bad += [self._bad(line, d) for d in error.errors() if not wrong & set(d["loc"])]
            else:
                if not bad:
                    self.reading.profiles.append(profile)
            self.reading.bad += bad
        self._note_losses()

    def _row(self, line: int, cells: list[str]) -> tuple[dict[str, Any], list[BadRow]]:
        row: dict[str, Any] = {}
        bad = []
        for column, k in self.places.items():
            try:
                if column == "systolic/diastolic":
                    row |= _pressures(cells[k])
                else:
                    row[column] = self._value(column, cells[k])
            except _Bad as error:
                bad.append(BadRow(line, self.header[k], error.expected, error.got))
        return {c: v for c, v in row.items() if v is not None}, bad

    def _value(self, column: str, cell: str) -> Any:
        kind = KINDS[column]
        if kind == "text":
            return cell or None
        if kind == "list":
            return self._list(column, cell)
        plain = " ".join(cell.split()).lower()
        if kind == "choice" and not (self.coma and column == "consciousness"):
            return self._choice(column, plain)
        if plain in synonyms.MISSING and not (kind == "bool" and plain in synonyms.NO):
            if column == "age":
                raise _Bad("completed years from 0 to 105", _quoted(cell))
            return None
        if kind == "bool":
            word = synonyms.WORDS.get(column, {}).get(plain, plain)
            if word in synonyms.YES | synonyms.NO:
                return word in synonyms.YES
            raise _Bad("yes or no", _quoted(cell))
        if column == "age":
            return self._age(cell)
        if column == "triage":
            return self._triage(plain, cell)
        value = _number(cell)
        if value is None:
            raise _Bad("a number", _quoted(cell))
        if self.coma and column == "consciousness":
            return next((word for least, word in synonyms.COMA_SCALE if value >= least), None)
        if column in self.convert:
            value = self.convert[column](value)
        if kind == "float":
            return value
        if value == int(value):
            return int(value)
        if self.reading.native or column == "deprivation":
            raise _Bad("a whole number", _quoted(cell))
        self.rounded += column not in self.convert
        return round(value)

    def _choice(self, column: str, plain: str) -> str | None:
        word = self.given[column].get(plain) or synonyms.WORDS.get(column, {}).get(plain)
        if word is None and column == "sex":
            raise _Bad("female, male or other", _quoted(plain))
        if word is None and plain not in synonyms.MISSING:
            self.lost.setdefault(column, Counter())[plain[:40]] += 1
        return word

    def _list(self, column: str, cell: str) -> str:
        known, others = self.given[column], synonyms.WORDS.get(column, {})
        entries = cell.split(SEPARATOR)
        if not all(entry in LISTS[column] for entry in entries):
            entries = re.split(r"[|;,/\n]|\s\+\s", cell)
        kept: list[str] = []
        for entry in entries:
            plain = " ".join(entry.split()).strip(".[]'\"()").lower()
            word = known.get(plain) or others.get(plain)
            if word is None:
                if plain not in synonyms.MISSING:
                    self.lost.setdefault(column, Counter())[plain[:40]] += 1
            elif word not in kept:
                kept.append(word)
        if column == "complaints" and len(kept) > MOST_COMPLAINTS:
            self.cut += 1
            kept = kept[:MOST_COMPLAINTS]
        return SEPARATOR.join(kept)

    def _age(self, cell: str) -> int:
        found = AGE_TEXT.fullmatch(cell.strip().lower())
        if not found:
            raise _Bad("completed years from 0 to 105", _quoted(cell))
        value = float(found[1].replace(",", ".")) / IN_A_YEAR.get((found[2] or "y")[0], 1.0)
        self.months += value != int(value)
        return int(value)

    def _triage(self, plain: str, cell: str) -> int:
        found = re.search(r"\d+", plain)
        if not found or len(found[0]) > 1:
            raise _Bad("a level from 1 (at once) to 5", _quoted(cell))
        return int(found[0])

    def _bad(self, line: int, detail: Any) -> BadRow:
        column = str(next((part for part in reversed(detail["loc"]) if part in COLUMNS), ""))
        name = next(
            (theirs for theirs, ours in self.reading.columns.items() if column in ours.split("/")), column
        )
        return BadRow(line, name, expectation(detail), _quoted(detail["input"]))

    def _note_losses(self) -> None:
        names = {column: self.header[k] for column, k in self.places.items()}
        for column, words in self.lost.items():
            shown = ", ".join(f"{word!r} ({n})" for word, n in words.most_common(5))
            more = f" and {len(words) - 5} more" if len(words) > 5 else ""
            self.reading.notes.append(
                f"{names[column]}: words that our vocabulary of {column} lacks are left out: {shown}{more}."
            )
        if self.cut:
            self.reading.notes.append(
                f"complaints: only the first {MOST_COMPLAINTS} are kept, in {self.cut} rows."
            )
        if self.months:
            self.reading.notes.append(f"age: cut to completed years, in {self.months} rows.")
        if self.rounded:
            self.reading.notes.append(f"Rounded to whole numbers: {self.rounded} cells.")
        if self.coma:
            self.reading.notes.append(
                "consciousness: read from the Glasgow Coma Scale by Kelly et al. (2004)."
            )


def _pressures(cell: str) -> dict[str, int]:
    plain = cell.strip().lower()
    if plain in synonyms.MISSING:
        return {}
    found = re.fullmatch(r"(\d{2,3})\s*/\s*(\d{2,3})(?:\s*mm\s*hg)?", plain)
    if not found:
        raise _Bad('a pressure such as "120/80"', _quoted(cell))
    return {"systolic": int(found[1]), "diastolic": int(found[2])}


def _quoted(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..." + (text[0] if isinstance(value, str) else "")
