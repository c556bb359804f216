"""From demographics to profiles: write, check, try again, keep what is finished."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from agents.profiles.coherence import broken
from agents.profiles.record import Demographics, Profile
from agents.writing.finished import Finished, FinishedProfiles
from agents.writing.writer import Rejected, Writer

ATTEMPTS = 8
"""At one patient, before it is given up and said to be missing."""
PROFILES_A_PART = 25
SECONDS_A_PART = 5.0
"""Whichever comes first: what a killed process loses at most."""


@dataclass(frozen=True, slots=True)
class Generated:
    """What came of it."""

    profiles: list[Profile]
    """In the order of the people; those given up are absent."""
    given_up: tuple[str, ...]
    """Profiles for which every attempt was rejected."""
    rejected: Counter[str]
    """How often each reason was met, attempts of earlier runs of this job included."""
    reused: int
    """Profiles taken from an earlier run."""
    seconds: float
    """Spent on the others."""

    @property
    def written(self) -> int:
        """Pictures written, kept or rejected."""
        return len(self.profiles) + self.rejected.total()


def generate(
    people: pd.DataFrame,
    seed: int,
    writer: Writer,
    finished: FinishedProfiles | None,
    tell: Callable[[int, int, None], None] = lambda done, wanted, newest: None,
) -> Generated:
    """Return a profile for each row of demographics, in their order.

    A rejected picture is written again with the patient's next random numbers. Patients are taken in order, and
    whether a picture is a duplicate depends on earlier patients only: so what was interrupted and resumed ends as what
    was not. What is finished when an error or an interruption comes is kept.
    """
    known = finished.read() if finished else {}  # checked again: rules may have changed since
    profiles: list[Profile] = []
    given_up: list[str] = []
    rejected: Counter[str] = Counter()
    seen: set[Profile] = set()
    unsaved: list[Finished] = []
    reused = 0
    began = saved = time.monotonic()

    def save() -> None:
        nonlocal saved
        if finished:
            finished.add(unsaved)
        unsaved.clear()
        saved = time.monotonic()

    demographics = [
        Demographics.model_validate(row)
        for row in people.astype(object).where(people.notna(), None).to_dict("records")
    ]
    try:
        for place, who in enumerate(demographics):
            one = known.get(who.profile_id)
            if one is not None and not broken(Profile(demographics=who, picture=one.picture)):
                reused += 1
                reasons = list(one.rejected)
            else:
                one, reasons = _written(who, seed, writer, seen)
                if one is not None:
                    unsaved.append(one)
            rejected.update(reasons)
            if one is None:
                given_up.append(who.profile_id)
            else:
                profile = Profile(demographics=who, picture=one.picture)
                seen.add(_nameless(profile))
                profiles.append(profile)
            if len(unsaved) >= PROFILES_A_PART or (unsaved and time.monotonic() - saved > SECONDS_A_PART):
                save()
            tell(place + 1, len(people), None)
    finally:
        save()
    return Generated(profiles, tuple(given_up), rejected, reused, time.monotonic() - began)


def _written(
    who: Demographics, seed: int, writer: Writer, seen: set[Profile]
) -> tuple[Finished | None, list[str]]:
    """Return the first picture that passes, if any, and why the attempts before it did not."""
    reasons: list[str] = []
    for attempt in range(ATTEMPTS):
        try:
            picture = writer.write(who, seed, attempt)
        except Rejected as error:
            reasons.append(error.reason)
            continue
        profile = Profile(demographics=who, picture=picture)
        if rules := broken(profile):
            reasons.append(f"implausible: {rules[0]}")
        elif _nameless(profile) in seen:
            reasons.append("the same as an earlier profile")
        else:
            return Finished(who.profile_id, picture, tuple(reasons)), reasons
    return None, reasons


def _nameless(profile: Profile) -> Profile:
    """Return the profile under a label that is the same for all, to compare patients."""
    return profile.model_copy(
        update={"demographics": profile.demographics.model_copy(update={"profile_id": "any"})}
    )
