"""The menu: all dials of a scenario. From a decision to masks, and from actions to a directive: pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.environments.dial import Dial
from policies.environments.dials_of_people import CallInDial, EarlyDischargeDial, LendDial, MoveDial
from policies.environments.dials_of_rules import (
    DivertDial,
    OverflowRuleDial,
    QueueRuleDial,
    ReserveDial,
    TierDial,
)
from policies.environments.dials_of_supply import FlexDial, VaccineDial
from policies.heuristics import doubling_costs
from scenarios.hospitals import Beds
from scenarios.rules import OverflowRule, QueueRule
from sim.legal import most_call_in, most_flex
from sim.network import Network, attribute_values
from sim.protocol import Decision, Directive, Orders

Mask = NDArray[np.int8]
Actions = NDArray[np.int64]

MOVE_BATCH = 2
"""Patients moved at most with one setting of the dial; assumed."""
FLEX_LEVELS = 4
"""Levels of a flex dial at most; assumed."""
RESERVES = (0, 1, 2, 4)
"""Beds that may be kept for the most urgent; assumed."""
EQUITY_WEIGHT = 2.0
"""What multiplies the priority of the group that an equity-weighted rule favours; assumed."""


@dataclass(frozen=True)
class Menu:
    """K dials with M options in all, the same for the H hospitals of a network."""

    hospitals: tuple[str, ...]
    dials: tuple[Dial, ...]

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Options by dial: K."""
        return np.array([len(dial.options) for dial in self.dials], dtype=np.int64)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each dial begins in a mask: K."""
        return np.concatenate(([0], np.cumsum(self.sizes)[:-1]))

    def masks(self, decision: Decision) -> Mask:
        """Return H x M: 1 for what a hospital may choose now, dial after dial."""
        return np.concatenate([dial.legal(decision) for dial in self.dials], axis=1).astype(np.int8)

    def within(self, masks: Mask, actions: Actions) -> Actions:
        """Return the actions (H x K), neutral where an option is masked out."""
        legal = np.take_along_axis(masks, self.starts + actions, axis=1)
        return np.where(legal == 1, actions, 0)

    def directive(self, decision: Decision, actions: Actions) -> Directive:
        """Return the orders of actions (H x K) that the masks allow."""
        orders = {
            name: self._orders(decision, h, actions[h])
            for h, name in enumerate(self.hospitals)
            if actions[h].any()
        }
        return Directive(orders)

    def _orders(self, decision: Decision, hospital: int, action: Actions) -> Orders:
        fields: dict[str, Any] = {}
        for dial, option in zip(self.dials, action.tolist(), strict=True):
            if option:
                for part, order in dial.parts(decision, hospital, option).items():
                    fields[part] = {**fields.get(part, {}), **order} if isinstance(order, Mapping) else order
        return Orders(**fields)


def menu_of(
    network: Network,
    queue_rules: Sequence[QueueRule] | None = None,
    overflow_rules: Sequence[OverflowRule] | None = None,
) -> Menu:
    """Return the dials that a scenario gives a use for.

    `queue_rules`, `overflow_rules`: those on offer beside the scenario's own; all that it allows when None.
    """
    scenario = network.scenario
    every = tuple(scenario.hospitals.values())
    reachable = tuple(bool(near) for near in network.neighbours)
    ambulances = _receives_ambulances(network)
    dials: list[Dial] = []
    if rules := queue_rules_of(network) if queue_rules is None else tuple(queue_rules):
        dials.append(QueueRuleDial(rules, [_label(rule) for rule in rules], len(every)))
    if any(ambulances) or any(step.spec.if_full == "overflow" for step in network.steps):
        offered = overflow_rules_of(network) if overflow_rules is None else tuple(overflow_rules)
        dials.append(OverflowRuleDial(offered, reachable))
    dials += _reserves(network)
    if any(reachable):
        dials.append(MoveDial(network.hospitals, MOVE_BATCH))
    dials += _lend(network)
    for role in dict.fromkeys(name for hospital in every for name in hospital.staff):
        if most := max(most_call_in(network, h).get(role, 0) for h in range(len(every))):
            dials.append(CallInDial(role, most))
    for unit in dict.fromkeys(name for hospital in every for name in hospital.beds):
        if most := max(most_flex(network, h).get(unit, 0) for h in range(len(every))):
            dials.append(FlexDial(unit, min(FLEX_LEVELS, most)))
    dials += [EarlyDischargeDial(s.name) for s in network.steps if s.spec.clinical_margin is not None]
    dials += _vaccine(network)
    if any(ambulances):
        dials.append(DivertDial(ambulances))
    return Menu(network.hospitals, tuple(dials))


def queue_rules_of(network: Network) -> tuple[QueueRule, ...]:
    """Return the queue rules that a scenario allows beside its own; costs by acuity are 1, 2, 4, ... (assumed)."""
    scenario = network.scenario
    costs = doubling_costs(network.acuities)
    written: list[dict[str, Any]] = [{"first-come": {}}]
    if len(network.acuities) > 1:
        written += [{"acuity": {}}, {"accumulating-priority": {"rates": costs}}]
    if all(scenario.targets.get(name) for name in network.acuities):
        written.append({"longest-wait": {}})
    written += [{name: {"cost": costs}} for name in ("c-mu", "c-mu-theta", "max-weight")]
    if network.group is not None and not is_blind(network):
        written += [
            {
                "equity-weighted": {
                    "attribute": network.group,
                    "weights": {value: EQUITY_WEIGHT},
                    "rates": costs,
                }
            }
            for value in attribute_values(scenario, network.group)
        ]
    rules = (QueueRule.model_validate(rule) for rule in written)
    return tuple(rule for rule in rules if rule != scenario.queue_rule)


def is_blind(network: Network) -> bool:
    """Return whether a policy may not see the group by which tallies are kept."""
    scenario = network.scenario
    return network.group is not None and scenario.group_blind and scenario.attributes[network.group].protected


def _label(rule: QueueRule) -> str:
    if rule.equity_weighted is None:
        return rule.name
    weights = ", ".join(f"{value} x {weight:g}" for value, weight in rule.equity_weighted.weights.items())
    return f"{rule.name} ({weights})"


def overflow_rules_of(network: Network) -> tuple[OverflowRule, ...]:
    """Return the overflow rules that there are beside the scenario's own."""
    names = ("stay", "nearest", "least-loaded", "outside")
    rules = (OverflowRule.model_validate({name: {}}) for name in names)
    return tuple(rule for rule in rules if rule != network.scenario.overflow_rule)


def _receives_ambulances(network: Network) -> tuple[bool, ...]:
    scenario = network.scenario
    anywhere = scenario.population is not None or scenario.epidemic is not None
    streams = [stream.hospital for stream in scenario.arrivals.values() if stream.ambulance > 0]
    return tuple(anywhere or name in streams for name in network.hospitals)


def _reserves(network: Network) -> list[Dial]:
    if len(network.acuities) == 1:
        return []
    found: list[Dial] = []
    for pool in network.pools:
        most = tuple(_beds(spec.beds.get(pool.name)) for spec in network.scenario.hospitals.values())
        beds = tuple(n for n in RESERVES if n == 0 or n < max(most))
        if len(beds) > 1:
            found.append(ReserveDial(pool.name, beds, most))
    return found


def _beds(spec: Beds | None) -> int:
    return 0 if spec is None or spec.count == "unlimited" else int(spec.count)


def _lend(network: Network) -> list[Dial]:
    staff = [spec.staff for spec in network.scenario.hospitals.values()]
    roles = dict.fromkeys(role for own in staff for role in own)
    numbers = range(len(staff))

    def possible(origin: int, role: str, to: int) -> bool:
        return to in network.neighbours[origin] and role in staff[origin] and role in staff[to]

    loans = tuple(
        (role, to) for role in roles for to in numbers if any(possible(h, role, to) for h in numbers)
    )
    table = np.array([[possible(h, role, to) for role, to in loans] for h in numbers], dtype=np.bool_)
    return [LendDial(loans, network.hospitals, table)] if loans else []


def _vaccine(network: Network) -> list[Dial]:
    vaccine = network.scenario.vaccine
    if vaccine is None:
        return []
    fridges = [vaccine.fridges.get(name) for name in network.hospitals]
    up_to = tuple(
        {} if fridge is None else {name: fridge.order_up_to.get(name, 0) for name in network.products}
        for fridge in fridges
    )
    found: list[Dial] = []
    if any(any(levels.values()) for levels in up_to):
        found.append(VaccineDial(up_to, {name: p.doses_per_vial for name, p in vaccine.products.items()}))
    if network.tiers:
        found.append(TierDial(network.tiers, tuple(fridge is not None for fridge in fridges)))
    return found
