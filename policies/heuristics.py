"""Policies that hold one rule for ever: constant directives that name a rule of `scenarios/rules.py`.

The rule's formula lives once, in `sim/rules.py`; here is only its name and its parameters.
"""

from __future__ import annotations

import numpy as np

from policies.parameters import Parameters, no_parameters, suggestion, weights_by
from scenarios.errors import UsageError
from scenarios.rules import (
    AccumulatingPriority,
    AcuityFirst,
    CMu,
    CMuTheta,
    FirstCome,
    LongestWaitWithinTarget,
    MaxWeight,
    OverflowRule,
    QueueRule,
)
from scenarios.scenario import Scenario
from scenarios.units import parse_duration
from sim.network import Network
from sim.protocol import Decision, Directive, Orders


def doubling_costs(acuities: tuple[str, ...]) -> dict[str, float]:
    """Return the cost of an hour's wait that is assumed when none is named: 1, 2, 4, ... towards urgent.

    >>> doubling_costs(("critical", "urgent", "standard"))
    {'critical': 4.0, 'urgent': 2.0, 'standard': 1.0}
    """
    return {name: 2.0 ** (len(acuities) - 1 - level) for level, name in enumerate(acuities)}


class Constant:
    """The same orders for every hospital at every decision."""

    def __init__(
        self, scenario: Scenario, network: Network, stream: np.random.Generator, parameters: Parameters
    ) -> None:
        orders = self.orders(scenario, parameters)
        self.directive = Directive(dict.fromkeys(network.hospitals, orders))

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the orders that are held."""
        raise NotImplementedError

    def decide(self, decision: Decision) -> Directive:
        """Return the same directive as ever."""
        return self.directive


class Neutral(Constant):
    """Orders nothing: the scenario's own rules hold."""

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return neutral orders."""
        no_parameters("neutral", parameters)
        return Orders()


class FirstComePolicy(Constant):
    """Whoever came first goes first."""

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the queue rule `first-come`."""
        no_parameters("first-come", parameters)
        return Orders(queue_rule=QueueRule(first_come=FirstCome()))


class AcuityPolicy(Constant):
    """The more urgent first; among equals whoever came first."""

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the queue rule `acuity`."""
        no_parameters("acuity", parameters)
        return Orders(queue_rule=QueueRule(acuity=AcuityFirst()))


class LongestWaitPolicy(Constant):
    """Whoever has waited the largest share of the acuity's target time first."""

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the queue rule `longest-wait`, which needs the scenario's `targets`."""
        no_parameters("longest-wait", parameters)
        missing = [name for name in scenario.acuities if not scenario.targets.get(name)]
        if missing:
            raise UsageError(
                f"longest-wait: expected a target time for every acuity, got none for {', '.join(missing)}. "
                "Add `targets` to the scenario or choose another policy."
            )
        return Orders(queue_rule=QueueRule(longest_wait=LongestWaitWithinTarget()))


class CMuPolicy(Constant):
    """The dearest wait per hour of service first (c-mu); costs by acuity 1, 2, 4, ... unless named."""

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the queue rule `c-mu`."""
        return Orders(queue_rule=QueueRule(c_mu=CMu(cost=_costs("c-mu", scenario, parameters))))


class CMuThetaPolicy(Constant):
    """c-mu divided by the rate of losing patience; costs by acuity 1, 2, 4, ... unless named."""

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the queue rule `c-mu-theta`."""
        cost = _costs("c-mu-theta", scenario, parameters)
        return Orders(queue_rule=QueueRule(c_mu_theta=CMuTheta(cost=cost)))


class MaxWeightPolicy(Constant):
    """c-mu times the number waiting (MaxWeight); costs by acuity 1, 2, 4, ... unless named."""

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the queue rule `max-weight`."""
        cost = _costs("max-weight", scenario, parameters)
        return Orders(queue_rule=QueueRule(max_weight=MaxWeight(cost=cost)))


class AccumulatingPriorityPolicy(Constant):
    """Priority grows with the wait, faster for the urgent; points an hour by acuity 1, 2, 4, ... unless named."""

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the queue rule `accumulating-priority`."""
        rates = _costs("accumulating-priority", scenario, parameters)
        return Orders(queue_rule=QueueRule(accumulating_priority=AccumulatingPriority(rates=rates)))


class NearestPolicy(Constant):
    """Overflow goes to the nearest neighbour that can start at once; `within=90 min` limits the travel."""

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the overflow rule `nearest`."""
        return Orders(overflow_rule=_reaching("nearest", parameters))


class LeastLoadedPolicy(Constant):
    """Overflow goes to the least loaded neighbour that can start at once; `within=90 min` limits the travel."""

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the overflow rule `least-loaded`."""
        return Orders(overflow_rule=_reaching("least-loaded", parameters))


def _reaching(rule: str, parameters: Parameters) -> OverflowRule:
    """Return the overflow rule of that name, as a scenario file would write it."""
    for key, text in parameters.items():
        if key != "within":
            raise UsageError(f"{rule}: {key} is not a parameter. {suggestion(key, ['within'])}")
        try:
            parse_duration(text)
        except ValueError as error:
            raise UsageError(f"{rule}:within: {error}") from None
    return OverflowRule.model_validate({rule: dict(parameters)})


def _costs(policy: str, scenario: Scenario, parameters: Parameters) -> dict[str, float]:
    return {**doubling_costs(scenario.acuities), **weights_by(policy, scenario.acuities, parameters)}
