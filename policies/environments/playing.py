"""One run on the fast engine that is answered by numbers: no decision is made of its state, nor orders of Python.

Shapes: H hospitals, K dials with M options in all, D entries of an observation.
"""

from __future__ import annotations

from collections.abc import Callable

from policies.environments.acting import Choose
from policies.environments.encoding import Encoding
from policies.environments.menu import Actions, Mask, Menu
from policies.environments.menu_by_numbers import MenuByNumbers, rules_of
from policies.environments.panel_encoding import PanelEncoding, Since
from sim.fast.copies import Copies
from sim.fast.engine import FastEngine
from sim.network import Network


def play(network: Network, menu: Menu, engine: FastEngine, choose: Choose) -> None:
    """Run an engine from time zero to its horizon, as `Acting` with the same menu and choice does; nothing is noted.

    The event log is the same to the bit; the orders are missing from the result.
    """
    copies = Copies(network, 1, *rules_of(menu))
    panels, since = PanelEncoding(network, Encoding(network), copies), Since(copies)

    def look(masks: Mask) -> Actions:
        observations, _ = panels.encode(since.take())
        return choose(observations[0], masks)

    _play(network, menu, copies, engine, look)


def hold(network: Network, menu: Menu, engine: FastEngine, options: Actions) -> None:
    """As `play`, with the same options (H x K) at every decision, neutral where they are masked out."""
    _play(network, menu, Copies(network, 1, *rules_of(menu)), engine, lambda masks: options)


def _play(
    network: Network, menu: Menu, copies: Copies, engine: FastEngine, choose: Callable[[Mask], Actions]
) -> None:
    numbers, running = MenuByNumbers(network, menu, copies), copies.begin(0, engine)
    while running:
        (masks,) = numbers.masks()
        numbers.write(menu.within(masks, choose(masks))[None])
        running = bool(copies.step()[0])
