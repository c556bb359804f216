"""Orders: what is illegal, what is refused and said, and what each part does."""

import pytest

from scenarios.errors import DirectiveError
from scenarios.rules import QueueRule
from sim.eventlog import Row
from sim.protocol import Directive, Orders
from tests.sim.telling import engine_of, tell

TEXT = """
horizon: 10 h
decide_every: 1 h
acuities: [high, low]
attributes: {group: {share: {x: 1}}}
classes: {p: {pathway: p, acuity: {low: 1}}}
pathways:
  p:
    steps:
      talk: {duration: 1 min, next: stay}
      stay: {needs: {bed: 1, nurse: 1:2}, duration: 150 min, clinical_margin: 40 min}
hospitals:
  a: {beds: {bed: {count: 2, flex: {count: 3, delay: 90 min}}}, staff: {nurse: {count: 3, call_in: 2}, doctor: 1}}
  b: {beds: {bed: 1, icu: 1}, staff: {nurse: 2}}
  c: {beds: {icu: 1}}
transfers: {travel: {a: {b: 30 min, c: 1 h}}}
arrivals: {all: {hospital: a, classes: p, schedule: {at: [0], each: 6}}}
"""


def refused(orders, at=60, hospital="a"):
    engine, _ = engine_of(TEXT)
    while (decision := engine.next_decision()) is not None and round(decision.time * 60) < at:
        engine.answer(Directive())
    with pytest.raises(DirectiveError) as caught:
        engine.answer(Directive({hospital: orders}))
    return engine, caught.value.problems


@pytest.mark.parametrize(
    ("orders", "problem"),
    [
        (Orders(reserve={("bde", "high"): 1}), 'reserve: "bde" is not here. Did you mean "bed"?'),
        (Orders(reserve={("bed", "hihg"): 1}), 'reserve: "hihg" is not an acuity. Did you mean "high"?'),
        (Orders(reserve={("bed", "high"): -1}), "reserve[bed]: expected a whole number"),
        (Orders(call_in={"nurse": 3}), "call_in[nurse]: expected a whole number from 0 to 2, got 3."),
        (Orders(call_in={"nurse": 1.5}), "call_in[nurse]: expected a whole number from 0 to 2, got 1.5."),
        (Orders(call_in={"doctor": 1}), "call_in[doctor]: expected a whole number from 0 to 0, got 1."),
        (Orders(flex={"bed": 4}), "flex[bed]: expected a whole number from 0 to 3, got 4."),
        (Orders(lend={("nurse", "a"): 1}), 'lend: "a" is not another hospital.'),
        (Orders(lend={("doctor", "b"): 1}), 'lend: b has no "doctor".'),
        (Orders(vaccine={"vax": 1}), 'vaccine: "vax" is not here.'),
        (Orders(tiers=("old",)), 'tiers: "old" is not a priority group.'),
        (Orders(early_discharge={"p.talk": 1}), "early_discharge[p.talk]: the step has no clinical_margin"),
        (
            Orders(early_discharge={"p.stai": 1}),
            'early_discharge: "p.stai" is not here. Did you mean "p.stay"?',
        ),
        (Orders(moves={0: "b"}), "moves[0]: expected a patient who waits here, got one who does not."),
        (Orders(moves={2: "d"}), 'moves[2]: "d" is not a hospital.'),
        (Orders(moves={2: "a"}), "moves[2]: a is no neighbour that can serve p.stay and what follows."),
        (Orders(moves={2: "c"}), "moves[2]: c is no neighbour that can serve p.stay and what follows."),
        (Orders(queue_rule=QueueRule.model_validate({"longest-wait": {}})), "queue_rule"),
        (
            Orders(
                queue_rule=QueueRule.model_validate({"equity-weighted": {"attribute": "sex", "weights": {}}})
            ),
            "queue_rule",
        ),
    ],
)
def test_what_is_illegal_by_itself_raises_with_the_reason(orders, problem):
    _, problems = refused(orders)

    assert len(problems) == 1
    assert problems[0].startswith(f"orders[a].{problem}")


def test_all_problems_are_listed_and_nothing_is_carried_out():
    engine, problems = refused(
        Orders(flex={"bed": 9}, call_in={"nurse": 9}, moves={0: "b", 2: "b"}, divert=True)
    )

    assert len(problems) == 3
    log = engine.result().log
    assert (log.kind == Row.DECIDED).sum() == 1
    assert (log.kind == Row.DEPARTED_FOR).sum() == 0
    assert not engine.standing.diverting[0]


def test_an_unknown_hospital_is_named_with_the_one_that_was_meant():
    _, problems = refused(Orders(), hospital="aa")

    assert problems == ('orders: "aa" is not a hospital. Did you mean "a"?',)


def test_flex_beds_open_after_their_delay_and_drain_when_closed():
    flex = {"a": Orders(flex={"bed": 3}, call_in={"nurse": 0})}
    told = tell(TEXT, {60: flex, 120: flex})

    # Ordered at 60, open at 150; from 180 min on nothing is ordered, and three of the five drain.
    assert told.when(Row.STARTED, "stay") == [(1, 0), (1, 1), (150, 2), (150, 3), (150, 4), (151, 5)]
    assert [(m, v) for m, _, v in told.rows(Row.CAPACITY, "bed", "a")] == [(0, 2.0), (150, 5.0), (180, 2.0)]
    seen = {round(d.time * 60): dict(d.hospitals[0].flex_open).get("bed", 0) for d in told.decisions}
    assert seen[120] == 3, "opening"
    assert seen[180] == 3, "open"
    assert seen[240] == 0


def test_an_order_that_is_taken_back_before_the_delay_is_over_opens_nothing():
    told = tell(TEXT, {60: {"a": Orders(flex={"bed": 3})}})

    assert told.rows(Row.CAPACITY, "bed", "a") == [(0, -1, 2.0)]


def test_a_smaller_order_cancels_the_youngest_openings_first():
    told = tell(TEXT, {0: {"a": Orders(flex={"bed": 1})}, 60: {"a": Orders(flex={"bed": 3})},
                       120: {"a": Orders(flex={"bed": 2})}, 180: {"a": Orders(flex={"bed": 2})}})  # fmt: skip

    assert [(m, v) for m, _, v in told.rows(Row.CAPACITY, "bed", "a")] == [
        (0, 2.0), (90, 3.0), (150, 4.0), (240, 2.0),
    ]  # fmt: skip


def test_more_is_lent_than_there_are_is_partly_refused_and_said():
    told = tell(TEXT, {60: {"a": Orders(lend={("nurse", "b"): 5})}})

    assert told.refusals() == [("a", "lend 5 nurse to b", "only 3 on duty")]
    assert [(m, v) for m, _, v in told.rows(Row.CAPACITY, "nurse", "a")] == [(0, 6.0), (60, 0.0), (120, 6.0)]
    assert [(m, v) for m, _, v in told.rows(Row.CAPACITY, "nurse", "b")] == [(0, 4.0), (60, 10.0), (120, 4.0)]


def test_who_is_called_in_may_be_lent_and_goes_home_at_the_next_decision():
    told = tell(TEXT, {60: {"a": Orders(call_in={"nurse": 2}, lend={("nurse", "b"): 5})}})

    assert told.refusals() == []
    assert [(m, v) for m, _, v in told.rows(Row.CAPACITY, "nurse", "b")] == [(0, 4.0), (60, 14.0), (120, 4.0)]


def test_early_discharge_stays_within_the_clinical_margin_and_says_who_was_not_ready():
    early = {"a": Orders(early_discharge={"p.stay": 5})}
    told = tell(TEXT, {60: early, 120: early})

    # Both end at 151 min: 91 min too early at 60, 31 min at 120.
    assert told.rows(Row.ENDED, "stay")[:2] == [(120, 0, 1.0), (120, 1, 1.0)]
    assert told.refusals() == [
        ("a", "early_discharge 5 from p.stay", "only 0 ready"),
        ("a", "early_discharge 5 from p.stay", "only 2 ready"),
    ]
    assert told.when(Row.STARTED, "stay")[2:4] == [(120, 2), (120, 3)]


def test_the_first_to_end_are_discharged_first():
    durations = "[{when: {source: late}, constant: 140 min}, {constant: 150 min}]"
    text = TEXT.replace("duration: 150 min", f"duration: {durations}").replace("each: 6}}", "each: 1}}")
    text = text.replace("all: {", "late: {hospital: a, classes: p, schedule: {at: [0]}}, all: {")
    told = tell(text, {120: {"a": Orders(early_discharge={"p.stay": 1})}})

    assert [row[:2] for row in told.rows(Row.ENDED, "stay")] == [(120, 0), (151, 1)]


def test_an_empty_directive_is_neutral_and_not_as_before():
    told = tell(TEXT, {0: {"a": Orders(divert=True, reserve={("bed", "high"): 2})}})

    assert told.when(Row.STARTED, "stay")[:2] == [(60, 0), (60, 1)]


def test_orders_are_rows_of_the_decisions_table_with_their_number_and_time():
    told = tell(TEXT, {60: {"a": Orders(call_in={"nurse": 1}), "b": Orders(divert=True)}})

    assert [(o.decision, o.time, o.hospital, o.part, o.order) for o in told.result.orders] == [
        (1, 1.0, "b", "divert", "yes"),
        (1, 1.0, "a", "call_in", "1 nurse"),
    ]


def test_decide_on_full_and_free_ask_about_one_patient_at_a_time():
    text = TEXT.replace("decide_every: 1 h", "decide_every: 0\ndecide_on: [full, free]")
    told = tell(text)

    triggers = [(round(d.time * 60), d.trigger) for d in told.decisions]
    assert triggers[0] == (0, "regular")
    assert triggers[1:5] == [(1, "full")] * 4
    assert triggers[5] == (151, "free")
    assert len(told.decisions[1].waiting) == 1


def test_decide_on_arrival_asks_once_for_everybody_when_they_first_join_a_queue():
    text = TEXT.replace("decide_every: 1 h", "decide_every: 0\ndecide_on: [arrival]").replace(
        "each: 6", "each: 3"
    )
    engine, _ = engine_of(text)
    asked = []
    while (decision := engine.next_decision()) is not None:
        newcomers = [w.patient for w in decision.waiting if w.hospital == 0]
        asked.append((round(decision.time * 60), decision.trigger, newcomers))
        move = {"a": Orders(moves={2: "b"})} if 2 in newcomers else {}
        engine.answer(Directive(move))

    assert asked == [(0, "regular", []), (1, "arrival", [0]), (1, "arrival", [1]), (1, "arrival", [2])]


def test_a_group_blind_scenario_takes_no_order_by_a_protected_attribute():
    rule = QueueRule.model_validate({"equity-weighted": {"attribute": "group", "weights": {"x": 2}}})
    engine, _ = engine_of(
        TEXT.replace("{share: {x: 1}}", "{share: {x: 1}, protected: true}"), 1, "group_blind=true"
    )
    engine.next_decision()

    with pytest.raises(DirectiveError) as caught:
        engine.answer(Directive({"a": Orders(queue_rule=rule)}))

    assert "queue_rule: group is protected and the scenario is group_blind" in str(caught.value)


def test_those_who_join_at_one_instant_count_only_the_earlier_ones_ahead_of_them():
    text = TEXT.replace("decide_every: 1 h", "decide_every: 2 h").replace(
        "clinical_margin: 40 min}",
        "clinical_margin: 40 min, next: scan}\n      scan: {needs: doctor, duration: 5 h, queue_limit: 1}",
    )
    text = text.replace("each: 6", "each: 2").replace(
        "classes: {p:", "classes: {busy: {pathway: busy, acuity: {low: 1}}, p:"
    )
    text = text.replace("pathways:", "pathways:\n  busy: {steps: {busy: {needs: doctor, duration: 9 h}}}", 1)
    text = text.replace("arrivals: {", "arrivals: {busy: {hospital: a, classes: busy, schedule: {at: [0]}}, ")
    told = tell(text, {120: {"a": Orders(early_discharge={"p.stay": 2})}})

    assert told.rows(Row.ENDED, "stay") == [(120, 1, 1.0), (120, 2, 1.0)]
    assert told.when(Row.QUIT, "scan") == [(120, 2)]


def test_a_result_is_the_same_however_often_it_is_asked_for():
    engine, _ = engine_of(TEXT)
    while engine.next_decision() is not None:
        engine.answer(Directive())

    assert engine.result().since == engine.result().since
    assert engine.result().since.hours == 1


def test_decide_on_arrival_asks_before_the_patient_starts():
    text = TEXT.replace("decide_every: 1 h", "decide_every: 0\ndecide_on: [arrival]").replace(
        "talk: {duration: 1 min, next: stay}\n      ", ""
    )
    told = tell(text)

    arrivals = [d for d in told.decisions if d.trigger == "arrival"]
    assert [(d.time, [w.patient for w in d.waiting]) for d in arrivals][:3] == [
        (0.0, [0]),
        (0.0, [1]),
        (0.0, [2]),
    ]
