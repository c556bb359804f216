"""Profiles in a file: the shipped library, which a language model wrote, or a file that a visitor uploads."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from agents.embedded import LIBRARY
from agents.profiles.files import read_profiles
from agents.profiles.record import CHOICES, DEMOGRAPHIC_COLUMNS, DERIVED_COLUMNS, KINDS, SEPARATOR, Profile
from agents.profiles.severity import DEFAULT_WEIGHTS, prepared
from dashboards.app.patients.cohort import (
    COMPUTED,
    GENERATED,
    GIVEN,
    Cohort,
    Fact,
    Person,
    Reasons,
    bands_of_setting,
)
from dashboards.app.uploads import held_to_size, shown_name
from dashboards.report.wording import counted, mid_sentence, sentence_case, tidy
from policies.explain.severity import SIGNS, explain_severity
from scenarios.errors import FairwardError, UsageError

MOST_PROFILES = 5000
MOST_BAD_ROWS = 5
NAMES = {
    "resp_rate": "Breathing rate", "spo2": "Oxygen saturation", "systolic": "Blood pressure, systolic",
    "diastolic": "Blood pressure, diastolic", "hba1c": "HbA1c", "crp": "C-reactive protein",
    "consciousness": "Consciousness (ACVPU)", "triage": "Urgency noted at the door", "deprivation": "Deprivation fifth",
}  # fmt: skip
AGES = {"under 18": 0, "18 to 64": 18, "65 and over": 65}
UNITS = {
    "resp_rate": "breaths a minute", "spo2": "%", "systolic": "mmHg", "diastolic": "mmHg", "pulse": "beats a minute",
    "temperature": "°C", "hba1c": "%", "creatinine": "µmol/L", "haemoglobin": "g/L", "white_cells": "10⁹/L",
    "crp": "mg/L", "lactate": "mmol/L", "age": "years",
}  # fmt: skip


@dataclass(frozen=True)
class Records:
    """A file of profiles; see `cohort.Source`."""

    name: str
    """Of the upload; empty: the shipped library."""
    content: bytes
    setting: int
    """Index of `policies.thresholds.moves.SETTINGS`."""

    @property
    def key(self) -> str:
        """The file and the thresholds."""
        return f"profiles:{hashlib.sha256(self.content).hexdigest()}:{self.setting}"

    def cohort(self) -> Cohort:
        """Return everybody in the file."""
        profiles, notes = _read(self.name, self.content)
        severity = np.array([float(one.severity or 0.0) for one in profiles])
        return Cohort(
            title=self.name or "the shipped library of profiles",
            measure="severity at the door",
            when="",
            origin=_origin(self.name, len(profiles)),
            places=(("profile", len(profiles)),),
            risk=severity,
            groups=_groups(profiles),
            bands=bands_of_setting(self.setting, "chosen on this page"),
            there=np.ones(len(profiles), dtype=np.bool_),
            came=np.ones(len(profiles), dtype=np.bool_),
            notes=notes,
        )

    def person(self, row: int) -> Person:
        """Return one profile; its severity is taken apart by Shapley values."""
        profiles, _ = _read(self.name, self.content)
        one = profiles[row]
        return Person(
            label=f"profile {row}",
            risk=float(one.severity or 0.0),
            text=one.picture.vignette,
            facts=_facts(one, bool(self.name)),
            course=None,
            no_course="A profile is one moment: a file of profiles holds no risk over time. Scenarios with a "
            "population do; see the source “People of this result”.",
            reasons=_reasons(one, profiles),
            contacts=None,
            contacts_said="A profile has no past visits: it was written, and has not been through a run.",
        )


def library(setting: int) -> Records:
    """Return the shipped library."""
    return Records("", LIBRARY.read_bytes(), setting)


def library_origin() -> dict[str, Any]:
    """Return who wrote the shipped library, with which seed and model."""
    found: dict[str, Any] = json.loads(
        LIBRARY.with_name(LIBRARY.name + ".origin.json").read_text(encoding="utf-8")
    )
    return found


@lru_cache(maxsize=4)
def _read(name: str, content: bytes) -> tuple[tuple[Profile, ...], tuple[str, ...]]:
    """Return the profiles with their severity, and what there is to say about the reading."""
    shown = shown_name(name) if name else LIBRARY.name
    held_to_size(shown, content, "Read it on a command line: fairward profiles report FILE.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / shown
        path.write_bytes(content)
        try:
            reading = read_profiles(path)
        except FairwardError as error:
            raise UsageError(str(error).replace(str(path), shown)) from None
        said = [line.replace(str(path), shown) for line in reading.lines(MOST_BAD_ROWS)] if name else []
    if not reading.profiles:
        raise UsageError("\n".join([*said, f"{shown}: no row could be read as a patient."]))
    if len(reading.profiles) > MOST_PROFILES:
        raise UsageError(
            f"{shown}: expected at most {MOST_PROFILES} profiles, got {len(reading.profiles)}. Upload a part of it."
        )
    ready = tuple(prepared(one, DEFAULT_WEIGHTS) for one in reading.profiles)
    return ready, tuple(said)


def _origin(name: str, n: int) -> str:
    if name:
        return (
            f"{counted(n, 'profile')} of the file {shown_name(name)}. Columns that may name a person were dropped, and "
            "rows are called by running numbers. Whether the patients are synthetic, the program cannot know."
        )
    found = library_origin()
    return (
        f"{counted(n, 'profile')}, shipped with Fairward: who they are was drawn by us from {found['census']}; what "
        f"they have was written by {found['written_by']} (seed {found['job']['seed']}). {found['note']}"
    )


def _groups(profiles: Sequence[Profile]) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    age = np.array([one.demographics.age for one in profiles])
    found = {
        "age": (tuple(AGES), np.searchsorted(np.array(list(AGES.values())), age, side="right") - 1),
    }
    for column in DEMOGRAPHIC_COLUMNS:
        known = [getattr(one.demographics, column) for one in profiles]
        values = CHOICES.get(column, (1, 2, 3, 4, 5) if column == "deprivation" else ())
        if values and any(value is not None for value in known):
            codes = np.array([-1 if value is None else values.index(value) for value in known])
            found[column] = (tuple(map(str, values)), codes)
    return found


def _facts(one: Profile, uploaded: bool) -> tuple[Fact, ...]:
    """Return every field that is known, with how it is known."""
    found = []
    for column, value in one.flat().items():
        if value in (None, "") or column in ("profile_id", "vignette"):
            continue
        name = field_name(column)
        if column in DERIVED_COLUMNS:
            source = (
                "docs/profiles.md; weights severity 3, triage 1"
                if column == "priority"
                else "docs/profiles.md"
            )
            found.append(Fact(name, f"{value:.3f}", COMPUTED, source))
        elif uploaded:
            found.append(Fact(name, field_text(column, value), GIVEN))
        else:
            source = (
                "drawn from the census" if column in DEMOGRAPHIC_COLUMNS else "written by the embedded model"
            )
            found.append(Fact(name, field_text(column, value), GENERATED, source))
    return tuple(found)


def field_name(column: str) -> str:
    """Return the name of a column of a profile as people read it."""
    return NAMES.get(column) or sentence_case(tidy(column))


def field_text(column: str, value: Any) -> str:
    """Return a value of a column of a profile as people read it, with its unit."""
    if KINDS[column] == "list":
        return ", ".join(str(value).split(SEPARATOR))
    if isinstance(value, bool):
        return "yes" if value else "no"
    unit = UNITS.get(column, "")
    return f"{value} {unit}".strip()


def _reasons(one: Profile, profiles: Sequence[Profile]) -> Reasons:
    found = explain_severity(one, [other for other in profiles if other is not one])
    vitals = one.picture.vitals
    labels, texts = [], []
    for sign, points in zip(SIGNS, found.inputs, strict=False):
        value = getattr(vitals, sign)
        known = "not measured" if value is None else field_text(sign, value)
        labels.append(mid_sentence(field_name(sign)))
        texts.append(f"{known}, {counted(int(points), 'point')}")
    labels.append("age and long-term illness")
    texts.append(f"estimated ten-year mortality {found.inputs[-1]:.2f}")
    return Reasons(
        base=float(found.found.base[0]),
        base_said=f"the mean of {counted(found.n_compared, 'other profile')} on the scale {found.scale}",
        labels=tuple(labels),
        texts=tuple(texts),
        values=found.found.values[0],
        total=float(found.found.margin[0]),
        scale="severity",
        method=f"Severity is no sum, so these are Shapley values: all subsets of {len(labels)} inputs tried against "
        f"others ({found.found.method}). They sum to the severity; that is checked.",
    )
