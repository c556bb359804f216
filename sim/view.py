"""The census that a policy sees at a decision, read from the reference engine's state."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from sim.legal import destinations, most_call_in, most_flex, ready_to_leave
from sim.network import UNLIMITED, Network
from sim.protocol import HOURS_IN_BED, Decision, HospitalView, Legal, Lot, Names, Waiting
from sim.supply import DEPOT

if TYPE_CHECKING:
    from sim.reference import ReferenceEngine


def names_of(network: Network) -> Names:
    """Return what the indices of a decision mean."""
    return Names(
        hospitals=network.hospitals,
        pools=tuple(pool.name for pool in network.pools),
        acuities=network.acuities,
        groups=network.groups,
        needs=tuple(step.name for step in network.steps),
        products=network.products,
        tiers=network.tiers,
    )


class CensusView:
    """Looks at one engine; what never changes is worked out once."""

    def __init__(self, engine: ReferenceEngine) -> None:
        network = engine.network
        self._engine = engine
        self._names = names_of(network)
        protected = network.group is not None and network.scenario.attributes[network.group].protected
        self._blind = network.scenario.group_blind and protected
        hospitals = range(len(network.hospitals))
        self._moves = [tuple(destinations(network, h, s.index) for s in network.steps) for h in hospitals]
        self._flex = [most_flex(network, h) for h in hospitals]
        self._call_in = [most_call_in(network, h) for h in hospitals]
        self._margins = [
            (step.index, step.name, step.spec.clinical_margin)
            for step in network.steps
            if step.spec.clinical_margin is not None
        ]

    def decision(self, trigger: str) -> Decision:
        """Return the present state as a decision."""
        return _decision(self._engine, trigger, self._names, self._blind, self._legal)

    def _legal(self, h: int) -> Legal:
        engine = self._engine
        desk, network = engine.desks[h], engine.network
        return Legal(
            moves=self._moves[h],
            lend={
                role: max(0, desk.capacity[p] // network.pools[p].unit - engine.standing.borrowed[h][p])
                for role in network.scenario.hospitals[network.hospitals[h]].staff
                for p in (network.pool(role),)
            },
            call_in=self._call_in[h],
            flex=self._flex[h],
            early_discharge={
                name: len(ready_to_leave(engine.patients.values(), h, step, margin, engine.env.now))
                for step, name, margin in self._margins
            },
        )


def _decision(
    engine: ReferenceEngine, trigger: str, names: Names, blind: bool, legal: Callable[[int], Legal]
) -> Decision:
    network, now = engine.network, engine.env.now
    shape = (len(network.hospitals), len(network.pools), len(HOURS_IN_BED))
    in_bed = [[[0] * shape[2] for _ in range(shape[1])] for _ in range(shape[0])]
    n_groups = 1 if blind else len(network.groups)
    queues = [
        [[[0] * n_groups for _ in network.acuities] for _ in network.steps] for _ in network.hospitals
    ]  # fmt: skip
    inbound = [0] * shape[0]
    waiting: list[Waiting] = []
    for patient in engine.patients.values():
        h = patient.hospital
        if patient.cell is not None:
            group = 0 if blind else patient.group
            queues[h][patient.step][patient.triage][group] += 1
            waiting.append(
                Waiting(
                    patient.number, h, names.needs[patient.step], patient.triage, -1 if blind else group,
                    now - patient.presented, patient.held >= 0,
                )
            )  # fmt: skip
        elif patient.need < 0 and patient.finish == inf:
            inbound[h] += 1
        if (need := max(patient.need, patient.held)) >= 0:
            band = bisect_right(HOURS_IN_BED, now - patient.since) - 1
            for pool, _ in network.needs[need].amounts:
                in_bed[h][pool][band] += 1
    waiting.sort(key=lambda w: (w.hospital, w.patient))
    supply = engine.supply
    hospitals = []
    for h, name in enumerate(network.hospitals):
        desk = engine.desks[h]
        lots = [] if supply is None else supply.lots(h)
        hospitals.append(
            HospitalView(
                name=name,
                capacity=tuple(-1 if c >= UNLIMITED // 2 else max(0, c) for c in desk.capacity),
                in_use=tuple(desk.in_use),
                cleaning=tuple(desk.cleaning),
                reserved=tuple(desk.reserved),
                unit=tuple(pool.unit for pool in network.pools),
                in_bed=tuple(tuple(bands) for bands in in_bed[h]),
                queue=tuple(tuple(tuple(row) for row in need) for need in queues[h]),
                inbound=inbound[h],
                stock=tuple(
                    Lot(network.products[lot.product], supply.size(lot) if supply else 0, lot.expires)
                    for lot in lots
                ),
                on_order={}
                if supply is None
                else dict(zip(network.products, supply.on_order[h], strict=True)),
                borrowed=tuple(engine.standing.borrowed[h]),
                ambulances=-1
                if (free := engine.journeys.transfers.ambulances[h]) >= UNLIMITED // 2
                else free,
                diverting=engine.standing.diverting[h],
                flex_open=engine.standing.flex(h),
                legal=legal(h),
            )
        )
    return Decision(
        time=now,
        trigger=trigger,
        names=names,
        hospitals=tuple(hospitals),
        waiting=tuple(waiting),
        travel=network.travel,
        depot={}
        if supply is None
        else {name: supply.vials(DEPOT, product) for product, name in enumerate(network.products)},
        since=engine.tallies.since(now),
    )
