"""The census as one row of numbers a simulation, written by compiled code: for many simulations at once.

Shapes: B simulations, H hospitals, P pools, S steps, A acuities, G groups, V products.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.fast.care import hours_untreated
from sim.fast.layouts import (
    amount_at,
    desk_at,
    lot_at,
    need_at,
    patient_at,
    pool_at,
    product_at,
    shelf_at,
    step_at,
    tally_at,
)
from sim.fast.memory import compiled, float_at
from sim.network import Network
from sim.protocol import HOURS_IN_BED

TALLIES = ("hours", "arrived", "treated", "left", "died", "doses")
HEAD = 2
"""Time and trigger, before the hospitals."""


class Panel:
    """B rows that the kernel fills; every part of them as an array that shows what is there now."""

    def __init__(self, network: Network, copies: int) -> None:
        H, P, S = len(network.hospitals), len(network.pools), len(network.steps)
        A, G, V = len(network.acuities), len(network.groups), len(network.products)
        parts: dict[str, tuple[int, ...]] = {
            "queue": (S, A, G), "longest": (S, A), "boarding": (), "inbound": (), "ambulances": (),
            "diverting": (), "capacity": (P,), "in_use": (P,), "cleaning": (P,), "reserved": (P,),
            "borrowed": (P,), "flex": (P,), "in_bed": (P, len(HOURS_IN_BED)), "ready": (S,), "doses": (V,),
            "vials": (V,), "expires": (V,), "tallies": (G, len(TALLIES)),
        }  # fmt: skip
        width = sum(int(np.prod(shape)) for shape in parts.values())
        self.rows = np.zeros((copies, HEAD + H * width))
        self.time, self.trigger = self.rows[:, 0], self.rows[:, 1]
        self.by_hospital = self.rows[:, HEAD:].reshape(copies, H, width)
        """B x H x all that is known of a hospital, part after part."""
        self._places: dict[str, tuple[slice, tuple[int, ...]]] = {}
        first = 0
        for name, shape in parts.items():
            n = int(np.prod(shape))
            self._places[name] = slice(first, first + n), (copies, H, *shape)
            first += n

    def __getitem__(self, name: str) -> Any:
        """Return a part as B x H x its own shape."""
        place, shape = self._places[name]
        return self.by_hospital[:, :, place].reshape(shape)

    def places(self, name: str) -> NDArray[np.int64]:
        """Return where in `by_hospital` each entry of a part stands, in the shape of the part."""
        place, shape = self._places[name]
        return np.arange(place.start, place.stop).reshape(shape[2:])


@compiled
def show(w: Any, row: int) -> None:
    """Write the present state into the row at an address, in the order of `Panel`."""
    S, A, G, P = w.n_steps, w.n_acuities, w.n_groups, w.n_pools
    longest = S * A * G
    after = longest + S * A
    capacity = after + 4
    in_bed = capacity + 6 * P
    ready = in_bed + P * w.n_bands
    lots = ready + S
    tallies = lots + 3 * w.n_products
    width = tallies + 6 * G
    float_at(row, 0).value = w.now
    float_at(row, 1).value = float(w.asked)
    for i in range(w.n_hospitals * width):
        float_at(row, HEAD + i).value = 0.0
    for place in range(w.max_patients):
        p = patient_at(w.patients, place)
        if p.number < 0:
            continue
        first = HEAD + p.hospital * width
        if p.cell >= 0:
            here = p.step * A + p.triage
            float_at(row, first + here * G + p.group).value += 1.0
            wait = w.now - p.presented
            if wait > float_at(row, first + longest + here).value:
                float_at(row, first + longest + here).value = wait
            if p.held >= 0:
                float_at(row, first + after).value += 1.0
        elif p.need < 0 and p.finish == np.inf:
            float_at(row, first + after + 1).value += 1.0
        elif is_ready(w, p):
            float_at(row, first + ready + p.step).value += 1.0
        if not p.treated:
            home = HEAD + p.origin * width
            float_at(row, home + tallies + 6 * p.group).value += hours_untreated(w, p, w.now)
        need = max(p.need, p.held)
        if need >= 0:
            band = band_of(w, p)
            part = need_at(w.needs, need)
            for i in range(part.first, part.first + part.n):
                float_at(row, first + in_bed + amount_at(w.amounts, i).pool * w.n_bands + band).value += 1.0
    for h in range(w.n_hospitals):
        first = HEAD + h * width
        desk = desk_at(w.desks, h)
        float_at(row, first + after + 2).value = float(desk.ambulances)
        float_at(row, first + after + 3).value = float(desk.diverting)
        for pool in range(P):
            here = pool_at(w.pools, h * P + pool)
            float_at(row, first + capacity + pool).value = float(here.capacity)
            float_at(row, first + capacity + P + pool).value = float(here.in_use)
            float_at(row, first + capacity + 2 * P + pool).value = float(here.cleaning)
            float_at(row, first + capacity + 3 * P + pool).value = float(here.reserved)
            float_at(row, first + capacity + 4 * P + pool).value = float(here.borrowed)
            float_at(row, first + capacity + 5 * P + pool).value = float(here.flex_ordered)
        show_lots(w, h, row, first + lots)
        for g in range(G):
            tally = tally_at(w.tallies, h * G + g)
            here = first + tallies + 6 * g
            float_at(row, here).value += tally.hours
            float_at(row, here + 1).value = float(tally.arrived)
            float_at(row, here + 2).value = float(tally.treated)
            float_at(row, here + 3).value = float(tally.left)
            float_at(row, here + 4).value = float(tally.died)
            float_at(row, here + 5).value = float(tally.doses)


@compiled
def band_of(w: Any, p: Any) -> int:
    """Return the band of `HOURS_IN_BED` into which the hours fall for which somebody has had the bed."""
    hours = w.now - p.since
    band = 0
    while band + 1 < w.n_bands and float_at(w.bands, band + 1).value <= hours:
        band += 1
    return band


@compiled
def is_ready(w: Any, p: Any) -> bool:
    """Whether somebody who does not wait is within the clinical margin of the step."""
    margin = step_at(w.steps, p.step).margin
    return bool(margin >= 0 and p.finish >= w.now and p.finish <= w.now + margin)


@compiled
def show_lots(w: Any, h: int, row: int, first: int) -> None:
    """Write doses, vials (an open one counts) and the first expiry of the vaccine at a hospital, by product."""
    V = w.n_products
    for product in range(V):
        float_at(row, first + 2 * V + product).value = np.inf
    for i in range(shelf_at(w.shelves, h).n):
        lot = lot_at(w.lots, h * w.max_lots + i)
        per_vial = product_at(w.products, lot.product).per_vial
        doses = lot.doses if lot.opened else lot.vials * per_vial
        float_at(row, first + lot.product).value += float(doses)
        float_at(row, first + V + lot.product).value += float((doses + per_vial - 1) // per_vial)
        expires = float_at(row, first + 2 * V + lot.product)
        expires.value = min(expires.value, lot.expires)
