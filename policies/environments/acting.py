"""A controller outside its environment: from a decision to a directive, as a policy."""

from __future__ import annotations

from collections.abc import Callable

from policies.environments.encoding import Encoding, Vector
from policies.environments.menu import Actions, Mask, Menu, menu_of
from sim.network import Network
from sim.protocol import Decision, Directive

Choose = Callable[[Vector, Mask], Actions]
"""From observations (H x D) and masks (H x M) to actions (H x K)."""


class Acting:
    """A learned or scripted controller as a `Policy`: sees and orders what it did in `hospital_network_v0`."""

    def __init__(self, network: Network, choose: Choose, menu: Menu | None = None) -> None:
        self._menu = menu_of(network) if menu is None else menu
        self._encoding = Encoding(network)
        self._choose = choose

    def decide(self, decision: Decision) -> Directive:
        """Return the orders of the chosen actions; neutral on a dial where the choice is masked out."""
        masks = self._menu.masks(decision)
        actions = self._choose(self._encoding.observe(decision), masks)
        return self._menu.directive(decision, self._menu.within(masks, actions))
