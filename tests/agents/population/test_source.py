"""What the hospitals do comes back; luck does not depend on it."""

import copy
import gc
from datetime import datetime

import mesa
import numpy as np
import pytest

from agents.build import build_engine
from agents.population.catchment import Catchment
from agents.population.source import source_names
from agents.population.timetable import NEVER, hour_of_day, invited_on
from policies.replication import Replication
from sim.arrival_source import Outcomes
from sim.eventlog import Row
from sim.protocol import Directive
from sim.replications import replicate
from tests.agents.population.towns import QUIET, Life, people_of_town, town

HERE = "population.catchments={north: {}}"


def finished(scenario, seed=1, number=1):
    engine = build_engine(scenario, seed, number, "simpy")
    while engine.next_decision() is not None:
        engine.answer(Directive())
    return engine, engine.result()


def test_a_run_is_the_same_again_and_for_any_number_of_workers():
    task = Replication(town("horizon=20 days"), ("neutral",), 3, "auto", None)
    alone, together = (
        {
            number: parts["neutral"].fingerprint
            for number, parts in replicate(task, range(1, 4), jobs=jobs).items()
        }
        for jobs in (1, 2)
    )

    assert alone == together
    assert len(set(alone.values())) == 3


def test_two_policies_meet_the_same_people_with_the_same_luck():
    plain = ("population.risk.feedback={}", "horizon=20 days", "on_deadlock=fail")
    scenario, few = town(*plain), town(*plain, "hospitals.north.beds.bed=1", "hospitals.south.beds.bed=1")
    one, other = finished(scenario)[1], finished(few)[1]

    assert one.workload_hash == other.workload_hash
    assert one.log.fingerprint() != other.log.fingerprint()
    both = set(visits(one)) & set(visits(other))
    assert len(both) > 100
    assert len(both) > 0.8 * len(visits(one))
    assert all(visits(one)[visit] == visits(other)[visit] for visit in both)


def visits(result):
    """Return (source, ordinal) -> what was drawn of the visit, of those who came for illness."""
    people = result.patients
    ill = np.flatnonzero(people.cls == result.network.classes.index("patient"))
    first = ill[np.isin(people.acuity[ill], (0, 1))]
    return {(int(people.source[i]), int(people.ordinal[i])): float(people.time[i]) for i in first}


def test_nobody_comes_while_in_care_and_at_most_once_a_day():
    _, result = finished(town())
    people = result.patients
    persons = np.where(people.source == 0, people.ordinal % 2000, 10_000 + people.ordinal % 1000)
    order = np.lexsort((people.time, persons))
    same = np.diff(persons[order]) == 0
    days = np.floor(people.time[order] / 24)

    assert same.sum() > 100
    assert (np.diff(days)[same] >= 1).all()
    assert len({*zip(people.source.tolist(), people.ordinal.tolist(), strict=True)}) == len(people)


def test_the_dead_do_not_come_back_and_are_counted():
    engine, result = finished(town("epidemic.seir.infected=200"))
    died = result.network.outcomes.index("died")
    n_died = int(np.count_nonzero(result.log.item[result.log.kind == Row.LEFT_NETWORK] == died))

    source = engine._source
    assert n_died > 5
    # Who dies after the last midnight is not yet known to the population.
    assert 0 <= n_died - source.spread.stages()[4] < 4


def test_treatment_makes_risks_smaller_and_leaving_untreated_makes_them_larger():
    always = ("population.presenting.at_no_risk=1 per day", "population.presenting.at_full_risk=1 per day")
    same = (
        "population.risk.trends={stable: 1}",
        "population.risk.noise=0",
        "population.risk.start=0.5",
        HERE,
    )
    feedback = "population.risk.feedback={treated: -0.1, untreated: 0.1, fades: 2 days}"
    quiet = [change for change in QUIET if "feedback" not in change]
    for treated, change in ((True, -0.1), (False, 0.1)):
        life = Life(people_of_town(*quiet, *always, *same, feedback), treated=treated).live(2)
        assert life.people.catchments[0].risk == pytest.approx(np.full(2000, 0.5 + change / 2))
        life.live(1)


def test_hours_waited_count():
    changes = (
        "population.risk.trends={stable: 1}",
        "population.risk.noise=0",
        "population.risk.start=0.5",
        HERE,
    )
    always = ("population.presenting.at_no_risk=1 per day", "population.presenting.at_full_risk=1 per day")
    feedback = "population.risk.feedback={per_hour_waited: 0.01, fades: 10000 days}"
    quiet = [change for change in QUIET if "feedback" not in change]
    life = Life(people_of_town(*quiet, *always, *changes, feedback), treated=False)

    first = life.day(0)
    life.day(1)

    person = first.ordinal % 2000
    waited = 24.0 - first.time
    assert life.people.catchments[0].risk[person] == pytest.approx(0.5 + 0.01 * waited, rel=1e-3)


def test_who_left_comes_back_after_the_time_that_is_written_and_sicker():
    mondays = "population.presenting.weekday=[1, 0, 0, 0, 0, 0, 0]"
    often = (
        "population.presenting.at_no_risk=1 per 7 days",
        "population.presenting.at_full_risk=1 per 7 days",
    )
    back = "population.returns=[{outcomes: left, probability: 1, after: 50 h, worse: 1, source: assumed}]"
    quiet = [change for change in QUIET if "returns" not in change]
    life = Life(people_of_town(*quiet, HERE, mondays, *often, back), outcome="left", treated=False)

    days = [life.day(day) for day in range(7)]

    assert [len(batch) for batch in days] == [2000, 0, 0, 2000, 0, 0, 2000]
    assert sorted(days[3].ordinal % 2000) == list(range(2000))
    standard = [np.count_nonzero(batch.acuity == 1) for batch in days]
    assert standard[0] > 1500
    assert standard[3] == standard[6] == 0


def test_a_dose_counts_and_the_invited_come_once_on_weekdays():
    life = Life(people_of_town("epidemic=null", "population.returns=[]")).live(30)
    invited = life.people.network.classes.index("invited")
    came = [int(np.count_nonzero(batch.cls == invited)) for batch in life.days]

    assert sum(came) > 0.95 * 800
    assert all(n == 0 for day, n in enumerate(came) if day % 7 > 4 or day >= 21)
    assert all(n > 0 for day, n in enumerate(came) if day % 7 <= 4 and day < 21)
    people = life.people.catchments[0]
    people.was_dosed(7, 100.0, 0)
    people.was_dosed(7, 200.0, 0)
    assert (people.people.doses[7], people.people.dosed_at[7]) == (2, 200.0)


def test_patients_carry_their_risk_into_the_attributes_that_tell_it():
    people = people_of_town(HERE, "epidemic=null", "population.risk.noise=0")
    patients = people.next_day(0, Outcomes())
    catchment = people.catchments[0]
    risk = catchment.risk[patients.ordinal % 2000]

    assert patients.numbers["frailty"] == pytest.approx(0.8 + 1.2 * risk)
    assert (patients.codes["band"] == (risk >= 0.3)).all()
    assert catchment.people.in_care.sum() == len(patients)


def test_a_copy_lives_on_like_the_original_and_apart_from_it():
    life = Life(people_of_town()).live(10)
    twin = copy.deepcopy(life)
    assert twin.people.spread.catchments[0] is twin.people.catchments[0]

    here, there = ([each.day(day) for day in range(10, 20)] for each in (life, twin))

    for one, other in zip(here, there, strict=True):
        for name, column in one.columns().items():
            assert column.tolist() == other.columns()[name].tolist()
    assert twin.people.catchments[0].people is not life.people.catchments[0].people


def test_people_in_care_are_agents_of_their_catchment_and_no_model_outlives_a_run():
    engine = build_engine(town(), 1, 1, "simpy")
    seen = 0
    while engine.next_decision() is not None:
        north = engine._source.catchments[0]
        seen = max(seen, len(north.agents))
        assert all(agent.model is north for agent in north.agents)
        engine.answer(Directive())
    assert seen > 2
    del engine, north
    gc.collect()

    assert [model for model in mesa.Agent._ids if isinstance(model, Catchment)] == []


def test_a_scenario_without_people_has_no_source():
    plain = town(
        "population=null",
        "epidemic=null",
        "arrivals={door: {hospital: north, classes: patient, poisson: 1 per day}}",
    )

    assert source_names(plain) == ()
    assert build_engine(plain, 1, 1, "simpy")._source is None


def test_hours_and_days_follow_their_weights():
    morning = tuple(1.0 if 8 <= hour < 12 else 0.0 for hour in range(24))
    u = np.linspace(0.001, 0.999, 50)

    assert (np.floor(hour_of_day(datetime(2025, 1, 6), morning, u)) // 4 == 2).all()
    assert (np.floor(hour_of_day(datetime(2025, 1, 6, 6), morning, u) + 6) // 4 == 2).all()
    assert set(invited_on(datetime(2025, 1, 6), (0, 0, 1, 0, 0, 0, 0), 0, 14 * 24, u)) == {2, 9}
    assert set(invited_on(datetime(2025, 1, 6), (0, 0, 1, 0, 0, 0, 0), 72, 96, u)) == {NEVER}
