"""Who gets the depot's vials: by population, by risk tier, or by need."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np

from policies.apportionment import apportion
from policies.parameters import Parameters, no_parameters
from policies.vaccine_demand import EVERYBODY, dose_demand
from scenarios.checks_population import people_around
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Decision, Directive, HospitalView, Orders

NORMAL_90 = 1.2815515655446004
"""The standard normal's 90th percentile: nine cover times of ten without a stock-out."""


class DepotPolicy:
    """Orders vials for every hospital with a fridge: never more than the depot has or the fridge can hold."""

    name: str
    tiers_first = False
    """Whether people of the first priority groups go first for a dose."""

    def __init__(
        self, scenario: Scenario, network: Network, stream: np.random.Generator, parameters: Parameters
    ) -> None:
        no_parameters(self.name, parameters)
        self.scenario = scenario
        self.network = network
        self.fridges = dict(scenario.vaccine.fridges) if scenario.vaccine else {}
        self.demand = dose_demand(scenario)

    def decide(self, decision: Decision) -> Directive:
        """Return this decision's orders to the depot."""
        vaccine = self.scenario.vaccine
        if vaccine is None:
            return Directive()
        views = [view for view in decision.hospitals if view.name in self.fridges]
        ordered: list[dict[str, int]] = [{} for _ in views]
        room = [self._room(view) for view in views]
        for product in vaccine.products:
            vials = self.share(decision, views, product, decision.depot.get(product, 0), room)
            for i, n in enumerate(vials):
                room[i] -= n
                if n:
                    ordered[i][product] = n
        tiers = tuple(vaccine.tiers) if self.tiers_first else ()
        return Directive(
            {
                view.name: Orders(vaccine=orders, tiers=tiers)
                for view, orders in zip(views, ordered, strict=True)
            }
        )

    def share(
        self, decision: Decision, views: Sequence[HospitalView], product: str, depot: int, room: list[int]
    ) -> list[int]:
        """Return vials by hospital."""
        raise NotImplementedError

    def expected(self, decision: Decision, view: HospitalView, product: str) -> float:
        """Return the people expected in a cover time: lead time and the time to the next decision."""
        vaccine = self.scenario.vaccine
        cover = (vaccine.lead_time if vaccine else 0.0) + (self.scenario.decide_every or 24.0)
        opens = {name: tier.opens for name, tier in vaccine.tiers.items()} if vaccine else {}
        return cover * sum(
            rate
            for (hospital, name, tier), rate in self.demand.items()
            if hospital == view.name and name == product and opens.get(tier, 0.0) <= decision.time + cover
        )

    def queue(self, decision: Decision, view: HospitalView, product: str) -> int:
        """Return how many wait for a dose."""
        steps = {s.name for s in self.network.steps if s.spec.dose == product}
        return sum(
            sum(map(sum, view.queue[need])) for need, step in enumerate(decision.names.needs) if step in steps
        )

    def doses_soon(self, view: HospitalView, product: str) -> int:
        """Return the doses that are here or on their way."""
        return _doses(view).get(product, 0) + view.on_order.get(product, 0) * self._doses_per_vial(product)

    def _room(self, view: HospitalView) -> int:
        here = sum(ceil(doses / self._doses_per_vial(name)) for name, doses in _doses(view).items())
        return max(self.fridges[view.name].vials - here - sum(view.on_order.values()), 0)

    def _doses_per_vial(self, product: str) -> int:
        vaccine = self.scenario.vaccine
        return vaccine.products[product].doses_per_vial if vaccine else 1


class VaccinePopulation(DepotPolicy):
    """The depot's vials by the population of the catchments (equal shares unless all of them state it)."""

    name = "vaccine-population"

    def share(
        self, decision: Decision, views: Sequence[HospitalView], product: str, depot: int, room: list[int]
    ) -> list[int]:
        """Share out all that the depot has, by head."""
        heads = [people_around(self.scenario, view.name) for view in views]
        known = all(n is not None for n in heads)
        return apportion(depot, [float(n or 0) if known else 1.0 for n in heads], room)


class VaccineRisk(DepotPolicy):
    """The depot's vials to where the first risk tiers are expected; these go first for a dose.

    A tier's weight is half that of the tier before it; tiers that are not open when the vials arrive
    weigh nothing. Expected numbers come from the scenario's arrivals.
    """

    name = "vaccine-risk"
    tiers_first = True

    def share(
        self, decision: Decision, views: Sequence[HospitalView], product: str, depot: int, room: list[int]
    ) -> list[int]:
        """Share out all that the depot has, by weighted people expected."""
        vaccine = self.scenario.vaccine
        arrives = decision.time + (vaccine.lead_time if vaccine else 0.0)
        tiers = [name for name, tier in vaccine.tiers.items() if tier.opens <= arrives] if vaccine else []
        order = {name: 0.5**place for place, name in enumerate(tiers)} or {EVERYBODY: 1.0}
        weights = [
            sum(self.demand.get((view.name, product, tier), 0.0) * weight for tier, weight in order.items())
            for view in views
        ]
        return apportion(depot, weights, room)


class VaccineNeed(DepotPolicy):
    """Vials by need: those who wait for a dose and the risk of a stock-out before the next delivery.

    A hospital asks for its queue plus what nine of ten cover times use (lead time and decision interval,
    Poisson), less what it has and expects. When the depot is short, in proportion to what is asked.
    """

    name = "vaccine-need"

    def share(
        self, decision: Decision, views: Sequence[HospitalView], product: str, depot: int, room: list[int]
    ) -> list[int]:
        """Share out what is asked for, or all that the depot has."""
        asked = [self._vials_short(decision, view, product) for view in views]
        caps = [min(n, space) for n, space in zip(asked, room, strict=True)]
        return apportion(depot, [float(n) for n in asked], caps)

    def _vials_short(self, decision: Decision, view: HospitalView, product: str) -> int:
        people = self.expected(decision, view, product)
        doses = self.queue(decision, view, product) + people + NORMAL_90 * sqrt(people)
        return max(ceil((doses - self.doses_soon(view, product)) / self._doses_per_vial(product)), 0)


def _doses(view: HospitalView) -> dict[str, int]:
    doses: dict[str, int] = {}
    for lot in view.stock:
        doses[lot.product] = doses.get(lot.product, 0) + lot.doses
    return doses
