"""Between hospitals: travel, handover, ambulances, reservations, overflow and diversion."""

import pytest

from scenarios.rules import OverflowRule
from sim.eventlog import Row
from sim.protocol import Directive, Orders
from tests.sim.telling import engine_of, tell

TWO = """
horizon: 10 h
decide_every: 30 min
classes: {p: {pathway: p}}
pathways: {p: {steps: {see: {needs: room, duration: 100 min%s}}}}
hospitals:
  here: {beds: {room: 1}%s}
  there: {beds: {room: 1}}
transfers: {travel: {here: {there: 20 min}}, handover: 10 min%s}
arrivals:
  all: {hospital: here, classes: p, schedule: {at: [0, 1 min, 2 min]}}
"""


def two(step="", here="", transfers=""):
    return TWO % (step, here, transfers)


def move(*patients):
    return {"here": Orders(moves=dict.fromkeys(patients, "there"))}


def test_a_moved_patient_travels_is_handed_over_and_finds_the_bed_reserved():
    told = tell(two(), {30: move(1)})

    assert told.when(Row.DEPARTED_FOR) == [(30, 1)]
    assert told.when(Row.RESERVED, hospital="there") == [(30, 1)]
    assert told.when(Row.HANDED_OVER, hospital="there") == [(60, 1)]
    assert told.rows(Row.UNRESERVED) == [(60, 1, 0.0)]
    assert told.when(Row.STARTED) == [(0, 0), (60, 1), (100, 2)]
    assert told.decisions[-1].waiting == ()


def test_the_second_who_is_moved_finds_no_bed_to_reserve_and_queues_on_arrival():
    told = tell(two(), {30: move(1, 2)})

    assert told.when(Row.RESERVED) == [(30, 1)]
    assert told.when(Row.STARTED, hospital="there") == [(60, 1), (160, 2)]
    assert [(w.patient, w.hospital, round(w.hours * 60)) for w in told.decisions[3].waiting] == [(2, 1, 88)]


def test_a_bed_reserved_for_somebody_on_the_way_is_not_sold():
    text = two() + "  local: {hospital: there, classes: p, schedule: {at: [40 min]}}\n"
    told = tell(text, {30: move(1)})

    assert told.when(Row.STARTED, hospital="there") == [(60, 1), (160, 3)]


def test_a_reservation_lapses_and_the_patient_queues_behind_who_took_the_bed():
    text = two(transfers=", reservation_expires: 15 min")
    text += "  local: {hospital: there, classes: p, schedule: {at: [40 min]}}\n"
    told = tell(text, {30: move(1)})

    assert told.rows(Row.UNRESERVED) == [(45, 1, 1.0)]
    assert told.when(Row.STARTED, hospital="there") == [(45, 3), (145, 1)]


def test_a_reservation_is_not_used_when_the_staff_went_home_meanwhile():
    text = two(step="", here="").replace("needs: room", "needs: [room, nurse]")
    text = text.replace("  here: {beds: {room: 1}", "  here: {staff: {nurse: 2}, beds: {room: 1}")
    roster = '{nurse: {roster: [{begins: "00:00", ends: "00:40", count: 1}, '
    roster += '{begins: "00:40", ends: "02:00", count: 0}, '
    roster += '{begins: "02:00", ends: "24:00", count: 1}]}}'
    text = text.replace("there: {beds: {room: 1}}", f"there: {{beds: {{room: 1}}, staff: {roster}}}")
    told = tell(text, {30: move(1)})

    assert told.rows(Row.UNRESERVED) == [(60, 1, 1.0)]
    assert told.when(Row.STARTED, hospital="there") == [(120, 1)]


def test_ambulances_run_out_and_come_back_after_the_way_there_and_back():
    text = two(here=", ambulances: 1")
    told = tell(text, {30: move(1, 2), 60: move(2), 90: move(2)})

    assert told.when(Row.DEPARTED_FOR) == [(30, 1), (90, 2)]
    assert told.refusals() == [("here", "moves 2 to there", "no ambulance")] * 2


def test_the_way_back_counts_as_long_as_it_is():
    text = two(here=", ambulances: 1")
    there, back = "{here: {there: 20 min}", "{here: {there: 20 min}, there: {here: 50 min}"
    told = tell(text.replace(there, back), {30: move(1), 90: move(2)})

    # 30 min there and 60 min back, handover both times: not yet at 90 min.
    assert told.when(Row.DEPARTED_FOR) == [(30, 1)]
    assert told.refusals() == [("here", "moves 2 to there", "no ambulance")]


def test_longer_travel_is_a_parameter_of_a_group():
    text = two() + "attributes: {g: {share: {x: 1}}}\n"
    text += "disparities: {longer_travel: [{when: {g: x}, factor: 1.5, source: assumed}]}\n"

    assert tell(text, {30: move(1)}).when(Row.HANDED_OVER) == [(75, 1)]


@pytest.mark.parametrize(
    ("rule", "seen_there"), [("nearest", [(31, 1)]), ("least-loaded", [(31, 1)]), ("stay", [])]
)
def test_overflow_asks_the_rule_when_a_patient_cannot_start_at_once(rule, seen_there):
    told = tell(two(step=", if_full: overflow"), overrides=(f"overflow_rule={rule}",))

    assert told.when(Row.STARTED, hospital="there") == seen_there
    assert [value for *_, value in told.rows(Row.DEPARTED_FOR)] == [1.0] * len(seen_there)


def test_overflow_outside_leaves_the_network_as_diverted():
    told = tell(two(step=", if_full: overflow"), overrides=("overflow_rule=outside",))

    assert told.when(Row.LEFT_NETWORK, "diverted") == [(1, 1), (2, 2)]


def test_diverted_ambulances_go_where_there_is_room_and_else_outside():
    text = two().replace(
        "schedule: {at: [0, 1 min, 2 min]}}", "ambulance: 1, schedule: {at: [1 min, 2 min, 40 min]}}"
    )
    told = tell(text, {0: {"here": Orders(divert=True)}})

    # The first takes the one bed there by reservation; the second has nowhere to go; the third comes after it ended.
    assert told.rows(Row.DEPARTED_FOR) == [(1, 0, 2.0)]
    assert told.when(Row.LEFT_NETWORK, "diverted") == [(2, 1)]
    assert told.when(Row.STARTED) == [(31, 0), (40, 2)]


def test_walk_ins_are_not_diverted():
    told = tell(two(), {0: {"here": Orders(divert=True)}})

    assert told.when(Row.DEPARTED_FOR) == []


def test_an_order_of_overflow_rule_holds_until_the_next_decision():
    outside = Orders(overflow_rule=OverflowRule.model_validate({"outside": {}}))
    text = two(step=", if_full: overflow").replace("2 min]", "40 min]")
    told = tell(text, {0: {"here": outside}})

    assert told.when(Row.LEFT_NETWORK, "diverted") == [(1, 1)]


def test_nobody_goes_to_a_hospital_that_cannot_do_what_follows():
    text = """
horizon: 5 h
classes: {p: {pathway: p}}
pathways:
  p: {steps: {see: {needs: room, duration: 60 min, if_full: overflow, next: scan}, scan: {needs: ct, duration: 5 min}}}
hospitals: {here: {beds: {room: 1}, equipment: {ct: 1}}, there: {beds: {room: 1}}}
transfers: {travel: {here: {there: 20 min}}}
overflow_rule: nearest
arrivals: {all: {hospital: here, classes: p, schedule: {at: [0, 1 min]}}}
"""
    assert tell(text).when(Row.STARTED, "see") == [(0, 0), (60, 1)]


def test_who_dies_on_the_way_gives_the_reservation_back():
    text = two() + "hazards: {die: [{during: [travelling], rate: 1000 per hour}]}\n"
    engine, _ = engine_of(text)
    while (decision := engine.next_decision()) is not None:
        engine.answer(Directive(dict(move(1)) if decision.time == 0.5 else {}))
        last = decision
    log = engine.result().log

    assert (log.kind == Row.UNRESERVED).sum() == 1
    assert (log.kind == Row.HANDED_OVER).sum() == 0
    assert last.hospitals[1].reserved == (0,)


def test_the_last_dose_is_not_given_twice_by_a_reservation():
    text = """
horizon: 5 h
decide_every: 30 min
classes: {p: {pathway: p}}
pathways: {p: {steps: {jab: {needs: nurse, dose: vax, duration: 5 min}}}}
hospitals: {here: {staff: {nurse: 1}}, there: {staff: {nurse: 5}}}
transfers: {travel: {here: {there: 20 min}}}
vaccine: {products: {vax: {}}, fridges: {here: {vials: 5}, there: {vials: 5, stock: {vax: 1}}}}
arrivals:
  here: {hospital: here, classes: p, schedule: {at: [0]}}
  there: {hospital: there, classes: p, schedule: {at: [40 min]}}
"""
    told = tell(text, {30: {"here": Orders(moves={0: "there"})}})

    assert told.when(Row.STARTED) == [(40, 1)]
    assert told.rows(Row.UNRESERVED) == [(50, 0, 1.0)]
