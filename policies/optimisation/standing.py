"""From a decision to what the fluid plan asks: who waits, who comes, what is free, what may be ordered."""

from __future__ import annotations

from datetime import timedelta
from math import inf

import numpy as np
from numpy.typing import NDArray

from policies.environments.costs import Prices
from policies.optimisation.fluid_plan import Asked, FluidPlan, remaining
from policies.optimisation.patient_flow import PatientFlow, streams_of
from policies.vaccine_demand import people_per_hour
from scenarios.rosters import WEEK, Stretch, stretches
from sim.arrivals import expected_arrivals
from sim.distributions import mean
from sim.network import Network
from sim.protocol import Decision, HospitalView

Floats = NDArray[np.float64]

BOARDING_PRICE = 0.05
"""Price of an hour that somebody already treated waits for the next bed, beside the risk. Assumed."""


class Standing:
    """Reads decisions for a plan."""

    def __init__(
        self, network: Network, flow: PatientFlow, plan: FluidPlan, prices: Prices, weights: Floats
    ) -> None:
        """`weights`: A x G, what an hour of a patient counts."""
        self._network, self._flow, self._plan, self._weights = network, flow, plan, weights
        self._streams = streams_of(network.scenario)
        # A plan charges nobody who has left: that they stay untreated until tau falls due at once.
        self._hour_price = (
            prices.wait * flow.untreated
            + (prices.left + prices.wait * prices.tau) * flow.leaves
            + prices.death * flow.dies
            + BOARDING_PRICE * ~flow.untreated
        )
        self._steps = np.array([step for step, _ in flow.cells], dtype=np.int64)
        self._acuity = np.array([acuity for _, acuity in flow.cells], dtype=np.int64)
        self._main = [self._main_pool(step) for step in self._steps]
        self._rosters = self._duties()

    def asked(self, decision: Decision) -> Asked:
        """Return what the plan asks at a decision."""
        waiting, kept, price = self._waiting(decision)
        inflow = self._inflow(decision)
        inflow[:, :, 0] += waiting
        room = np.array([self._room(decision, h, view, kept[h]) for h, view in enumerate(decision.hospitals)])
        views, plan, names = decision.hospitals, self._plan, decision.names
        return Asked(
            inflow=inflow,
            room=room,
            price=price,
            doses=np.array([self._doses(v, names.products) for v in views]).reshape(len(views), -1),
            movable=np.array(
                [
                    waiting[h, k] if g in views[h].legal.moves[self._steps[k]] else 0.0
                    for h, g, k in plan.moves
                ]
            ),
            ambulances=np.array([inf if v.ambulances < 0 else v.ambulances for v in views]),
            lendable=np.array([[float(v.legal.lend.get(name, 0)) for name in names.pools] for v in views]),
            callable=np.array([float(views[h].legal.call_in.get(names.pools[p], 0)) for h, p in plan.calls]),
            flexible=np.array([float(views[h].legal.flex.get(names.pools[p], 0)) for h, p, _ in plan.flex]),
        )

    def _doses(self, view: HospitalView, products: tuple[str, ...]) -> list[float]:
        """By product: at hand or on their way."""
        vaccine = self._network.scenario.vaccine
        per_vial = (
            {name: product.doses_per_vial for name, product in vaccine.products.items()} if vaccine else {}
        )
        return [
            float(
                sum(lot.doses for lot in view.stock if lot.product == name)
                + view.on_order.get(name, 0) * per_vial[name]
            )
            for name in products
        ]

    def _waiting(self, decision: Decision) -> tuple[Floats, Floats, Floats]:
        """H x K who wait; H x P what they keep meanwhile; H x K the price of an hour there."""
        n_hospitals, n_cells = len(decision.hospitals), len(self._flow.cells)
        waiting, weight = np.zeros((n_hospitals, n_cells)), np.zeros((n_hospitals, n_cells))
        kept = np.zeros((n_hospitals, len(self._network.pools)))
        cell = {cell: k for k, cell in enumerate(self._flow.cells)}
        need = {name: i for i, name in enumerate(decision.names.needs)}
        for patient in decision.waiting:
            if (k := cell.get((need[patient.step], patient.acuity))) is None:
                continue
            waiting[patient.hospital, k] += 1
            weight[patient.hospital, k] += self._weights[patient.acuity, max(patient.group, 0)]
            if patient.boarding and self._flow.held[k] >= 0:
                for pool, amount in self._network.needs[self._flow.held[k]].amounts:
                    kept[patient.hospital, pool] += amount
        usual = self._weights.mean(axis=1)[self._acuity]
        mean_weight = np.where(waiting > 0, weight / np.maximum(waiting, 1), usual)
        return waiting, kept, mean_weight * self._hour_price

    # Who comes.

    def _inflow(self, decision: Decision) -> Floats:
        """H x K x T: from outside, and from the care that is under way."""
        n, dt, n_periods = len(self._flow.cells), self._plan.hours, self._plan.periods
        inflow = np.zeros((len(decision.hospitals), n, n_periods))
        expected = self._expected(decision)
        for row, stream in enumerate(self._streams):
            h = decision.names.hospitals.index(stream.hospital)
            inflow[h] += self._flow.begins[row][:, None] * expected[row]
        beyond = self._beyond(decision)
        mixed = self._flow.begins.mean(axis=0)
        inflow += beyond[:, None, None] * mixed[:, None] * dt
        for h, view in enumerate(decision.hospitals):
            care = self._in_care(view)
            for t in range(n_periods):
                done = care * np.exp(-t * dt / self._flow.stay) * -np.expm1(-dt / self._flow.stay)
                inflow[h, :, t] += done @ self._flow.route
        return inflow

    def _expected(self, decision: Decision) -> Floats:
        """Streams x T, from the scenario's rates."""
        scenario, dt = self._network.scenario, self._plan.hours
        rows = np.zeros((len(self._streams), self._plan.periods))
        if not scenario.arrivals:
            return rows
        for row, stream in enumerate(self._streams):
            batch = mean(stream.batch) if stream.batch else 1.0
            for t in range(self._plan.periods):
                begin = decision.time + t * dt
                if stream.poisson is not None:
                    rows[row, t] = batch * expected_arrivals(stream, scenario.start, begin, begin + dt)
                elif stream.begins <= begin and (stream.ends is None or begin < stream.ends):
                    rows[row, t] = people_per_hour(stream) * dt
        return rows

    def _beyond(self, decision: Decision) -> Floats:
        """H, per hour: arrivals since the last decision beyond the streams, from people or an epidemic."""
        scenario, hours = self._network.scenario, decision.since.hours
        beyond = np.zeros(len(decision.hospitals))
        if not hours or not (scenario.population or scenario.epidemic):
            return beyond
        beyond += [sum(row) / hours for row in decision.since.arrived]
        for stream in scenario.arrivals.values():
            h = decision.names.hospitals.index(stream.hospital)
            if stream.poisson is not None:
                then = expected_arrivals(stream, scenario.start, decision.time - hours, decision.time)
                beyond[h] -= then * (mean(stream.batch) if stream.batch else 1.0) / hours
        return np.maximum(beyond, 0.0)

    # What is in use, and what is open.

    def _main_pool(self, step: int) -> int:
        """The pool by which those in care of a step are counted: its bed, else the first that it needs; -1: none."""
        options = self._network.steps[step].options
        amounts = self._network.needs[options[0].need].amounts if options else ()
        beds = [pool for pool, _ in amounts if self._network.pools[pool].kind == "beds"]
        return next(iter([*beds, *(pool for pool, _ in amounts)]), -1)

    def _in_care(self, view: HospitalView) -> Floats:
        """K: who is in care, a pool's patients shared out by the load that each cell brings on it."""
        care = np.zeros(len(self._flow.cells))
        load = self._flow.visits * self._flow.stay
        for pool in {pool for pool in self._main if pool >= 0}:
            here = np.array([main == pool for main in self._main])
            total = sum(view.in_bed[pool])
            care += np.where(here, total * load / max(load[here].sum(), 1e-12), 0.0)
        return care

    def _room(self, decision: Decision, h: int, view: HospitalView, kept: Floats) -> Floats:
        """P x T: what is open less what those in care now still use of it."""
        dt, n_periods = self._plan.hours, self._plan.periods
        room = np.zeros((len(view.capacity), n_periods))
        for pool, capacity in enumerate(view.capacity):
            if capacity < 0:
                room[pool] = inf
                continue
            unit = view.unit[pool]
            used = view.in_use[pool] + view.cleaning[pool] + view.reserved[pool] - kept[pool]
            stay = self._pool_stay(pool)
            still = np.array([remaining(stay, dt, t) for t in range(n_periods)])
            own = capacity - view.borrowed[pool] * unit
            open_then = own + unit * self._duty_change(h, pool, decision.time)
            for where, beds, delay in self._plan.flex:
                if (where, beds) == (h, pool):
                    flexed = view.flex_open.get(decision.names.pools[pool], 0)
                    open_then = open_then - unit * flexed * (np.arange(n_periods) * dt >= delay)
            room[pool] = np.maximum(open_then, 0.0) - max(used, 0.0) * still
        return room

    def _pool_stay(self, pool: int) -> float:
        """Mean hours for which a patient uses a pool, weighted by who is found in it."""
        load = self._flow.visits * self._flow.stay
        uses = np.array(
            [any(p == pool for option in self._network.steps[s].options[:1]
                 for p, _ in self._network.needs[option.need].amounts) for s in self._steps]
        )  # fmt: skip
        return float((load * self._flow.stay)[uses].sum() / load[uses].sum()) if uses.any() else 1.0

    def _duties(self) -> dict[tuple[int, int], list[Stretch]]:
        found = {}
        for h, name in enumerate(self._network.hospitals):
            for role, staff in self._network.scenario.hospitals[name].staff.items():
                if staff.roster:
                    found[h, self._network.pool(role)] = stretches(staff.roster)
        return found

    def _duty_change(self, h: int, pool: int, now: float) -> Floats:
        """T: people on the roster in the middle of each period, less those on it now."""
        n_periods, dt = self._plan.periods, self._plan.hours
        if (h, pool) not in self._rosters:
            return np.zeros(n_periods)
        role = self._network.pools[pool].name
        sick = self._network.scenario.hospitals[self._network.hospitals[h]].staff[role].sickness
        at_work = [
            self._on_roster(h, pool, now + hours) for hours in (0.0, *((np.arange(n_periods) + 0.5) * dt))
        ]
        return (np.array(at_work[1:]) - at_work[0]) * (1 - (sick or 0.0))

    def _on_roster(self, h: int, pool: int, time: float) -> int:
        moment = self._network.scenario.start + timedelta(hours=float(time))
        minute = (moment.weekday() * 24 * 60 + moment.hour * 60 + moment.minute) % WEEK
        return next(s.count for s in self._rosters[h, pool] if s.begins <= minute < s.ends)
