"""Vaccine in the hospitals' fridges, compiled: see `sim/supply.py`, of which this repeats what patients bring about."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.fast.future import log, on_grid, put
from sim.fast.layouts import lot_at, product_at, shelf_at
from sim.fast.memory import compiled
from sim.fast.words import (
    EXPIRY,
    ID_BITS,
    ROW_DOSED,
    ROW_WASTED,
    WASTE_EXPIRED,
    WASTE_OPEN,
    WASTE_REASONS,
)


@compiled
def give_dose(w: Any, h: int, product: int, number: int) -> None:
    """Use a dose: of the open vial, else a new vial of the lot that expires first is opened."""
    shelf = shelf_at(w.shelves, h)
    base = h * w.max_lots
    i = 0
    while lot_at(w.lots, base + i).product != product:
        i += 1
    lot = lot_at(w.lots, base + i)
    if lot.opened:
        lot.doses -= 1
        if lot.doses == 0:
            take_lot(w, h, i)
    else:
        expires = lot.expires
        lot.vials -= 1
        if lot.vials == 0:
            take_lot(w, h, i)
        spec = product_at(w.products, product)
        if spec.per_vial > 1:
            limit = np.inf if spec.open_limit == np.inf else on_grid(w.now + spec.open_limit)
            open_vial(w, h, product, min(limit, expires), spec.per_vial - 1)
    shelf.touched = 1
    log(w, ROW_DOSED, number, h, product, 1.0)


@compiled
def take_lot(w: Any, h: int, place: int) -> None:
    """Take a lot off a shelf."""
    shelf = shelf_at(w.shelves, h)
    shelf.n -= 1
    shelf.touched = 1
    for i in range(h * w.max_lots + place, h * w.max_lots + shelf.n):
        copy_lot(lot_at(w.lots, i), lot_at(w.lots, i + 1))


@compiled
def copy_lot(to: Any, of: Any) -> None:
    """Copy a lot."""
    to.number = of.number
    to.product = of.product
    to.vials = of.vials
    to.doses = of.doses
    to.opened = of.opened
    to.expires = of.expires


@compiled
def open_vial(w: Any, h: int, product: int, expires: float, doses: int) -> None:
    """Put an open vial among the lots: open ones first, then by expiry and number."""
    shelf = shelf_at(w.shelves, h)
    number = w.numbers + 1
    i = h * w.max_lots + shelf.n
    while i > h * w.max_lots:
        other = lot_at(w.lots, i - 1)
        if other.opened and (other.expires < expires or (other.expires == expires and other.number < number)):
            break
        copy_lot(lot_at(w.lots, i), other)
        i -= 1
    lot = lot_at(w.lots, i)
    lot.number = number
    lot.product = product
    lot.vials = 0
    lot.doses = doses
    lot.opened = 1
    lot.expires = expires
    shelf.n += 1
    if shelf.n + 2 > w.max_lots:
        w.crowded = 1
    w.numbers = number
    if expires < np.inf:
        put(w, expires, (EXPIRY << ID_BITS) + number, (h << ID_BITS) + number)


@compiled
def expire(w: Any, what: int) -> None:
    """A lot at a hospital passes its date, if it is still there."""
    h = what >> ID_BITS
    number = what - (h << ID_BITS)
    for i in range(shelf_at(w.shelves, h).n):
        lot = lot_at(w.lots, h * w.max_lots + i)
        if lot.number == number:
            product = lot.product
            doses = lot.doses if lot.opened else lot.vials * product_at(w.products, product).per_vial
            reason = WASTE_OPEN if lot.opened else WASTE_EXPIRED
            take_lot(w, h, i)
            log(w, ROW_WASTED, -1, h, product * WASTE_REASONS + reason, float(doses))
            return
