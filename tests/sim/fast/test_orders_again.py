"""Rules that are ordered again and again: the kernel goes on alone, and the reference engine cannot tell."""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings

from scenarios.errors import DeadlockError
from sim.directives import only_rules
from sim.fast.engine import FastEngine
from sim.network import compile_network
from sim.protocol import Directive, Orders, run
from sim.reference import ReferenceEngine
from sim.workload import Workload
from tests.strategies import Impulsive, seeds, small_scenarios


@dataclass
class Always:
    """A policy that orders one thing."""

    directive: Directive

    def decide(self, decision):
        return self.directive


@dataclass
class Stubborn:
    """Changes its mind at every third decision, and else repeats itself."""

    impulsive: Impulsive
    directive: Directive = field(default_factory=Directive)
    n: int = 0

    def decide(self, decision):
        self.n += 1
        directive = self.impulsive.decide(decision)
        if self.n % 3 == 0:
            self.directive = rules_of(directive)
            return directive
        return self.directive


def rules_of(directive):
    return Directive(
        {
            name: Orders(orders.queue_rule, orders.overflow_rule, divert=orders.divert)
            for name, orders in directive.orders.items()
        }
    )


def told(engine, drive):
    stopped = None
    try:
        drive(engine)
    except DeadlockError as error:
        stopped = (error.hospital, error.time, error.stuck)
    result = engine.result()
    return result.log.fingerprint(), result.orders, result.since, stopped


def looked_at(policy):
    def drive(engine):
        while (decision := engine.next_decision()) is not None:
            engine.answer(policy.decide(decision))

    return drive


@settings(max_examples=30)
@given(scenario=small_scenarios(), seed=seeds())
def test_constant_rules_give_the_reference_s_run(scenario, seed):
    network = compile_network(scenario)
    first = ReferenceEngine(network, Workload(network, seed, 0)).next_decision()
    policy = Always(rules_of(Impulsive(network, seed, 0.8).decide(first)))
    reference, fast = (
        engine(network, Workload(network, seed, 0)) for engine in (ReferenceEngine, FastEngine)
    )

    assert told(fast, lambda engine: run(engine, policy)) == told(reference, looked_at(policy))


@settings(max_examples=30)
@given(scenario=small_scenarios(), seed=seeds())
def test_rules_repeated_after_other_orders_give_the_reference_s_run(scenario, seed):
    network = compile_network(scenario)

    reference, fast = (
        told(engine(network, Workload(network, seed, 0)), looked_at(Stubborn(Impulsive(network, seed, 0.5))))
        for engine in (ReferenceEngine, FastEngine)
    )

    assert fast == reference


def test_what_acts_is_more_than_rules():
    rules = Orders(divert=True)

    assert only_rules(rules)
    assert only_rules(Orders())
    for part, value in (
        ("reserve", {("bed", "urgent"): 1}),
        ("moves", {1: "south"}),
        ("lend", {("nurse", "south"): 1}),
        ("call_in", {"nurse": 1}),
        ("flex", {"bed": 1}),
        ("early_discharge", {"care.ward": 1}),
        ("vaccine", {}),
    ):
        assert not only_rules(replace(rules, **{part: value})), part
