"""The census that a policy sees at a decision, read from the reference engine's state."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

from sim.legal import destinations, most_call_in, most_flex
from sim.network import KEPT, UNLIMITED, Network
from sim.patient import Patient
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


@dataclass(frozen=True, slots=True)
class Census:
    """Who is where, counted: what an engine's own state is asked for at a decision."""

    in_bed: tuple[tuple[tuple[int, ...], ...], ...]
    """H x pools x bands of `HOURS_IN_BED`."""
    queues: tuple[tuple[tuple[tuple[int, ...], ...], ...], ...]
    """H x needs x acuities x groups."""
    inbound: tuple[int, ...]
    """By hospital."""
    waiting: list[tuple[int, int, int, int, int, bool, float]]
    """(hospital, patient, step, acuity assigned, group, boarding, presented), in this order."""


def census_of(network: Network, patients: Iterable[Patient], now: float) -> Census:
    """Count the patients in the system."""
    hospitals = range(len(network.hospitals))
    in_bed = [[[0] * len(HOURS_IN_BED) for _ in network.pools] for _ in hospitals]
    queues = [
        [[[0] * len(network.groups) for _ in network.acuities] for _ in network.steps] for _ in hospitals
    ]
    inbound = [0] * len(hospitals)
    waiting = []
    for p in patients:
        if p.cell is not None:
            queues[p.hospital][p.step][p.triage][p.group] += 1
            waiting.append((p.hospital, p.number, p.step, p.triage, p.group, p.held >= 0, p.presented))
        elif p.need < 0 and p.finish == inf:
            inbound[p.hospital] += 1
        if (need := max(p.need, p.held)) >= 0:
            band = bisect_right(HOURS_IN_BED, now - p.since) - 1
            for pool, _ in network.needs[need].amounts:
                in_bed[p.hospital][pool][band] += 1
    return Census(
        in_bed=tuple(tuple(tuple(bands) for bands in pools) for pools in in_bed),
        queues=tuple(tuple(tuple(tuple(row) for row in need) for need in needs) for needs in queues),
        inbound=tuple(inbound),
        waiting=sorted(waiting),
    )


def _all_groups(queue: tuple[tuple[tuple[int, ...], ...], ...]) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Return a queue by need and acuity, as one group."""
    return tuple(tuple((sum(row),) for row in need) for need in queue)


@dataclass(frozen=True, slots=True, eq=False)
class _Fixed:
    """What every look at a network shows; by hospital but for the first and the last."""

    names: Names
    moves: list[tuple[tuple[int, ...], ...]]
    flex: list[dict[str, int]]
    call_in: list[dict[str, int]]
    roles: list[list[tuple[str, int, int]]]
    """(role, pool, unit)."""
    margins: list[tuple[int, str, float]]
    """(step, its name, clinical margin)."""


@lru_cache(maxsize=KEPT)
def _fixed(network: Network) -> _Fixed:
    hospitals = range(len(network.hospitals))
    pools = {pool.name: (p, pool.unit) for p, pool in enumerate(network.pools)}
    return _Fixed(
        names=names_of(network),
        moves=[tuple(destinations(network, h, s.index) for s in network.steps) for h in hospitals],
        flex=[most_flex(network, h) for h in hospitals],
        call_in=[most_call_in(network, h) for h in hospitals],
        roles=[
            [(role, *pools[role]) for role in hospital.staff]
            for hospital in network.scenario.hospitals.values()
        ],
        margins=[
            (step.index, step.name, step.spec.clinical_margin)
            for step in network.steps
            if step.spec.clinical_margin is not None
        ],
    )


class CensusView:
    """Looks at one engine; what never changes is worked out once a network."""

    def __init__(self, engine: ReferenceEngine) -> None:
        network = engine.network
        self._engine = engine
        self._fixed = _fixed(network)
        protected = network.group is not None and network.scenario.attributes[network.group].protected
        self.blind = network.scenario.group_blind and protected

    def decision(self, trigger: str) -> Decision:
        """Return the present state as a decision."""
        engine, fixed = self._engine, self._fixed
        ready = {name: engine.n_ready_to_leave(step, margin) for step, name, margin in fixed.margins}

        def legal(h: int, capacity: list[int]) -> Legal:
            borrowed = engine.standing.borrowed[h]
            return Legal(
                moves=fixed.moves[h],
                lend={role: max(0, capacity[p] // unit - borrowed[p]) for role, p, unit in fixed.roles[h]},
                call_in=fixed.call_in[h],
                flex=fixed.flex[h],
                early_discharge={name: counts[h] for name, counts in ready.items()},
            )

        return _decision(engine, trigger, fixed.names, self.blind, legal)


def _decision(
    engine: ReferenceEngine, trigger: str, names: Names, blind: bool, legal: Callable[[int, list[int]], Legal]
) -> Decision:
    network, now = engine.network, engine.env.now
    census = engine.census()
    waiting = [
        Waiting(
            number, h, names.needs[step], triage, -1 if blind else group, now - presented, boarding
        )
        for h, number, step, triage, group, boarding, presented in census.waiting
    ]  # fmt: skip
    supply = engine.supply
    units = tuple(pool.unit for pool in network.pools)
    ambulances = engine.journeys.transfers.ambulances
    hospitals = []
    for h, name in enumerate(network.hospitals):
        desk = engine.desks[h]
        capacity = desk.capacity
        lots = [] if supply is None else supply.lots(h)
        hospitals.append(
            HospitalView(
                name=name,
                capacity=tuple(-1 if c >= UNLIMITED // 2 else max(0, c) for c in capacity),
                in_use=tuple(desk.in_use),
                cleaning=tuple(desk.cleaning),
                reserved=tuple(desk.reserved),
                unit=units,
                in_bed=census.in_bed[h],
                queue=_all_groups(census.queues[h]) if blind else census.queues[h],
                inbound=census.inbound[h],
                stock=tuple(
                    Lot(network.products[lot.product], supply.size(lot) if supply else 0, lot.expires)
                    for lot in lots
                ),
                on_order={}
                if supply is None
                else dict(zip(network.products, supply.on_order[h], strict=True)),
                borrowed=tuple(engine.standing.borrowed[h]),
                ambulances=-1 if ambulances[h] >= UNLIMITED // 2 else ambulances[h],
                diverting=engine.standing.diverting[h],
                flex_open=engine.standing.flex(h),
                legal=legal(h, capacity),
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
