"""One or two sentences about each person, put together from what has been drawn. They add no new facts that matter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from agents.profiles.people import FEVER, People
from agents.profiles.vocabulary import CHRONIC, COMPLAINTS

DURATIONS = (
    "for one hour",
    "for three hours",
    "since this morning",
    "since last night",
    "for two days",
    "for a week",
)

DETAILS: dict[str, tuple[str, str, str]] = {
    "chest pain": ("central and heavy", "sharp and worse on breathing in", "spreading to the left arm"),
    "shortness of breath": ("worse lying flat", "worse on walking", "worse at night"),
    "abdominal pain": ("low on the right", "colicky and diffuse", "high in the middle"),
    "fall": ("at home", "on the stairs", "in the street"),
    "head injury": ("after a blow to the forehead", "after a bump on a door", "after a trip"),
    "fever": ("with shivering", "with poor appetite", "with aching"),
    "seizure": ("seen by others", "lasting some minutes", "which stopped by itself"),
    "collapse": ("on standing up", "seen by others", "without warning"),
    "headache": ("sudden and severe", "frontal and throbbing", "worse in bright light"),
    "back pain": ("after lifting", "running down one leg", "low in the back"),
    "limb injury": ("to the left wrist", "to the right ankle", "with swelling"),
    "cut": ("to the hand", "to the forearm", "to the shin"),
    "vomiting": ("with nausea", "keeping little down", "after a meal"),
    "urinary symptoms": ("with burning", "with urgency", "with pain in the flank"),
    "stroke symptoms": ("with a drooping face", "with a weak arm", "with slurred speech"),
    "palpitations": ("fast and irregular", "with light-headedness", "at rest"),
    "overdose": ("of tablets", "of mixed tablets", "of tablets with alcohol"),
    "self-harm": ("with superficial wounds", "with low mood", "with thoughts of suicide"),
    "rash": ("itchy and widespread", "on the legs", "on the trunk"),
    "bleeding in pregnancy": ("light", "heavy", "with cramps"),
    "confusion": ("noticed by family", "worse at night", "noticed by others"),
    "severe limb pain": ("in the thigh", "in both legs", "in the arm"),
    "cough": ("dry and persistent", "with phlegm", "with a runny nose"),
    "sore throat": ("worse on swallowing", "with hoarseness", "with swollen glands"),
}  # fmt: skip


def vignettes(people: People, draw: Callable[[str], NDArray[np.float64]]) -> list[str]:
    """Return a vignette for each person."""
    assert people.complaints is not None
    duration = (draw("vignette duration") * len(DURATIONS)).astype(int)
    detail = (draw("vignette detail") * 3).astype(int)
    form = draw("vignette form") < 0.5
    chronic = people.lists["diagnoses"][:, : len(CHRONIC)]
    history = _history(chronic)
    endings = _endings(people)
    ages, sexes = people.number("age").astype(int), people.single["sex"]
    texts = []
    for k in range(people.n):
        who = _who(int(ages[k]), str(sexes[k]))
        complaint = COMPLAINTS[people.complaints[k, 0]]
        details, since = DETAILS[complaint][detail[k]], DURATIONS[duration[k]]
        if form[k]:
            text = f"{who} with {history[k]}: {complaint} {since}, {details}."
        else:
            text = f"{who}, {complaint} {details}, {since}; {history[k]}."
        texts.append(text + endings[k])
    return texts


def _history(chronic: NDArray[np.bool_]) -> list[str]:
    said: dict[bytes, str] = {}
    texts = []
    for has in chronic:
        key = has.tobytes()
        if key not in said:
            names = [CHRONIC[k] for k in np.flatnonzero(has)][:4]
            before = ", ".join(names[:-1])
            said[key] = (f"{before} and {names[-1]}" if before else names[-1]) if names else "no past history"
        texts.append(said[key])
    return texts


def _endings(people: People) -> list[str]:
    """Return a remark on the most striking sign."""
    spo2, oxygen = people.number("spo2"), people.single["on_oxygen"]
    away, hot = people.single["consciousness"] != "A", people.number("temperature") >= FEVER
    calm = people.number("triage") >= 4
    signs = [(away, " Not fully alert."), (oxygen, " On oxygen."), (spo2 < 92, " Low oxygen saturation."),
             (hot, " Feverish."), (calm, " Comfortable.")]  # fmt: skip
    place = np.select([np.asarray(sign, dtype=np.bool_) for sign, _ in signs], range(len(signs)), len(signs))
    return [[*(text for _, text in signs), ""][k] for k in place]


def _who(age: int, sex: str) -> str:
    if age < 1:
        return {"female": "Baby girl", "male": "Baby boy"}.get(sex, "Baby") + " under one year"
    if age < 18:
        return f"{age}-year-old " + {"female": "girl", "male": "boy"}.get(sex, "child")
    return f"{age}-year-old " + {"female": "woman", "male": "man"}.get(sex, "person")
