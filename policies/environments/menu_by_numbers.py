"""The menu for many simulations at once: masks from a panel, and actions to sheets of orders, without decisions.

Shapes: B copies, H hospitals, K dials with M options in all, P pools, S steps, V products.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.environments.dial import Dial
from policies.environments.dials_of_people import CallInDial, EarlyDischargeDial, LendDial, MoveDial
from policies.environments.dials_of_rules import (
    DivertDial,
    FixedDial,
    OverflowRuleDial,
    QueueRuleDial,
    ReserveDial,
    TierDial,
)
from policies.environments.dials_of_supply import FlexDial, VaccineDial
from policies.environments.menu import Actions, Menu
from scenarios.errors import UsageError
from scenarios.rules import OverflowRule, QueueRule
from sim.fast.copies import OWN, Copies
from sim.fast.tabled import overflow_code
from sim.legal import destinations, most_call_in, most_flex
from sim.network import Network

Masks = NDArray[np.int8]
Options = NDArray[np.int64]
"""B x H: the option of one dial."""


def rules_of(menu: Menu) -> tuple[tuple[QueueRule, ...], tuple[OverflowRule, ...]]:
    """Return the queue rules and the overflow rules that the dials offer."""
    queue: list[QueueRule] = []
    overflow: list[OverflowRule] = []
    for dial in menu.dials:
        if isinstance(dial, QueueRuleDial):
            queue += dial.rules
        elif isinstance(dial, OverflowRuleDial):
            overflow += dial.rules
    return tuple(queue), tuple(overflow)


class MenuByNumbers:
    """The dials of a menu, for the copies of a network. Raises `UsageError` for a dial that is not one of ours."""

    def __init__(self, network: Network, menu: Menu, copies: Copies) -> None:
        self._network, self._menu, self._copies = network, menu, copies
        H = range(len(network.hospitals))
        self._call_in = [most_call_in(network, h) for h in H]
        self._flex = [most_flex(network, h) for h in H]
        moves = np.zeros((len(network.steps), len(H), len(H)), dtype=np.bool_)
        for h in H:
            for step in network.steps:
                moves[step.index, h, list(destinations(network, h, step.index))] = True
        tables, of = np.unique(moves, axis=0, return_inverse=True)
        self._moves = [(np.flatnonzero(of == i), table) for i, table in enumerate(tables) if table.any()]
        """Steps, and H x H: who can be moved from where to where if they wait for one of these."""
        self._steps = {step.name: step.index for step in network.steps}
        self._unit = np.array([pool.unit for pool in network.pools])
        self._fixed = np.ones((len(copies.running), len(H), int(menu.sizes.sum())), dtype=np.int8)
        self._changing: list[tuple[slice, Callable[[], Any]]] = []
        """Places of a mask and what makes them at every decision; the neutral option is always legal."""
        self._writers: list[Callable[[Options], None]] = []
        for dial, start, size in zip(menu.dials, menu.starts.tolist(), menu.sizes.tolist(), strict=True):
            self._add(dial, slice(start + 1, start + size))

    def masks(self) -> Masks:
        """Return B x H x M."""
        masks = self._fixed.copy()
        for place, legal in self._changing:
            masks[:, :, place] = legal()
        return masks

    def write(self, actions: Actions) -> None:
        """Write actions (B x H x K) that the masks allow onto the sheets."""
        self._copies.sheets.clear()
        for k, write in enumerate(self._writers):
            write(actions[:, :, k])

    def _add(self, dial: Dial, place: slice) -> None:
        H = range(len(self._network.hospitals))
        match dial:
            case FixedDial():
                self._fixed[:, :, place] = dial.always[:, 1:]
            case CallInDial():
                limits = np.array([[self._call_in[h].get(dial.role, 0)] for h in H])
                self._fixed[:, :, place] = np.arange(1, dial.most + 1) <= limits
            case FlexDial():
                self._fixed[:, :, place] = np.diff(self._flex_levels(dial), axis=1) > 0
            case VaccineDial():
                self._fixed[:, :, place] = [[any(levels.values())] for levels in dial.up_to]
            case MoveDial():
                self._changing.append((place, self._who_can_move))
            case LendDial():
                self._changing.append((place, self._can_lend(dial)))
            case EarlyDischargeDial():
                step = self._steps[dial.step]
                ready = self._copies.panel["ready"]
                self._changing.append((place, lambda: ready[:, :, step, None] > np.arange(2)))
        self._writers.append(self._writer(dial))

    def _writer(self, dial: Dial) -> Callable[[Options], None]:
        sheets = self._copies.sheets
        match dial:
            case QueueRuleDial():
                return _setter(sheets.orders["ranking"], np.arange(len(dial.options)))
            case OverflowRuleDial():
                every = (self._network.scenario.overflow_rule, *dial.rules)
                codes, reaches = (np.array(column) for column in zip(*map(overflow_code, every), strict=True))
                overflow = _setter(sheets.orders["overflow"], codes)
                within = _setter(sheets.orders["within"], reaches)
                return lambda options: (overflow(options), within(options))[0]
            case ReserveDial():
                pool = self._network.pool(dial.unit)
                return _setter(sheets.kept[:, :, pool], np.array(dial.kept) * self._unit[pool])
            case TierDial():
                return _setter(sheets.orders["tier"], np.arange(len(dial.options)) - 1)
            case DivertDial():
                return _setter(sheets.orders["divert"], np.arange(2))
            case MoveDial():
                return lambda options: self._write_move(dial, options)
            case LendDial():
                pools = [-1, *(self._network.pool(role) for role, _ in dial.loans)]
                lend_pool = _setter(sheets.orders["lend_pool"], np.array(pools))
                lend_to = _setter(sheets.orders["lend_to"], np.array([-1, *(to for _, to in dial.loans)]))
                return lambda options: (lend_pool(options), lend_to(options))[0]
            case CallInDial():
                pool = self._network.pool(dial.role)
                return _setter(sheets.calls[:, :, pool], np.arange(len(dial.options)))
            case EarlyDischargeDial():
                return lambda options: self._write_discharge(self._steps[dial.step], options)
            case FlexDial():
                levels, pool = self._flex_levels(dial), self._network.pool(dial.unit)
                hospitals = np.arange(len(levels))
                flex = sheets.flex[:, :, pool]
                return lambda options: np.copyto(flex, levels[hospitals, options])
            case VaccineDial():
                return lambda options: self._write_vials(dial, options)
        raise UsageError(
            f"dial {dial.name!r}: copies in lockstep know the dials of policies.environments.menu only, "
            f"got a {type(dial).__name__}. Use HospitalNetwork."
        )

    def _who_can_move(self) -> Any:
        fleet, queue = self._copies.panel["ambulances"] != 0, self._copies.panel["queue"]
        found = np.zeros((*fleet.shape, fleet.shape[1]), dtype=np.bool_)
        for steps, possible in self._moves:
            waiting = queue[:, :, steps].sum(axis=(2, 3, 4)) > 0
            found |= waiting[:, :, None] & possible
        return found & fleet[:, :, None]

    def _can_lend(self, dial: LendDial) -> Callable[[], Any]:
        """Return what says B x H x loans: of whom a hospital has its own people on duty."""
        pools, of = np.unique([self._network.pool(role) for role, _ in dial.loans], return_inverse=True)
        panel, unit = self._copies.panel, self._unit[pools]

        def legal() -> Any:
            on_duty = panel["capacity"][:, :, pools] // unit - panel["borrowed"][:, :, pools]
            return (on_duty > 0)[:, :, of] & dial.possible

        return legal

    def _flex_levels(self, dial: FlexDial) -> Options:
        """H x levels: how many beds."""
        return np.array(
            [
                [ceil(most.get(dial.unit, 0) * level / dial.levels) for level in range(dial.levels + 1)]
                for most in self._flex
            ]
        )

    def _write_move(self, dial: MoveDial, options: Options) -> None:
        orders = self._copies.sheets.orders
        orders["move_to"] = options - 1
        orders["move_most"] = dial.batch

    def _write_discharge(self, step: int, options: Options) -> None:
        ready = self._copies.panel["ready"][:, :, step]
        self._copies.sheets.discharges[:, :, step] = np.where(options == 2, ready, options)

    def _write_vials(self, dial: VaccineDial, options: Options) -> None:
        copies, products = self._copies, self._network.products
        levels = np.array([[own.get(name, 0) for name in products] for own in dial.up_to])
        factors = np.array([0.0, *dial.factors])[options]
        wanted = np.ceil(levels * factors[:, :, None]) - copies.panel["vials"] - copies.on_order
        vials = np.minimum(np.maximum(wanted, 0), copies.depot[:, None])
        copies.sheets.vials[...] = np.where(options[:, :, None] > 0, vials, OWN)


def _setter(place: Any, values: Any) -> Callable[[Options], None]:
    """Return what writes the value of an option to a place (B x H)."""
    return lambda options: np.copyto(place, values[options])
