"""Who gets what: needs seized together, closures, boarders, ranks."""

import pytest

from scenarios.rules import AccumulatingPriority, AcuityFirst, QueueRule
from sim.eventlog import Row
from sim.protocol import Orders
from tests.sim.telling import tell

TWO_CLASSES = """
horizon: 10 h
classes: {big: {pathway: big}, small: {pathway: small}}
pathways:
  big: {steps: {operation: {needs: {room: 1, nurse: 2}, duration: 60 min}}}
  small: {steps: {dressing: {needs: {nurse: 1}, duration: 100 min}}}
hospitals: {clinic: {beds: {room: 1}, staff: {nurse: 2}}}
arrivals:
  first: {hospital: clinic, classes: small, schedule: {at: [0]}}
  second: {hospital: clinic, classes: big, schedule: {at: [10 min]}}
  third: {hospital: clinic, classes: small, schedule: {at: [20 min]}}
"""


@pytest.mark.parametrize(
    ("backfill", "third_starts", "second_starts"),
    [
        # The operation is short of a nurse: none may pass it to a nurse until it has had its two.
        ("none", 160, 100),
        # The dressing takes the free nurse at 20 min; both nurses are free together at 120 min.
        ("fit", 20, 120),
        ("strict", 160, 100),
    ],
)
def test_who_is_short_of_a_pool_closes_it_to_those_behind(backfill, third_starts, second_starts):
    told = tell(TWO_CLASSES, overrides=(f"backfill={backfill}",))

    assert told.when(Row.STARTED, "dressing") == [(0, 0), (third_starts, 2)]
    assert told.when(Row.STARTED, "operation") == [(second_starts, 1)]


def test_none_leaves_open_and_strict_closes_what_the_short_one_needs_but_is_not_short_of():
    text = """
horizon: 10 h
classes: {scan: {pathway: scan}, chat: {pathway: chat}}
pathways:
  scan: {steps: {scan: {needs: {scanner: 1, nurse: 1}, duration: 60 min}}}
  chat: {steps: {chat: {needs: {nurse: 1}, duration: 10 min}}}
hospitals: {clinic: {equipment: {scanner: 1}, staff: {nurse: 2}}}
arrivals:
  scans: {hospital: clinic, classes: scan, schedule: {at: [0, 1 min]}}
  chats: {hospital: clinic, classes: chat, schedule: {at: [2 min]}}
"""
    # The second scan is short of the scanner alone; the free nurse may go to the chat unless it is strict.
    assert tell(text).when(Row.STARTED, "chat") == [(2, 2)]
    assert tell(text, overrides=("backfill=strict",)).when(Row.STARTED, "chat") == [(60, 2)]


def test_four_patients_share_a_nurse_and_the_fifth_waits():
    told = tell("""
horizon: 5 h
classes: {p: {pathway: p}}
pathways: {p: {steps: {rest: {needs: {bed: 1, nurse: 1:4}, duration: 60 min}}}}
hospitals: {ward: {beds: {bed: 10}, staff: {nurse: 1}}}
arrivals: {all: {hospital: ward, classes: p, schedule: {at: [0], each: 5}}}
""")
    assert told.when(Row.STARTED) == [(0, 0), (0, 1), (0, 2), (0, 3), (60, 4)]


def test_all_needs_are_seized_at_once_and_a_free_bed_waits_for_its_nurse():
    told = tell("""
horizon: 5 h
start: 2025-01-06T06:00
classes: {p: {pathway: p}}
pathways: {p: {steps: {rest: {needs: {bed: 1, nurse: 1}, duration: 60 min}}}}
hospitals:
  ward:
    beds: {bed: 1}
    staff: {nurse: {roster: [{begins: "07:00", ends: "19:00", count: 1}, {begins: "19:00", ends: "07:00", count: 0}]}}
arrivals: {all: {hospital: ward, classes: p, schedule: {at: [0]}}}
""")
    assert told.when(Row.STARTED) == [(60, 0)]


def test_an_alternative_is_taken_when_the_own_needs_are_not_free_and_scales_the_stay():
    told = tell("""
horizon: 10 h
classes: {p: {pathway: p}}
pathways:
  p: {steps: {stay: {needs: ward, alternatives: [{needs: icu, factor: 1.5}], duration: 60 min}}}
hospitals: {h: {beds: {ward: 1, icu: 1}}}
arrivals: {all: {hospital: h, classes: p, schedule: {at: [0], each: 3}}}
""")
    # The second stays 90 min in the ICU; the third has the ward from 60 min on.
    assert told.when(Row.STARTED) == [(0, 0), (0, 1), (60, 2)]
    assert told.when(Row.ENDED) == [(60, 0), (90, 1), (120, 2)]


def test_a_boarder_keeps_its_bed_until_the_next_step_starts_and_cleaning_follows():
    told = tell("""
horizon: 10 h
classes: {p: {pathway: p}}
pathways:
  p:
    steps:
      ed: {needs: bay, duration: 10 min, hold: true, next: ward}
      ward: {needs: ward, duration: 60 min}
hospitals: {h: {beds: {bay: {count: 1, cleaning: 5 min}, ward: 1}}}
arrivals: {all: {hospital: h, classes: p, schedule: {at: [0], each: 3}}}
""")
    # 0 leaves the bay at 10, clean at 15; 1 is ready at 25 but boards until 70, when 0 leaves the ward.
    assert told.when(Row.STARTED, "ed") == [(0, 0), (15, 1), (75, 2)]
    assert told.when(Row.STARTED, "ward") == [(10, 0), (70, 1), (130, 2)]
    assert told.when(Row.CLEANED) == [(15, 0), (75, 1), (135, 2)]


def test_a_boarder_is_exempt_from_closures():
    told = tell("""
horizon: 10 h
classes: {p: {pathway: p}, big: {pathway: big}}
pathways:
  p:
    steps:
      ed: {needs: bay, duration: 10 min, hold: true, next: ward}
      ward: {needs: ward, duration: 60 min}
  big: {steps: {both: {needs: {ward: 2}, duration: 60 min}}}
hospitals: {h: {beds: {bay: 1, ward: 2}}}
arrivals:
  a: {hospital: h, classes: p, schedule: {at: [0, 5 min]}}
  b: {hospital: h, classes: big, schedule: {at: [1 min]}}
""")
    # Patient 1 takes both wards at 1 min. At 61 min patient 0, who boards since 10 min, and then patient 2 start.
    assert told.when(Row.STARTED, "both") == [(1, 1)]
    assert told.when(Row.STARTED, "ward") == [(61, 0), (71, 2)]


ACUITY = """
horizon: 10 h
decide_every: 30 min
acuities: [high, low]
classes: {high: {pathway: p, acuity: {high: 1}}, low: {pathway: p, acuity: {low: 1}}}
pathways: {p: {steps: {see: {needs: room, duration: 60 min}}}}
hospitals: {h: {beds: {room: 1}}}
arrivals:
  low: {hospital: h, classes: low, schedule: {at: [0, 1 min, 2 min]}}
  high: {hospital: h, classes: high, schedule: {at: [5 min]}}
"""


def test_a_queue_rule_holds_from_the_decision_to_the_next_and_then_the_scenarios_own():
    rule = Orders(queue_rule=QueueRule(acuity=AcuityFirst()))

    assert tell(ACUITY).when(Row.STARTED) == [(0, 0), (60, 1), (120, 2), (180, 3)]
    assert tell(ACUITY, {60: {"h": rule}}).when(Row.STARTED) == [(0, 0), (60, 1), (120, 2), (180, 3)]
    assert tell(ACUITY, {30: {"h": rule}}).when(Row.STARTED) == [(0, 0), (60, 3), (120, 1), (180, 2)]


def test_priority_that_accumulates_lets_the_urgent_overtake_once_it_has_waited_long_enough():
    # At 60 min: 4 x 55 = 220 points for the urgent, 59 for the first of the others.
    fast = Orders(
        queue_rule=QueueRule(accumulating_priority=AccumulatingPriority(rates={"high": 4, "low": 1}))
    )
    # 1.05 x 55 = 57.75 points against 59; at 120 min 1.05 x 115 = 120.75 against 118.
    slow = Orders(
        queue_rule=QueueRule(accumulating_priority=AccumulatingPriority(rates={"high": 1.05, "low": 1}))
    )
    always = range(0, 600, 30)

    assert tell(ACUITY, {t: {"h": fast} for t in always}).when(Row.STARTED)[1] == (60, 3)
    assert tell(ACUITY, {t: {"h": slow} for t in always}).when(Row.STARTED)[1:3] == [(60, 1), (120, 3)]


def test_a_reservation_ends_with_the_next_decision():
    text = ACUITY.replace("room: 1", "room: 2").replace("[0, 1 min, 2 min]", "[1 min, 2 min, 3 min]")
    told = tell(text.replace("[5 min]", "[300 min]"), {0: {"h": Orders(reserve={("room", "high"): 1})}})

    assert told.when(Row.STARTED)[:3] == [(1, 0), (30, 1), (61, 2)]


def test_a_reserved_bed_is_not_closed_to_the_urgent_by_those_from_whom_it_is_kept():
    text = ACUITY.replace("room: 1", "room: 2").replace("[0, 1 min, 2 min]", "[1 min, 2 min, 3 min]")
    told = tell(text, {0: {"h": Orders(reserve={("room", "high"): 1})}})

    # Patients 1 and 2 came first and wait because of the reservation alone; the urgent takes the bed that is kept.
    assert (5, 3) in told.when(Row.STARTED)


def test_a_queue_limit_counts_those_who_joined_before():
    told = tell("""
horizon: 3 h
classes: {p: {pathway: p}}
pathways:
  p:
    steps:
      talk: {duration: 10 min, next: see}
      see: {needs: room, duration: 60 min, queue_limit: 1}
hospitals: {h: {beds: {room: 1}}}
arrivals: {all: {hospital: h, classes: p, schedule: {at: [0], each: 4}}}
""")
    assert told.when(Row.STARTED, "see") == [(10, 0), (70, 1)]
    assert told.when(Row.LEFT_NETWORK, "cancelled") == [(10, 2), (10, 3)]


def test_a_boarder_who_may_start_does_not_open_what_the_better_ranked_for_its_step_closes():
    told = tell("""
horizon: 9 h
acuities: [critical, urgent, standard]
queue_rule: acuity
classes:
  boarder: {pathway: boarder, acuity: {standard: 1}}
  big: {pathway: boarder, acuity: {critical: 1}}
  small: {pathway: small, acuity: {urgent: 1}}
pathways:
  boarder:
    first: [{when: {class: big}, to: large}, {to: observe}]
    steps:
      observe: {needs: {bed: 2}, duration: 30 min, hold: true, next: large}
      large: {needs: {bed: 2}, duration: 60 min}
  small: {steps: {single: {needs: bed, duration: 60 min}}}
hospitals: {h: {beds: {bed: 3}}}
arrivals:
  boarder: {hospital: h, classes: boarder, schedule: {at: [0]}}
  big: {hospital: h, classes: big, schedule: {at: [5 min]}}
  small: {hospital: h, classes: small, schedule: {at: [6 min]}}
""")

    assert told.when(Row.STARTED, "large") == [(30, 0), (90, 1)]
    assert told.when(Row.STARTED, "single") == [(90, 2)]
