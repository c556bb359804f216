"""Vaccine: depot and fridges, lots first to expire first, open vials, deliveries, breaches, waste.

Every dose is accounted for: received at the depot = given + wasted + on hand + on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from sim.eventlog import Row, Waste
from sim.network import Network
from sim.order import Kind, on_grid, priority

if TYPE_CHECKING:
    from sim.workload import Workload

At = Callable[[float, int, Callable[[], None]], None]
"""(time, priority, action): run the action then, if not after the horizon."""

Log = Callable[[tuple[float, int, int, int, int, float]], None]

DEPOT = -1
WASTE_REASONS = 8
"""`item` of a WASTED row is product x 8 + reason."""


class Lot:
    """Vials of one product that expire together, or one open vial (`doses` left in it)."""

    __slots__ = ("doses", "expires", "number", "opened", "product", "vials")

    def __init__(self, number: int, product: int, vials: int, expires: float, doses: int = 0) -> None:
        self.number = number
        self.product = product
        self.vials = vials
        self.expires = expires
        self.doses = doses
        self.opened = doses > 0


class Supply:
    """The vaccine of the network. Lots are kept first to expire first, open vials before all."""

    def __init__(
        self,
        network: Network,
        workload: Workload,
        now: Callable[[], float],
        at: At,
        log: Log,
        mark: Callable[[int], None],
    ) -> None:
        self._network = network
        self._workload = workload
        self._now = now
        self._at = at
        self._log = log
        self._mark = mark
        spec = network.scenario.vaccine
        assert spec is not None
        self.spec = spec
        self._products = [spec.products[name] for name in network.products]
        self._lots: dict[int, list[Lot]] = {h: [] for h in range(DEPOT, len(network.hospitals))}
        self._numbers = 0
        self.on_order = [[0] * len(network.products) for _ in network.hospitals]
        """H x products: vials on their way."""
        self._deliveries = [[0] * len(network.products) for _ in network.hospitals]
        self._fridges = [spec.fridges.get(name) for name in network.hospitals]

    def doses(self, hospital: int, product: int) -> int:
        """Return the doses at hand."""
        return sum(self.size(lot) for lot in self.lots(hospital) if lot.product == product)

    def size(self, lot: Lot) -> int:
        """Return the doses in a lot."""
        return lot.doses if lot.opened else lot.vials * self._products[lot.product].doses_per_vial

    def lots(self, hospital: int) -> list[Lot]:
        """Return the lots at a hospital, or at the depot (-1), in the order of use."""
        return self._lots[hospital]

    def vials(self, hospital: int, product: int) -> int:
        """Return the unopened vials at a hospital or the depot."""
        return sum(lot.vials for lot in self._lots[hospital] if lot.product == product and not lot.opened)

    def has(self, hospital: int, product: int) -> bool:
        """Return whether a dose is at hand."""
        return any(lot.product == product for lot in self._lots[hospital])

    def give(self, hospital: int, product: int, patient: int) -> None:
        """Use a dose: of the open vial, else a new vial of the lot that expires first is opened."""
        lots = self._lots[hospital]
        lot = next(lot for lot in lots if lot.product == product)
        spec = self._products[product]
        if lot.opened:
            lot.doses -= 1
            if not lot.doses:
                lots.remove(lot)
        else:
            lot.vials -= 1
            if not lot.vials:
                lots.remove(lot)
            if spec.doses_per_vial > 1:
                limit = inf if spec.open_limit is None else on_grid(self._now() + spec.open_limit)
                self._add(hospital, product, 0, min(limit, lot.expires), spec.doses_per_vial - 1)
        self._log((self._now(), Row.DOSED, patient, hospital, product, 1.0))

    def order(self, hospital: int, product: int, vials: int) -> int:
        """Send vials from the depot, as many as it has; return how many leave."""
        now, sent = self._now(), 0
        while sent < vials:
            lot = next((lot for lot in self._lots[DEPOT] if lot.product == product), None)
            if lot is None:
                break
            part = min(lot.vials, vials - sent)
            lot.vials -= part
            if not lot.vials:
                self._lots[DEPOT].remove(lot)
            sent += part
            self._dispatch(hospital, product, part, lot.expires, now)
        return sent

    def order_up_to(self, hospital: int, product: int) -> int:
        """Return the vials that the scenario's own rule orders now."""
        fridge = self._fridges[hospital]
        level = fridge.order_up_to.get(self._network.products[product], 0) if fridge else 0
        return max(0, level - self.vials(hospital, product) - self.on_order[hospital][product])

    def open(self) -> None:
        """Fill the fridges, and expect deliveries and failures, at time zero."""
        network = self._network
        for shipment in self.spec.shipments:
            product = network.products.index(shipment.product)
            time = on_grid(shipment.at)
            while time <= network.horizon:
                self._deliver(DEPOT, product, shipment.vials, on_grid(time + shipment.shelf_life), time)
                if shipment.every is None or shipment.every <= 0:
                    break
                time = on_grid(time + shipment.every)
        for h, fridge in enumerate(self._fridges):
            if fridge is None:
                continue
            for name, vials in fridge.stock.items():
                product = network.products.index(name)
                life = self._products[product].thawed_life
                self._receive(h, product, vials, on_grid(8760.0 if life is None else life))
            for time in self._workload.breach_times(h):
                self._later(time, Kind.EXPIRY, partial(self._breach, h))

    def _later(self, time: float, kind: int, action: Callable[[], None]) -> None:
        self._numbers += 1
        self._at(time, priority(kind, self._numbers), action)

    def _dispatch(self, hospital: int, product: int, vials: int, expires: float, now: float) -> None:
        per_vial = self._products[product].doses_per_vial
        self._log((now, Row.VIALS, -1, DEPOT, product, -float(vials * per_vial)))
        self.on_order[hospital][product] += vials
        self._deliver(hospital, product, vials, expires, on_grid(now + self.spec.lead_time))

    def _deliver(self, place: int, product: int, vials: int, expires: float, time: float) -> None:
        number = 0
        if place != DEPOT:
            number = self._deliveries[place][product]
            self._deliveries[place][product] += 1

        self._later(time, Kind.SUPPLY, partial(self._arrive, place, product, vials, expires, number))

    def _arrive(self, place: int, product: int, vials: int, expires: float, number: int) -> None:
        if place != DEPOT:
            self.on_order[place][product] -= vials
        if place != DEPOT and self._spoilt(place, product, number):
            self._take_in(place, product, vials)
            self._waste(place, product, vials * self._products[product].doses_per_vial, Waste.BREACH)
        else:
            self._receive(place, product, vials, expires)

    def _spoilt(self, place: int, product: int, number: int) -> bool:
        chance = self.spec.shipment_breach
        return chance > 0 and self._workload.lost_delivery(place, product, number) < chance

    def _take_in(self, place: int, product: int, vials: int) -> None:
        doses = float(vials * self._products[product].doses_per_vial)
        self._log((self._now(), Row.VIALS, -1, place, product, doses))

    def _receive(self, place: int, product: int, vials: int, expires: float) -> None:
        self._take_in(place, product, vials)
        spec = self._products[product]
        if place != DEPOT:
            fridge = self._fridges[place]
            held = sum(lot.vials for lot in self._lots[place])
            room = max(0, (fridge.vials if fridge else 0) - held)
            if vials > room:
                self._waste(place, product, (vials - room) * spec.doses_per_vial, Waste.OVERFLOW)
                vials = room
            if spec.thawed_life is not None:
                expires = min(expires, on_grid(self._now() + spec.thawed_life))
        if vials and expires > self._now():
            self._add(place, product, vials, expires)
            if place != DEPOT:
                self._mark(place)
        elif vials:
            self._waste(place, product, vials * spec.doses_per_vial, Waste.EXPIRED)

    def _add(self, place: int, product: int, vials: int, expires: float, doses: int = 0) -> None:
        lot = Lot(self._numbers + 1, product, vials, expires, doses)
        lots = self._lots[place]
        lots.append(lot)
        lots.sort(key=lambda each: (not each.opened, each.expires, each.number))
        if expires < inf:
            self._later(expires, Kind.EXPIRY, partial(self._expire, place, lot))
        else:
            self._numbers += 1

    def _expire(self, place: int, lot: Lot) -> None:
        lots = self._lots[place]
        if lot in lots:
            lots.remove(lot)
            self._waste(place, lot.product, self.size(lot), Waste.OPEN if lot.opened else Waste.EXPIRED)

    def _breach(self, place: int) -> None:
        lots, self._lots[place] = self._lots[place], []
        for lot in lots:
            self._waste(place, lot.product, self.size(lot), Waste.BREACH)

    def _waste(self, place: int, product: int, doses: int, reason: Waste) -> None:
        self._log((self._now(), Row.WASTED, -1, place, product * WASTE_REASONS + int(reason), float(doses)))
