"""What is to happen happens in the order of time and rank, however far ahead it was known."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.build import build_engine
from scenarios.loader import load_text
from sim.fast.future import SLOTS, SLOTS_PER_HOUR
from sim.order import Kind, on_second, priority

NOTHING = """
fairward: 1
name: nothing
horizon: 200 h
decide_every: 0 h
classes: {ill: {pathway: care}}
pathways: {care: {steps: {ward: {needs: bed, duration: 1 h}}}}
hospitals: {north: {beds: {bed: 1}}}
arrivals: {north: {hospital: north, classes: ill, schedule: {at: [199 h]}}}
"""
TURN = SLOTS / SLOTS_PER_HOUR
HOURS = [0.0, 1 / SLOTS_PER_HOUR, 0.25, 1.0, TURN, TURN + 0.25, 2 * TURN, 100.0, 150.0]
"""Delays: ties, one slot, one turn of the ring, more than a turn."""


@settings(max_examples=30)
@given(
    delays=st.lists(
        st.tuples(st.sampled_from(HOURS) | st.floats(0, 150), st.lists(st.sampled_from(HOURS), max_size=3)),
        min_size=1,
        max_size=150,
    )
)
def test_events_come_in_order_however_far_ahead_they_were_known(delays):
    engine = build_engine(load_text(NOTHING), 1, 1, "fast")
    expected, came = [], []

    def expect(time, later):
        time = on_second(time)
        if time <= engine.network.horizon:
            number = len(expected)
            expected.append((time, number))
            engine.at(time, priority(Kind.SUPPLY, number), partial(happen, time, number, later))

    def happen(time, number, later):
        assert engine.env.now == time
        came.append((time, number))
        for delay in later:
            expect(time + delay, [])

    for time, later in delays:
        expect(time, later)
    while engine.run_to_decision():
        pass

    assert came == sorted(expected)


@pytest.mark.parametrize("hours", [0.5, 30.0])
def test_what_is_pending_is_what_has_not_happened(hours):
    engine = build_engine(load_text(NOTHING), 1, 1, "fast")
    engine.at(hours, priority(Kind.SUPPLY, 1), lambda: None)
    before = engine.pending()

    engine.expect_only(before, 10)

    times = sorted(engine.pending()["time"].tolist())
    assert times == sorted(before["time"].tolist())
    assert hours in times
    assert len(times) > 2
