"""The census that a policy sees at a decision, read from the reference engine's state."""

from __future__ import annotations

from bisect import bisect_right
from math import inf
from typing import TYPE_CHECKING

from sim.network import UNLIMITED, Network
from sim.protocol import HOURS_IN_BED, Decision, HospitalView, Lot, Names, Waiting
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


def decision_view(engine: ReferenceEngine, trigger: str, names: Names, blind: bool) -> Decision:
    """Return the present state as a decision; `blind` hides the group."""
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
                diverting=engine.standing.diverting[h],
                flex_open=dict(engine.standing.flex_open[h]),
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
