"""Queue and overflow rules: what each formula computes."""

from math import inf

import pytest

from scenarios.loader import load_text
from scenarios.rules import OverflowRule, QueueRule
from sim.network import compile_network
from sim.rules import INSTANT, QueueRanking, abandonment_rates, overflow_target, service_rates

NETWORK = """
fairward: 1
name: rules
horizon: 1 day
acuities: [high, low]
targets: {high: 30 min, low: 2 h}
attributes: {group: {share: {x: 0.5, y: 0.5}}}
classes: {p: {pathway: p, acuity: {high: 0.5, low: 0.5}}}
pathways:
  p:
    steps:
      slow: {needs: room, duration: [{when: {acuity: high}, constant: 4 h}, {exponential: 2 h}], next: fast}
      fast:
        needs: room
        duration: {uniform: {low: 0, high: 1 h}}
        acuity_factor: {high: 2}
        patience: {time: {exponential: 5 h}}
        next: none
      none: {duration: 0}
hospitals: {a: {beds: {room: 1}}, b: {beds: {room: 1}}, c: {beds: {room: 1}}, d: {beds: {room: 1}}}
transfers: {travel: {a: {b: 1 h, c: 30 min, d: 30 min}}}
arrivals: {all: {hospital: a, classes: p, poisson: 1 per hour}}
"""
SLOW, FAST, NONE = range(3)
HIGH, LOW = range(2)


@pytest.fixture(scope="module")
def network():
    return compile_network(load_text(NETWORK))


def index_of(network, rule):
    ranking = QueueRanking(QueueRule.model_validate(rule), network, lambda name: [0, 1])
    return ranking.index


def test_service_and_abandonment_rates_are_those_of_the_first_case_that_asks_only_for_acuity(network):
    assert service_rates(network) == [[1 / 4, 1 / 2], [1.0, 2.0], [INSTANT, INSTANT]]
    assert abandonment_rates(network) == [[0.0, 0.0], [0.2, 0.2], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("rule", "points"),
    [
        ({"first-come": {}}, (2.0, 2.0, 3.0)),
        ({"acuity": {}}, (0.0, -1.0, -1.0)),
        ({"longest-wait": {}}, (4.0, 1.0, 1.5)),
        ({"c-mu": {"cost": {"high": 3}}}, (3 / 4, 1 / 2, 2.0)),
        ({"c-mu-theta": {"cost": {"high": 3}}}, (inf, inf, 10.0)),
        ({"max-weight": {"cost": {"high": 3}}}, (3 / 4 * 5, 5 / 2, 10.0)),
        ({"accumulating-priority": {"rates": {"high": 3}, "start": {"low": 7}}}, (6.0, 9.0, 10.0)),
        (
            {"equity-weighted": {"attribute": "group", "weights": {"y": 2}, "rates": {"low": 1.5}}},
            (4.0, 6.0, 9.0),
        ),
    ],
)
def test_the_index_of_each_rule(network, rule, points):
    index = index_of(network, rule)

    assert (index(SLOW, HIGH, 1, 2.0, 5), index(SLOW, LOW, 1, 2.0, 5), index(FAST, LOW, 1, 3.0, 5)) == points


def test_a_cost_of_nothing_ranks_last_even_for_a_step_that_takes_no_time(network):
    index = index_of(network, {"c-mu": {"cost": {"high": 0}}})

    assert index(NONE, HIGH, 0, 1.0, 1) == 0.0 < index(SLOW, LOW, 0, 1.0, 1)


@pytest.mark.parametrize(
    ("rule", "room", "target"),
    [
        ({"stay": {}}, "bcd", -1),
        ({"outside": {}}, "bcd", -1),
        ({"nearest": {}}, "bcd", 2),  # c and d are as near: the first in the file.
        ({"nearest": {}}, "b", 1),
        ({"nearest": {"within": "45 min"}}, "b", -1),
        ({"nearest": {}}, "", -1),
        ({"least-loaded": {}}, "bcd", 1),
        ({"least-loaded": {"within": "45 min"}}, "bcd", 3),
        ({"least-loaded": {}}, "c", 2),
    ],
)
def test_where_the_overflow_goes(network, rule, room, target):
    load = {1: 0.1, 2: 0.9, 3: 0.5}
    chosen = overflow_target(
        OverflowRule.model_validate(rule), network, 0, SLOW, lambda g: "abcd"[g] in room, load.__getitem__
    )
    assert chosen == target
