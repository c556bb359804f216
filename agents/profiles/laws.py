"""The planted truth: every law by which the calibrated generator decides, stated once, with its source.

An `odds` law gives the log odds of having something, a `mean` law the mean of a measurement; both are an
intercept and slopes of features (`agents.profiles.people`). The generator draws from these laws, and the
quality report estimates the same regressions: so the truth that it compares with is the one in this table.

Sources used more than once. Where only a prevalence is published, the coefficients are chosen by us to come
near it, and the source says so with "near".
    NHANES:  Ostchega et al. (2020), hypertension among US adults 2017-2018, NCHS Data Brief 364: 22.4 % at 18 to 39,
             54.5 % at 40 to 59, 74.5 % from 60; Black adults 57.1 %, white 43.6 %: odds ratio 1.72.
    NDSR:    CDC, National Diabetes Statistics Report 2022: diagnosed in 12.1 % of Black, 7.4 % of white adults:
             odds ratio 1.72.
    assumed: no source is known to us.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Literal

ASSUMED = "assumed"
NHANES = "NCHS Data Brief 364 (2020)"
NDSR = "CDC National Diabetes Statistics Report 2022"


@dataclass(frozen=True, slots=True)
class Slope:
    """What one feature adds."""

    feature: str
    value: float
    source: str
    title: str = ""
    """If it is an association that the quality report checks: its name there."""
    tolerance: float = 0.0
    """How far an estimate may be from `value` and count as recovered; in the slope's unit, assumed."""


@dataclass(frozen=True, slots=True)
class Law:
    """How one outcome depends on features, for those in the domain."""

    outcome: str
    """A feature: `diagnoses=COPD`, or a column of numbers."""
    kind: Literal["odds", "mean"]
    intercept: float
    slopes: tuple[Slope, ...] = ()
    domain: tuple[tuple[str, float, float], ...] = ()
    """(feature, least, most): outside, nobody has the outcome or it is not measured by this law."""
    unit: str = "log odds"
    source: str = ASSUMED
    """Of the intercept."""


DECADE = "decades from 50"
PER_DECADE = 0.20
"""Tolerance of a slope of log odds per decade of age."""
PER_YES = 0.50
"""Tolerance of a log odds ratio: a factor of 1.65; where half the truth is less, that, so that no effect at all is
never taken for a recovered one."""


def _disease(
    name: str, intercept: float, *slopes: Slope, ages: tuple[float, float], source: str = ASSUMED
) -> Law:
    return Law(f"diagnoses={name}", "odds", intercept, slopes, (("age", *ages),), source=source)


CHRONIC_LAWS: tuple[Law, ...] = (
    _disease("hypertension", -0.05, Slope(DECADE, 0.58, f"near {NHANES}", "Hypertension with age", PER_DECADE),
             Slope("ethnicity=black", log(1.72), NHANES, "Hypertension with Black ethnicity", 0.27),
             ages=(18, 105), source=f"near {NHANES}"),
    _disease("obesity", -0.45, Slope("deprived", 0.30, ASSUMED), ages=(18, 105),
             source="near 41.9 % of US adults, NHANES 2017-2020"),
    _disease("type 2 diabetes", -2.75, Slope(DECADE, 0.50, ASSUMED, "Type 2 diabetes with age", PER_DECADE),
             Slope("diagnoses=obesity", 0.90, ASSUMED, "Type 2 diabetes with obesity", 0.45),
             Slope("family_history=type 2 diabetes", 1.00, ASSUMED),
             Slope("ethnicity=black", log(1.72), NDSR), ages=(18, 105), source=f"near {NDSR}"),
    _disease("asthma", -2.45, ages=(2, 105), source="near 8 % of Americans, CDC 2021"),
    _disease("COPD", -3.40, Slope(DECADE, 0.40, ASSUMED, "COPD with age", PER_DECADE),
             Slope("smoking=current", log(3.51), "Forey et al. (2011) BMC Pulm Med 11:36, relative risk",
                   "COPD with current smoking", PER_YES),
             Slope("smoking=former", log(2.35), "Forey et al. (2011), relative risk"), ages=(40, 105)),
    Law("diagnoses=hypercapnic respiratory failure", "odds", -2.40, (), (("diagnoses=COPD", 1, 1),)),
    _disease("ischaemic heart disease", -3.60, Slope(DECADE, 0.60, ASSUMED), Slope("sex=male", 0.60, ASSUMED),
             Slope("diagnoses=type 2 diabetes", 0.60, ASSUMED), Slope("smoking=current", 0.50, ASSUMED),
             Slope("family_history=heart disease", 0.70, ASSUMED), ages=(35, 105)),
    _disease("atrial fibrillation", -5.70,
             Slope(DECADE, 1.00, "near Go et al. (2001) JAMA 285:2370: 0.1 % under 55, 9.0 % from 80",
                   "Atrial fibrillation with age", PER_DECADE), ages=(40, 105), source="near Go et al. (2001)"),
    _disease("heart failure", -4.60, Slope(DECADE, 0.60, ASSUMED),
             Slope("diagnoses=ischaemic heart disease", 1.30, ASSUMED,
                   "Heart failure with ischaemic heart disease", PER_YES), ages=(45, 105)),
    _disease("previous stroke", -4.10, Slope(DECADE, 0.45, ASSUMED),
             Slope("diagnoses=atrial fibrillation", log(5), "Wolf et al. (1991) Stroke 22:983, about fivefold"),
             ages=(40, 105)),
    _disease("peripheral vascular disease", -4.00, Slope(DECADE, 0.50, ASSUMED),
             Slope("smoking=current", 1.00, ASSUMED), ages=(50, 105)),
    _disease("chronic kidney disease", -3.10, Slope(DECADE, 0.45, "near CDC 2023: 6 % at 18 to 44, 34 % from 65",
                                                    "Chronic kidney disease with age", PER_DECADE),
             Slope("diagnoses=type 2 diabetes", 0.90, ASSUMED, "Chronic kidney disease with diabetes", 0.45),
             Slope("diagnoses=hypertension", 0.60, ASSUMED), ages=(18, 105)),
    _disease("chronic liver disease", -4.60, Slope("alcohol=heavy", 1.80, ASSUMED), ages=(25, 105)),
    _disease("cancer", -3.60, Slope(DECADE, 0.55, ASSUMED), ages=(18, 105)),
    _disease("dementia", -5.25, Slope(DECADE, 1.15, "near Alzheimer's Association (2022): 5 % at 65 to 74, "
                                                    "13 % at 75 to 84, 33 % from 85"), ages=(65, 105)),
    _disease("rheumatic disease", -4.20, Slope(DECADE, 0.20, ASSUMED), Slope("sex=female", 0.90, ASSUMED),
             ages=(18, 105)),
    _disease("depression", -2.72, Slope("sex=female", 0.55, "NIMH 2021: 10.3 % of women, 6.2 % of men",
                                        "Depression with female sex", 0.27), ages=(12, 105), source="NIMH 2021"),
    _disease("epilepsy", -4.40, ages=(1, 105), source="near 1.2 % of Americans, CDC 2015"),
    Law("diagnoses=sickle cell disease", "odds", -5.90, (), (("ethnicity=black", 1, 1), ("age", 0, 70)),
        source="1 in 365 Black births, CDC"),
    Law("diagnoses=pregnancy", "odds", -3.10, (), (("sex=female", 1, 1), ("age", 15, 49))),
)  # fmt: skip
"""What people live with, each given what stands above it."""

SMOKES_NOW = Law("smoking=current", "odds", -2.40, (
    Slope("deprived", 0.80, ASSUMED, "Current smoking with deprivation", 0.40),
    Slope("aged 75 or more", -0.90, ASSUMED),
), (("age", 18, 105),), source="near 11.5 % of US adults, CDC 2021")  # fmt: skip
SMOKED_ONCE = Law("smoking=former", "odds", -1.20, (Slope(DECADE, 0.20, ASSUMED),),
                  (("age", 18, 105), ("smoking=current", 0, 0)))  # fmt: skip
DRINKS_MUCH = Law("alcohol=heavy", "odds", -2.70, (Slope("sex=male", 0.50, ASSUMED),), (("age", 18, 105),))
DRINKS = Law("alcohol=moderate", "odds", 0.10, (), (("age", 18, 105), ("alcohol=heavy", 0, 0)))

HAS_FEVER = Law("fever", "odds", -3.30, (
    Slope("infection", 2.60, ASSUMED, "Fever with infection", PER_YES),
    Slope("complaints=fever", 2.60, ASSUMED),
))  # fmt: skip

BREATHLESS = "complaints=shortness of breath"

PULSE = Law("pulse", "mean", 0.0, (
    Slope("usual pulse", 1.0, "Advanced Paediatric Life Support, 5th edition; adults assumed"),
    Slope("urgency", 5.0, ASSUMED, "Pulse with urgency", 1.5),
    Slope("degrees above 37", 10.0, "Davies & Maconochie (2009) Emerg Med J 26:641, in children",
          "Pulse with temperature", 2.5),
    Slope("complaints=palpitations", 28.0, ASSUMED),
), unit="beats a minute")  # fmt: skip
BREATHS = Law("resp_rate", "mean", 0.0, (
    Slope("usual breaths", 1.0, "Advanced Paediatric Life Support, 5th edition; adults assumed"),
    Slope("urgency", 1.5, ASSUMED, "Breathing rate with urgency", 0.5),
    Slope(BREATHLESS, 4.0, ASSUMED, "Breathing rate with breathlessness", 1.5),
    Slope("diagnoses=pneumonia", 3.0, ASSUMED),
    Slope("degrees above 37", 1.0, ASSUMED),
), unit="breaths a minute")  # fmt: skip
SYSTOLIC = Law("systolic", "mean", 2.0, (
    Slope("usual systolic", 1.0, ASSUMED),
    Slope("diagnoses=hypertension", 14.0, ASSUMED, "Systolic pressure with hypertension", 4.0),
    Slope("urgency", -4.0, ASSUMED, "Systolic pressure with urgency", 1.5),
), unit="mmHg")  # fmt: skip
DIASTOLIC = Law("diastolic", "mean", 12.0, (Slope("systolic", 0.50, ASSUMED),), unit="mmHg")
SATURATION = Law("spo2", "mean", 97.6, (
    Slope("urgency", -0.45, ASSUMED),
    Slope("diagnoses=COPD", -4.0, ASSUMED, "Oxygen saturation with COPD", 1.0),
    Slope("diagnoses=pneumonia", -2.5, ASSUMED),
    Slope(BREATHLESS, -1.5, ASSUMED),
), unit="%")  # fmt: skip
NOT_ALERT = Law("not alert", "odds", -4.60, (
    Slope("urgency", 1.0, ASSUMED),
    Slope("complaints=confusion", 5.0, ASSUMED),
    Slope("complaints=seizure", 2.0, ASSUMED),
    Slope("complaints=overdose", 1.8, ASSUMED),
    Slope("complaints=stroke symptoms", 1.2, ASSUMED),
    Slope("complaints=collapse", 0.8, ASSUMED),
))  # fmt: skip

HBA1C = Law("hba1c", "mean", 5.4, (
    Slope("diagnoses=type 2 diabetes", 1.9, ASSUMED, "HbA1c with type 2 diabetes", 0.4),
), unit="%")  # fmt: skip
CREATININE = Law("creatinine", "mean", 68.0, (
    Slope("child", -30.0, ASSUMED), Slope("sex=male", 14.0, ASSUMED),
    Slope("diagnoses=chronic kidney disease", 75.0, ASSUMED, "Creatinine with chronic kidney disease", 15.0),
), unit="µmol/L")  # fmt: skip
HAEMOGLOBIN = Law("haemoglobin", "mean", 132.0, (
    Slope("sex=male", 13.0, ASSUMED), Slope("child", -10.0, ASSUMED),
    Slope("diagnoses=chronic kidney disease", -14.0, ASSUMED), Slope("diagnoses=pregnancy", -14.0, ASSUMED),
    Slope("diagnoses=sickle cell disease", -45.0, ASSUMED),
), unit="g/L")  # fmt: skip
WHITE_CELLS = Law("white_cells", "mean", 7.4, (
    Slope("bacterial infection", 5.0, ASSUMED, "White cells with bacterial infection", 1.5),
), unit="10⁹/L")  # fmt: skip
CRP = Law("crp", "mean", 8.0, (
    Slope("infection", 12.0, ASSUMED), Slope("bacterial infection", 70.0, ASSUMED),
), unit="mg/L")  # fmt: skip
LACTATE = Law("lactate", "mean", 1.5, (Slope("urgency", 0.35, ASSUMED),), unit="mmol/L")

LAWS: tuple[Law, ...] = (
    SMOKES_NOW, SMOKED_ONCE, DRINKS_MUCH, DRINKS, *CHRONIC_LAWS, HAS_FEVER, PULSE, BREATHS, SYSTOLIC, DIASTOLIC,
    SATURATION, NOT_ALERT, HBA1C, CREATININE, HAEMOGLOBIN, WHITE_CELLS, CRP, LACTATE,
)  # fmt: skip
"""All laws, in the order in which they are drawn."""

PLANTED: tuple[tuple[Law, Slope], ...] = tuple((law, s) for law in LAWS for s in law.slopes if s.title)
"""The associations that the quality report checks."""
