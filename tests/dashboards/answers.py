"""Real answers of small scenarios, with their tables beside them, for tests of what people look at."""

from pathlib import Path

import pandas as pd

from policies.answer import Answer
from policies.experiment import experiment
from policies.parts import Parts, write_parquet
from scenarios.loader import load_text

WINTER = """
fairward: 1
name: winter
title: A winter fortnight in three hospitals
question: When every bed is wanted, does seeing the sickest first make the poorest wait longer?
assumptions:
  - Emergency demand is 10 % above what the wards can hold.
  - Nobody leaves a hospital because of the weather.
source: Written for the tests; the figures are assumed.
start: 2026-01-05
horizon: 14 days
warm_up: 2 days
tau: 24 h
acuities: [critical, urgent, standard]
targets: {critical: 10 min, urgent: 1 h, standard: 4 h}
attributes:
  deprivation:
    title: Deprivation fifth
    share: {"1 most deprived": 0.3, "2": 0.2, "3": 0.2, "4": 0.15, "5 least deprived": 0.15}
    source: assumed
  language:
    title: Language need
    protected: true
    share:
      - {when: {deprivation: "1 most deprived"}, share: {none: 0.8, interpreter: 0.198, sign: 0.002}}
      - {share: {none: 0.92, interpreter: 0.078, sign: 0.002}}
    source: assumed
equity:
  groups: [deprivation, language]
  reference: {deprivation: 5 least deprived}
disparities:
  under_triage:
    - {when: {language: interpreter}, probability: 0.2, source: assumed}
  late_presentation:
    - {when: {deprivation: "1 most deprived"}, delay: {exponential: 3 h}, worse: 0.1, source: assumed}
classes:
  emergency:
    pathway: emergency
    acuity: {critical: 0.1, urgent: 0.35, standard: 0.55}
pathways:
  emergency:
    steps:
      assessment:
        needs: {bay: 1, nurse: "1:4"}
        duration: {lognormal: {mean: 4 h, sd: 3 h}}
        treatment: true
        patience: {time: {exponential: 18 h}}
        next:
          - {when: {acuity: critical}, to: {intensive: 0.5, ward: 0.5}}
          - {when: {acuity: urgent}, to: {ward: 0.45, discharged: 0.55}}
          - {to: {ward: 0.1, discharged: 0.9}}
        hold: true
      ward:
        needs: {ward: 1, nurse: "1:5"}
        duration: {gamma: {mean: 3 days, sd: 2 days}}
        if_full: overflow
      intensive:
        needs: {icu: 1, nurse: "1:2"}
        duration: {lognormal: {mean: 4 days, sd: 3 days}}
        next: {ward: 0.8, died: 0.2}
hazards:
  die:
    - {when: {acuity: critical}, during: [waiting], rate: 1 per 60 h, source: assumed}
  deteriorate:
    - {during: [waiting], rate: 1 per 40 h, source: assumed}
hospitals:
  st-mary:
    title: St Mary's Infirmary
    beds: {bay: 14, ward: {count: 70, cleaning: 45 min}, icu: 10}
    staff:
      nurse:
        roster:
          - {begins: "07:00", ends: "19:00", count: 26}
          - {begins: "19:00", ends: "07:00", count: 22}
    population: 210000
  valley:
    title: Valley General
    beds: {bay: 7, ward: 30, icu: 4}
    staff: {nurse: 12}
    population: 80000
  coast:
    title: Coast Cottage Hospital
    beds: {bay: 4, ward: 14, icu: 2}
    staff: {nurse: 6}
    population: 32000
transfers:
  travel:
    st-mary: {valley: 35 min, coast: 70 min}
    valley: {coast: 50 min}
  handover: 20 min
arrivals:
  st-mary: {hospital: st-mary, classes: emergency, poisson: {rate: 76 per day, hourly: &day
    [5.6, 4.7, 3.9, 3.4, 3.3, 3.7, 3.5, 5.3, 7.0, 8.4, 9.5, 11, 10.5, 10.3, 10.1, 10.2, 10.1, 9.9, 9.5, 10,
     9, 8.1, 7.7, 7.0]}, ambulance: 0.3}
  valley: {hospital: valley, classes: emergency, poisson: {rate: 38 per day, hourly: *day}}
  coast: {hospital: coast, classes: emergency, poisson: {rate: 15 per day, hourly: *day},
    attributes: {deprivation: {"1 most deprived": 0.6, "2": 0.1, "3": 0.1, "4": 0.1, "5 least deprived": 0.1}}}
"""

VACCINE = """
fairward: 1
name: doses
title: A month of vaccination
question: Does sending doses by need reach those whom sending by size does not?
horizon: 20 days
attributes:
  place: {title: Where they live, share: {town: 0.7, village: 0.3}, source: assumed}
equity: {groups: [place]}
disparities:
  uptake:
    - {when: {place: village}, classes: [dose], probability: 0.6, source: assumed}
classes:
  dose: {pathway: dose}
pathways:
  dose:
    steps:
      jab: {needs: {nurse: 1}, duration: 10 min, dose: mrna, treatment: true, patience: {time: 3 days}}
hospitals:
  town: {title: Town clinic, staff: {nurse: 3}}
  village: {title: Village clinic, staff: {nurse: 1}}
transfers:
  travel: {town: {village: 1 h}}
arrivals:
  town: {hospital: town, classes: dose, poisson: {rate: 40 per day}}
  village: {hospital: village, classes: dose, poisson: {rate: 10 per day}}
vaccine:
  products:
    mrna: {doses_per_vial: 6, open_limit: 6 h, thawed_life: 30 days}
  shipments:
    - {product: mrna, vials: 25, every: 5 days, shelf_life: 40 days}
  lead_time: 1 day
  fridges:
    town: {vials: 30, stock: {mrna: 10}, order_up_to: {mrna: 20}}
    village: {vials: 10, stock: {mrna: 3}, order_up_to: {mrna: 10}, breach_rate: 1 per 10 days}
"""

ONE_BED = """
fairward: 1
name: one-bed
horizon: 4 days
classes: {patient: {pathway: care}}
pathways: {care: {steps: {stay: {needs: bed, duration: {exponential: 5 h}}}}}
hospitals: {only: {beds: {bed: 1}}}
arrivals: {door: {hospital: only, classes: patient, poisson: 4 per day}}
"""


def answer_of(
    text: str, policies: tuple[str, ...], replications: int, folder: Path, *overrides: str
) -> Answer:
    """Run a scenario, and leave the census under `folder/tables` as a run folder has it."""
    parts = Parts(folder / "parts")
    answer = experiment(load_text(text, overrides), policies, replications, seed=7, parts=parts)
    for policy in policies:
        place = folder / "tables" / answer.folders[policy]
        place.mkdir(parents=True, exist_ok=True)
        frames = []
        for number in answer.replications:
            frame = pd.read_parquet(parts.place(policy, number) / "census.parquet")
            frames.append(frame.assign(replication=number))
        write_parquet(pd.concat(frames, ignore_index=True), place / "census.parquet")
    return answer
