"""The calibrated generator: clinical pictures drawn from the laws of `laws.py` and the tables of `presenting.py`.

It is the truth against which language models are judged, their training corpus, and the default source of
pictures. Each person's variates are their own elements of named streams, so the picture of person i depends
on the seed, on i and on their demographics, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, gammainc, gammaincinv, ndtr, ndtri

from agents.profiles import laws
from agents.profiles import presenting as tables
from agents.profiles.laws import Law
from agents.profiles.people import People
from agents.profiles.record import LISTS, PICTURE_COLUMNS, Demographics, Picture, Profile
from agents.profiles.vignettes import vignettes
from agents.profiles.vocabulary import (
    ALLERGIES,
    CHRONIC,
    COMPLAINTS,
    CONSCIOUSNESS,
    DRUG_CLASS,
    FAMILY_HISTORY,
    INFECTIONS,
)
from sim.streams import uniforms

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Variates = Callable[[str], Floats]
"""From a purpose to one uniform number per person."""


def variates(seed: int, n: int, first: int = 0) -> Variates:
    """Return the variates of persons `first` to `first + n`."""
    return lambda purpose: uniforms(seed, 0, ("profiles", purpose), n, first)


def pictures(demographics: pd.DataFrame, draw: Variates, with_vignettes: bool = True) -> pd.DataFrame:
    """Return the flat form of one picture per row of demographics, in the columns `PICTURE_COLUMNS`."""
    people = draw_people(demographics, draw, with_vignettes)
    return people.frame()[[c for c in PICTURE_COLUMNS if c != "vignette" or with_vignettes]]


def picture(demographics: Demographics, draw: Variates) -> Picture:
    """Return one picture; `draw` gives one number for each purpose."""
    frame = draw_people(pd.DataFrame([demographics.__dict__]), draw).frame()
    row = {c: _plain(frame[c].iloc[0]) for c in PICTURE_COLUMNS}
    return Profile.of_row({**demographics.__dict__, **row}).picture


def draw_people(demographics: pd.DataFrame, draw: Variates, with_vignettes: bool = True) -> People:
    """Return the people with these demographics and a picture each, as columns.

    A demographic that is missing counts as none of its groups.
    """
    people = People.of_frame(demographics)
    for name, words in LISTS.items():
        people.lists[name] = np.zeros((people.n, len(words)), dtype=np.bool_)
    _social(people, draw)
    for word, share in tables.FAMILY_SHARES.items():
        _note(people, "family_history", word, draw(f"family history {word}") < share)
    for law in laws.CHRONIC_LAWS:
        word = law.outcome.partition("=")[2]
        _note(people, "diagnoses", word, holds(people, law, draw(word)))
    sickle = people.has("diagnoses", "sickle cell disease") & (draw("family history sickle cell") < 0.6)
    _note(people, "family_history", FAMILY_HISTORY[-1], sickle)
    _living(people, draw)
    for word in ALLERGIES:
        _note(people, "allergies", word, draw(f"allergy {word}") < tables.ALLERGY_SHARES[word])
    chief = _complaints(people, draw)
    _acute(people, chief, draw)
    _triage(people, chief, draw)
    _vitals(people, draw)
    _labs(people, draw)
    _imaging(people, chief, draw)
    _medications(people, chief, draw)
    if with_vignettes:
        people.single["vignette"] = np.array(vignettes(people, draw), dtype=object)
    return people


def in_domain(people: People, law: Law) -> Bools:
    """Return for whom the law holds."""
    inside = np.ones(people.n, dtype=np.bool_)
    for feature, least, most in law.domain:
        values = people.feature(feature)
        inside &= (values >= least) & (values <= most)
    return inside


def linear(people: People, law: Law) -> Floats:
    """Return the law's log odds or mean for everybody; a feature that is missing adds nothing."""
    total = np.full(people.n, law.intercept)
    for slope in law.slopes:
        total += slope.value * np.nan_to_num(people.feature(slope.feature))
    return total


def holds(people: People, law: Law, u: Floats) -> Bools:
    """Return who has the outcome of an odds law."""
    return np.asarray(in_domain(people, law) & (u < expit(linear(people, law))), dtype=np.bool_)


def normal_within(
    u: Floats, mean: Floats, sd: float | Floats, least: float | Floats, most: float | Floats
) -> Floats:
    """Return normal variates, given that they lie within bounds."""
    low, high = ndtr((least - mean) / sd), ndtr((most - mean) / sd)
    return np.asarray(np.clip(mean + sd * ndtri(low + u * (high - low)), least, most), dtype=np.float64)


def gamma_below(u: Floats, mean: Floats, shape: float, most: float) -> Floats:
    """Return gamma variates, given that they lie below a bound."""
    scale = mean / shape
    return np.asarray(scale * gammaincinv(shape, u * gammainc(shape, most / scale)), dtype=np.float64)


def choose(u: Floats, weights: Floats) -> NDArray[np.int64]:
    """Return a column of the weights (n x options, or options alone) for each person."""
    cumulative = np.cumsum(np.broadcast_to(weights, (len(u), weights.shape[-1])), axis=1)
    return np.asarray((u[:, None] * cumulative[:, -1:] >= cumulative).sum(axis=1), dtype=np.int64)


def _note(people: People, column: str, word: str, who: Bools) -> None:
    people.lists[column][:, LISTS[column].index(word)] |= who


def _social(people: People, draw: Variates) -> None:
    smoking = np.full(people.n, "never", dtype=object)
    people.single["smoking"] = smoking
    smoking[holds(people, laws.SMOKES_NOW, draw("smoking current"))] = "current"
    smoking[holds(people, laws.SMOKED_ONCE, draw("smoking former"))] = "former"
    alcohol = np.full(people.n, "none", dtype=object)
    people.single["alcohol"] = alcohol
    alcohol[holds(people, laws.DRINKS_MUCH, draw("alcohol heavy"))] = "heavy"
    alcohol[holds(people, laws.DRINKS, draw("alcohol moderate"))] = "moderate"


def _living(people: People, draw: Variates) -> None:
    """All shares assumed."""
    age = people.number("age")
    deprived = np.nan_to_num(people.feature("deprived"))
    care_home = np.where(age >= 75, 0.06 + 0.30 * people.has("diagnoses", "dementia"), 0.0)
    no_home = np.where((age >= 18) & (age < 75), 0.004 + 0.012 * deprived, 0.0)
    alone = np.where(age >= 75, 0.35, np.where(age >= 18, 0.17, 0.0))
    weights = np.column_stack((1 - alone - care_home - no_home, alone, care_home, no_home))
    options = np.array(("with others", "alone", "care home", "no home"), dtype=object)
    people.single["living"] = options[choose(draw("living"), weights)]


def _complaints(people: People, draw: Variates) -> NDArray[np.object_]:
    """Give everybody a chief complaint and some a second one; return the chief complaints."""
    group = np.searchsorted(tables.AGE_GROUPS, people.number("age"), side="right") - 1
    weights = np.array([tables.COMPLAINT_WEIGHTS[c] for c in COMPLAINTS]).T[group]
    for diagnosis, complaint, extra in tables.COMPLAINT_EXTRA:
        weights[:, COMPLAINTS.index(complaint)] += extra * people.has("diagnoses", diagnosis)
    chief = choose(draw("chief complaint"), weights)
    companions = np.array([[COMPLAINTS.index(x) for x in tables.COMPANIONS[c]] for c in COMPLAINTS])[chief]
    one, two = tables.COMPANION_SHARES
    which = choose(draw("second complaint"), np.array((one, two, 1 - one - two)))
    second = np.where(which < 2, companions[np.arange(people.n), np.minimum(which, 1)], -1)
    people.complaints = np.column_stack((chief, second, np.full(people.n, -1)))
    people.lists["complaints"][np.arange(people.n), chief] = True
    people.lists["complaints"][np.flatnonzero(second >= 0), second[second >= 0]] = True
    return np.array(COMPLAINTS, dtype=object)[chief]


def _by_word(chief: NDArray[np.object_], values: dict[str, float], otherwise: float) -> Floats:
    found = np.full(len(chief), otherwise)
    for word, value in values.items():
        found[chief == word] = value
    return found


def _acute(people: People, chief: NDArray[np.object_], draw: Variates) -> None:
    share = _by_word(chief, tables.INFECTION_SHARE, tables.OTHER_INFECTION_SHARE)
    infected = draw("infection") < share
    kinds = np.tile(np.array(tables.OTHER_INFECTION_KINDS, dtype=np.float64), (people.n, 1))
    for word, shares in tables.INFECTION_KINDS.items():
        kinds[chief == word] = shares
    kind = choose(draw("kind of infection"), kinds)
    for k, word in enumerate(INFECTIONS):
        _note(people, "diagnoses", word, infected & (kind == k))
    for place, (word, complaint, needed, most, from_age) in enumerate(tables.ACUTE_SHARES):
        able = (chief == complaint) & (people.number("age") >= from_age)
        if needed:
            able &= np.logical_or.reduce([people.has("diagnoses", x) for x in needed])
        _note(people, "diagnoses", word, able & (draw(f"acute {place}") < most))


def _triage(people: People, chief: NDArray[np.object_], draw: Variates) -> None:
    chronic = people.lists["diagnoses"][:, : len(CHRONIC)].sum(axis=1)
    latent = _by_word(chief, tables.TRIAGE_MEAN, 3.0)
    latent += tables.TRIAGE_OF_OLD * people.feature("aged 75 or more")
    latent += tables.TRIAGE_PER_CHRONIC * np.minimum(chronic, 5)
    latent += tables.TRIAGE_SPREAD * ndtri(draw("triage"))
    people.single["triage"] = 1.0 + np.searchsorted((1.5, 2.5, 3.5, 4.5), latent)


def _vitals(people: People, draw: Variates) -> None:
    made = people.single
    n = people.n
    made["temperature"] = np.full(n, np.nan)
    hot = holds(people, laws.HAS_FEVER, draw("fever"))
    u = draw("temperature")
    warm, cool = (
        normal_within(u, np.full(n, 38.8), 0.5, 38.0, 41.0),
        normal_within(u, np.full(n, 36.8), 0.35, 35.3, 37.9),
    )
    made["temperature"] = np.round(np.where(hot, warm, cool), 1)
    made["pulse"] = np.round(
        normal_within(
            draw("pulse"), linear(people, laws.PULSE), 0.11 * people.feature("usual pulse"), 42.0, 230.0
        )
    )
    usual = people.feature("usual breaths")
    made["resp_rate"] = np.round(
        normal_within(draw("breaths"), linear(people, laws.BREATHS), 0.12 * usual, 6.0, 80.0)
    )
    usual = people.feature("usual systolic")
    systolic = np.round(
        normal_within(draw("systolic"), linear(people, laws.SYSTOLIC), 0.1 * usual, 55.0, 240.0)
    )
    made["systolic"] = systolic
    mean = linear(people, laws.DIASTOLIC)
    made["diastolic"] = np.round(
        normal_within(draw("diastolic"), mean, 0.05 * systolic, 25.0, systolic - 8.0)
    )
    deficit = gamma_below(draw("saturation"), 100.0 - linear(people, laws.SATURATION), 6.0, 40.0)
    spo2 = np.round(100.0 - deficit)
    made["spo2"] = spo2
    made["on_oxygen"] = _on_oxygen(people, spo2, draw("oxygen"))
    made["consciousness"] = _consciousness(people, draw)


def _on_oxygen(people: People, spo2: Floats, u: Floats) -> Bools:
    """All shares assumed; the target of 88 to 92 % in COPD is the British Thoracic Society's (2017)."""
    share = np.select([spo2 < 88, spo2 < 92, spo2 < 94], [0.95, 0.85, 0.35], 0.02)
    share = np.where(people.has("diagnoses", "COPD") & (spo2 >= 88), 0.15, share)
    return u < np.where(people.number("triage") == 1, np.maximum(share, 0.4), share)


def _consciousness(people: People, draw: Variates) -> NDArray[np.object_]:
    """Shares among those not alert assumed: deeper with urgency, newly confused if that is the complaint."""
    away = holds(people, laws.NOT_ALERT, draw("not alert"))
    confused = people.has("complaints", "confusion")
    triage = people.number("triage")
    weights = np.where((triage == 1)[:, None], (0.20, 0.30, 0.25, 0.25), (0.50, 0.35, 0.10, 0.05))
    weights = np.where((triage >= 4)[:, None], (0.80, 0.20, 0.0, 0.0), weights)
    weights = np.where(confused[:, None], (0.92, 0.08, 0.0, 0.0), weights)
    level = np.array(CONSCIOUSNESS[1:], dtype=object)[choose(draw("consciousness"), weights)]
    return np.where(away, level, "A").astype(object)


def _labs(people: People, draw: Variates) -> None:
    made = people.single
    triage = people.number("triage").astype(int) - 1
    share = np.array(tables.BLOOD_SHARES)[triage] * np.where(people.feature("child") > 0, 0.5, 1.0)
    blood = draw("blood") < share
    diabetic = people.has("diagnoses", "type 2 diabetes")
    glycated = draw("hba1c taken") < np.where(diabetic, 0.60, 0.12)
    gas = blood & (draw("lactate taken") < np.where(triage <= 1, 0.7, 0.25))
    sugar = normal_within(draw("hba1c"), linear(people, laws.HBA1C), np.where(diabetic, 1.1, 0.35), 3.8, 14.0)
    made["hba1c"] = np.where(glycated, np.round(sugar, 1), np.nan)
    creatinine = gamma_below(draw("creatinine"), linear(people, laws.CREATININE), 20.0, 1400.0)
    made["creatinine"] = np.where(blood, np.round(np.maximum(creatinine, 15.0)), np.nan)
    haemoglobin = normal_within(draw("haemoglobin"), linear(people, laws.HAEMOGLOBIN), 11.0, 45.0, 205.0)
    made["haemoglobin"] = np.where(blood, np.round(haemoglobin), np.nan)
    white = gamma_below(draw("white cells"), linear(people, laws.WHITE_CELLS), 9.0, 90.0)
    made["white_cells"] = np.where(blood, np.round(white, 1), np.nan)
    protein = gamma_below(draw("crp"), linear(people, laws.CRP), 1.2, 590.0)
    made["crp"] = np.where(blood, np.round(protein), np.nan)
    lactate = gamma_below(draw("lactate"), linear(people, laws.LACTATE), 8.0, 25.0)
    made["lactate"] = np.where(gas, np.round(lactate, 1), np.nan)


def _imaging(people: People, chief: NDArray[np.object_], draw: Variates) -> None:
    taken = {kind: np.zeros(people.n, dtype=np.bool_) for kind, _, _ in tables.IMAGING_SHARES}
    u = draw("imaging")
    for kind, complaint, share in tables.IMAGING_SHARES:
        taken[kind] |= (chief == complaint) & (u < share)
    taken[tables.BELLY] &= ~people.has("diagnoses", "pregnancy") & (people.number("age") >= 16)
    seen = draw("seen on imaging")
    lungs = people.has("diagnoses", "pneumonia") & (seen < 0.85)
    wet = people.has("diagnoses", "heart failure") & (seen < 0.5) & ~lungs
    findings: Sequence[tuple[str, str, Bools]] = (
        (tables.CHEST, "consolidation", lungs), (tables.CHEST, "congestion", wet),
        (tables.LIMB, "fracture", people.has("diagnoses", "fracture")),
        (tables.HEAD, "infarct", people.has("diagnoses", "acute stroke") & (seen < 0.7)),
        (tables.WOMB, "not viable", seen < 0.3),
    )  # fmt: skip
    for kind, finding, found in findings:
        _note(people, "imaging", f"{kind} {finding}", taken[kind] & found)
    for kind, who in taken.items():
        abnormal = [found for of, _, found in findings if of == kind]
        well = who & ~np.logical_or.reduce([np.zeros(people.n, dtype=np.bool_), *abnormal])
        _note(people, "imaging", f"{kind} {'viable' if kind == tables.WOMB else 'normal'}", well)


def _medications(people: People, chief: NDArray[np.object_], draw: Variates) -> None:
    for diagnosis, medication, share in tables.MEDICATION_SHARES:
        u = draw(f"{medication} for {diagnosis}")
        _note(
            people,
            "medications",
            medication,
            people.has("diagnoses", diagnosis) & (u < share) & allowed(people, medication),
        )
    hurts = np.isin(chief, tables.PAINFUL)
    for medication, share in tables.PAINKILLER_SHARES:
        who = hurts & (draw(f"{medication} for pain") < share) & allowed(people, medication)
        if medication == "ibuprofen":
            who &= ~people.has("diagnoses", "chronic kidney disease") & ~people.has(
                "diagnoses", "heart failure"
            )
            who &= ~people.has("medications", "apixaban")
        _note(people, "medications", medication, who)
    left = (people.feature("bacterial infection") > 0) & (draw("antibiotic") < tables.ANTIBIOTIC_SHARE)
    for medication in tables.ANTIBIOTICS:
        who = left & allowed(people, medication)
        _note(people, "medications", medication, who)
        left &= ~who


def allowed(people: People, medication: str) -> Bools:
    """Return who may take it: no allergy to its class, old enough, not in a pregnancy that forbids it."""
    free = people.number("age") >= tables.FROM_AGE.get(medication, 0)
    if medication in DRUG_CLASS:
        free &= ~people.has("allergies", DRUG_CLASS[medication])
    if medication in tables.NOT_IN_PREGNANCY:
        free &= ~people.has("diagnoses", "pregnancy")
    return np.asarray(free, dtype=np.bool_)


def _plain(value: object) -> object:
    """Return a scalar of a frame as a plain value, None where it is missing."""
    if value is None or value is pd.NA or value != value:
        return None
    return value.item() if isinstance(value, np.generic) else value
