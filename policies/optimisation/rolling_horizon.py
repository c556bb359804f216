"""The policy `lp`: at every decision a plan of the next hours is solved, and its first orders are given."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from math import ceil

import numpy as np

from policies.environments.costs import prices_of
from policies.optimisation.fluid_plan import Floats, FluidPlan, Ordered
from policies.optimisation.patient_flow import patient_flow
from policies.optimisation.standing import Standing
from policies.optimisation.vials import VialPlan
from policies.parameters import Parameters, number, suggestion
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from scenarios.units import parse_duration
from sim.network import Network
from sim.protocol import Decision, Directive, Orders

HORIZON, PERIOD = 24.0, 4.0
"""Hours ahead, and hours of a period. Assumed: a day and a third of a shift."""


class RollingHorizon:
    """Moves, lends, calls in, opens flex beds and orders vials by a linear plan of the next 24 h (HiGHS), rounded.

    `lp:horizon=48 h` looks further; `lp:critical=4` lets an hour of critical patients count four times;
    `lp:VALUE=2` lets an hour of the patients of this value of the tallied attribute count twice. Prices are
    those of the environments (`policies/environments/costs.py`). `lp:exact=1` demands the best whole numbers, which
    can take seconds a decision. It names no rule: `lp+least-loaded` also lets overflow go at once, between decisions.
    """

    def __init__(
        self, scenario: Scenario, network: Network, stream: np.random.Generator, parameters: Parameters
    ) -> None:
        horizon, exact, weights = _read(network, parameters)
        flow = patient_flow(network)
        self._plan = FluidPlan(network, flow, max(ceil(horizon / PERIOD), 1), PERIOD, exact)
        self._standing = Standing(network, flow, self._plan, prices_of(scenario), weights)
        self._weights, self._network, self._flow = weights, network, flow
        self._vials = VialPlan(scenario, network, stream, {})

    def decide(self, decision: Decision) -> Directive:
        """Return the first orders of the best plan."""
        plan, names = self._plan, decision.names
        ordered = plan.solve(self._standing.asked(decision))
        moves = self._moves(decision, ordered)
        lend: dict[int, dict[tuple[str, str], int]] = defaultdict(dict)
        call_in: dict[int, dict[str, int]] = defaultdict(dict)
        flex: dict[int, dict[str, int]] = defaultdict(dict)
        for (h, role, to), n in zip(plan.loans, ordered.loans.tolist(), strict=True):
            if n:
                lend[h][names.pools[role], names.hospitals[to]] = n
        for (h, role), n in zip(plan.calls, ordered.calls.tolist(), strict=True):
            if n:
                call_in[h][names.pools[role]] = n
        for (h, unit, _), n in zip(plan.flex, ordered.flex.tolist(), strict=True):
            if n:
                flex[h][names.pools[unit]] = n
        vials = self._vials.decide(decision).orders
        return Directive(
            {
                name: replace(
                    vials.get(name, Orders()),
                    moves=moves[h], lend=lend[h], call_in=call_in[h], flex=flex[h],
                )
                for h, name in enumerate(names.hospitals)
                if moves[h] or lend[h] or call_in[h] or flex[h] or name in vials
            }
        )  # fmt: skip

    def _moves(self, decision: Decision, ordered: Ordered) -> dict[int, dict[int, str]]:
        """Who goes: of a cell those who count most, then those who came first."""
        queues = defaultdict(list)
        for w in decision.waiting:
            queues[w.hospital, w.step, w.acuity].append(w)
        for queue in queues.values():
            queue.sort(key=lambda w: (-self._weights[w.acuity, max(w.group, 0)], -w.hours, w.patient))
        moves: dict[int, dict[int, str]] = defaultdict(dict)
        for (h, to, k), n in zip(self._plan.moves, ordered.moves.tolist(), strict=True):
            step, acuity = self._flow.cells[k]
            for _ in range(n):
                patient = queues[h, decision.names.needs[step], acuity].pop(0)
                moves[h][patient.patient] = decision.names.hospitals[to]
        return moves


def _read(network: Network, parameters: Parameters) -> tuple[float, bool, Floats]:
    """The horizon, whether to demand the optimum, and A x G weights."""
    blind = network.scenario.group_blind and network.group is not None and (
        network.scenario.attributes[network.group].protected
    )  # fmt: skip
    groups = () if blind else network.groups
    weights = np.ones((len(network.acuities), 1 if blind else len(network.groups)))
    horizon, exact = HORIZON, False
    for key, text in parameters.items():
        if key == "horizon":
            try:
                horizon = parse_duration(text)
            except ValueError as error:
                raise UsageError(f"lp:horizon: {error}") from None
        elif key == "exact":
            exact = number("lp", key, text) > 0
        elif key in network.acuities:
            weights[network.acuities.index(key)] *= number("lp", key, text)
        elif key in groups:
            weights[:, groups.index(key)] *= number("lp", key, text)
        else:
            known = ("horizon", "exact", *network.acuities, *groups)
            raise UsageError(f"lp: {key} is not a parameter. {suggestion(key, known)}")
    if not 0 < horizon <= 14 * 24:
        raise UsageError(f"lp:horizon: expected more than 0 and at most 14 days, got {horizon:g} h.")
    return horizon, exact, weights
