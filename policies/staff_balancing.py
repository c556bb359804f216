"""Lends free staff to hospitals where patients wait for nothing else."""

from __future__ import annotations

from collections import defaultdict
from math import ceil, isfinite

import numpy as np

from policies.parameters import Parameters, no_parameters
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Decision, Directive, HospitalView, Orders


class StaffBalancing:
    """Lends staff from hospitals with slack to neighbours that queue for want of them, until the next decision.

    A hospital lends a role only while nobody waits there for it, and keeps one person of it free.
    The nearest hospital lends first. A loan ends at the next decision and is made anew if it is still needed.
    """

    def __init__(
        self, scenario: Scenario, network: Network, stream: np.random.Generator, parameters: Parameters
    ) -> None:
        no_parameters("staff-balancing", parameters)
        self._names = [pool.name for pool in network.pools]
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
        loans: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
        for role in self._roles:
            spare = [
                self._spare(decision, view, role) if role in self._employs[h] else 0
                for h, view in enumerate(hospitals)
            ]
            for borrower, view in enumerate(hospitals):
                if role not in self._employs[borrower]:
                    continue
                missing = self._shortage(decision, view, role)
                for lender in self._lenders(decision, borrower):
                    lent = min(missing, spare[lender])
                    if lent > 0:
                        loans[hospitals[lender].name][self._names[role], view.name] = lent
                        spare[lender] -= lent
                        missing -= lent
        return Directive({name: Orders(lend=lend) for name, lend in loans.items()})

    def _lenders(self, decision: Decision, borrower: int) -> list[int]:
        times = [row[borrower] for row in decision.travel]
        others = [h for h, time in enumerate(times) if h != borrower and isfinite(time)]
        return sorted(others, key=lambda h: (times[h], h))

    def _shortage(self, decision: Decision, view: HospitalView, role: int) -> int:
        """Whole persons, beside its own, for those in care and those who could start if only they were there."""
        if view.capacity[role] < 0:
            return 0
        free = [_free(view, pool) for pool in range(len(view.capacity))]
        own = free[role] - max(view.borrowed[role], 0) * view.unit[role]
        wanted = 0
        for step, waiting in _queue_by_urgency(decision, view):
            amounts = dict(self._needs.get(step, ()))
            others = {pool: amount for pool, amount in amounts.items() if pool not in self._roles}
            room = [free[pool] // amount for pool, amount in others.items() if isfinite(free[pool])]
            n = max(int(min([waiting, *room])), 0)
            wanted += n * amounts.get(role, 0)
            for pool, amount in others.items():
                free[pool] -= n * amount
        return max(ceil((wanted - own) / view.unit[role]), 0)

    def _spare(self, decision: Decision, view: HospitalView, role: int) -> int:
        """Whole persons who can be lent, now that those lent have come back."""
        wanted = any(
            waiting and any(pool == role for pool, _ in self._needs.get(step, ()))
            for step, waiting in _queue_by_urgency(decision, view)
        )
        free = _free(view, role)
        if wanted or not isfinite(free):
            return 0
        back = max(-view.borrowed[role], 0)
        return max(int(free // view.unit[role]) + back - 1, 0)


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
