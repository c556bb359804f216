"""Patients who block one another: found, and resolved by the rule that the scenario names."""

from itertools import combinations, product
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.errors import DeadlockError
from sim.blocking import exchange
from sim.eventlog import Row
from sim.protocol import Directive, Orders
from tests.sim.telling import engine_of, tell

CROSSING = """
horizon: 10 h
classes: {there: {pathway: there}, back: {pathway: back}}
pathways:
  there:
    steps:
      a: {needs: a, duration: 30 min, hold: true, next: b}
      b: {needs: b, duration: 60 min}
  back:
    steps:
      b: {needs: b, duration: 40 min, hold: true, next: a}
      a: {needs: a, duration: 60 min}
hospitals: {h: {beds: {a: {count: 1, cleaning: 10 min}, b: {count: 1, cleaning: 20 min}}}}
arrivals:
  there: {hospital: h, classes: there, schedule: {at: [0]}}
  back: {hospital: h, classes: back, schedule: {at: [0]}}
"""
"""Patient 0 keeps A and waits for B from 30 min; patient 1 keeps B and waits for A from 40 min."""


def test_two_who_keep_each_others_bed_swap_and_each_pays_for_the_cleaning_of_the_bed_it_enters():
    told = tell(CROSSING)

    assert told.rows(Row.DEADLOCK) == [(40, -1, 2.0)]
    assert told.when(Row.STARTED)[2:] == [(40, 0), (40, 1)]
    assert told.when(Row.ENDED)[2:] == [(110, 1), (120, 0)]  # 60 + 10 min in A, 60 + 20 min in B.


def test_fail_says_who_keeps_what_and_waits_for_what():
    with pytest.raises(DeadlockError) as caught:
        tell(CROSSING, overrides=("on_deadlock=fail",))

    assert caught.value.stuck == ((0, "there.a", "there.b"), (1, "back.b", "back.a"))
    assert str(caught.value).startswith(
        "h at 0.67 h: patients block one another for ever: patient 0 keeps there.a"
    )


def test_overflow_sends_the_worst_ranked_away():
    text = CROSSING.replace("hospitals: {", "on_deadlock: overflow\nhospitals: {g: {beds: {a: 1, b: 1}}, ")
    told = tell(text + "transfers: {travel: {h: {g: 15 min}}}\n")

    assert told.rows(Row.DEADLOCK) == [(40, -1, 2.0)]
    assert told.rows(Row.DEPARTED_FOR) == [(40, 1, 3.0)]
    assert told.when(Row.STARTED, "a", "g") == [(55, 1)]
    assert told.when(Row.STARTED, "b", "h") == [(0, 1), (60, 0)]  # Bed B is cleaned for 20 min first.


def test_overflow_waits_until_there_is_room_elsewhere():
    text = CROSSING.replace("hospitals: {", "on_deadlock: overflow\nhospitals: {g: {beds: {a: 1, b: 1}}, ")
    text += "transfers: {travel: {h: {g: 15 min}}}\n"
    text = text.replace("classes: {", "classes: {both: {pathway: both}, ")
    text = text.replace(
        "pathways:", "pathways:\n  both: {steps: {both: {needs: [a, b], duration: 100 min}}}", 1
    )
    told = tell(
        text.replace("arrivals:", "arrivals:\n  busy: {hospital: g, classes: both, schedule: {at: [0]}}")
    )

    assert told.rows(Row.DEADLOCK) == [(40, -1, 2.0), (100, -1, 2.0)]
    assert told.rows(Row.DEPARTED_FOR) == [(100, 2, 3.0)]


def test_a_boarder_keeps_the_bed_that_the_next_step_needs_again():
    told = tell("""
horizon: 5 h
classes: {p: {pathway: p}}
pathways:
  p:
    steps:
      observe: {needs: [bed, nurse], duration: 30 min, hold: true, next: rest}
      rest: {needs: bed, duration: 60 min}
hospitals: {h: {beds: {bed: 1}, staff: {nurse: 1}}}
arrivals: {all: {hospital: h, classes: p, schedule: {at: [0]}}}
""")
    assert told.rows(Row.DEADLOCK) == []
    assert told.when(Row.STARTED, "rest") == [(30, 0)]


def test_a_bed_kept_during_a_scan_is_neither_asked_for_twice_nor_cleaned_between():
    told = tell("""
horizon: 9 h
classes: {p: {pathway: p}}
pathways:
  p:
    steps:
      before: {needs: ward, duration: 60 min, hold: true, next: scan}
      scan: {needs: [ward, ct], duration: 15 min, hold: true, next: after}
      after: {needs: ward, duration: 45 min}
hospitals: {h: {beds: {ward: {count: 2, cleaning: 30 min}, ct: 1}}}
arrivals: {all: {hospital: h, classes: p, schedule: {at: [0], each: 3}}}
""")
    assert told.rows(Row.DEADLOCK) == []
    assert told.when(Row.STARTED, "scan") == [(60, 0), (75, 1), (210, 2)]
    assert told.when(Row.CLEANING) == [(120, 0), (135, 1), (270, 2)]


def test_a_ring_of_three_units_turns_at_once():
    told = tell("""
horizon: 5 h
classes: {ab: {pathway: ab}, bc: {pathway: bc}, ca: {pathway: ca}}
pathways:
  ab: {steps: {one: {needs: a, duration: 30 min, hold: true, next: two}, two: {needs: b, duration: 60 min}}}
  bc: {steps: {one: {needs: b, duration: 30 min, hold: true, next: two}, two: {needs: c, duration: 60 min}}}
  ca: {steps: {one: {needs: c, duration: 30 min, hold: true, next: two}, two: {needs: a, duration: 60 min}}}
hospitals: {h: {beds: {a: 1, b: 1, c: 1}}}
arrivals:
  ab: {hospital: h, classes: ab, schedule: {at: [0]}}
  bc: {hospital: h, classes: bc, schedule: {at: [0]}}
  ca: {hospital: h, classes: ca, schedule: {at: [0]}}
""")
    assert told.rows(Row.DEADLOCK) == [(30, -1, 3.0)]
    assert sorted(told.when(Row.STARTED, "two")) == [(30, 0), (30, 1), (30, 2)]


def test_a_knot_over_units_of_several_beds_is_found_only_when_the_last_bed_is_kept():
    told = tell("""
horizon: 9 h
classes: {there: {pathway: there}, back: {pathway: back}}
pathways:
  there:
    steps:
      a: {needs: a, duration: 30 min, hold: true, next: b}
      b: {needs: b, duration: 60 min}
  back:
    steps:
      b: {needs: b, duration: [{when: {source: late}, constant: 90 min}, {constant: 40 min}], hold: true, next: a}
      a: {needs: a, duration: 60 min}
hospitals: {h: {beds: {a: 2, b: 2}}}
arrivals:
  there: {hospital: h, classes: there, schedule: {at: [0], each: 2}}
  back: {hospital: h, classes: back, schedule: {at: [0]}}
  late: {hospital: h, classes: back, schedule: {at: [0]}}
""")
    # Three keep beds from 40 min on, yet the fourth is in timed care: no knot before 90 min. Then one pair swaps,
    # and the other two are not blocked for ever: those who swapped will leave.
    assert told.rows(Row.DEADLOCK) == [(90, -1, 4.0)]
    assert len([row for row in told.when(Row.STARTED) if row[0] == 90]) == 2
    assert len([row for row in told.when(Row.STARTED) if row[0] == 150]) == 2


def test_patience_is_a_way_out_so_that_nobody_is_blocked_for_ever():
    patient = "b: {needs: b, duration: 60 min, patience: {time: 50 min}}"
    text = CROSSING.replace("b: {needs: b, duration: 60 min}", patient)
    told = tell(text, overrides=("on_deadlock=fail",))

    assert told.rows(Row.DEADLOCK) == []
    assert told.when(Row.QUIT) == [(80, 0)]
    assert told.when(Row.STARTED)[2:] == [(90, 1)]  # A is cleaned for 10 min after patient 0.


def test_a_hazard_of_deteriorating_is_no_way_out():
    text = CROSSING.replace(
        "classes: {there: {pathway: there}, back: {pathway: back}}",
        """
acuities: [high, low]
classes: {there: {pathway: there, acuity: {low: 1}}, back: {pathway: back, acuity: {low: 1}}}
hazards: {deteriorate: [{during: [boarding], rate: 1 per 10000 h}]}
""",
    )
    assert tell(text).rows(Row.DEADLOCK) == [(40, -1, 2.0)]


def test_flex_beds_that_close_may_close_a_knot():
    text = """
horizon: 9 h
decide_every: 1 h
classes: {there: {pathway: there}, back: {pathway: back}}
pathways:
  there:
    steps:
      a: {needs: a, duration: 30 min, hold: true, next: b}
      b: {needs: b, duration: 60 min}
  back:
    steps:
      b: {needs: b, duration: [{when: {source: late}, constant: 90 min}, {constant: 40 min}], hold: true, next: a}
      a: {needs: a, duration: 60 min}
hospitals: {h: {beds: {a: 1, b: {count: 1, flex: {count: 1, delay: 0}}}}}
arrivals:
  there: {hospital: h, classes: there, schedule: {at: [0]}}
  back: {hospital: h, classes: back, schedule: {at: [0]}}
  late: {hospital: h, classes: back, schedule: {at: [1 min]}}
"""
    told = tell(text, {0: {"h": Orders(flex={"b": 1})}})

    # At 40 min patient 2 is in timed care in the second bed B, for which patient 0 waits.
    # At 60 min that bed is to close.
    assert told.rows(Row.DEADLOCK)[0] == (60, -1, 2.0)
    assert {(60, 0), (60, 1)} <= set(told.when(Row.STARTED))


def test_an_exchange_waits_for_the_nurse_whom_it_needs_too():
    text = CROSSING.replace("b: {needs: b, duration: 60 min}", "b: {needs: [b, nurse], duration: 60 min}")
    text = text.replace("}}}}\narrivals", "}}, staff: {nurse: 1}}}\narrivals").replace(
        "classes: {there", "classes: {talk: {pathway: talk}, there"
    )
    text = text.replace(
        "pathways:", "pathways:\n  talk: {steps: {talk: {needs: nurse, duration: 100 min}}}", 1
    )
    told = tell(text + "  talk: {hospital: h, classes: talk, schedule: {at: [0]}}\n")

    assert told.rows(Row.DEADLOCK) == [(40, -1, 2.0), (100, -1, 2.0)]
    assert {(100, 0), (100, 1)} <= set(told.when(Row.STARTED))


def test_an_exchange_takes_the_alternative_where_the_first_choice_does_not_help():
    back = "a: {needs: never, alternatives: [{needs: a}], duration: 60 min}"
    told = tell(
        CROSSING.replace("a: {needs: a, duration: 60 min}", back).replace(
            "b: {count: 1", "never: 0, b: {count: 1"
        )
    )

    assert told.rows(Row.DEADLOCK) == [(40, -1, 2.0)]
    assert (40, 1) in told.when(Row.STARTED, "a")


POOLS = 3


@st.composite
def knots(draw):
    """Boarders of small random needs, what is open and what is taken: `capacity, taken, needs, steps, stuck`."""
    need = st.dictionaries(st.integers(0, POOLS - 1), st.integers(1, 2), min_size=1, max_size=2)
    needs = draw(st.lists(need, min_size=2, max_size=5))
    some = st.integers(0, len(needs) - 1)
    steps = draw(st.lists(st.lists(some, min_size=1, max_size=2, unique=True), min_size=1, max_size=4))
    kept = draw(st.lists(st.tuples(some, st.integers(0, len(steps) - 1)), min_size=1, max_size=5))
    held = [sum(needs[need].get(pool, 0) for need, _ in kept) for pool in range(POOLS)]
    capacity = [max(0, h + draw(st.integers(-1, 1))) for h in held]
    taken = [h + draw(st.integers(0, 1)) for h in held]
    network = SimpleNamespace(
        needs=[SimpleNamespace(amounts=tuple(sorted(need.items()))) for need in needs],
        steps=[SimpleNamespace(options=tuple(SimpleNamespace(need=n) for n in step)) for step in steps],
    )
    stuck = [SimpleNamespace(number=i, held=need, step=step) for i, (need, step) in enumerate(kept)]
    return network, capacity, taken, stuck


def fits(network, capacity, taken, starters):
    after = list(taken)
    for patient, option in starters:
        for pool, amount in network.needs[patient.held].amounts:
            after[pool] -= amount
        for pool, amount in network.needs[option.need].amounts:
            after[pool] += amount
    return all(now <= max(limit, before) for now, limit, before in zip(after, capacity, taken, strict=True))


@given(knot=knots())
def test_an_exchange_is_found_whenever_there_is_one(knot):
    network, capacity, taken, stuck = knot
    possible = any(
        fits(network, capacity, taken, list(zip(some, options, strict=True)))
        for size in range(1, len(stuck) + 1)
        for some in combinations(stuck, size)
        for options in product(*(network.steps[patient.step].options for patient in some))
    )

    found = exchange(network, capacity, taken, stuck)

    assert bool(found) == possible
    assert fits(network, capacity, taken, found)
    assert [patient.number for patient, _ in found] == sorted({patient.number for patient, _ in found})


def test_a_swap_is_no_decision_and_nobody_is_asked():
    engine, _ = engine_of(CROSSING)
    n = 0
    while engine.next_decision() is not None:
        n += 1
        engine.answer(Directive())
    assert n == 1
