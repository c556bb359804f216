"""What brings people in, what is found and what they take: the tables of the calibrated generator. All assumed.

They are chosen so that pictures are plausible and coherent, not to match a hospital.
"""

from __future__ import annotations

AGE_GROUPS = (0, 6, 16, 45, 65, 75)
"""Ages from which the columns of `COMPLAINT_WEIGHTS` hold."""

COMPLAINT_WEIGHTS: dict[str, tuple[float, ...]] = {
    "chest pain": (0.1, 0.5, 3, 7, 7, 6),
    "shortness of breath": (2.0, 1.0, 1.5, 2, 3, 4),
    "abdominal pain": (2.0, 5.0, 6, 5, 5, 4),
    "fall": (2.0, 1.5, 0.8, 1.5, 5, 11),
    "head injury": (4.0, 3.5, 1.6, 1.2, 1.5, 2.0),
    "fever": (12.0, 4.0, 1.5, 1.2, 1.5, 2.0),
    "seizure": (1.5, 0.4, 0.4, 0.4, 0.4, 0.4),
    "collapse": (0.3, 0.6, 0.9, 1.2, 2.5, 4.0),
    "headache": (0.2, 1.5, 2.8, 2.5, 1.5, 1.0),
    "back pain": (0.0, 0.3, 3.0, 3.5, 2.5, 2.0),
    "limb injury": (3.0, 8.0, 5.0, 3.0, 2.0, 1.5),
    "cut": (3.0, 3.5, 3.0, 2.0, 1.2, 1.0),
    "vomiting": (5.0, 2.5, 1.8, 1.3, 1.5, 1.8),
    "urinary symptoms": (0.8, 0.8, 1.8, 1.3, 2.0, 2.8),
    "stroke symptoms": (0.0, 0.0, 0.1, 1.0, 2.5, 3.5),
    "palpitations": (0.0, 0.3, 1.5, 1.3, 1.2, 1.0),
    "overdose": (0.0, 0.2, 1.4, 0.6, 0.1, 0.1),
    "self-harm": (0.0, 0.5, 1.2, 0.4, 0.1, 0.0),
    "rash": (3.5, 2.0, 0.9, 0.7, 0.6, 0.5),
    "bleeding in pregnancy": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "confusion": (0.0, 0.0, 0.2, 0.3, 1.2, 4.0),
    "severe limb pain": (0.1, 0.3, 0.6, 0.8, 0.8, 0.8),
    "cough": (5.0, 2.5, 1.8, 1.6, 1.8, 1.8),
    "sore throat": (2.5, 3.0, 1.5, 0.6, 0.2, 0.1),
}
"""How often each is the chief complaint, by age group, in any unit."""

COMPLAINT_EXTRA: tuple[tuple[str, str, float], ...] = (
    ("ischaemic heart disease", "chest pain", 5.0),
    ("COPD", "shortness of breath", 9.0),
    ("asthma", "shortness of breath", 5.0),
    ("heart failure", "shortness of breath", 7.0),
    ("atrial fibrillation", "palpitations", 5.0),
    ("atrial fibrillation", "stroke symptoms", 2.0),
    ("epilepsy", "seizure", 14.0),
    ("depression", "overdose", 2.0),
    ("depression", "self-harm", 2.0),
    ("dementia", "confusion", 10.0),
    ("sickle cell disease", "severe limb pain", 40.0),
    ("pregnancy", "bleeding in pregnancy", 25.0),
    ("pregnancy", "abdominal pain", 5.0),
)
"""(diagnosis, complaint, what it adds to the weight)."""

TRIAGE_MEAN: dict[str, float] = {
    "chest pain": 2.6, "shortness of breath": 2.4, "abdominal pain": 3.1, "fall": 3.3, "head injury": 3.3,
    "fever": 3.2, "seizure": 2.2, "collapse": 2.4, "headache": 3.3, "back pain": 3.8, "limb injury": 4.0,
    "cut": 4.2, "vomiting": 3.5, "urinary symptoms": 3.7, "stroke symptoms": 1.9, "palpitations": 2.7,
    "overdose": 2.4, "self-harm": 2.9, "rash": 4.1, "bleeding in pregnancy": 2.9, "confusion": 2.6,
    "severe limb pain": 2.6, "cough": 3.8, "sore throat": 4.3,
}  # fmt: skip
"""Mean of the latent acuity on the scale of triage, 1 the most urgent."""

TRIAGE_SPREAD = 0.75
TRIAGE_OF_OLD = -0.3
"""From 75 years on."""
TRIAGE_PER_CHRONIC = -0.08
"""For each chronic diagnosis, up to five."""

COMPANIONS: dict[str, tuple[str, str]] = {
    "chest pain": ("shortness of breath", "palpitations"), "shortness of breath": ("cough", "chest pain"),
    "abdominal pain": ("vomiting", "back pain"), "fall": ("limb injury", "head injury"),
    "head injury": ("headache", "vomiting"), "fever": ("cough", "sore throat"), "seizure": ("headache", "fall"),
    "collapse": ("fall", "palpitations"), "headache": ("vomiting", "fever"),
    "back pain": ("urinary symptoms", "severe limb pain"), "limb injury": ("fall", "cut"),
    "cut": ("limb injury", "fall"), "vomiting": ("abdominal pain", "fever"),
    "urinary symptoms": ("fever", "abdominal pain"), "stroke symptoms": ("confusion", "fall"),
    "palpitations": ("shortness of breath", "chest pain"), "overdose": ("vomiting", "self-harm"),
    "self-harm": ("cut", "overdose"), "rash": ("fever", "sore throat"),
    "bleeding in pregnancy": ("abdominal pain", "back pain"), "confusion": ("fever", "fall"),
    "severe limb pain": ("fever", "back pain"), "cough": ("shortness of breath", "fever"),
    "sore throat": ("fever", "cough"),
}  # fmt: skip
COMPANION_SHARES = (0.22, 0.14)
"""How often the first and the second companion is the second complaint."""

INFECTION_SHARE: dict[str, float] = {
    "fever": 0.80, "cough": 0.70, "sore throat": 0.85, "urinary symptoms": 0.70, "vomiting": 0.45,
    "shortness of breath": 0.25, "rash": 0.30, "confusion": 0.30, "collapse": 0.08, "abdominal pain": 0.08,
}  # fmt: skip
OTHER_INFECTION_SHARE = 0.03

INFECTION_KINDS: dict[str, tuple[float, float, float, float, float]] = {
    "fever": (0.50, 0.15, 0.20, 0.08, 0.07), "cough": (0.60, 0.40, 0, 0, 0), "sore throat": (1, 0, 0, 0, 0),
    "urinary symptoms": (0, 0, 1, 0, 0), "vomiting": (0, 0.03, 0.12, 0.85, 0),
    "shortness of breath": (0.25, 0.75, 0, 0, 0), "rash": (0.25, 0, 0, 0, 0.75),
    "confusion": (0, 0.40, 0.60, 0, 0), "collapse": (0, 0.5, 0.5, 0, 0), "abdominal pain": (0, 0, 0.5, 0.5, 0),
}  # fmt: skip
"""Shares in the order of `vocabulary.INFECTIONS`."""
OTHER_INFECTION_KINDS = (0.2, 0.2, 0.3, 0.1, 0.2)

ACUTE_SHARES: tuple[tuple[str, str, tuple[str, ...], float, float], ...] = (
    ("fracture", "limb injury", (), 0.35, 1),
    ("fracture", "fall", (), 0.30, 1),
    ("acute coronary syndrome", "chest pain", (), 0.12, 35),
    ("acute stroke", "stroke symptoms", (), 0.55, 35),
    ("exacerbation of airways disease", "shortness of breath", ("asthma", "COPD"), 0.70, 2),
    ("exacerbation of airways disease", "cough", ("asthma", "COPD"), 0.40, 2),
)
"""(diagnosis, chief complaint, one of these diagnoses is needed, share, from this age)."""

ALLERGY_SHARES = {
    "penicillin": 0.10,  # about 10 % of patients in the US report one, CDC
    "sulfonamides": 0.04, "NSAIDs": 0.02, "opioids": 0.02, "contrast medium": 0.015, "latex": 0.01, "nuts": 0.02,
    "shellfish": 0.02,
}  # fmt: skip

FAMILY_SHARES = {
    "heart disease": 0.18, "stroke": 0.10, "type 2 diabetes": 0.20, "breast cancer": 0.07, "bowel cancer": 0.05,
    "asthma": 0.10, "dementia": 0.08,
}  # fmt: skip

BLOOD_SHARES = (0.95, 0.85, 0.55, 0.15, 0.05)
"""How often blood is taken, by triage level; half as often from children."""

CHEST, LIMB, HEAD, BELLY, WOMB = "chest X-ray", "limb X-ray", "CT head", "CT abdomen", "ultrasound pregnancy"
IMAGING_SHARES: tuple[tuple[str, str, float], ...] = (
    (CHEST, "chest pain", 0.7), (CHEST, "shortness of breath", 0.75), (CHEST, "cough", 0.35), (CHEST, "fever", 0.3),
    (LIMB, "limb injury", 0.8), (LIMB, "fall", 0.5), (HEAD, "head injury", 0.3), (HEAD, "stroke symptoms", 0.9),
    (HEAD, "seizure", 0.4), (HEAD, "confusion", 0.4), (HEAD, "collapse", 0.3), (HEAD, "headache", 0.2),
    (BELLY, "abdominal pain", 0.3), (WOMB, "bleeding in pregnancy", 0.8),
)  # fmt: skip
"""(kind of image, chief complaint, share)."""

NOT_IN_PREGNANCY = frozenset(
    {
        "ramipril",
        "atorvastatin",
        "methotrexate",
        "hydroxycarbamide",
        "ibuprofen",
        "doxycycline",
        "co-trimoxazole",
    }
)
"""Avoided in pregnancy. Source: British National Formulary, section Pregnancy of each."""

FROM_AGE = {"codeine": 12, "doxycycline": 12, "aspirin": 16}
"""Not under these ages. Source: British National Formulary for Children (aspirin: Reye's syndrome)."""

MEDICATION_SHARES: tuple[tuple[str, str, float], ...] = (
    ("hypertension", "ramipril", 0.5), ("hypertension", "amlodipine", 0.4), ("heart failure", "bisoprolol", 0.7),
    ("heart failure", "furosemide", 0.7), ("ischaemic heart disease", "atorvastatin", 0.8),
    ("ischaemic heart disease", "aspirin", 0.7), ("atrial fibrillation", "apixaban", 0.75),
    ("atrial fibrillation", "bisoprolol", 0.5), ("type 2 diabetes", "metformin", 0.75),
    ("type 2 diabetes", "insulin", 0.25), ("asthma", "salbutamol inhaler", 0.9), ("COPD", "salbutamol inhaler", 0.9),
    ("COPD", "tiotropium inhaler", 0.6), ("depression", "sertraline", 0.5), ("epilepsy", "levetiracetam", 0.7),
    ("dementia", "donepezil", 0.4), ("rheumatic disease", "methotrexate", 0.35),
    ("sickle cell disease", "hydroxycarbamide", 0.5), ("pregnancy", "folic acid", 0.8),
    ("previous stroke", "atorvastatin", 0.7),
)  # fmt: skip
"""(diagnosis, medication, share)."""

PAINFUL = (
    "fall",
    "head injury",
    "headache",
    "back pain",
    "limb injury",
    "cut",
    "severe limb pain",
    "sore throat",
)
PAINKILLER_SHARES = (("paracetamol", 0.45), ("ibuprofen", 0.25), ("codeine", 0.10))
ANTIBIOTICS = ("amoxicillin", "doxycycline", "co-trimoxazole")
"""For bacterial infections: the first that is allowed."""
ANTIBIOTIC_SHARE = 0.5
