"""Rollout: blind to the future, the same for the same run, and right where it is plain what is right."""

import numpy as np
import pytest

from agents.build import build_engine
from policies.changes import Given
from policies.futures import futures
from policies.registry import build_policy
from policies.replication import policy_stream, simulate
from policies.rollout import FEWEST, race
from scenarios.errors import UnsupportedFeature, UsageError
from scenarios.loader import load, load_text
from sim.fast.outlook import Outlook
from sim.network import compile_network
from tests.policies.scenes import scenario as three_hospitals

ROLLOUT = "rollout:base=c-mu:candidates=first-come/acuity&least-loaded:samples=4:hours=8"


def surge(days):
    return load("surge", (f"horizon={days} days", "warm_up=0"))


def driven(scenario, n, written=ROLLOUT):
    """A run under a rollout at its (n + 1)th decision, with the decision and the policy."""
    engine = build_engine(scenario, 1, 1, "fast")
    policy = build_policy(written, scenario, engine.network, policy_stream(written, 1, 1))
    policy.watch(engine)
    for _ in range(n):
        engine.answer(policy.decide(engine.next_decision()))
    return engine, engine.next_decision(), policy


@pytest.mark.parametrize("make", [lambda: surge(5), three_hospitals])
def test_another_future_does_not_change_todays_directive(make):
    engine, decision, policy = driven(make(), 10)
    other = Outlook(engine).future(("another world",), engine.network.horizon, log=True)
    others = build_policy(ROLLOUT, other.network.scenario, other.network, policy_stream(ROLLOUT, 1, 1))
    others.watch(other)

    directive = policy.decide(decision)

    assert others.decide(decision) == directive
    assert others.estimates == policy.estimates
    assert len(policy.estimates) == 3
    assert policy.estimates[0].excess == 0.0


def test_a_run_under_a_rollout_can_be_repeated_and_is_not_touched_by_imagining():
    scenario = surge(1)

    first, second = (simulate(scenario, ROLLOUT, 1, 2) for _ in range(2))

    assert first.log.fingerprint() == second.log.fingerprint()
    alone = "rollout:base=c-mu:candidates=c-mu"
    assert (
        simulate(scenario, alone, 1, 2).log.fingerprint()
        == simulate(scenario, "c-mu", 1, 2).log.fingerprint()
    )


LATE = """
fairward: 1
name: who is worth a bed
horizon: 60 h
tau: 24 h
decide_every: 6 h
acuities: [urgent, standard]
classes:
  long: {pathway: long, acuity: {urgent: 1}}
  short: {pathway: short, acuity: {standard: 1}}
pathways:
  long: {steps: {stay: {needs: bed, duration: 12 h, treatment: true}}}
  short: {steps: {stay: {needs: bed, duration: 30 min, treatment: true}}}
hospitals: {north: {beds: {bed: 1}}}
arrivals:
  long: {hospital: north, classes: long, schedule: {at: [0 h], each: 3, every: 60 h}}
  short: {hospital: north, classes: short, schedule: {at: [1 h], each: 10, every: 60 h}}
"""


def test_it_lets_many_short_stays_go_before_a_long_one():
    """The base, acuity, has ten people wait a day for half an hour; c-mu with equal costs has them go first."""
    scenario = load_text(LATE)

    hours = {}
    for name in ("acuity", "rollout:base=acuity:candidates=c-mu;urgent=1;standard=1:samples=4:hours=48"):
        visits = futures(scenario, name, 1, 1, 3, Given("north", {"divert": True})).patients
        hours[name] = visits["untreated_hours_as_it_was"].sum()

    acuity, rollout = hours.values()
    assert rollout < acuity - 100


def test_the_race_gives_up_who_is_clearly_dearer_and_keeps_the_base():
    luck = np.random.default_rng(1)
    tried = []

    def cost(sample, names):
        tried.append(names)
        means = {"base": 10.0, "worse": 20.0, "better": 9.0, "as good": 9.0}
        shared = luck.normal(0, 5)
        return [means[name] + shared + luck.normal(0, 0.5) for name in names]

    costs = race(["base", "worse", "better", "as good"], 40, cost)

    assert len(costs["worse"]) == FEWEST
    assert len(costs["base"]) == len(tried)
    assert np.mean(costs["better"]) < np.mean(costs["base"])


def test_the_race_ends_when_one_is_left():
    costs = race(["base", "worse"], 40, lambda sample, names: [{"base": 1.0, "worse": 2.0}[n] for n in names])

    assert {len(values) for values in costs.values()} == {FEWEST}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("rollout:bas=c-mu", 'bas is not a parameter. Did you mean "base"'),
        ("rollout:samples=2", "expected samples of at least 4"),
        ("rollout:base=rollout", "cannot be its own base"),
        ("rollout:base=c-nu", 'policy "c-nu" is not known'),
    ],
)
def test_wrong_parameters_are_refused(written, said):
    network = compile_network(surge(2))
    with pytest.raises(UsageError, match=said):
        build_policy(written, network.scenario, network, np.random.default_rng(1))


def test_what_it_cannot_look_into_is_refused_by_name():
    network = compile_network(surge(2))
    policy = build_policy("rollout", network.scenario, network, np.random.default_rng(1))

    with pytest.raises(UnsupportedFeature, match="the policy rollout does not support the engine simpy"):
        policy.watch(build_engine(network.scenario, 1, 1, "simpy"))
    with pytest.raises(UsageError, match="was not given the run"):
        policy.decide(build_engine(network.scenario, 1, 1).next_decision())


def test_a_run_under_a_rollout_can_be_told_otherwise():
    scenario = surge(1)

    both = futures(scenario, ROLLOUT, 1, 1, 2, Given("central", {"divert": True}))

    assert both.as_it_was.result.log.fingerprint() == simulate(scenario, ROLLOUT, 1, 1).log.fingerprint()
    assert both.as_it_was.directive != both.if_changed.directive
