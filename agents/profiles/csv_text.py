"""The rows of a CSV, whatever program wrote it: its encoding and separator are found by looking."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from agents.profiles.headings import meaning
from scenarios.errors import UsageError

MAX_BYTES = 400_000_000
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE_ROWS = 60


def read_text(path: Path) -> tuple[str, str]:
    """Return the text of a file and its encoding; see `decode`. Raises `UsageError` if it cannot be read."""
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise UsageError(
                f"{path}: expected at most {MAX_BYTES // 1_000_000} MB, got more. Split the file."
            )
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"{path}: cannot read this file: {reason}") from None
    return decode(data, str(path))


def decode(data: bytes, name: str) -> tuple[str, str]:
    """Return the text and its encoding: utf-8, utf-8-sig, utf-16 or cp1252. Raises `UsageError` if it is no text."""
    if not data.strip():
        raise UsageError(f"{name}: the file is empty. Expected a CSV with a header.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decoded(data, "utf-16", name), "utf-16"
    head = data[:4000]
    if (zeros := head.count(0)) > len(head) // 4 and len(data) % 2 == 0:
        little = head[1::2].count(0) >= head[0::2].count(0)
        if max(head[1::2].count(0), head[0::2].count(0)) > 0.9 * zeros:
            encoding = "utf-16-le" if little else "utf-16-be"
            return _decoded(data, encoding, name), encoding
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise UsageError(
            f"{name}: expected text, got a NUL byte in line {line}. Save the table as CSV (UTF-8)."
        )
    if data.startswith(b"\xef\xbb\xbf"):
        return _decoded(data, "utf-8-sig", name), "utf-8-sig"
    try:
        text, encoding = data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        try:
            text, encoding = data.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            text, encoding = data.decode("latin-1"), "latin-1"
    start = text[:20000]
    controls = sum(ch < " " and ch not in "\t\r\n" for ch in start)
    if controls > 0.01 * len(start) or sum("\x7f" <= ch < "\xa0" for ch in start) > 0.1 * len(start):
        raise UsageError(f"{name}: expected a text file, got a binary one. Save the table as CSV (UTF-8).")
    return text, encoding


def sniff_separator(text: str) -> str:
    """Return the separator under which most headers are known, then most rows have the header's width."""

    def score(separator: str) -> tuple[int, float, int]:
        sample = io.StringIO(text[:200_000], newline="")
        rows = []
        try:
            for row in csv.reader(sample, delimiter=separator):
                rows.append(row)
                if len(rows) == SAMPLE_ROWS:
                    break
        except csv.Error:
            pass
        if not rows:
            return 0, 0.0, 0
        width = len(rows[0])
        known = sum(meaning(cell) is not None for cell in rows[0])
        return known, sum(len(row) == width for row in rows) / len(rows), width

    return max(SEPARATORS, key=score)


def rows_of(text: str, separator: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line where it begins, cells). Raises `UsageError` where it is not CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    line, row = 1, []
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        what = str(error).replace(
            "field larger than field limit (131072)", "a cell of more than 131072 characters"
        )
        raise UsageError(
            f"{name}: line {line}: this is not CSV: {what}. Is a quotation mark missing?"
        ) from None
    if text.count('"') % 2 and any("\n" in cell for cell in row):
        raise UsageError(
            f"{name}: line {reader.line_num}: the file ends inside quotation marks. One is missing."
        )


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: this is not {encoding} text: byte {error.start}: {error.reason}") from None
    if "\0" in text:
        raise UsageError(f"{name}: expected text, got a NUL character. Save the table as CSV (UTF-8).")
    return text
