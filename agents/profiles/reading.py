"""What was understood of a file of profiles, and why rows of it were left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agents.profiles.record import Profile


@dataclass(frozen=True, slots=True)
class BadRow:
    """Why a row was left out."""

    line: int
    """Line of the file where the row begins, the header's being 1; the row's number in Parquet."""
    column: str
    """As the file calls it; empty for the row as a whole."""
    expected: str
    got: str

    def __str__(self) -> str:
        column = f" {self.column}" if self.column else ""
        return f"line {self.line}{column}: expected {self.expected}, got {self.got}"


@dataclass(slots=True)
class Reading:
    """The profiles of a file and what was understood of it."""

    file: str
    profiles: list[Profile] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    n_rows: int = 0
    encoding: str = ""
    separator: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    """Their header -> our column, `systolic/diastolic` for a pair."""
    dropped: list[str] = field(default_factory=list)
    """Headers dropped because they may name a person."""
    ignored: list[str] = field(default_factory=list)
    """Headers that mean nothing to us."""
    notes: list[str] = field(default_factory=list)
    """Units converted, decimal commas, words left out."""

    @property
    def native(self) -> bool:
        """Whether it is a file of ours: every column under our name, the label among them."""
        ours = all(theirs == ours for theirs, ours in self.columns.items())
        return ours and "profile_id" in self.columns and not self.ignored

    @property
    def n_bad_rows(self) -> int:
        """Rows left out."""
        return self.n_rows - len(self.profiles)

    def lines(self, most_bad: int = 20) -> list[str]:
        """Return what there is to say, for people."""
        said = [
            f"{self.file}: {len(self.profiles)} of {self.n_rows} rows read ({self.encoding}, {self.separator})"
        ]
        renamed = [f"{theirs} -> {ours}" for theirs, ours in self.columns.items() if theirs != ours]
        if renamed:
            said.append(f"Columns: {', '.join(renamed)}")
        if self.dropped:
            said.append(f"Dropped, because they may name a person: {', '.join(self.dropped)}")
        if self.ignored:
            said.append(f"Not used: {', '.join(self.ignored)}")
        said += self.notes
        said += [str(bad) for bad in self.bad[:most_bad]]
        if len(self.bad) > most_bad:
            said.append(f"and {len(self.bad) - most_bad} more problems in rows left out")
        return said


def expectation(detail: Any) -> str:
    """Return what an error of pydantic says was expected."""
    context, kind = detail.get("ctx", {}), detail["type"]
    if kind == "literal_error":
        return f"one of {context['expected']}".replace("'", "")
    message = str(detail["msg"]).removeprefix("Value error, ")
    for start in ("Input should be ", "expected "):
        if message.startswith(start):
            return message.removeprefix(start).partition(", got ")[0]
    return {"string_pattern_mismatch": "plain text of one line", "string_too_long": "a shorter text",
            "too_long": "fewer entries", "missing": "a value"}.get(kind, message)  # fmt: skip
