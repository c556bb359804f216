"""A scenario that a visitor uploads: read as data, never executed, held to a size and to no file of this machine."""

from __future__ import annotations

import re

from scenarios.checks_size import expected_patients
from scenarios.errors import UsageError
from scenarios.loader import library_names, load_text
from scenarios.reading import read_text
from scenarios.scenario import Scenario

MOST_BYTES = 500_000
MOST_PATIENTS = 200_000
"""Expected patients in one run: some ten seconds on one core. More belongs on a command line."""


def read_upload(name: str, content: bytes) -> Scenario:
    """Return the scenario of an upload. Raises `FairwardError` with everything that is wrong with it."""
    shown_as = shown_name(name)
    held_to_size(shown_as, content, "Run it from a command line: fairward run FILE.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{shown_as}: expected UTF-8 text, got something else. Save it as UTF-8.") from None
    root = read_text(text, shown_as)
    below = root.child("extends")
    if below is not None and below.value not in library_names():
        raise UsageError(
            f"{shown_as}: an upload may extend a scenario of the library only, got {str(below.value)[:80]!r}. "
            "Upload the whole scenario: fairward validate FILE --resolved."
        )
    scenario = load_text(text, (), shown_as)
    if scenario.profiles is not None and scenario.profiles.file is not None:
        raise UsageError(
            f"{shown_as}: profiles.file names a file of this machine, which an upload may not read."
        )
    patients = sum(expected_patients(stream, scenario.horizon) for stream in scenario.arrivals.values())
    if patients > MOST_PATIENTS:
        raise UsageError(
            f"{shown_as}: expected at most {MOST_PATIENTS} patients a run here, got about {patients:.0f}. "
            "Shorten the horizon, or run it from a command line."
        )
    return scenario


def shown_name(name: str) -> str:
    """Return the name of an upload as it may be shown, and used for a file."""
    return re.sub(r"[^\w. -]", "_", name).lstrip(".")[:80] or "upload"


def held_to_size(shown_as: str, content: bytes, remedy: str) -> None:
    """Raise `UsageError` for an upload that is too large."""
    if len(content) > MOST_BYTES:
        raise UsageError(
            f"{shown_as}: expected at most {MOST_BYTES // 1000} kB, got {len(content) / 1000:.0f} kB. {remedy}"
        )
