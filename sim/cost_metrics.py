"""What a replication cost: quantities after the warm-up times the scenario's unit costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scenarios.costs import UnitCost
from sim.metric import Cells, Floats, Metric, Study
from sim.network import Network


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a bill."""

    name: str
    """For example `ward bed-days`."""
    unit_cost: UnitCost
    quantity: Floats
    """By hospital; the last place is the depot's."""

    @property
    def cost(self) -> Floats:
        """By hospital."""
        return self.quantity * self.unit_cost.amount


def bill(study: Study) -> list[Item]:
    """Return everything that has a unit cost, in the order of the scenario's `costs`."""
    costs = study.network.scenario.costs
    if costs is None:
        return []
    return [
        *(Item(f"{name} bed-days", one, _used(study, name) / 24.0) for name, one in costs.bed_day.items()),
        *(Item(f"{name} hours", one, _on_duty(study, name)) for name, one in costs.staff_hour.items()),
        *(
            Item(f"{name} hours in use", one, _used(study, name))
            for name, one in costs.equipment_hour.items()
        ),
        *(Item(f"{name} called in", one, _called_in(study, name)) for name, one in costs.call_in.items()),
        *([Item("transfers", costs.transfer, _transfers(study))] if costs.transfer is not None else []),
        *(Item(f"{name} doses", one, _doses(study, name)) for name, one in costs.dose.items()),
        *(Item(f"{name} starts", one, _starts(study, name)) for name, one in costs.step.items()),
    ]


class CostPerDay(Metric):
    """Cost a day after the warm-up, in the scenario's currency: beds in use, staff on duty (in use, where staff are
    unlimited), machines in use, people called in, transfers of those who presented after the warm-up, doses given
    and lost, and starts of steps, each where the scenario says what it costs. What has no unit cost counts nothing.
    By hospital where it arises (transfers: where the patient first presented); the network includes the depot."""

    name = "cost_per_day"
    unit = "money/day"
    title = "Cost"
    better = "lower"
    of_orders = True

    def applies(self, network: Network) -> bool:
        """Return whether the scenario has unit costs."""
        return network.scenario.costs is not None

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the sum, and every line of the bill."""
        items = bill(study)
        days = study.window / 24.0
        cost = np.array([item.cost for item in items]) / days
        n = np.full((len(items), study.n_hospitals + 1), np.floor(study.window))
        yield Cells("", ("all",), n[:1], _with_network(cost.sum(axis=0, keepdims=True)))
        yield Cells("cost", tuple(item.name for item in items), n, _with_network(cost))


def _with_network(by_place: Floats) -> Floats:
    """Put the sum first and leave the depot out of the hospitals."""
    return np.hstack((by_place.sum(axis=1, keepdims=True), by_place[:, :-1]))


def _by_hospital(study: Study, hospital: pd.Series, amount: Floats) -> Floats:
    place = hospital.cat.codes.to_numpy().astype(np.int64) % (study.n_hospitals + 1)  # missing, -1: the depot
    return np.asarray(np.bincount(place, weights=amount, minlength=study.n_hospitals + 1), dtype=np.float64)


def _used(study: Study, pool: str) -> Floats:
    rows = study.tables.pools[study.tables.pools["pool"] == pool]
    return _by_hospital(study, rows["hospital"], rows["in_use_hours"].to_numpy())


def _on_duty(study: Study, role: str) -> Floats:
    rows = study.tables.pools[study.tables.pools["pool"] == role]
    hours = rows["capacity_hours"].fillna(rows["in_use_hours"]).to_numpy()
    return _by_hospital(study, rows["hospital"], hours)


def _called_in(study: Study, role: str) -> Floats:
    """People ordered, at every decision anew; an order reads `2 nurse`."""
    decisions = study.tables.decisions
    rows = decisions[
        (decisions["part"] == "call_in")
        & (decisions["refused"] == "")
        & (decisions["time"] >= study.network.warm_up)
        & (decisions["order"].str.partition(" ")[2] == role)
    ]
    people = rows["order"].str.partition(" ")[0].to_numpy(dtype=np.float64)
    hospital = pd.Series(pd.Categorical(rows["hospital"], categories=list(study.network.hospitals)))
    return _by_hospital(study, hospital, people)


def _transfers(study: Study) -> Floats:
    hospital, departures = study.hospital[study.came], study.n_transfers[study.came]
    return np.asarray(np.bincount(hospital, departures, study.n_hospitals + 1), dtype=np.float64)


def _doses(study: Study, product: str) -> Floats:
    doses = study.tables.doses
    rows = doses[
        (doses["product"] == product)
        & doses["event"].isin(("given", "wasted"))
        & (doses["time"] >= study.network.warm_up)
    ]
    return _by_hospital(study, rows["hospital"], rows["doses"].to_numpy())


def _starts(study: Study, step: str) -> Floats:
    steps = study.tables.steps
    rows = steps[(steps["step"] == step) & (steps["started"] >= study.network.warm_up)]
    return _by_hospital(study, rows["hospital"], np.ones(len(rows)))
