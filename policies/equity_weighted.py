"""The equity-weighted queue rule as a policy."""

from __future__ import annotations

from policies.heuristics import Constant, doubling_costs
from policies.parameters import Parameters, number, suggestion
from scenarios.errors import UsageError
from scenarios.rules import EquityWeighted, QueueRule
from scenarios.scenario import Scenario
from sim.network import attribute_values
from sim.protocol import Orders

DEFAULT_WEIGHT = 2.0
"""How much faster the priority of a disadvantaged group grows unless a weight is named."""


class EquityWeightedPolicy(Constant):
    """Priority grows twice as fast for groups that the scenario's disparities put at a disadvantage.

    `equity-weighted:attribute=deprivation:most=1.5` names the attribute and the weights. Without
    parameters the attribute is the first of `equity.groups` that a disparity names, and the values
    that its disparities name weigh 2. Points an hour by acuity are 1, 2, 4, ... towards urgent.
    """

    def orders(self, scenario: Scenario, parameters: Parameters) -> Orders:
        """Return the queue rule `equity-weighted`."""
        attribute = parameters.get("attribute") or _disadvantaged_attribute(scenario)
        if attribute not in scenario.attributes or scenario.attributes[attribute].share is None:
            known = [name for name, spec in scenario.attributes.items() if spec.share is not None]
            raise UsageError(
                f"equity-weighted: {attribute} is not a category of this scenario. {suggestion(attribute, known)}"
            )
        if scenario.group_blind and scenario.attributes[attribute].protected:
            raise UsageError(
                f"equity-weighted: {attribute} is protected and the scenario is group_blind. "
                "Choose another policy, or let policies see it."
            )
        named = {key: text for key, text in parameters.items() if key != "attribute"}
        values = attribute_values(scenario, attribute)
        weights = {}
        for value, text in named.items():
            if value not in values:
                raise UsageError(
                    f"equity-weighted: {value} is not a value of {attribute}. {suggestion(value, values)}"
                )
            weights[value] = number("equity-weighted", value, text)
            if weights[value] == 0:
                raise UsageError(f"equity-weighted:{value}: expected a weight above 0, got {text!r}.")
        if not weights:
            weights = dict.fromkeys(_disadvantaged_values(scenario, attribute), DEFAULT_WEIGHT)
        if not weights:
            raise UsageError(
                f"equity-weighted: no disparity of the scenario names {attribute}, so there is no default weight. "
                f"Name one: equity-weighted:attribute={attribute}:{values[-1]}=2"
            )
        rule = EquityWeighted(attribute=attribute, weights=weights, rates=doubling_costs(scenario.acuities))
        return Orders(queue_rule=QueueRule(equity_weighted=rule))


def disadvantaged(scenario: Scenario) -> tuple[str, list[str]]:
    """Return the attribute and its values that have a weight without parameters. Raises `UsageError` if none has."""
    attribute = _disadvantaged_attribute(scenario)
    return attribute, _disadvantaged_values(scenario, attribute)


def _disadvantaged_attribute(scenario: Scenario) -> str:
    for attribute in scenario.equity.groups:
        hidden = scenario.group_blind and scenario.attributes[attribute].protected
        if not hidden and _disadvantaged_values(scenario, attribute):
            return attribute
    raise UsageError(
        "equity-weighted: no attribute of equity.groups is named by a disparity that a policy may see. "
        "Name the attribute and a weight: equity-weighted:attribute=NAME:VALUE=2"
    )


def _disadvantaged_values(scenario: Scenario, attribute: str) -> list[str]:
    """The values that under-triage, late presentation, longer travel or extra time name."""
    disparities = scenario.disparities
    rows = [
        *disparities.under_triage,
        *disparities.late_presentation,
        *disparities.longer_travel,
        *disparities.extra_time,
    ]
    return list(dict.fromkeys(value for row in rows for value in row.when.get(attribute, ())))
