"""Hazards: thresholds used up by place and acuity, never because a decision was taken."""

from math import ceil

import pytest

from scenarios.rules import QueueRule
from sim.eventlog import Row
from sim.hazards import HazardClock
from sim.protocol import Orders
from tests.replay import replay
from tests.sim.telling import Directive, engine_of


def test_a_clock_uses_up_its_threshold_at_the_rate_of_each_stretch():
    clock = HazardClock(1.0, 0.0)
    assert clock.due() == float("inf")

    clock.change(0.5, 1.0)
    assert clock.due() == 3.0
    clock.change(0.25, 2.0)  # Half is left.
    assert clock.due() == 4.0
    clock.change(0.0, 3.0)  # A quarter is left.
    assert clock.due() == float("inf")
    clock.change(1.0, 10.0)
    assert clock.due() == 10.25


def test_a_clock_strikes_on_the_grid_never_before_its_threshold():
    clock = HazardClock(1 / 3, 0.0)
    clock.change(1.0, 0.0)

    assert clock.due() == ceil(2**20 / 3) / 2**20


WARD = """
horizon: 300 h
acuities: [high, middle, low]
attributes: {risk: {number: {uniform: {low: 1, high: 3}}}}
classes: {p: {pathway: p, acuity: {low: 1}}}
pathways: {p: {steps: {stay: {needs: bed, alternatives: [{needs: sofa}], duration: 400 h}}}}
hospitals: {h: {beds: {bed: 1, sofa: 1}}}
arrivals: {all: {hospital: h, classes: p, schedule: {at: [0], each: 6}}}
hazards: {%s}
"""


def finish(text, seed=3):
    engine, workload = engine_of(text, seed)
    while engine.next_decision() is not None:
        engine.answer(Directive())
    result = engine.result()
    replay(result, workload)
    return result, workload


@pytest.mark.parametrize(("place", "who"), [("care", {0}), ("wrong-unit", {1}), ("waiting", {2, 3, 4, 5})])
def test_a_hazard_strikes_only_in_its_place(place, who):
    result, workload = finish(WARD % f"die: [{{during: [{place}], rate: 1 per 10 h, times: risk}}]")

    log, network = result.log, result.network
    rows = log.kind == Row.LEFT_NETWORK
    died = dict(zip(log.patient[rows].tolist(), log.time[rows].tolist(), strict=True))
    left_outcome = set(log.item[rows].tolist())
    assert set(died) & who
    assert left_outcome == {network.outcomes.index("died")}
    for number in who & set(died):
        # Whoever started before had another place since then.
        if number in (0, 1) or not (log.kind[(log.patient == number)] == Row.STARTED).any():
            hours = workload.thresholds(2, 0)[number] * 10 / workload.number("risk")[number]
            assert died[number] == pytest.approx(hours, abs=2e-6)


def test_nobody_deteriorates_beyond_the_most_urgent_and_triage_follows():
    result, _ = finish(WARD % "deteriorate: [{during: [care, wrong-unit, waiting], rate: 1 per 5 h}]")

    log = result.log
    rows = log.kind == Row.DETERIORATED
    for number in range(6):
        assert log.value[rows & (log.patient == number)].tolist() == [1.0, 0.0]


def test_rates_of_one_cause_add_up_and_a_condition_on_acuity_means_the_present_one():
    rows = "{during: [care], rate: 1 per 20 h}, {during: [care], rate: 1 per 20 h}, "
    rows += "{when: {acuity: high}, during: [care], rate: 1000 per h}"
    result, workload = finish(WARD % f"leave: [{rows}]")

    log = result.log
    left = float(log.time[(log.kind == Row.LEFT_NETWORK) & (log.patient == 0)][0])
    assert left == pytest.approx(workload.thresholds(0, 0)[0] * 10, abs=2e-6)


def test_who_is_lost_in_care_gives_the_bed_back_at_once():
    result, _ = finish(WARD % "leave: [{during: [care], rate: 1 per 10 h}]")

    log = result.log
    lost = (log.kind == Row.ENDED) & (log.value == 2)
    assert lost.sum() >= 2
    first = float(log.time[lost][0])
    assert first in log.time[(log.kind == Row.STARTED)].tolist()


def test_orders_never_change_when_a_hazard_strikes_unless_they_change_the_place():
    text = WARD % "die: [{during: [waiting], rate: 1 per 10 h}]"

    def deaths(orders):
        engine, _ = engine_of(text, 3, "decide_every=1 h")
        while engine.next_decision() is not None:
            engine.answer(Directive({"h": orders}))
        log = engine.result().log
        rows = (log.kind == Row.QUIT) & (log.value == 2)
        return list(zip(log.time[rows].tolist(), log.patient[rows].tolist(), strict=True))

    acuity = QueueRule.model_validate({"acuity": {}})
    assert deaths(Orders()) == deaths(Orders(queue_rule=acuity, divert=True)) != []
