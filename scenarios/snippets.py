"""A small example of every class of the scenario language, for the reference page."""

from scenarios import costs as c
from scenarios import counterfactual as f
from scenarios import distributions as d
from scenarios import epidemic as e
from scenarios import hospitals as h
from scenarios import pathways as w
from scenarios import people as p
from scenarios import population as o
from scenarios import rules as r
from scenarios import uncertain as u
from scenarios import vaccine as v
from scenarios.quantities import Spec
from scenarios.scenario import Equity, Scenario

SNIPPETS: dict[type[Spec], str] = {
    Scenario: """
fairward: 1
name: one-ward
horizon: 60 days
warm_up: 10 days
classes: {patient: {pathway: stay}}
pathways:
  stay:
    steps:
      ward: {needs: ward, duration: {lognormal: {mean: 4.5 days, sd: 4 days}}}
hospitals: {north: {beds: {ward: 20}}}
arrivals: {all: {hospital: north, classes: patient, poisson: 4 per day}}
""",
    p.Attribute: """
share:
  - {when: {class: walk-in}, share: {1: 0.3, 2: 0.7}}
  - {share: {1: 0.2, 2: 0.8}}
protected: true
source: assumed
""",
    p.ShareCase: "{when: {deprivation: [4, 5]}, share: {urgent: 0.4, standard: 60 %}}",
    d.Distribution: "lognormal: {mean: 8 h, sd: 4 h}",
    d.Constant: "value: 90 min",
    d.Exponential: "mean: 3 min",
    d.Lognormal: "{mean: 7.4 days, sd: 8.6 days}",
    d.Normal: "{mean: 16 min, sd: 2 min, below_zero: zero}",
    d.Gamma: "{mean: 2 h, sd: 1 h}",
    d.Erlang: "{mean: 1 h, k: 3}",
    d.Weibull: "{scale: 4 h, shape: 1.5}",
    d.Triangular: "{low: 30 min, mode: 1 h, high: 4 h}",
    d.Uniform: "{low: 2 h, high: 8 h}",
    d.Empirical: "{values: [1 day, 2 days, 9 days], weights: [5, 3, 1]}",
    d.DurationCase: "{when: {fate: dies}, exponential: 2 days}",
    Equity: "{groups: [deprivation, sex], reference: {deprivation: 5}}",
    p.Disparities: "under_triage: [{when: {sex: f}, probability: 0.05, source: assumed}]",
    p.UnderTriage: "{when: {language: other}, probability: 5 %, source: assumed}",
    p.LatePresentation: "{when: {rurality: remote}, delay: {exponential: 6 h}, worse: 0.1, source: assumed}",
    p.LongerTravel: "{when: {rurality: remote}, factor: 1.5, source: assumed}",
    p.ExtraTime: "{when: {language: other}, steps: [triage, exam], extra: 10 min, source: assumed}",
    p.Uptake: "{when: {deprivation: 1}, classes: [invited], probability: 0.6, source: assumed}",
    p.PatientClass: "{pathway: emergency, acuity: {critical: 0.1, standard: 0.9}}",
    w.Pathway: """
steps:
  triage: {needs: {nurse: 1:4}, duration: 10 min, next: {ward: 0.3, discharged: 0.7}}
  ward: {needs: ward, duration: {exponential: 3 days}, treatment: true}
""",
    w.RouteCase: "{when: {acuity: critical}, to: {icu: 0.6, ward: 0.4}}",
    w.Step: """
needs: {ward: 1, nurse: 1:5}
duration:
  - {when: {fate: dies}, exponential: 2 days}
  - lognormal: {mean: 3 days, sd: 2 days}
if_full: overflow
hold: true
next: {rehabilitation: 0.2, discharged: 0.8}
""",
    w.Alternative: "{needs: {corridor: 1}, factor: 1.2}",
    w.Factor: "{when: {language: other}, factor: 1.15, source: assumed}",
    w.Patience: "{time: {exponential: 4 h}, scope: journey, outcome: left}",
    w.Limit: "{when: {acuity: standard}, count: 20}",
    w.Balking: "probability: [0, 0, 0.1, 0.3]",
    w.Hazards: "die: [{when: {acuity: critical}, during: [waiting], rate: 1 per 5 days}]",
    w.Hazard: "{during: [waiting, wrong-unit], rate: 1 per 2 days, times: risk, source: assumed}",
    h.Hospital: """
beds: {ward: 40, icu: {count: 8, cleaning: 45 min}}
staff: {nurse: {count: 12, sickness: 5 %}}
equipment: {ventilator: 6}
""",
    h.Beds: "{count: 8, cleaning: 45 min, flex: {count: 2, delay: 6 h}}",
    h.Flex: "{count: 4, delay: 6 h}",
    h.Staff: """
roster:
  - {begins: "07:00", ends: "19:00", count: 8}
  - {begins: "19:00", ends: "07:00", count: 5}
sickness: 5 %
""",
    h.Shift: '{begins: "07:00", ends: "19:00", count: 8, days: [mon, tue, wed, thu, fri]}',
    h.Equipment: "{count: 6, source: assumed}",
    h.Transfers: "{travel: {north: {south: 40 min}}, handover: 15 min}",
    p.Arrivals: """
hospital: north
classes: {walk-in: 0.8, ambulance: 0.2}
poisson: {rate: 60 per day, weekday: [1.1, 1, 1, 1, 1, 0.9, 0.9]}
ambulance: 0.2
""",
    p.Poisson: "{rate: 60 per day, weekday: [1.1, 1, 1, 1, 1, 0.9, 0.9]}",
    p.RateTable: "{rates: [2 per hour, 6 per hour], breakpoints: [0, 8 h], period: 1 day, origin: 6 h}",
    p.Renewal: "{gap: {gamma: {mean: 30 min, sd: 20 min}}, first: interval}",
    p.Schedule: "{at: [8 h, 8.5 h, 9 h], every: 1 day, weekdays: [mon, wed], no_show: 8 %}",
    o.Population: """
catchments: {north: {people: 20000}}
risk: {start: {uniform: {low: 0.02, high: 0.3}}}
presenting: {at_no_risk: 1 per 365 days, at_full_risk: 1 per 10 days, classes: patient}
""",
    o.Catchment: "{people: 20000, attributes: {age: {child: 0.2, adult: 0.6, elderly: 0.2}}}",
    o.Risk: """
start: [{when: {age: elderly}, uniform: {low: 0.1, high: 0.5}}, {uniform: {low: 0.01, high: 0.1}}]
trends: {improving: 0.2, stable: 0.6, worsening: 0.2}
improving: 0.02
worsening: 0.6
episode: 180 days
noise: 0.05
""",
    o.RiskCase: "{when: {age: elderly}, uniform: {low: 0.1, high: 0.5}}",
    o.Bands: "{attribute: risk-band, limits: {low: 0, medium: 0.1, high: 0.3}}",
    o.Scale: "{attribute: frailty, at_no_risk: 0.8, at_full_risk: 2}",
    o.Feedback: "{treated: -0.1, untreated: 0.1, per_hour_waited: 0.002, fades: 30 days, source: assumed}",
    o.Presenting: """
at_no_risk: 1 per 365 days
at_full_risk: 1 per 10 days
factors: [{when: {insurance: none}, factor: 0.7, source: assumed}]
classes: [{when: {age: child}, share: {child: 1}}, {share: {adult: 1}}]
acuity: [{when: {risk-band: high}, share: {critical: 0.2, standard: 0.8}}, {share: {standard: 1}}]
""",
    o.Propensity: "{when: {insurance: none}, factor: 0.7, source: assumed}",
    o.Invitation: "{patients: invited, when: {age: elderly}, begins: 0, ends: 21 days, weekday: [1, 1, 1, 1, 1, 0, 0]}",
    o.Return: "{outcomes: left, probability: 0.5, after: {exponential: 3 days}, worse: 0.2, source: assumed}",
    o.Profiles: "{generator: calibrated, n: 2000, match: {age: {field: age, limits: {child: 0, adult: 18}}, sex: sex}}",
    o.Match: "{field: age, limits: {child: 0, adult: 18, elderly: 65}}",
    e.Epidemic: """
seir: {r0: 1.3, latent: 2 days, infectious: 4 days, infected: 20, admitted: {probability: 0.01}}
classes: flu-patient
attributes: {flu: {positive: 1}}
""",
    e.Curve: "admissions: [0, 2, 5, 9, 12, 9, 5, 2]",
    e.Sir: """
population: 500000
in_hospital: 100
market_share: 5 %
doubling_time: 6 days
infectious: 14 days
contact_reduction: 15 %
admitted: 5 %
stay: 7 days
""",
    e.Seir: """
r0: 1.3
latent: 2 days
infectious: 4 days
infected: 20
groups: age
contacts: {child: {child: 8, adult: 6}, adult: {child: 2, adult: 9}}
admitted: [{when: {age: child}, probability: 0.005}, {probability: 0.01}]
protection: {vax: {infection: [0.3, 0.5], severe: [0.4, 0.6], onset: 14 days}}
""",
    e.Chance: "{when: {age: elderly}, probability: 0.05, source: assumed}",
    e.Protection: "{infection: [0.3, 0.5], severe: [0.4, 0.6], onset: 14 days, source: assumed}",
    e.Coverage: "{when: {age: elderly}, product: vax, share: 0.4, source: assumed}",
    v.Vaccine: """
products: {vax: {doses_per_vial: 6, open_limit: 6 h}}
shipments: [{product: vax, vials: 100, every: 1 week, shelf_life: 60 days}]
fridges: {north: {vials: 50, order_up_to: {vax: 30}}}
""",
    v.Product: "{doses_per_vial: 6, open_limit: 6 h, thawed_life: 30 days}",
    v.Shipment: "{product: vax, vials: 100, every: 1 week, shelf_life: 60 days}",
    v.Fridge: "{vials: 50, stock: {vax: 10}, order_up_to: {vax: 30}, breach_rate: 1 per 90 days}",
    v.Tier: "{when: {age: elderly}, opens: 0}",
    r.QueueRule: "accumulating-priority: {rates: {critical: 4, standard: 1}}",
    r.FirstCome: "clock: step",
    r.AcuityFirst: "clock: journey",
    r.LongestWaitWithinTarget: "{}",
    r.CMu: "cost: {critical: 10, standard: 1}",
    r.CMuTheta: "cost: {critical: 10, standard: 1}",
    r.MaxWeight: "cost: {critical: 10, standard: 1}",
    r.AccumulatingPriority: "{rates: {critical: 4, standard: 1}, start: {critical: 2}}",
    r.EquityWeighted: "{attribute: deprivation, weights: {1: 1.3}, rates: {critical: 4}}",
    r.OverflowRule: "nearest: {within: 2 h}",
    r.Nearest: "within: 2 h",
    r.LeastLoaded: "within: 2 h",
    r.Stay: "{}",
    r.Outside: "{}",
    u.Uncertain: "{paths: arrivals.all.scale, change: times, uniform: {low: 0.9, high: 1.1}, source: assumed}",
    u.Between: "{low: 2 days, high: 4 days}",
    u.Peaked: "{low: 50 per day, mode: 60 per day, high: 80 per day}",
    u.Around: "{mean: 0.2, sd: 0.05}",
    c.Costs: """
currency: GBP of 2023
bed_day: {ward: {amount: 400, source: assumed}}
transfer: {amount: 300, source: assumed}
""",
    c.UnitCost: "{amount: 400, source: assumed}",
    f.Counterfactual: "{attribute: ethnicity, was: black, instead: white}",
}
