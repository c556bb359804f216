"""A small town with everything that a population may have; overrides take away or change."""

from agents.population.source import People
from scenarios.loader import load_text
from sim.arrival_source import Outcomes
from sim.network import compile_network

TOWN = """
fairward: 1
name: town
horizon: 60 days
acuities: [urgent, standard]
attributes:
  age: {share: {child: 0.2, adult: 0.6, elderly: 0.2}}
  deprivation:
    share: [{when: {age: child}, share: {poor: 0.5, rich: 0.5}}, {share: {poor: 0.25, rich: 0.75}}]
  band: {share: {low: 1, high: 0}}
  flu: {share: {negative: 1, positive: 0}}
  frailty: {number: 1}
classes:
  patient: {pathway: visit, acuity: {standard: 1}}
  invited: {pathway: jab, acuity: {standard: 1}}
  flu-patient: {pathway: stay, acuity: {urgent: 1}}
pathways:
  visit:
    steps:
      see: {needs: bed, duration: {exponential: 2 h}, patience: {time: {exponential: 3 h}}}
  jab:
    steps:
      dose: {duration: 5 min, dose: vax, patience: {time: 1 h}}
  stay:
    steps:
      ward: {needs: bed, duration: {exponential: 3 days}, next: {died: 0.2, discharged: 0.8}}
hospitals: {north: {beds: {bed: 4}, population: 2000}, south: {beds: {bed: 2}, population: 1000}}
vaccine:
  products: {vax: {doses_per_vial: 10, open_limit: 6 h}}
  fridges: {north: {vials: 500, stock: {vax: 20}}, south: {vials: 100, stock: {vax: 5}}}
population:
  catchments: {north: {}, south: {attributes: {age: {child: 0.1, adult: 0.5, elderly: 0.4}}}}
  risk:
    start: [{when: {age: elderly}, uniform: {low: 0.1, high: 0.5}}, {uniform: {low: 0.01, high: 0.1}}]
    trends: {improving: 0.2, stable: 0.6, worsening: 0.2}
    improving: 0.02
    worsening: 0.6
    episode: 30 days
    noise: 0.05
    bands: {attribute: band, limits: {low: 0, high: 0.3}}
    scale: {attribute: frailty, at_no_risk: 0.8, at_full_risk: 2}
    feedback: {treated: -0.1, untreated: 0.1, per_hour_waited: 0.002, source: assumed}
  presenting:
    at_no_risk: 1 per 365 days
    at_full_risk: 1 per 20 days
    classes: patient
    acuity: [{when: {band: high}, share: {urgent: 0.5, standard: 0.5}}, {share: {standard: 1}}]
  invitations: [{patients: invited, when: {age: elderly}, ends: 21 days, weekday: [1, 1, 1, 1, 1, 0, 0]}]
  returns: [{outcomes: left, probability: 0.5, after: 2 days, worse: 0.5, source: assumed}]
epidemic:
  seir:
    r0: 2
    latent: 2 days
    infectious: 4 days
    infected: 20
    groups: age
    contacts:
      child: {child: 8, adult: 6, elderly: 1}
      adult: {child: 2, adult: 9, elderly: 1}
      elderly: {child: 1, adult: 3, elderly: 3}
    admitted: [{when: {age: elderly}, probability: 0.2}, {probability: 0.05}]
    protection: {vax: {infection: 0.3, severe: 0.4, onset: 7 days}}
  classes: flu-patient
  attributes: {flu: {positive: 1}}
"""

QUIET = (
    "epidemic=null",
    "population.invitations=[]",
    "population.returns=[]",
    "population.risk.feedback={}",
)
"""Nothing but risks that drift and people who present."""


def town(*overrides):
    return load_text(TOWN, overrides)


def people_of_town(*overrides, seed=1, replication=1, text=TOWN):
    return People(compile_network(load_text(text, overrides)), seed, replication, first_number=0)


class Life:
    """A population without hospitals: everybody who comes is out of care by midnight."""

    def __init__(self, people, outcome="discharged", treated=True):
        self.people = people
        self.outcome = people.network.outcomes.index(outcome)
        self.treated = treated
        self.n = 0
        self.here = []
        self.days = []

    def day(self, day):
        departed = tuple((24.0 * day, number, self.outcome) for number in self.here)
        treated = tuple((24.0 * day, number) for number in self.here) if self.treated else ()
        patients = self.people.next_day(day, Outcomes(departed, (), treated))
        self.here = [self.n + i for i in range(len(patients)) if not patients.declined[i]]
        self.n += len(patients)
        self.days.append(patients)
        return patients

    def live(self, days):
        for day in range(days):
            self.day(day)
        return self
