"""Which of our columns a heading of somebody else's table means."""

from __future__ import annotations

import re

from agents.profiles import synonyms
from agents.profiles.record import COLUMNS

UNIT = re.compile(r"\(.*?\)|\[.*?\]|°\s*[cf]\b")


def meaning(header: str) -> str | None:
    """Return our column for a header, `systolic/diastolic` for a pair, None if there is none.

    >>> [meaning(h) for h in ("Age (years)", "SBP", "sats", "HR", "Temp °F", "Blood Pressure", "hair")]
    ['age', 'systolic', 'spo2', 'pulse', 'temperature', 'systolic/diastolic', None]
    """
    if header.strip() in COLUMNS:
        return header.strip()
    plain = plain_header(header)
    if plain in synonyms.PRESSURE_PAIR:
        return "systolic/diastolic"
    for column, known in synonyms.HEADERS.items():
        if plain in known or plain == column.replace("_", " "):
            return column
    return None


def plain_header(header: str) -> str:
    """Return a header in lower case without units and signs."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", UNIT.sub(" ", header))
    words = re.sub(r"[^a-z0-9]+", " ", UNIT.sub(" ", spaced.lower())).split()
    while len(words) > 1 and words[-1] in {
        "c",
        "f",
        "celsius",
        "fahrenheit",
        "percent",
        "mmhg",
        "bpm",
        "min",
    }:
        words.pop()
    return " ".join(words)
