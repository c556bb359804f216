"""What the queue and overflow rules of `scenarios/rules.py` compute, once for both engines.

A queue rule gives the waiting patients of one cell (same step, assigned acuity, ranking attribute)
an index; the largest goes first, ties by (clock, patient). Within a cell the longest wait goes
first: no rule's index may fall with the wait. Index functions use +, -, * and / only, so that
engines agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from scenarios import rules
from scenarios.distributions import DurationCase
from sim.distributions import mean
from sim.network import Network, attribute_values

Index = Callable[[int, int, int, float, int], float]
"""(step, triage, code of the ranking attribute, hours since the clock of the head started, number waiting)
-> index."""


INSTANT = 1e9
"""The service rate per hour of a step that takes no time: finite, so that a cost of 0 ranks last."""


class QueueRanking:
    """A queue rule bound to a network."""

    def __init__(
        self, rule: rules.QueueRule, network: Network, codes_of: Callable[[str], Sequence[int]]
    ) -> None:
        """`codes_of(attribute)`: by patient number, the index of the patient's value."""
        self.rule = rule
        self.law = rule.law
        self.by_step_clock = getattr(self.law, "clock", "journey") == "step"
        """Whether the wait is counted from joining the step's queue."""
        self.attribute: str | None = getattr(self.law, "attribute", None)
        """The attribute whose value separates cells; None: none."""
        self.codes = codes_of(self.attribute) if self.attribute is not None else None
        self.index: Index = _INDEX[type(self.law)](self.law, network)
        self.first_come = isinstance(self.law, rules.FirstCome)
        self.counts = isinstance(self.law, rules.MaxWeight)
        """Whether the number waiting matters."""


def _by_acuity(weights: rules.Weights, network: Network, default: float = 1.0) -> list[float]:
    return [float(weights.get(name, default)) for name in network.acuities]


def service_rates(network: Network) -> list[list[float]]:
    """Return steps x acuities rates per hour: 1 / mean duration of the first case that asks at most for that acuity.

    A case that asks for another attribute is passed over; the acuity factor applies; no duration counts as `INSTANT`.
    """
    return [
        [
            1 / (hours * step.acuity_factor[a])
            if (hours := _case_mean(step.spec.duration, name))
            else INSTANT
            for a, name in enumerate(network.acuities)
        ]
        for step in network.steps
    ]


def abandonment_rates(network: Network) -> list[list[float]]:
    """Return steps x acuities rates per hour: 1 / mean patience; 0 for patience without end."""
    return [
        [
            1 / hours if step.spec.patience and (hours := _case_mean(step.spec.patience.time, name)) else 0.0
            for name in network.acuities
        ]
        for step in network.steps
    ]


def _case_mean(cases: tuple[DurationCase, ...], acuity: str) -> float:
    for case in cases:
        if all(key in ("acuity", "triage") and acuity in values for key, values in case.when.items()):
            return mean(case)
    return 0.0


def _first_come(law: rules.FirstCome, network: Network) -> Index:
    return lambda step, triage, code, wait, waiting: wait


def _acuity(law: rules.AcuityFirst, network: Network) -> Index:
    return lambda step, triage, code, wait, waiting: -float(triage)


def _longest_wait(law: rules.LongestWaitWithinTarget, network: Network) -> Index:
    targets = [network.scenario.targets[name] for name in network.acuities]
    return lambda step, triage, code, wait, waiting: wait / targets[triage]


def _c_mu(law: rules.CMu, network: Network) -> Index:
    cost, mu = _by_acuity(law.cost, network), service_rates(network)
    return lambda step, triage, code, wait, waiting: cost[triage] * mu[step][triage]


def _c_mu_theta(law: rules.CMuTheta, network: Network) -> Index:
    cost, mu, theta = _by_acuity(law.cost, network), service_rates(network), abandonment_rates(network)

    def index(step: int, triage: int, code: int, wait: float, waiting: int) -> float:
        rate = theta[step][triage]
        return cost[triage] * mu[step][triage] / rate if rate else inf

    return index


def _max_weight(law: rules.MaxWeight, network: Network) -> Index:
    cost, mu = _by_acuity(law.cost, network), service_rates(network)
    return lambda step, triage, code, wait, waiting: cost[triage] * mu[step][triage] * waiting


def _accumulating(law: rules.AccumulatingPriority, network: Network) -> Index:
    rate, start = _by_acuity(law.rates, network), _by_acuity(law.start, network, 0.0)
    return lambda step, triage, code, wait, waiting: start[triage] + rate[triage] * wait


def _equity_weighted(law: rules.EquityWeighted, network: Network) -> Index:
    rate = _by_acuity(law.rates, network)
    weight = [float(law.weights.get(v, 1.0)) for v in attribute_values(network.scenario, law.attribute)]
    return lambda step, triage, code, wait, waiting: weight[code] * (rate[triage] * wait)


_INDEX: dict[type, Callable[..., Index]] = {
    rules.FirstCome: _first_come,
    rules.AcuityFirst: _acuity,
    rules.LongestWaitWithinTarget: _longest_wait,
    rules.CMu: _c_mu,
    rules.CMuTheta: _c_mu_theta,
    rules.MaxWeight: _max_weight,
    rules.AccumulatingPriority: _accumulating,
    rules.EquityWeighted: _equity_weighted,
}


def within_reach(rule: rules.OverflowRule, network: Network, origin: int) -> list[int]:
    """Return the neighbours that `nearest` or `least-loaded` may choose, the nearest first."""
    limit = inf if rule.law.within is None else rule.law.within
    return [g for g in network.neighbours[origin] if network.travel[origin][g] <= limit]


def overflow_target(
    rule: rules.OverflowRule,
    network: Network,
    origin: int,
    step: int,
    has_room: Callable[[int], bool],
    load: Callable[[int], float],
) -> int:
    """Return the hospital to which a patient who waits for `step` at `origin` should go; -1: none.

    `has_room(g)`: the step could start at g now; `load(g)`: the largest share in use of a pool it needs at g.
    Neighbours that cannot serve the rest of the pathway are never chosen. Ties: the nearer, then the lower id.
    """  # fmt: skip
    law = rule.law
    if isinstance(law, rules.Stay | rules.Outside):
        return -1
    best, smallest = -1, inf
    for g in within_reach(rule, network, origin):
        if not network.serves[g][step] or not has_room(g):
            continue
        if isinstance(law, rules.Nearest):
            return g
        if (share := load(g)) < smallest:
            best, smallest = g, share
    return best
