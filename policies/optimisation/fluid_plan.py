"""The fluid plan: queues and beds as amounts that flow, over equal periods, as one mixed-integer linear program.

Shapes: H hospitals, K cells, J ways to care for a cell (its own needs or an alternative), P pools, T periods.
Everything but right-hand sides, bounds and prices is the same at every decision and built once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array

from policies.optimisation.patient_flow import PatientFlow
from sim.network import Network

Floats = NDArray[np.float64]

OVERLOAD = 20.0
"""Price of an hour of a whole bed or person in use above what is open: never worth planning. Assumed."""


@dataclass(frozen=True)
class Asked:
    """What changes from decision to decision."""

    inflow: Floats
    """H x K x T: who is there at the start (in the first period), comes from outside, or from care now under way."""
    room: Floats
    """H x P x T, in the pool's integer unit: what is open less what those in care now still use; inf: unlimited."""
    price: Floats
    """H x K: of an hour that one patient waits."""
    doses: Floats
    """H x products: at hand or on their way."""
    movable: Floats
    """Moves: at most so many."""
    ambulances: Floats
    """H; inf: unlimited."""
    lendable: Floats
    """H x roles."""
    callable: Floats
    """Calls: at most so many."""
    flexible: Floats
    """Flex units: at most so many beds."""


@dataclass(frozen=True)
class Ordered:
    """Whole numbers, in the order of `FluidPlan.moves`, `.loans`, `.calls`, `.flex`."""

    moves: NDArray[np.int64]
    loans: NDArray[np.int64]
    calls: NDArray[np.int64]
    flex: NDArray[np.int64]
    cost: float
    """Of the plan, before orders were made whole: no plan is cheaper."""


@dataclass(frozen=True)
class Prices:
    """What orders cost, in hours of waiting. Small and assumed: nobody is troubled for nothing."""

    move: float = 0.5
    loan: float = 0.25
    call: float = 0.25
    flex: float = 0.05


class FluidPlan:
    """Finds the orders that make the expected waiting of the next T x `hours` hours cheapest.

    In a period those who start do so evenly, stay exponentially with the cell's mean, then go on by the routes.
    Who waits for a next step keeps the bed of the last (`hold`). Loans, calls and flex beds are taken to last.
    """

    def __init__(
        self, network: Network, flow: PatientFlow, periods: int, hours: float, exact: bool = False
    ) -> None:
        self._exact = exact
        self.network, self.flow, self.periods, self.hours = network, flow, periods, hours
        n_hospitals, n_cells = len(network.hospitals), len(flow.cells)
        self.ways = [
            (k, option) for k, (step, _) in enumerate(flow.cells) for option in network.steps[step].options
        ]
        self.moves = [
            (h, g, k)
            for h in range(n_hospitals)
            for k in range(n_cells)
            for g in network.neighbours[h]
            if network.serves[g][flow.cells[k][0]]
        ]
        spec = [network.scenario.hospitals[name] for name in network.hospitals]
        roles = [p for p, pool in enumerate(network.pools) if pool.kind == "staff"]
        name = [pool.name for pool in network.pools]
        self.loans = [
            (h, p, g) for h, p in product(range(n_hospitals), roles) for g in network.neighbours[h]
            if name[p] in spec[h].staff and name[p] in spec[g].staff
        ]  # fmt: skip
        self.calls = [
            (h, p) for h, p in product(range(n_hospitals), roles)
            if name[p] in spec[h].staff and spec[h].staff[name[p]].call_in
        ]  # fmt: skip
        self.flex = [
            (h, network.pool(unit), beds.flex.delay)
            for h in range(n_hospitals) for unit, beds in spec[h].beds.items() if beds.flex is not None
        ]  # fmt: skip
        self._lay_out(n_hospitals, n_cells)
        self._matrix(Prices())

    def solve(self, asked: Asked) -> Ordered:
        """Return the best orders. They are whole numbers, within what may be ordered."""
        cost, upper, low, high = self.program(asked)
        value = self._best(cost, upper, low, high)
        orders = self._rounded(value[self._m.start :], high)
        cuts = np.cumsum([len(self.moves), len(self.loans), len(self.calls)])
        moves, loans, calls, flex = np.split(orders, cuts)
        return Ordered(moves, loans, calls, flex, float(cost @ value))

    def program(self, asked: Asked) -> tuple[Floats, Floats, Floats, Floats]:
        """Return prices and upper bounds of the variables, lower and upper sides of `rows`; orders stand last."""
        low, high = self._sides(asked)
        upper = np.full(self._n, np.inf)
        upper[self._x] = self._possible
        for where, most in (
            (self._m, asked.movable), (self._c, asked.callable), (self._f, asked.flexible),
            (self._l, [asked.lendable[h, p] for h, p, _ in self.loans]),
        ):  # fmt: skip
            upper[where] = most
        cost = self._cost.copy()
        cost[self._q] = self._queue_prices(asked.price)
        cost[self._m] += self._move_prices(asked.price)
        return cost, upper, low, high

    def _best(self, cost: Floats, upper: Floats, low: Floats, high: Floats) -> Floats:
        whole = self._whole if self._exact else None
        holds = LinearConstraint(self.rows, low, high)
        found = milp(
            cost, integrality=whole, bounds=Bounds(0, upper), constraints=holds, options={"mip_rel_gap": 0.0}
        )
        return np.asarray(found.x)

    def _rounded(self, value: Floats, high: Floats) -> NDArray[np.int64]:
        """Return whole numbers: halves and more go up, the largest fraction first, while nobody is ordered twice."""
        orders = np.floor(value + 1e-6)
        fraction = value - orders
        room = high[self._first_limit :] - self._limits @ orders
        for i in np.argsort(-fraction, kind="stable"):
            if fraction[i] < 0.5:
                break
            if np.all(self._limits[:, i] <= room):
                orders[i] += 1
                room = room - self._limits[:, i]
        return orders.astype(np.int64)

    # Where each variable stands.

    def _lay_out(self, n_hospitals: int, n_cells: int) -> None:
        sizes = (
            n_hospitals * len(self.ways) * self.periods,
            n_hospitals * n_cells * self.periods,
            n_hospitals * len(self.network.pools) * self.periods,
            len(self.moves), len(self.loans), len(self.calls), len(self.flex),
        )  # fmt: skip
        ends = np.cumsum(sizes)
        self._x, self._q, self._z, self._m, self._l, self._c, self._f = (
            slice(int(end - size), int(end)) for size, end in zip(sizes, ends, strict=True)
        )
        self._n = int(ends[-1])
        self._whole = np.zeros(self._n)
        self._whole[self._m.start :] = 1

    def _of(self, part: slice, h: int, i: int, n: int, t: int) -> int:
        return int(part.start) + (h * n + i) * self.periods + t

    # What holds.

    def _matrix(self, prices: Prices) -> None:
        network, n_hospitals = self.network, len(self.network.hospitals)
        n_cells, n_pools = len(self.flow.cells), len(network.pools)
        entries: list[tuple[int, int, float]] = []
        n_balance = n_hospitals * n_cells * self.periods
        n_room = n_hospitals * n_pools * self.periods
        products = len(network.products)
        for h in range(n_hospitals):
            entries += self._balance(h)
            entries += self._room(h, n_balance)
            for j, (k, _) in enumerate(self.ways):
                if (item := network.steps[self.flow.cells[k][0]].product) >= 0:
                    row = n_balance + n_room + h * products + item
                    entries += [
                        (row, self._of(self._x, h, j, len(self.ways), t), 1.0) for t in range(self.periods)
                    ]
        after = n_balance + n_room + n_hospitals * products
        self._first_limit = after
        entries += [(after + h, self._m.start + i, 1.0) for i, (h, _, _) in enumerate(self.moves)]
        after += n_hospitals
        cell_of = {(h, k): h * n_cells + k for h in range(n_hospitals) for k in range(n_cells)}
        entries += [(after + cell_of[h, k], self._m.start + i, 1.0) for i, (h, _, k) in enumerate(self.moves)]
        after += n_hospitals * n_cells
        entries += [
            (after + h * n_pools + p, self._l.start + i, 1.0) for i, (h, p, _) in enumerate(self.loans)
        ]
        self._n_rows = after + n_hospitals * n_pools
        rows, columns, values = (np.array(part) for part in zip(*entries, strict=True))
        self.rows = csr_array(coo_array((values, (rows, columns)), shape=(self._n_rows, self._n)))
        self._limits = self.rows[self._first_limit :, self._m.start :].toarray()
        self._possible = self._where_possible()
        self._cost = self._prices(prices)

    def _balance(self, h: int) -> Iterator[tuple[int, int, float]]:
        """Rows h, k, t: queue at the end + starts + who gave up + moved out = queue before + all who come."""
        flow, n, dt = self.flow, len(self.flow.cells), self.hours
        for k, t in product(range(n), range(self.periods)):
            row = (h * n + k) * self.periods + t
            yield row, self._of(self._q, h, k, n, t), 1 + flow.leaves[k] * dt
            if t:
                yield row, self._of(self._q, h, k, n, t - 1), -1.0
        for j, (k, option) in enumerate(self.ways):
            stay = flow.stay[k] * option.factor * self.network.hospital_factor[h][flow.cells[k][0]]
            for t in range(self.periods):
                column = self._of(self._x, h, j, len(self.ways), t)
                yield (h * n + k) * self.periods + t, column, 1.0
                for following in np.flatnonzero(flow.route[k]):
                    for later in range(t, self.periods):
                        share = finishing(stay, dt, later - t) * flow.route[k, following]
                        yield (h * n + int(following)) * self.periods + later, column, -share
        for i, (origin, to, k) in enumerate(self.moves):
            if origin == h:
                yield (h * n + k) * self.periods, self._m.start + i, 1.0
            arrives = int(self.network.travel[origin][to] / dt)
            if to == h and arrives < self.periods:
                yield (h * n + k) * self.periods + arrives, self._m.start + i, -1.0

    def _room(self, h: int, first: int) -> Iterator[tuple[int, int, float]]:
        """Rows h, p, t: those in care and those who wait in a bed, less what is added, less overload <= room."""
        network, flow, dt, n_pools = self.network, self.flow, self.hours, len(self.network.pools)

        def row(p: int, t: int) -> int:
            return first + (h * n_pools + p) * self.periods + t

        for j, (k, option) in enumerate(self.ways):
            stay = flow.stay[k] * option.factor * network.hospital_factor[h][flow.cells[k][0]]
            for t, later in product(range(self.periods), range(self.periods)):
                if later >= t:
                    for p, amount in network.needs[option.need].amounts:
                        column = self._of(self._x, h, j, len(self.ways), t)
                        yield row(p, later), column, amount * present(stay, dt, later - t)
        for k, t in product(range(len(flow.cells)), range(self.periods)):
            if flow.held[k] >= 0:
                for p, amount in network.needs[flow.held[k]].amounts:
                    yield row(p, t), self._of(self._q, h, k, len(flow.cells), t), float(amount)
        for p, t in product(range(n_pools), range(self.periods)):
            unit = float(network.pools[p].unit)
            yield row(p, t), self._of(self._z, h, p, n_pools, t), -unit
            for i, (origin, role, to) in enumerate(self.loans):
                if role == p and h in (origin, to):
                    yield row(p, t), self._l.start + i, unit if h == origin else -unit
            for i, (where, role) in enumerate(self.calls):
                if (where, role) == (h, p):
                    yield row(p, t), self._c.start + i, -unit
            for i, (where, beds, delay) in enumerate(self.flex):
                if (where, beds) == (h, p) and t * dt >= delay:
                    yield row(p, t), self._f.start + i, -unit

    def _where_possible(self) -> Floats:
        most = np.zeros((len(self.network.hospitals), len(self.ways), self.periods))
        for h in range(len(self.network.hospitals)):
            for j, (_, option) in enumerate(self.ways):
                amounts = self.network.needs[option.need].amounts
                here = [self.network.most[h].get(pool.name, 0) * pool.unit for pool in self.network.pools]
                if all(amount <= here[p] for p, amount in amounts):
                    most[h, j] = np.inf
        return most.ravel()

    # What it costs.

    def _prices(self, prices: Prices) -> Floats:
        length = self.periods * self.hours
        cost = np.zeros(self._n)
        cost[self._z] = OVERLOAD * self.hours
        cost[self._m] = prices.move
        cost[self._l] = prices.loan * length
        cost[self._c] = prices.call * length
        cost[self._f] = prices.flex * length
        return cost

    def _queue_prices(self, price: Floats) -> Floats:
        """Who waits at the end is taken to wait for the length of the plan once more."""
        hours = np.full(self.periods, self.hours)
        hours[-1] += self.periods * self.hours
        return np.asarray((price[:, :, None] * hours).ravel())

    def _move_prices(self, price: Floats) -> Floats:
        """The hours on the road beyond the whole periods in which the patient is in no queue."""
        return np.array([price[h, k] * self.network.travel[h][g] for h, g, k in self.moves])

    def _sides(self, asked: Asked) -> tuple[Floats, Floats]:
        inflow, room = asked.inflow.ravel(), asked.room.ravel()
        cells = np.full(asked.price.size, 0.0)
        for i, (h, _, k) in enumerate(self.moves):
            cells[h * asked.price.shape[1] + k] = asked.movable[i]
        above = [asked.doses.ravel(), asked.ambulances, cells, asked.lendable.ravel()]
        high = np.concatenate([inflow, room, *above])
        low = np.full(len(high), -np.inf)
        low[: len(inflow)] = inflow
        return low, high


def present(stay: float, hours: float, later: int) -> float:
    """Return how many are in care of one who starts in a period: at its end, or on average `later` periods after."""
    share = stay / hours * -np.expm1(-hours / stay)
    return float(share if later == 0 else share * share * np.exp(-(later - 1) * hours / stay))


def finishing(stay: float, hours: float, later: int) -> float:
    """Return the chance to finish `later` periods after the one in which care began."""
    share = stay / hours * -np.expm1(-hours / stay)
    if later == 0:
        return float(1 - share)
    return float(-share * np.exp(-(later - 1) * hours / stay) * np.expm1(-hours / stay))


def remaining(stay: float, hours: float, later: int) -> float:
    """Return how many, on average over the period `later` periods from now, are left of one who is in care now."""
    return float(np.exp(-later * hours / stay) * stay / hours * -np.expm1(-hours / stay))
