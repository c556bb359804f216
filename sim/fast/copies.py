"""Simulations in lockstep that are looked at and answered by numbers: no decision, no directive, no hospital in Python.

Shapes: B copies, H hospitals, P pools, S steps, V products.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.rules import OverflowRule, QueueRule
from sim.fast import kernel, layouts
from sim.fast.engine import FastEngine
from sim.fast.memory import address
from sim.fast.panel import Panel
from sim.fast.tabled import overflow_code, ranking_tables
from sim.network import Network
from sim.rules import QueueRanking
from sim.signals import Trigger
from sim.supply import DEPOT

Counts = NDArray[np.int64]

OWN = -1
"""As many vials as the scenario's own rule orders."""


class Sheets:
    """What is ordered: one sheet a copy. Nothing is checked: write only what the masks allow."""

    def __init__(self, network: Network, copies: int) -> None:
        H, P, S = len(network.hospitals), len(network.pools), len(network.steps)
        code, within = overflow_code(network.scenario.overflow_rule)
        self._neutral = np.array((0, -1, code, within, 0, -1, 0, -1, -1, 0), layouts.ORDER)
        self.orders: Any = np.empty((copies, H), layouts.ORDER)
        """B x H records: number of the queue rule, tier that goes first, overflow rule and its reach, ..."""
        self.kept: Counts = np.zeros((copies, H, P), dtype=np.int64)
        """Of a pool, in its own unit, for the most urgent."""
        self.calls: Counts = np.zeros((copies, H, P), dtype=np.int64)
        self.discharges: Counts = np.zeros((copies, H, S), dtype=np.int64)
        self.flex: Counts = np.zeros((copies, H, P), dtype=np.int64)
        """Beds to have open."""
        self.vials: Counts = np.zeros((copies, H, len(network.products)), dtype=np.int64)
        self.clear()

    def clear(self) -> None:
        """Order nothing."""
        self.orders[...] = self._neutral
        for amounts in (self.kept, self.calls, self.discharges, self.flex):
            amounts[...] = 0
        self.vials[...] = OWN

    def of(self, copy: int) -> dict[str, int]:
        """Return where the kernel finds the sheet of a copy."""
        return {
            "orders": address(self.orders[copy]),
            "ordered_kept": address(self.kept[copy].reshape(-1)),
            "ordered_calls": address(self.calls[copy].reshape(-1)),
            "ordered_discharges": address(self.discharges[copy].reshape(-1)),
            "ordered_flex": address(self.flex[copy].reshape(-1)),
        }


class Copies:
    """B simulations of one network. `panel` shows their present decisions, `sheets` take the orders."""

    def __init__(
        self,
        network: Network,
        copies: int,
        queue_rules: Sequence[QueueRule],
        overflow_rules: Sequence[OverflowRule],
    ) -> None:
        """`queue_rules`: those that sheets may order, numbered from 1; 0 is the scenario's."""
        self.network = network
        self.panel = Panel(network, copies)
        self.sheets = Sheets(network, copies)
        self.running = np.zeros(copies, dtype=np.bool_)
        """B: which have not reached their horizon."""
        self.depot: Counts = np.zeros((copies, len(network.products)), dtype=np.int64)
        """B x V: vials there."""
        self.on_order: Counts = np.zeros(
            (copies, len(network.hospitals), len(network.products)), dtype=np.int64
        )
        self._engines: list[FastEngine | None] = [None] * copies
        self._rows = [address(row) for row in self.panel.rows]
        self._rankings = [QueueRanking(rule, network, lambda attribute: ()) for rule in queue_rules]
        self._ranking_tables = [ranking_tables(ranking, network) for ranking in self._rankings]
        every = (network.scenario.overflow_rule, *overflow_rules)
        self._overflow_rules = {overflow_code(rule): rule for rule in reversed(every)}

    def begin(self, copy: int, engine: FastEngine) -> bool:
        """Have a copy go on with an engine at its beginning; False: there is no decision before its horizon."""
        self._engines[copy] = engine
        sheet = self.sheets.of(copy)
        engine.listen(sheet, self._rankings, self._ranking_tables, self._overflow_rules)
        return self._run(copy)

    def pass_over(self, copy: int, until: float) -> bool:
        """Carry out the sheet at every decision before a time; False: no decision is left.

        The panel then shows the last decision passed over, so that what happened since can be told; `show` goes on.
        """
        engine = self._engine(copy)
        while self.running[copy] and engine.env.now < until:
            self.show(copy)
            self._order(copy, engine)
            self.running[copy] = engine.run_to_decision()
        return bool(self.running[copy])

    def step(self) -> NDArray[np.bool_]:
        """Carry out the sheets and run each to its next decision, or to its horizon; return which have one."""
        for copy in np.flatnonzero(self.running).tolist():
            self._order(copy, self._engine(copy))
            self._run(copy)
        return self.running.copy()

    def show(self, copy: int) -> None:
        """Write the present state of a copy into the panel."""
        engine = self._engine(copy)
        engine.command(kernel.SHOW, self._rows[copy])
        if engine.supply is not None:
            products = range(len(self.network.products))
            self.depot[copy] = [engine.supply.vials(DEPOT, product) for product in products]
            self.on_order[copy] = engine.supply.on_order

    def _engine(self, copy: int) -> FastEngine:
        engine = self._engines[copy]
        assert engine is not None
        return engine

    def _run(self, copy: int) -> bool:
        self.running[copy] = self._engine(copy).run_to_decision()
        self.show(copy)
        return bool(self.running[copy])

    def _order(self, copy: int, engine: FastEngine) -> None:
        engine.order(partial(self._order_vials, copy, engine))

    def _order_vials(self, copy: int, engine: FastEngine) -> None:
        assert engine.supply is not None
        engine.supply.read()
        for h, row in enumerate(self.sheets.vials[copy].tolist()):
            for product, vials in enumerate(row):
                if vials != OWN or engine.asked == Trigger.REGULAR:
                    wanted = engine.supply.order_up_to(h, product) if vials == OWN else vials
                    engine.supply.order(h, product, wanted)
        engine.supply.write()
