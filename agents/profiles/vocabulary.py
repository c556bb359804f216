"""The closed vocabularies of a profile: every word that a field of choices may hold, in its canonical order."""

from __future__ import annotations

SEXES = ("female", "male", "other")
ETHNICITIES = ("white", "black", "hispanic", "asian", "other")
RURALITIES = ("urban", "rural")
INSURANCES = ("private", "medicaid", "medicare", "none")
LANGUAGES = ("english", "interpreter")

SMOKING = ("never", "former", "current")
ALCOHOL = ("none", "moderate", "heavy")
LIVING = ("with others", "alone", "care home", "no home")

CONSCIOUSNESS = ("A", "C", "V", "P", "U")
"""Alert, newly confused, responds to voice, responds to pain, unresponsive (ACVPU)."""

CHRONIC = (
    "hypertension", "type 2 diabetes", "obesity", "asthma", "COPD", "hypercapnic respiratory failure",
    "ischaemic heart disease", "atrial fibrillation", "heart failure", "previous stroke",
    "peripheral vascular disease", "chronic kidney disease", "chronic liver disease", "cancer", "dementia",
    "rheumatic disease", "depression", "epilepsy", "sickle cell disease", "pregnancy",
)  # fmt: skip
"""What a patient lives with."""

INFECTIONS = (
    "upper respiratory infection", "pneumonia", "urinary tract infection", "gastroenteritis", "skin infection",
)  # fmt: skip

ACUTE = (
    *INFECTIONS,
    "acute coronary syndrome",
    "acute stroke",
    "fracture",
    "exacerbation of airways disease",
)
"""What brings a patient in now."""

DIAGNOSES = (*CHRONIC, *ACUTE)

COMPLAINTS = (
    "chest pain", "shortness of breath", "abdominal pain", "fall", "head injury", "fever", "seizure", "collapse",
    "headache", "back pain", "limb injury", "cut", "vomiting", "urinary symptoms", "stroke symptoms",
    "palpitations", "overdose", "self-harm", "rash", "bleeding in pregnancy", "confusion", "severe limb pain",
    "cough", "sore throat",
)  # fmt: skip

ALLERGIES = (
    "penicillin",
    "sulfonamides",
    "NSAIDs",
    "opioids",
    "contrast medium",
    "latex",
    "nuts",
    "shellfish",
)

FAMILY_HISTORY = (
    "heart disease", "stroke", "type 2 diabetes", "breast cancer", "bowel cancer", "asthma", "dementia", "sickle cell",
)  # fmt: skip

MEDICATIONS = (
    "ramipril", "amlodipine", "bisoprolol", "furosemide", "atorvastatin", "aspirin", "apixaban", "metformin",
    "insulin", "salbutamol inhaler", "tiotropium inhaler", "sertraline", "levetiracetam", "donepezil",
    "methotrexate", "hydroxycarbamide", "folic acid", "paracetamol", "ibuprofen", "codeine", "amoxicillin",
    "doxycycline", "co-trimoxazole",
)  # fmt: skip

DRUG_CLASS = {
    "ibuprofen": "NSAIDs", "aspirin": "NSAIDs", "codeine": "opioids", "amoxicillin": "penicillin",
    "co-trimoxazole": "sulfonamides",
}  # fmt: skip
"""The allergy that forbids a medication. Source: British National Formulary, cautions of each class."""

IMAGING = (
    "chest X-ray normal", "chest X-ray consolidation", "chest X-ray congestion", "limb X-ray normal",
    "limb X-ray fracture", "CT head normal", "CT head infarct", "CT abdomen normal", "ultrasound pregnancy viable",
    "ultrasound pregnancy not viable",
)  # fmt: skip
