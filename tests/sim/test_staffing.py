"""Who is on duty: rosters over midnight, sickness, and what happens when a shift ends."""

import numpy as np

from sim.eventlog import Row
from sim.staffing import on_duty
from tests.sim.telling import engine_of, tell

ROSTER = """
start: {start}
horizon: {horizon}
classes: {{p: {{pathway: p}}}}
pathways: {{p: {{steps: {{see: {{needs: {{nurse: 1:2}}, duration: {duration}}}}}}}}}
hospitals:
  h:
    staff:
      nurse:
        {more}
        roster:
          - {{begins: "07:00", ends: "19:00", count: 3}}
          - {{begins: "19:00", ends: "07:00", count: 1}}
          - {{begins: "18:00", ends: "20:00", count: 2, days: [mon]}}
arrivals: {{all: {{hospital: h, classes: p, schedule: {{at: {at}}}}}}}
"""


def timeline(**words):
    words = {
        "start": "2025-01-06T06:00",
        "horizon": "30 h",
        "duration": "1 h",
        "at": "[0]",
        "more": "",
    } | words
    _, workload = engine_of(ROSTER.format(**words))
    staff = workload.network.scenario.hospitals["h"].staff["nurse"]
    return on_duty(workload, 0, 0, staff)


def test_a_roster_begins_in_the_night_before_and_adds_where_shifts_overlap():
    # Monday 06:00 is hour 0: night until 07:00, late help from 18:00 to 20:00.
    assert timeline() == [(0.0, 1), (1.0, 3), (12.0, 5), (13.0, 3), (14.0, 1), (25.0, 3)]


def test_days_name_when_a_shift_begins():
    assert timeline(start="2025-01-07T06:00")[:4] == [(0.0, 1), (1.0, 3), (13.0, 1), (25.0, 3)]


def test_whoever_is_sick_is_absent_for_the_whole_shift_and_stays_sick_in_a_larger_one():
    sick = timeline(more="sickness: 0.4")
    full = timeline()

    assert sick != full
    assert all(people <= 5 for _, people in sick)
    assert {time for time, _ in sick} <= {time for time, _ in full}


def test_sickness_has_the_stated_frequency():
    people = timeline(more="sickness: 0.25", horizon="2000 days", start="2025-01-07T00:00")
    times = np.array([time for time, _ in people] + [48000.0])
    hours = np.diff(times) @ np.array([n for _, n in people])
    expected = 0.75 * 2000 * (12 * 3 + 12 * 1) + 0.75 * 285 * 4

    assert abs(hours - expected) < 4 * 12 * np.sqrt(2000 * 4 * 0.25 * 0.75)


def test_a_shift_that_ends_drains_and_nobody_is_sent_away():
    told = tell(
        ROSTER.format(
            start="2025-01-06T18:00", horizon="20 h", duration="3 h", more="", at="[0, 0, 0, 0, 0, 2 h]"
        )
    )

    # Five nurses for ten until 19:00, three until 20:00, then one: two patients at a time.
    assert told.when(Row.STARTED) == [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (180, 5)]
    assert told.when(Row.ENDED) == [*((180, n) for n in range(5)), (360, 5)]
    assert [(minute, value) for minute, _, value in told.rows(Row.CAPACITY)] == [
        (0, 10.0), (60, 6.0), (120, 2.0), (780, 6.0),
    ]  # fmt: skip
    excess = told.result.log.kind == Row.CAPACITY
    assert excess.sum() == 4
