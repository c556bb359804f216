"""Where training begins: the option of every dial that the untrained policy leans to, as a known rule would set it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from policies.dials import options_named
from policies.environments.dials_of_rules import OverflowRuleDial, QueueRuleDial
from policies.environments.menu import Actions, queue_rules_of
from policies.learning.offer import Offer, offer_named
from policies.learning.settings import TrainSettings
from policies.parameters import parse
from policies.registry import build_policy
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Constant, Orders

DIALS = "dials"
"""The policy whose parameters are options of dials."""


def start_of(settings: TrainSettings, scenario: Scenario, network: Network) -> tuple[Offer, Actions]:
    """Return what training with these settings offers, and K options to lean to."""
    return start_at(settings.start, scenario, network, offer_named(settings.menu, network))


def start_at(written: str, scenario: Scenario, network: Network, offer: Offer) -> tuple[Offer, Actions]:
    """Return what is offered, with the rule of the start if it lacked it, and K options to lean to.

    `written`: `neutral`, or rules and dials that are held: `max-weight+nearest`, `dials:call in ed-nurse=1`, or both
    with `+`. Raises `UsageError` where a policy does more than hold rules, or a dial is not offered.
    """
    rules = "+".join(one for one in written.split("+") if one.partition(":")[0].strip() != DIALS)
    orders = _held(rules, scenario, network) if rules else Orders()
    if (rule := orders.queue_rule) is not None and rule != scenario.queue_rule:
        known = queue_rules_of(network) if offer.queue_rules is None else offer.queue_rules
        offer = offer if rule in known else replace(offer, queue_rules=(*known, rule))
    menu = offer.menu(network)
    options = np.zeros(len(menu.dials), dtype=np.int64)
    for name, given in parse(written):
        if name == DIALS:
            options = np.where((own := options_named(menu, given)) > 0, own, options)
    for what, held, own_rule, kind in (
        ("queue", orders.queue_rule, scenario.queue_rule, QueueRuleDial),
        ("overflow", orders.overflow_rule, scenario.overflow_rule, OverflowRuleDial),
    ):
        for place, dial in enumerate(menu.dials):
            if isinstance(dial, kind) and held in dial.rules:
                options[place] = 1 + dial.rules.index(held)
                break
        else:
            if held not in (None, own_rule):
                raise UsageError(
                    f"--start {written}: its {what} rule is not on the menu. Choose another start or menu."
                )
    return offer, options


def _held(rules: str, scenario: Scenario, network: Network) -> Orders:
    """Return the orders of a policy that holds queue and overflow rules, the same in every hospital."""
    policy = build_policy(rules, scenario, network, np.random.default_rng(0))
    if isinstance(policy, Constant):
        first, *others = policy.directive.orders.values()
        if (
            all(one == first for one in others)
            and replace(first, queue_rule=None, overflow_rule=None) == Orders()
        ):
            return first
    raise UsageError(
        f"--start: expected rules for queue and overflow that are held, such as max-weight+nearest, got {rules}. "
        "Training cannot begin with a policy that looks at the state."
    )
