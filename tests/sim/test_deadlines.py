"""Deadlines that are put, moved and dropped, and the few alarms that stand for them."""

import numpy as np

from sim.deadlines import Deadlines
from sim.eventlog import Row
from sim.protocol import Directive
from tests.sim.telling import engine_of, tell


class Clock:
    """Keeps alarms as SimPy would."""

    def __init__(self) -> None:
        self.alarms: list[tuple[float, int, object]] = []
        self.now = 0.0

    def at(self, time, rank, action):
        assert time >= self.now
        self.alarms.append((time, rank, action))

    def run(self):
        while self.alarms:
            alarm = min(self.alarms, key=lambda each: each[:2])
            self.alarms.remove(alarm)
            self.now = alarm[0]
            alarm[2]()


def test_deadlines_fall_due_in_order_of_time_and_number_and_dropped_ones_never():
    clock, rung = Clock(), []
    deadlines = Deadlines(clock.at, lambda number: rung.append((clock.now, number)))
    deadlines.put(5, 3.0)
    deadlines.put(2, 3.0)
    deadlines.put(9, 1.0)
    deadlines.put(9, 4.0)  # Moved.
    deadlines.put(7, 2.0)
    deadlines.drop(7)
    deadlines.put(1, 2.5)
    deadlines.put(1, float("inf"))

    clock.run()

    assert rung == [(3.0, 2), (3.0, 5), (4.0, 9)]


def test_random_deadlines_fall_due_exactly_as_a_sorted_list_says(seed):
    draw = np.random.default_rng(seed)
    for _ in range(50):
        clock, rung, expected = Clock(), [], {}
        deadlines = Deadlines(
            clock.at, lambda number, clock=clock, rung=rung: rung.append((clock.now, number))
        )
        for _ in range(200):
            number, time = int(draw.integers(0, 40)), float(draw.integers(0, 30))
            if draw.random() < 0.3:
                deadlines.drop(number)
                expected.pop(number, None)
            else:
                deadlines.put(number, time)
                expected[number] = time
        assert len(deadlines) == len(expected)

        clock.run()

        assert rung == sorted((time, number) for number, time in expected.items())


def test_a_deadline_that_is_put_again_while_it_rings_rings_again():
    clock, rung = Clock(), []

    def due(number):
        rung.append((clock.now, number))
        if len(rung) < 3:
            deadlines.put(number, clock.now + len(rung) - 1)

    deadlines = Deadlines(clock.at, due)
    deadlines.put(4, 1.0)
    clock.run()

    assert rung == [(1.0, 4), (1.0, 4), (2.0, 4)]


BUSY = """
horizon: 2000 h
classes: {p: {pathway: p}}
pathways:
  p: {steps: {see: {needs: room, duration: {exponential: 50 min}, patience: {time: {exponential: 1000 h}}}}}
hospitals: {h: {beds: {room: 1}}}
arrivals: {all: {hospital: h, classes: p, poisson: 1 per hour}}
"""


def test_forgotten_patience_does_not_fill_the_future(seed):
    engine, _ = engine_of(BUSY.replace("decide_every", ""), seed, "decide_every=1 h")
    worst = 0
    while engine.next_decision() is not None:
        engine.answer(Directive())
        worst = max(worst, len(engine.env._queue) - len(engine.patients))

    # One arrival, one end, one decision, one departure that is being dealt with, and alarms: each is earlier
    # than all before it, so there are about as many as a record low occurs among the waiting.
    assert worst < 30


def test_patience_counts_from_the_queue_or_from_presentation():
    text = """
horizon: 5 h
classes: {{p: {{pathway: p}}}}
pathways:
  p:
    steps:
      talk: {{duration: 20 min, next: see}}
      see: {{needs: room, duration: 60 min, patience: {{time: 30 min, scope: {scope}, outcome: gone}}}}
outcomes: {{gone: left}}
hospitals: {{h: {{beds: {{room: 1}}}}}}
arrivals: {{all: {{hospital: h, classes: p, schedule: {{at: [0], each: 2}}}}}}
"""
    assert tell(text.format(scope="step")).when(Row.LEFT_NETWORK, "gone") == [(50, 1)]
    assert tell(text.format(scope="journey")).when(Row.LEFT_NETWORK, "gone") == [(30, 1)]


def test_a_journeys_patience_that_is_over_leaves_a_free_room_to_be_taken():
    text = """
horizon: 5 h
classes: {p: {pathway: p}}
pathways:
  p:
    steps:
      talk: {duration: 40 min, next: see}
      see: {needs: room, duration: 60 min, patience: {time: 30 min, scope: journey}}
hospitals: {h: {beds: {room: 1}}}
arrivals: {all: {hospital: h, classes: p, schedule: {at: [0], each: 2}}}
"""
    told = tell(text)

    assert told.when(Row.STARTED, "see") == [(40, 0)]
    assert told.when(Row.QUIT) == [(40, 1)]
