import copy
from dataclasses import dataclass, field, replace

import numpy as np

from scenarios.loader import load_text
from sim.network import compile_network
from sim.patients import Patients, in_order
from sim.streams import uniforms
from sim.workload import ArrivalSource, Outcomes, Workload

CLINIC = """
fairward: 1
name: clinic
horizon: 5 days
attributes:
  age: {share: {young: 0.5, old: 0.5}}
  frailty: {number: {gamma: {mean: 1, sd: 0.5}}}
classes: {walk-in: {pathway: visit}}
pathways:
  visit:
    steps:
      see:
        needs: room
        duration: [{when: {age: old}, exponential: 2 h}, {exponential: 1 h}]
        scale_by: [frailty]
        patience: {time: {exponential: 1 h}}
hospitals: {clinic: {beds: {room: {count: 2, cleaning: {exponential: 10 min}}}}}
arrivals: {door: {hospital: clinic, classes: walk-in, poisson: 2 per hour}}
"""


@dataclass
class ReturnVisits:
    """Half of those who left yesterday come back at a random time of the day, as themselves."""

    workload: Workload
    come: int = field(default=0)

    def next_day(self, day: int, outcomes: Outcomes) -> Patients:
        ids = np.array([patient for _, patient, _ in outcomes.departed], dtype=np.int64)
        luck = uniforms(1, 0, ("return", str(day)), 2 * len(ids)).reshape(-1, 2)
        back = luck[:, 0] < 0.5
        who = self.workload.patients.take(ids[back])
        ordinal = self.come + np.arange(len(who))
        self.come += len(who)
        time = np.floor((24 * day + 24 * luck[back, 1]) * 2**20) / 2**20
        return in_order(replace(who, time=time, ordinal=ordinal, source=np.full(len(who), 1)))

    def fingerprint(self) -> str:
        return ""


def workload():
    return Workload(compile_network(load_text(CLINIC)), 3, 0, more_sources=("return",))


def columns(of):
    made = [f(0, visit) for f in (of.durations, of.patience, of.route, of.balk) for visit in (0, 1)]
    made += [
        of.cleaning(0, 0, 0, 0),
        of.thresholds(2, 1),
        of.holds({"source": ("return",)}),
        of.number("frailty"),
    ]
    return [*made, of.holds({"age": ("old",)}), of.first_route()]


def everything(of):
    patients = {name: column.tolist() for name, column in of.patients.columns().items()}
    return patients, of.durations(0, 0)


def departed_on(of, day):
    ids = np.flatnonzero((of.patients.time >= 24 * day) & (of.patients.time < 24 * (day + 1)))
    return Outcomes(departed=tuple((float(of.patients.time[i]), int(i), 0) for i in ids))


def live(of, source: ArrivalSource, days):
    batches = []
    for day in days:
        batches.append(source.next_day(day, departed_on(of, day - 1)))
        of.extend(batches[-1])
    return batches


def test_patients_of_the_day_are_appended_and_every_column_grows_in_place():
    clinic = workload()
    before = columns(clinic)
    lengths = [len(column) for column in before]
    n = lengths[0]

    batches = live(clinic, ReturnVisits(clinic), range(1, 4))

    more = sum(len(batch) for batch in batches)
    assert more > 50
    assert all(len(column) == n + more for column in before)
    assert all(new is old for new, old in zip(columns(clinic), before, strict=True))
    assert (clinic.patients.source[n:] == 1).all()
    assert clinic.holds({"source": ("return",)}) == [False] * n + [True] * more
    assert all(
        ((batch.time >= 24 * day) & (batch.time <= 24 * (day + 1))).all()
        for day, batch in enumerate(batches, 1)
    )


def test_columns_are_the_same_whether_made_before_or_after_the_patients_came():
    early, late = workload(), workload()
    columns(early)

    live(early, ReturnVisits(early), range(1, 4))
    live(late, ReturnVisits(late), range(1, 4))

    assert columns(early) == columns(late)
    assert everything(early) == everything(late)


def test_new_patients_have_luck_of_their_own_and_the_laws_of_their_attributes():
    clinic = workload()
    n = len(clinic.patients)
    live(clinic, ReturnVisits(clinic), range(1, 4))

    hours, age = np.array(clinic.durations(0, 0)), clinic.patients.codes["age"]

    assert len(set(hours[n:])) == len(hours[n:])
    assert not set(hours[:n]) & set(hours[n:])
    assert (clinic.patients.numbers["frailty"][n:] > 0).all()
    assert set(age[n:]) == {0, 1}


def test_a_source_can_be_copied_and_the_copy_repeats_the_same_day():
    clinic = workload()
    source = ReturnVisits(clinic)
    live(clinic, source, [1])

    twin_source = copy.deepcopy(source)
    twin = twin_source.workload
    here, there = live(clinic, source, [2, 3]), live(twin, twin_source, [2, 3])

    assert twin is not clinic
    assert [b.columns().keys() for b in here] == [b.columns().keys() for b in there]
    for one, other in zip(here, there, strict=True):
        for name, column in one.columns().items():
            assert column.tolist() == other.columns()[name].tolist()
    assert everything(clinic) == everything(twin)


def test_a_day_on_which_nobody_comes_changes_nothing():
    clinic = workload()
    before = everything(clinic)

    clinic.extend(ReturnVisits(clinic).next_day(1, Outcomes()))

    assert everything(clinic) == before


def test_the_fingerprint_is_of_those_whom_no_policy_can_change():
    clinic = workload()
    before = clinic.fingerprint()

    live(clinic, ReturnVisits(clinic), range(1, 4))

    assert clinic.fingerprint() == before
