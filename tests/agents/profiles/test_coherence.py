import pytest

from agents.profiles.coherence import RULES, broken
from tests.agents.profiles.making import patient

BREAKS = {
    "pregnancy-sex": patient(30, "male", {"diagnoses": ("pregnancy",)}),
    "pregnancy-age": patient(56, "female", {"diagnoses": ("pregnancy",)}),
    "pregnancy-complaint": patient(30, "female", {"complaints": ("bleeding in pregnancy",)}),
    "pregnancy-drug": patient(30, "female", {"diagnoses": ("pregnancy",), "medications": ("ramipril",)}),
    "drug-allergy": patient(30, "male", {"allergies": ("penicillin",), "medications": ("amoxicillin",)}),
    "drug-age": patient(15, "male", {"medications": ("aspirin",)}),
    "drug-indication": patient(60, "male", {"medications": ("insulin",)}),
    "disease-age": patient(12, "male", {"diagnoses": ("dementia",)}),
    "exacerbation": patient(60, "male", {"diagnoses": ("exacerbation of airways disease",)}),
    "hypercapnia": patient(60, "male", {"diagnoses": ("hypercapnic respiratory failure",)}),
    "finding-diagnosis": patient(60, "male", {"imaging": ("limb X-ray fracture",)}),
    "finding-normal": patient(60, "male", {"imaging": ("chest X-ray normal", "chest X-ray congestion")}),
    "paediatric-range": patient(0, "male", {"pulse": 60}),
    "pressures": patient(60, "male", {"systolic": 90, "diastolic": 90}),
    "child-habits": patient(11, "male", {"smoking": "current"}),
    "child-living": patient(13, "male", {"living": "alone"}),
    "consciousness-triage": patient(60, "male", {"consciousness": "P", "triage": 4}),
    "pressure-triage": patient(60, "male", {"systolic": 69, "triage": 4}),
    "vignette-age": patient(60, "male", {"vignette": "A 61-year-old man with a cough."}),
    "vignette-sex": patient(60, "male", {"vignette": "A 60-year-old woman with a cough."}),
}
KEEPS = {
    "pregnancy-sex": patient(30, "other", {"diagnoses": ("pregnancy",)}),
    "pregnancy-age": patient(55, "female", {"diagnoses": ("pregnancy",)}),
    "pregnancy-complaint": patient(
        30, "female", {"complaints": ("bleeding in pregnancy",), "diagnoses": ("pregnancy",)}
    ),
    "pregnancy-drug": patient(30, "female", {"diagnoses": ("pregnancy",), "medications": ("folic acid",)}),
    "drug-allergy": patient(30, "male", {"allergies": ("penicillin",), "medications": ("doxycycline",)}),
    "drug-age": patient(16, "male", {"medications": ("aspirin",)}),
    "drug-indication": patient(60, "male", {"medications": ("insulin",), "diagnoses": ("type 2 diabetes",)}),
    "disease-age": patient(40, "male", {"diagnoses": ("dementia",)}),
    "exacerbation": patient(60, "male", {"diagnoses": ("asthma", "exacerbation of airways disease")}),
    "hypercapnia": patient(60, "male", {"diagnoses": ("COPD", "hypercapnic respiratory failure")}),
    "finding-diagnosis": patient(
        60, "male", {"imaging": ("limb X-ray fracture",), "diagnoses": ("fracture",)}
    ),
    "finding-normal": patient(60, "male", {"imaging": ("chest X-ray normal", "CT head normal")}),
    "paediatric-range": patient(0, "male", {"pulse": 70}),
    "pressures": patient(60, "male", {"systolic": 90, "diastolic": 89}),
    "child-habits": patient(12, "male", {"smoking": "current"}),
    "child-living": patient(14, "male", {"living": "alone"}),
    "consciousness-triage": patient(60, "male", {"consciousness": "P", "triage": 3}),
    "pressure-triage": patient(60, "male", {"systolic": 70, "triage": 4}),
    "vignette-age": patient(60, "male", {"vignette": "A 60-year-old man, 3 years after a fall."}),
    "vignette-sex": patient(60, "male", {"vignette": "A 60-year-old man brought by a woman."}),
}


def test_every_rule_has_its_case():
    assert list(BREAKS) == list(KEEPS) == [rule.name for rule in RULES]


@pytest.mark.parametrize("name", BREAKS)
def test_a_profile_that_breaks_one_rule_is_told_by_that_rule_alone(name):
    assert broken(BREAKS[name]) == [name]


@pytest.mark.parametrize("name", KEEPS)
def test_a_profile_next_to_it_keeps_every_rule(name):
    assert broken(KEEPS[name]) == []


def test_a_profile_that_tells_nothing_breaks_nothing():
    assert broken(patient()) == []
