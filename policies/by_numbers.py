"""Policies that can answer the fast engine by numbers, in a quarter of the time: held dials, and learned ones."""

from __future__ import annotations

import numpy as np

from policies.environments.dials_of_rules import OverflowRuleDial, QueueRuleDial
from policies.environments.menu import Actions, Menu
from policies.environments.playing import hold, play
from policies.learning.learned import LearnedPolicy
from policies.learning.offer import Offer
from policies.learning.start import DIALS, start_at
from policies.parameters import parse
from policies.registry import LEARNED, build_policy
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.fast.engine import FastEngine
from sim.network import Network


def played(
    engine: FastEngine, written: str, scenario: Scenario, network: Network, stream: np.random.Generator
) -> bool:
    """Run an engine from time zero to its horizon under a policy, as `sim.protocol.run` would, but note no orders.

    False, and nothing done, where the policy must see decisions or need see nothing at all.
    """
    names = [name for name, _ in parse(written)]
    if len(names) == 1 and names[0] in LEARNED:
        learned = build_policy(written, scenario, network, stream)
        assert isinstance(learned, LearnedPolicy)
        play(network, learned.menu, engine, learned.choose)
        return True
    if (held := _held(written, scenario, network)) is None:
        return False
    menu, options = held
    hold(network, menu, engine, np.tile(options, (len(network.hospitals), 1)))
    return True


def _held(written: str, scenario: Scenario, network: Network) -> tuple[Menu, Actions] | None:
    """Return K options of a menu that say what a policy of rules and dials orders; None where none do."""
    parts = parse(written)
    dials = [parameters for name, parameters in parts if name == DIALS]
    if len(dials) != 1:
        return None
    try:
        offer, options = start_at(written, scenario, network, Offer())
    except UsageError:
        return None
    menu = offer.menu(network)
    # Beside rules a dial may say the same thing, and which holds depends on their order; and a rule holds even where
    # its dial has no use for it.
    other_than_written = len(parts) > 1 and any(
        dial.name in dials[0] or not dial.always[:, option].all()
        for dial, option in zip(menu.dials, options.tolist(), strict=True)
        if isinstance(dial, QueueRuleDial | OverflowRuleDial)
    )
    return None if other_than_written else (menu, options)
