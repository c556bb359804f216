"""Rules that a plausible profile keeps; used to reject what a model wrote and to flag what a file holds.

A rule speaks only where what it needs is there: a missing value breaks nothing. Limits without a source in
`presenting.py` are assumed and wide: a broken rule is a reason to look, not a proof of error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from agents.profiles.presenting import FROM_AGE, NOT_IN_PREGNANCY
from agents.profiles.record import Profile
from agents.profiles.vocabulary import DRUG_CLASS

LEAST_AGE = {
    "COPD": 30, "hypercapnic respiratory failure": 15, "ischaemic heart disease": 20, "dementia": 40,
    "peripheral vascular disease": 25, "atrial fibrillation": 10, "acute coronary syndrome": 18,
}  # fmt: skip
"""Diagnoses that are implausible below an age."""

INDICATIONS = {
    "metformin": {"type 2 diabetes"}, "insulin": {"type 2 diabetes"}, "donepezil": {"dementia"},
    "tiotropium inhaler": {"COPD", "asthma"}, "levetiracetam": {"epilepsy"},
    "apixaban": {"atrial fibrillation", "previous stroke", "acute stroke"},
    "hydroxycarbamide": {"sickle cell disease", "cancer"},
}  # fmt: skip
"""Medications that are taken for little else, and for what."""

SHOWN_BY = {
    "chest X-ray consolidation": {"pneumonia"}, "limb X-ray fracture": {"fracture"},
    "CT head infarct": {"acute stroke", "previous stroke"}, "ultrasound pregnancy viable": {"pregnancy"},
    "ultrasound pregnancy not viable": {"pregnancy"},
}  # fmt: skip
"""Findings that need one of these diagnoses."""

NORMAL_AND_NOT = (
    ("chest X-ray normal", "chest X-ray consolidation"), ("chest X-ray normal", "chest X-ray congestion"),
    ("limb X-ray normal", "limb X-ray fracture"), ("CT head normal", "CT head infarct"),
    ("ultrasound pregnancy viable", "ultrasound pregnancy not viable"),
)  # fmt: skip

WIDE_RANGES: tuple[tuple[int, dict[str, tuple[float, float]]], ...] = (
    (1, {"pulse": (70, 220), "resp_rate": (14, 90), "systolic": (45, 140)}),
    (5, {"pulse": (60, 210), "resp_rate": (10, 80), "systolic": (50, 150)}),
    (12, {"pulse": (45, 200), "resp_rate": (8, 70), "systolic": (55, 170)}),
    (18, {"pulse": (35, 200), "resp_rate": (6, 60), "systolic": (60, 190)}),
)
"""Under this age, what a vital sign can be in a child who is alive and not being resuscitated."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, and whether a profile breaks it."""

    name: str
    title: str
    breaks: Callable[[Profile], bool]


def broken(profile: Profile) -> list[str]:
    """Return the names of the rules that a profile breaks.

    >>> from agents.profiles.record import Demographics, Picture
    >>> him = Demographics(profile_id="p1", age=4, sex="male")
    >>> broken(Profile(demographics=him, picture=Picture(complaints=("fall",), diagnoses=("COPD", "pregnancy"))))
    ['pregnancy-sex', 'pregnancy-age', 'disease-age']
    """
    return [rule.name for rule in RULES if rule.breaks(profile)]


def _pregnant(p: Profile) -> bool:
    return "pregnancy" in p.picture.diagnoses


def _allergic_drug(p: Profile) -> bool:
    return any(DRUG_CLASS.get(drug) in p.picture.allergies for drug in p.picture.medications)


def _too_young_for_drug(p: Profile) -> bool:
    return any(p.demographics.age < FROM_AGE.get(drug, 0) for drug in p.picture.medications)


def _too_young(p: Profile) -> bool:
    return any(p.demographics.age < LEAST_AGE.get(disease, 0) for disease in p.picture.diagnoses)


def _no_indication(p: Profile) -> bool:
    has = set(p.picture.diagnoses)
    return any(drug in INDICATIONS and not INDICATIONS[drug] & has for drug in p.picture.medications)


def _unexplained_finding(p: Profile) -> bool:
    has = set(p.picture.diagnoses)
    return any(finding in SHOWN_BY and not SHOWN_BY[finding] & has for finding in p.picture.imaging)


def _contradicting_findings(p: Profile) -> bool:
    return any(a in p.picture.imaging and b in p.picture.imaging for a, b in NORMAL_AND_NOT)


def _child_outside_range(p: Profile) -> bool:
    ranges = next((limits for under, limits in WIDE_RANGES if p.demographics.age < under), {})
    for sign, (least, most) in ranges.items():
        value = getattr(p.picture.vitals, sign)
        if value is not None and not least <= value <= most:
            return True
    return False


def _pressures(p: Profile) -> bool:
    low, high = p.picture.vitals.diastolic, p.picture.vitals.systolic
    return low is not None and high is not None and low >= high


def _child_habits(p: Profile) -> bool:
    social = p.picture.social
    return p.demographics.age < 12 and (
        social.smoking in ("former", "current") or social.alcohol in ("moderate", "heavy")
    )


def _child_alone(p: Profile) -> bool:
    return p.demographics.age < 14 and p.picture.social.living in ("alone", "care home", "no home")


def _unresponsive_but_can_wait(p: Profile) -> bool:
    return p.picture.vitals.consciousness in ("P", "U") and (p.picture.triage or 0) >= 4


def _shocked_but_can_wait(p: Profile) -> bool:
    pressure = p.picture.vitals.systolic
    return (
        p.demographics.age >= 18 and (p.picture.triage or 0) >= 4 and pressure is not None and pressure < 70
    )


def _exacerbation_of_nothing(p: Profile) -> bool:
    has = p.picture.diagnoses
    return "exacerbation of airways disease" in has and "asthma" not in has and "COPD" not in has


def _told_age(p: Profile) -> bool:
    told = re.search(r"\b(\d{1,3})[- ]years?[- ]old", p.picture.vignette)
    return told is not None and int(told[1]) != p.demographics.age


WOMEN = re.compile(r"\b(woman|girl|female|lady)\b", re.IGNORECASE)
MEN = re.compile(r"\b(man|boy|male|gentleman)\b", re.IGNORECASE)


def _told_sex(p: Profile) -> bool:
    """Only the first such word counts: a vignette may speak of others after the patient."""
    woman, man = WOMEN.search(p.picture.vignette), MEN.search(p.picture.vignette)
    if woman is None and man is None:
        return False
    first = "female" if man is None or (woman is not None and woman.start() < man.start()) else "male"
    return p.demographics.sex != "other" and first != p.demographics.sex


RULES: tuple[Rule, ...] = (
    Rule("pregnancy-sex", "No pregnancy in a male patient",
         lambda p: p.demographics.sex == "male" and _pregnant(p)),
    Rule("pregnancy-age", "Pregnancy at 10 to 55 years only",
         lambda p: _pregnant(p) and not 10 <= p.demographics.age <= 55),
    Rule("pregnancy-complaint", "Bleeding in pregnancy needs a pregnancy",
         lambda p: "bleeding in pregnancy" in p.picture.complaints and not _pregnant(p)),
    Rule("pregnancy-drug", "No medication that pregnancy forbids",
         lambda p: _pregnant(p) and any(drug in NOT_IN_PREGNANCY for drug in p.picture.medications)),
    Rule("drug-allergy", "No medication of a class that the patient is allergic to", _allergic_drug),
    Rule("drug-age", "No medication that the patient is too young for", _too_young_for_drug),
    Rule("drug-indication", "Medications that are taken for one thing have their diagnosis", _no_indication),
    Rule("disease-age", "No disease of adults in a child", _too_young),
    Rule("exacerbation", "An exacerbation of airways disease needs asthma or COPD", _exacerbation_of_nothing),
    Rule("hypercapnia", "Hypercapnic respiratory failure needs COPD, asthma or obesity",
         lambda p: "hypercapnic respiratory failure" in p.picture.diagnoses
         and not {"COPD", "asthma", "obesity"} & set(p.picture.diagnoses)),
    Rule("finding-diagnosis", "A finding on imaging has its diagnosis", _unexplained_finding),
    Rule("finding-normal", "The same image is not both normal and not", _contradicting_findings),
    Rule("paediatric-range", "A child's vital signs are those of a living child", _child_outside_range),
    Rule("pressures", "The diastolic pressure is below the systolic one", _pressures),
    Rule("child-habits", "No smoking or drinking under 12 years", _child_habits),
    Rule("child-living", "No child under 14 lives alone", _child_alone),
    Rule("consciousness-triage", "Who does not respond to voice cannot wait", _unresponsive_but_can_wait),
    Rule("pressure-triage", "An adult with a systolic pressure under 70 cannot wait", _shocked_but_can_wait),
    Rule("vignette-age", "The vignette tells the patient's age", _told_age),
    Rule("vignette-sex", "The vignette tells the patient's sex", _told_sex),
)  # fmt: skip
"""All rules, in the order in which they are reported."""
