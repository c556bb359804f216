"""`dials:call in ed-nurse=1:move to=valley`: settings of the learners' menu that are held, to compare learning with."""

from __future__ import annotations

import numpy as np

from policies.environments.menu import Actions, Menu, menu_of
from policies.parameters import Parameters, suggestion
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Decision, Directive


class HeldDials:
    """The same option of every named dial in every hospital, neutral where it is not possible just now."""

    def __init__(
        self, scenario: Scenario, network: Network, stream: np.random.Generator, parameters: Parameters
    ) -> None:
        self._menu = menu_of(network)
        self._actions = np.tile(options_named(self._menu, parameters), (len(network.hospitals), 1))

    def decide(self, decision: Decision) -> Directive:
        """Return the orders of the options that are possible now."""
        return self._menu.directive(decision, self._menu.within(self._menu.masks(decision), self._actions))


def options_named(menu: Menu, parameters: Parameters) -> Actions:
    """Return K options of a menu, 0 where a dial is not named. Raises `UsageError` on strange dials and options."""
    names, options = [dial.name for dial in menu.dials], np.zeros(len(menu.dials), dtype=np.int64)
    problems = []
    for name, option in parameters.items():
        if name not in names:
            problems.append(f"dials: {name} is not a dial here. {suggestion(name, names)}")
        elif option not in (known := menu.dials[names.index(name)].options):
            problems.append(f"dials:{name}: {option} is not an option. {suggestion(option, known)}")
        else:
            options[names.index(name)] = known.index(option)
    if problems:
        raise UsageError("\n".join(problems))
    return options
