"""What other people's files call our columns, words and units."""

from __future__ import annotations

import re

HEADERS: dict[str, tuple[str, ...]] = {
    "age": ("age", "age years", "age in years", "years", "patient age", "age yrs"),
    "sex": ("sex", "gender", "patient sex", "patient gender", "geschlecht"),
    "ethnicity": ("ethnicity", "ethnic group", "race", "race ethnicity", "ethnic"),
    "deprivation": ("deprivation", "deprivation fifth", "imd quintile", "imd fifth", "deprivation quintile"),
    "rurality": ("rurality", "urban rural", "rural urban", "area type", "residence"),
    "insurance": ("insurance", "insurance type", "payer", "payor", "coverage", "insurance status"),
    "language": ("language", "preferred language", "interpreter", "needs interpreter", "interpreter needed"),
    "smoking": ("smoking", "smoking status", "smoker", "tobacco", "tobacco use"),
    "alcohol": ("alcohol", "alcohol use", "drinking"),
    "living": ("living", "living situation", "residence type", "housing"),
    "family_history": ("family history", "fh", "fhx"),
    "diagnoses": (
        "diagnoses", "diagnosis", "dx", "conditions", "comorbidities", "medical history", "past medical history",
        "pmh", "medical conditions", "chronic conditions",
    ),
    "allergies": ("allergies", "allergy", "known allergies"),
    "complaints": (
        "complaints", "complaint", "symptoms", "symptom", "chief complaint", "chief complaints", "presenting complaint",
        "presenting complaints", "presentation", "reason for visit", "reason",
    ),
    "triage": ("triage", "triage level", "triage category", "esi", "esi level", "ctas", "mts", "acuity"),
    "resp_rate": ("resp rate", "respiratory rate", "respiration rate", "respirations", "rr", "breaths per minute"),
    "spo2": (
        "spo2", "sats", "sat", "o2 sat", "o2 sats", "oxygen saturation", "saturation", "sao2", "o2 saturation",
        "pulse ox", "pulse oximetry",
    ),
    "on_oxygen": ("on oxygen", "oxygen", "supplemental oxygen", "o2 therapy", "oxygen therapy", "air or oxygen"),
    "systolic": ("systolic", "sbp", "systolic bp", "systolic blood pressure", "bp systolic", "sys bp", "bp sys"),
    "diastolic": ("diastolic", "dbp", "diastolic bp", "diastolic blood pressure", "bp diastolic", "bp dia"),
    "pulse": ("pulse", "hr", "heart rate", "heartrate", "pulse rate", "bpm"),
    "temperature": ("temperature", "temp", "body temperature", "body temp", "t"),
    "consciousness": ("consciousness", "avpu", "acvpu", "level of consciousness", "loc", "gcs", "glasgow coma scale"),
    "hba1c": ("hba1c", "a1c", "glycated haemoglobin", "glycated hemoglobin"),
    "creatinine": ("creatinine", "serum creatinine", "creat"),
    "haemoglobin": ("haemoglobin", "hemoglobin", "hb", "hgb"),
    "white_cells": ("white cells", "wbc", "wcc", "white cell count", "white blood cells", "leukocytes"),
    "crp": ("crp", "c reactive protein"),
    "lactate": ("lactate",),
    "imaging": ("imaging", "imaging findings", "radiology"),
    "medications": ("medications", "medication", "meds", "drugs", "current medications", "drug history"),
}  # fmt: skip
"""Headers, in lower case with signs and units taken off."""

PRESSURE_PAIR = ("bp", "blood pressure", "blood pressure mmhg", "nibp")
"""Headers of a column such as `120/80`."""

NAMES_A_PERSON = re.compile(
    r"\b(id|name|names|forename|firstname|surname|lastname|address|street|phone|telephone|mobile|email|e mail|mail|ssn|"
    r"social security|nhs number|nhs no|mrn|medical record|record number|dob|birth|birthdate|birthday|postcode|"
    r"post code|"
    r"zip|zipcode|passport|insurance number|policy number|contact|next of kin|gp)\b"
)
"""A header that may hold what names a person: dropped whatever it holds."""

WORDS: dict[str, dict[str, str]] = {
    "sex": {"f": "female", "w": "female", "woman": "female", "girl": "female", "m": "male", "man": "male",
            "boy": "male", "o": "other", "x": "other", "non-binary": "other", "nonbinary": "other", "intersex": "other",
            "diverse": "other"},
    "ethnicity": {"african american": "black", "black or african american": "black", "black african": "black",
                  "black caribbean": "black", "caucasian": "white", "white british": "white", "latino": "hispanic",
                  "latina": "hispanic", "latinx": "hispanic", "hispanic or latino": "hispanic", "south asian": "asian",
                  "chinese": "asian", "indian": "asian", "mixed": "other", "multiracial": "other"},
    "rurality": {"city": "urban", "town": "urban", "suburban": "urban", "country": "rural", "village": "rural"},
    "insurance": {"commercial": "private", "uninsured": "none", "self-pay": "none", "self pay": "none"},
    "language": {"en": "english", "no": "english", "false": "english", "0": "english", "yes": "interpreter",
                 "true": "interpreter", "1": "interpreter", "spanish": "interpreter", "other": "interpreter"},
    "smoking": {"no": "never", "non-smoker": "never", "nonsmoker": "never", "never smoker": "never", "false": "never",
                "0": "never", "ex": "former", "ex-smoker": "former", "past": "former", "former smoker": "former",
                "yes": "current", "smoker": "current", "current smoker": "current", "true": "current", "1": "current"},
    "alcohol": {"no": "none", "never": "none", "social": "moderate", "occasional": "moderate", "light": "moderate",
                "excess": "heavy", "excessive": "heavy"},
    "living": {"family": "with others", "with family": "with others", "nursing home": "care home",
               "homeless": "no home"},
    "consciousness": {"alert": "A", "awake": "A", "confused": "C", "confusion": "C", "new confusion": "C",
                      "voice": "V", "verbal": "V", "pain": "P", "unresponsive": "U", "unconscious": "U"},
    "on_oxygen": {"oxygen": "true", "o2": "true", "on oxygen": "true", "air": "false", "room air": "false",
                  "ra": "false"},
    "diagnoses": {"htn": "hypertension", "high blood pressure": "hypertension", "diabetes": "type 2 diabetes",
                  "diabetes mellitus": "type 2 diabetes", "t2dm": "type 2 diabetes", "dm2": "type 2 diabetes",
                  "diabetes type 2": "type 2 diabetes", "diabetes mellitus type 2": "type 2 diabetes",
                  "chronic obstructive pulmonary disease": "COPD",
                  "ihd": "ischaemic heart disease", "cad": "ischaemic heart disease",
                  "coronary artery disease": "ischaemic heart disease",
                  "coronary heart disease": "ischaemic heart disease",
                  "ischemic heart disease": "ischaemic heart disease", "afib": "atrial fibrillation",
                  "af": "atrial fibrillation", "chf": "heart failure", "congestive heart failure": "heart failure",
                  "ckd": "chronic kidney disease", "kidney disease": "chronic kidney disease",
                  "cirrhosis": "chronic liver disease", "pvd": "peripheral vascular disease",
                  "pad": "peripheral vascular disease", "rheumatoid arthritis": "rheumatic disease",
                  "lupus": "rheumatic disease", "pregnant": "pregnancy", "alzheimer's disease": "dementia",
                  "alzheimers": "dementia", "sickle cell": "sickle cell disease", "uti": "urinary tract infection",
                  "cold": "upper respiratory infection", "common cold": "upper respiratory infection",
                  "flu": "upper respiratory infection", "influenza": "upper respiratory infection",
                  "urti": "upper respiratory infection", "cellulitis": "skin infection",
                  "acs": "acute coronary syndrome", "myocardial infarction": "acute coronary syndrome",
                  "heart attack": "acute coronary syndrome", "stroke": "acute stroke", "broken bone": "fracture",
                  "food poisoning": "gastroenteritis"},
    "complaints": {"sob": "shortness of breath", "dyspnea": "shortness of breath", "dyspnoea": "shortness of breath",
                   "breathlessness": "shortness of breath", "difficulty breathing": "shortness of breath",
                   "wheeze": "shortness of breath", "wheezing": "shortness of breath",
                   "stomach pain": "abdominal pain", "abdo pain": "abdominal pain", "stomach ache": "abdominal pain",
                   "nausea": "vomiting", "nausea and vomiting": "vomiting", "diarrhea": "vomiting",
                   "diarrhoea": "vomiting", "high temperature": "fever", "pyrexia": "fever", "chills": "fever",
                   "syncope": "collapse", "fainting": "collapse", "faint": "collapse", "laceration": "cut",
                   "fit": "seizure", "seizures": "seizure", "migraine": "headache", "palpitation": "palpitations",
                   "dysuria": "urinary symptoms", "slurred speech": "stroke symptoms", "weakness": "stroke symptoms",
                   "ankle injury": "limb injury", "wrist injury": "limb injury", "sprain": "limb injury"},
    "allergies": {"penicillins": "penicillin", "amoxicillin": "penicillin", "sulfa": "sulfonamides",
                  "sulfa drugs": "sulfonamides", "nsaid": "NSAIDs", "ibuprofen": "NSAIDs", "aspirin": "NSAIDs",
                  "codeine": "opioids", "morphine": "opioids", "iodine contrast": "contrast medium",
                  "contrast": "contrast medium", "peanuts": "nuts", "peanut": "nuts"},
    "family_history": {"cardiac": "heart disease", "diabetes": "type 2 diabetes"},
    "medications": {"salbutamol": "salbutamol inhaler", "albuterol": "salbutamol inhaler",
                    "ventolin": "salbutamol inhaler", "tiotropium": "tiotropium inhaler",
                    "acetaminophen": "paracetamol", "tylenol": "paracetamol", "keppra": "levetiracetam",
                    "hydroxyurea": "hydroxycarbamide", "lasix": "furosemide", "lipitor": "atorvastatin"},
}  # fmt: skip
"""Words of other files, in lower case, and ours. `stroke` among diagnoses is read as an acute one."""

MISSING = {
    "",
    "na",
    "n/a",
    "nan",
    "null",
    "none",
    "-",
    "--",
    "?",
    "unknown",
    "not known",
    "not recorded",
    "nil",
    "no",
    "<na>",
}
"""Cells that say nothing, unless the word is one of the column's vocabulary."""

YES = {"true", "yes", "y", "1", "t", "1.0"}
NO = {"false", "no", "n", "0", "f", "0.0"}

COMA_SCALE: tuple[tuple[int, str], ...] = ((15, "A"), (11, "V"), (6, "P"), (3, "U"))
"""From this Glasgow Coma Scale on: the nearest of the medians 15, 13, 8 and 3 of A, V, P and U, ties to the worse.

Source: Kelly, Upex & Bateman (2004) Ann Emerg Med 44:108.
"""
