"""Early-warning scores from the vital signs: NEWS2 for adults, part of Bedside PEWS for children.

NEWS2: Royal College of Physicians (2017), National Early Warning Score 2. For people of 16 or more who are not
pregnant; scale 2 of the oxygen saturation only for those with confirmed hypercapnic respiratory failure.
Bedside PEWS: Parshuram, Hutchison & Middaugh (2009), Crit Care 13:R135, table 1. Two of its seven items,
capillary refill and respiratory effort, are not in our record and count 0; consciousness, which it left out, is
added with the 3 points of NEWS2 (assumed).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from agents.profiles.record import Profile, Vitals

ADULT = 16
"""Years from which NEWS2 holds."""

MOST_NEWS2, MOST_PEWS = 20, 19
"""Largest scores: PEWS 4 + 4 + 4 + 2 + 2 for its five items, with 3 for consciousness."""

NEWS2_BANDS: dict[str, tuple[tuple[float, int], ...]] = {
    "resp_rate": ((8, 3), (11, 1), (20, 0), (24, 2), (inf, 3)),
    "spo2": ((91, 3), (93, 2), (95, 1), (inf, 0)),
    "systolic": ((90, 3), (100, 2), (110, 1), (219, 0), (inf, 3)),
    "pulse": ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (inf, 3)),
    "temperature": ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (inf, 2)),
}
"""(up to and including this value, points)."""

SCALE_2_LOW = ((83, 3), (85, 2), (87, 1), (92, 0))
"""Scale 2 up to 92 %, and above it on air, where it gives 0."""
SCALE_2_ON_OXYGEN = ((94, 1), (96, 2), (inf, 3))
"""Scale 2 above 92 % on oxygen."""

Limits = tuple[tuple[float, float, int], ...]

PEWS_BANDS: tuple[tuple[int, dict[str, Limits]], ...] = (
    (1, {"pulse": ((70, 180, 4), (80, 170, 2), (100, 150, 1)), "systolic": ((60, 150, 4), (70, 120, 2), (80, 100, 1)),
         "resp_rate": ((15, 81, 4), (19, 71, 2), (24, 51, 1))}),
    (4, {"pulse": ((60, 170, 4), (70, 150, 2), (90, 120, 1)), "systolic": ((65, 160, 4), (75, 125, 2), (90, 110, 1)),
         "resp_rate": ((12, 71, 4), (15, 61, 2), (19, 41, 1))}),
    (12, {"pulse": ((50, 150, 4), (60, 130, 2), (70, 110, 1)), "systolic": ((70, 170, 4), (80, 140, 2), (90, 120, 1)),
          "resp_rate": ((10, 51, 4), (14, 41, 2), (19, 31, 1))}),
    (16, {"pulse": ((40, 140, 4), (50, 120, 2), (60, 100, 1)), "systolic": ((75, 190, 4), (85, 150, 2), (100, 130, 1)),
          "resp_rate": ((9, 30, 4), (10, 23, 2), (11, 17, 1))}),
)  # fmt: skip
"""Under this age: (at most, at least, points), the worst first. Our record counts completed years: infants are
scored by the band of 3 to 12 months, and "over 12 years" begins with the 12th birthday. Two entries are printed
with > 150 and < 50 where all others have at least and at most: read as these."""

PEWS_SATURATION = ((90, 2), (94, 1), (inf, 0))
NOT_ALERT_POINTS = 3
ON_OXYGEN_POINTS = 2


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """A score and how it came about."""

    scale: str
    """`NEWS2`, or `PEWS-5` for the five items of Bedside PEWS with consciousness."""
    points: dict[str, int]
    """By vital sign; those not measured are absent and count 0."""
    missing: tuple[str, ...]
    """Vital signs that were not measured."""

    @property
    def total(self) -> int:
        """The score."""
        return sum(self.points.values())

    @property
    def red(self) -> bool:
        """Whether one sign alone has 3 points or more."""
        return max(self.points.values(), default=0) >= 3


def early_warning(profile: Profile) -> EarlyWarning:
    """Return the score of the patient's scale: NEWS2 from 16 years on, PEWS-5 below."""
    vitals = profile.picture.vitals
    if profile.demographics.age >= ADULT:
        scale_2 = "hypercapnic respiratory failure" in profile.picture.diagnoses
        return news2(vitals, scale_2)
    return pews(vitals, profile.demographics.age)


def news2(vitals: Vitals, scale_2: bool = False) -> EarlyWarning:
    """Return the NEWS2 score; `scale_2` for confirmed hypercapnic respiratory failure.

    >>> news2(Vitals(resp_rate=22, spo2=94, on_oxygen=True, systolic=105, pulse=112, temperature=38.5,
    ...              consciousness="A")).total
    9
    """
    points = dict(_banded(vitals, NEWS2_BANDS))
    if scale_2 and vitals.spo2 is not None:
        points["spo2"] = _scale_2(vitals.spo2, bool(vitals.on_oxygen))
    return _scored("NEWS2", vitals, points)


def pews(vitals: Vitals, age: int) -> EarlyWarning:
    """Return PEWS-5 of a child of so many completed years."""
    bands = next(limits for under, limits in PEWS_BANDS if age < under)
    points = {}
    for sign, limits in bands.items():
        value = getattr(vitals, sign)
        if value is not None:
            points[sign] = next((p for low, high, p in limits if value <= low or value >= high), 0)
    points |= dict(_banded(vitals, {"spo2": PEWS_SATURATION}))
    return _scored("PEWS-5", vitals, points)


def _scored(scale: str, vitals: Vitals, points: dict[str, int]) -> EarlyWarning:
    if vitals.on_oxygen is not None:
        points["on_oxygen"] = ON_OXYGEN_POINTS * vitals.on_oxygen
    if vitals.consciousness is not None:
        points["consciousness"] = NOT_ALERT_POINTS * (vitals.consciousness != "A")
    asked = ["resp_rate", "spo2", "on_oxygen", "systolic", "pulse", "consciousness"]
    asked += ["temperature"] if scale == "NEWS2" else []
    return EarlyWarning(scale, points, tuple(sign for sign in asked if sign not in points))


def _banded(vitals: Vitals, bands: dict[str, tuple[tuple[float, int], ...]]) -> Iterator[tuple[str, int]]:
    for sign, limits in bands.items():
        value = getattr(vitals, sign)
        if value is not None:
            yield sign, _points(value, limits)


def _points(value: float, limits: Sequence[tuple[float, int]]) -> int:
    return next(points for most, points in limits if value <= most)


def _scale_2(spo2: int, on_oxygen: bool) -> int:
    if spo2 <= SCALE_2_LOW[-1][0]:
        return _points(spo2, SCALE_2_LOW)
    return _points(spo2, SCALE_2_ON_OXYGEN) if on_oxygen else 0
