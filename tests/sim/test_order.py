"""The event-order contract: (time, kind, id), whatever was scheduled first."""

from dataclasses import replace

import numpy as np
import pytest
import simpy

from scenarios.loader import load_text
from sim.arrival_source import Outcomes
from sim.clock import Timer
from sim.eventlog import Row
from sim.network import compile_network
from sim.order import GRID, Kind, leg_id, on_grid, priority
from sim.patients import Patients
from sim.protocol import Directive, Orders
from sim.reference import ReferenceEngine
from sim.workload import Workload
from tests.replay import replay
from tests.sim.telling import tell


def test_events_of_one_instant_run_by_kind_and_id_whatever_the_order_of_creation():
    keys = [
        (kind, identity) for kind in (Kind.FINISH, Kind.DEADLINE, Kind.ARRIVAL) for identity in (0, 7, 2**47)
    ]
    for shuffled in (keys, keys[::-1], keys[::2] + keys[1::2]):
        env, seen = simpy.Environment(), []
        note = seen.append
        for key in shuffled:
            Timer(env, 1.5, priority(*key), lambda timer, note=note: note(timer.about), key)
        env.run()
        assert seen == keys


def test_ids_of_legs_and_pools_never_meet():
    ids = {leg_id(patient, leg, pool) for patient in range(50) for leg in range(40) for pool in range(10)}

    assert len(ids) == 50 * 40 * 10
    assert leg_id(2**27, 4095, 255) < 2**48


def test_the_grid_rounds_halves_up_and_keeps_what_lies_on_it():
    assert on_grid(0.5 / GRID) == 1 / GRID
    assert on_grid(on_grid(1 / 3)) == on_grid(1 / 3)


ONE_ROOM = """
horizon: {horizon}
classes: {{p: {{pathway: p}}}}
pathways: {{p: {{steps: {{see: {{needs: room, duration: 60 min{more}}}}}}}}}
hospitals: {{h: {{beds: {{room: 1}}}}}}
arrivals: {{all: {{hospital: h, classes: p, schedule: {{at: {at}}}}}}}
"""


def test_what_happens_at_exactly_the_horizon_is_inside():
    told = tell(ONE_ROOM.format(horizon="2 h", more="", at="[0, 1 h, 2 h]"))

    assert told.when(Row.PRESENTED) == [(0, 0), (60, 1), (120, 2)]
    assert told.when(Row.ENDED) == [(60, 0), (120, 1)]
    assert told.when(Row.STARTED) == [(0, 0), (60, 1), (120, 2)]


def test_a_room_that_comes_free_when_patience_ends_is_still_taken():
    told = tell(ONE_ROOM.format(horizon="5 h", more=", patience: {time: 60 min}", at="[0, 0, 0]"))

    assert told.when(Row.STARTED) == [(0, 0), (60, 1)]
    assert told.when(Row.QUIT) == [(60, 2)]


def test_who_comes_when_a_stay_ends_finds_the_room_free():
    told = tell(ONE_ROOM.format(horizon="5 h", more=", if_full: leave", at="[1 h, 0]"))

    assert told.when(Row.STARTED) == [(0, 0), (60, 1)]


def test_a_decision_sees_the_patients_of_the_instants_before_and_not_those_who_come_now():
    text = ONE_ROOM.format(horizon="3 h", more="", at="[0, 30 min, 60 min]")
    told = tell("decide_every: 30 min" + text)

    waiting = {round(d.time * 60): [w.patient for w in d.waiting] for d in told.decisions}
    assert waiting == {0: [], 30: [], 60: [], 90: [2], 120: [], 150: []}


@pytest.mark.parametrize("names", [("north", "south"), ("south", "north")])
def test_decisions_that_conflict_resolve_by_the_order_of_the_hospitals_in_the_file(names):
    hospitals = ", ".join(f"{name}: {{beds: {{room: 0}}, staff: {{nurse: 1}}}}" for name in names)
    text = f"""
horizon: 2 h
decide_every: 1 h
classes: {{p: {{pathway: p}}}}
pathways: {{p: {{steps: {{see: {{needs: nurse, duration: 10 min}}}}}}}}
hospitals: {{{hospitals}, third: {{staff: {{nurse: 0}}}}}}
arrivals: {{all: {{hospital: north, classes: p, schedule: {{at: [90 min]}}}}}}
"""
    # Both lend their only nurse to each other: the first in the file lends first and the second lends it on.
    first, second = names
    told = tell(text, {0: {
        second: Orders(lend={("nurse", "third"): 2}),
        first: Orders(lend={("nurse", second): 1}),
    }})  # fmt: skip
    assert told.refusals() == []
    assert told.decisions[1].hospitals[2].capacity[-1] == 2


class Returns:
    """On the second day two patients come by a source of their own, between those of the stream."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload

    def next_day(self, day: int, outcomes: Outcomes) -> Patients:
        who = self.workload.patients.take(np.array([0, 1] if day == 1 else [], dtype=np.int64))
        n = len(who)
        return replace(who, time=24 * day + 1.5 * np.arange(n), ordinal=np.arange(n), source=np.full(n, 1))

    def fingerprint(self):
        return ""


def test_arrivals_that_depend_on_the_past_come_between_those_known_at_the_start():
    text = ONE_ROOM.format(horizon="40 h", more="", at="[0, 10 h, 24 h, 25 h, 39 h]")
    network = compile_network(load_text("fairward: 1\nname: story\ndecide_every: 0\n" + text))
    workload = Workload(network, 1, 0, more_sources=("again",))
    engine = ReferenceEngine(network, workload, source=Returns(workload))
    while engine.next_decision() is not None:
        engine.answer(Directive())
    result = engine.result()

    replay(result, workload)
    rows = result.log.kind == Row.PRESENTED
    assert list(zip(result.log.time[rows].tolist(), result.log.patient[rows].tolist(), strict=True)) == [
        (0, 0), (10, 1), (24, 2), (24, 5), (25, 3), (25.5, 6), (39, 4),
    ]  # fmt: skip


@pytest.mark.parametrize("minutes", [5, 7, 10, 25, 50])
def test_whole_minutes_tie_however_they_are_added_up(minutes):
    text = (
        "horizon: 3 days\nclasses: {a: {pathway: p}}\nhospitals: {h: {beds: {bed: 1}}}\n"
        f"pathways: {{p: {{steps: {{s: {{needs: bed, duration: {minutes} min, if_full: leave}}}}}}}}\n"
        f"arrivals: {{x: {{hospital: h, classes: a, schedule: {{at: [0], every: {minutes} min}}}}}}\n"
    )

    told = tell(text)

    assert not told.when(Row.QUIT)
