"""Which dials a learner is offered, written so that a checkpoint can say it: the scenario's menu, or other rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from policies.environments.menu import Menu, menu_of, overflow_rules_of
from scenarios.errors import UsageError
from scenarios.rules import OverflowRule, QueueRule
from sim.network import Network

LEVELS = (0.0, 1.0, 2.0)
"""Free weights of a class."""
MOST_WEIGHTS = 6
"""Classes with free weights: 3^6 options are enough."""


@dataclass(frozen=True)
class Offer:
    """Rules on offer beside the scenario's own; None: all that it allows."""

    queue_rules: tuple[QueueRule, ...] | None = None
    overflow_rules: tuple[OverflowRule, ...] | None = None
    dials: tuple[str, ...] | None = None
    """Names of the dials that may be touched; None: all that the scenario gives a use for."""

    def menu(self, network: Network) -> Menu:
        """Return the dials. Raises `UsageError` if there are none."""
        menu = menu_of(network, self.queue_rules, self.overflow_rules)
        if self.dials is not None:
            menu = Menu(menu.hospitals, tuple(dial for dial in menu.dials if dial.name in self.dials))
        if not menu.dials:
            raise UsageError(f"{network.scenario.name}: there is nothing to decide. Offer queue rules.")
        return menu

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "queue_rules": _dumped(self.queue_rules),
            "overflow_rules": _dumped(self.overflow_rules),
            "dials": None if self.dials is None else list(self.dials),
        }

    @classmethod
    def of_plain(cls, written: Mapping[str, Any]) -> Offer:
        """Return what `plain` was made of."""
        queue, overflow, dials = written["queue_rules"], written["overflow_rules"], written["dials"]
        return cls(
            None if queue is None else tuple(map(QueueRule.model_validate, queue)),
            None if overflow is None else tuple(map(OverflowRule.model_validate, overflow)),
            None if dials is None else tuple(dials),
        )


def class_weights(network: Network) -> Offer:
    """Return free weights by acuity instead of finished rules: c-mu, c-mu/theta and MaxWeight are not among them.

    An option gives every acuity one of three weights, and the largest weight goes first; equals, first come. So every
    strict or partial order of up to three acuities can be said, and which is good is for the learner to find.
    """
    acuities = network.acuities
    if not 2 <= len(acuities) <= MOST_WEIGHTS:
        raise UsageError(
            f"{network.scenario.name}: free weights need 2 to {MOST_WEIGHTS} acuities, got {len(acuities)}."
        )
    orders = {
        tuple(sorted(set(weights)).index(weight) for weight in weights)
        for weights in product(LEVELS, repeat=len(acuities))
    }
    rates = dict.fromkeys(acuities, 0.0)
    rules = (
        QueueRule.model_validate(
            {
                "accumulating-priority": {
                    "rates": rates,
                    "start": dict(zip(acuities, map(float, order), strict=True)),
                }
            }
        )
        for order in sorted(orders)
    )
    return Offer(queue_rules=tuple(rules), dials=("queue rule",))


OFFERS = ("all", "inside", "rules", "class-weights")
"""All dials; all that keep patients in the network; queue and overflow rules of it only, which is what heuristics set;
free weights by acuity. Outside the network every place is free, so that a learner who may sends many of them there."""

OUTSIDE, DIVERT = "outside", "divert"


def offer_named(name: str, network: Network) -> Offer:
    """Return an offer by its name."""
    if name not in OFFERS:
        raise UsageError(f"--menu: expected one of {', '.join(OFFERS)}, got {name!r}.")
    if name == "class-weights":
        return class_weights(network)
    if name == "all":
        return Offer()
    inside = tuple(rule for rule in overflow_rules_of(network) if rule.name != OUTSIDE)
    if name == "rules":
        return Offer(overflow_rules=inside, dials=("queue rule", "overflow rule"))
    dials = menu_of(network).dials
    return Offer(overflow_rules=inside, dials=tuple(dial.name for dial in dials if dial.name != DIVERT))


def _dumped(rules: tuple[QueueRule, ...] | tuple[OverflowRule, ...] | None) -> list[Any] | None:
    if rules is None:
        return None
    return [rule.model_dump(mode="json", by_alias=True, exclude_none=True) for rule in rules]
