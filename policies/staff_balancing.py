"""Lends free staff to hospitals where patients wait for nothing else."""

from __future__ import annotations

from collections import defaultdict
from math import isfinite

import numpy as np

from policies.parameters import Parameters, no_parameters
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Decision, Directive, HospitalView, Orders


class StaffBalancing:
    """Lends staff from hospitals with slack to neighbours that queue for want of them, until the next decision.

    A hospital lends a role only while nobody waits there for it, and keeps one person of it free.
    The nearest hospital lends first. Loans end at every decision and are made anew if still needed.
    """

    def __init__(
        self, scenario: Scenario, network: Network, stream: np.random.Generator, parameters: Parameters
    ) -> None:
        no_parameters("staff-balancing", parameters)
        self._roles = [i for i, pool in enumerate(network.pools) if pool.kind == "staff"]
        self._needs = {
            step.name: network.needs[step.options[0].need].amounts for step in network.steps if step.options
        }
        self._employs = [
            {role for role in self._roles if network.pools[role].name in scenario.hospitals[name].staff}
            for name in network.hospitals
        ]

    def decide(self, decision: Decision) -> Directive:
        """Return the loans that hold until the next decision."""
        hospitals = decision.hospitals
        short = [self._shortage(decision, view) for view in hospitals]
        spare = [
            {role: self._spare(decision, view, role) for role in self._employs[h]}
            for h, view in enumerate(hospitals)
        ]
        loans: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
        for borrower, view in enumerate(hospitals):
            for role, missing in short[borrower].items():
                if role not in self._employs[borrower]:
                    continue
                for lender in self._lenders(decision, borrower):
                    lent = min(missing, spare[lender].get(role, 0))
                    if lent > 0:
                        key = (decision.names.pools[role], view.name)
                        loans[hospitals[lender].name][key] = lent
                        spare[lender][role] -= lent
                        missing -= lent
        return Directive({name: Orders(lend=lend) for name, lend in loans.items()})

    def _lenders(self, decision: Decision, borrower: int) -> list[int]:
        times = [row[borrower] for row in decision.travel]
        others = [h for h, time in enumerate(times) if h != borrower and isfinite(time)]
        return sorted(others, key=lambda h: (times[h], h))

    def _shortage(self, decision: Decision, view: HospitalView) -> dict[int, int]:
        """Role -> whole persons without whom waiting patients cannot start though all else is free."""
        free = [_free(view, pool) for pool in range(len(view.capacity))]
        lacking: dict[int, int] = defaultdict(int)
        for step, waiting in _queue_by_urgency(decision, view):
            amounts = self._needs.get(step, ())
            others = [(pool, amount) for pool, amount in amounts if pool not in self._roles]
            n = min([waiting, *(int(free[pool] // amount) for pool, amount in others)])
            if n <= 0:
                continue
            for pool, amount in amounts:
                if pool in self._roles and free[pool] < n * amount:
                    lacking[pool] += int(n * amount - max(free[pool], 0))
                free[pool] -= n * amount
        return {role: -(-amount // view.unit[role]) for role, amount in sorted(lacking.items())}

    def _spare(self, decision: Decision, view: HospitalView, role: int) -> int:
        wanted = any(
            waiting and any(pool == role for pool, _ in self._needs.get(step, ()))
            for step, waiting in _queue_by_urgency(decision, view)
        )
        free = _free(view, role)
        return 0 if wanted or not isfinite(free) else max(int(free // view.unit[role]) - 1, 0)


def _free(view: HospitalView, pool: int) -> float:
    if view.capacity[pool] < 0:
        return float("inf")
    return view.capacity[pool] - view.in_use[pool] - view.cleaning[pool] - view.reserved[pool]


def _queue_by_urgency(decision: Decision, view: HospitalView) -> list[tuple[str, int]]:
    """(step, number waiting), the most urgent level first."""
    return [
        (step, sum(view.queue[need][level]))
        for level in range(len(decision.names.acuities))
        for need, step in enumerate(decision.names.needs)
    ]
