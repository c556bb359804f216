"""What a controller observes: a decision as float32 vectors, by pure functions, so that a learned policy sees the same.

Shapes: H hospitals, D entries of one hospital's vector, S entries of the state for a central critic. `labels` and
`state_labels` say what each entry is. Counts and hours are log(1 + x), with the sign of x kept.
"""

from __future__ import annotations

from math import pi
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.environments.menu import is_blind
from sim.network import Network
from sim.protocol import HOURS_IN_BED, Decision

Vector = NDArray[np.float32]
Floats = NDArray[np.float64]

TRIGGERS: Final = ("regular", "arrival", "full", "free")
TALLIES: Final = ("arrived", "treated", "left", "died", "doses")


class Encoding:
    """Encodes the decisions of one network. Protected groups are left out where the scenario is group blind."""

    def __init__(self, network: Network) -> None:
        scenario = network.scenario
        self.blind = is_blind(network)
        self._horizon = network.horizon
        self.hours_since_monday = (
            24.0 * scenario.start.weekday()
            + scenario.start.hour
            + scenario.start.minute / 60
            + scenario.start.second / 3600
        )
        self.needs = [step.index for step in network.steps if step.options]
        """Only for these somebody can wait."""
        self._place = {network.steps[step].name: place for place, step in enumerate(self.needs)}
        self._beds = [p for p, pool in enumerate(network.pools) if pool.kind == "beds"]
        flex = (spec.beds.items() for spec in scenario.hospitals.values())
        self.flex = tuple(dict.fromkeys(name for beds in flex for name, one in beds if one.flex))
        self.closeness = np.exp(-np.array(network.travel)) + np.eye(len(network.hospitals))
        clock, own = _clock_labels(), self._own_labels(network)
        names = network.hospitals
        self.labels: tuple[str, ...] = (
            *(f"is {name}" for name in names),
            *clock,
            *own,
            *(f"{what} {name}" for what in ("closeness", "waiting at", "occupancy of") for name in names),
            *(f"depot {product}" for product in network.products),
        )
        """D."""
        self.state_labels: tuple[str, ...] = (
            *clock,
            *(f"{name}: {label}" for name in names for label in own),
            *(f"depot {product}" for product in network.products),
        )
        """S."""

    def observe(self, decision: Decision) -> Vector:
        """Return H x D: for every hospital who it is, the clock, its own census, and the others in brief."""
        n = len(decision.hospitals)
        own = self._own(decision)
        queue = np.array([view.queue for view in decision.hospitals], dtype=np.float64).reshape(n, -1)
        shared = np.concatenate([_log(queue.sum(axis=1)), self._occupancy(decision), self._depot(decision)])
        clock = np.tile(self._clock(decision), (n, 1))
        return _joined([np.eye(n), clock, own, self.closeness, np.tile(shared, (n, 1))], axis=1)

    def state(self, decision: Decision) -> Vector:
        """Return S: the clock and every hospital's census, for a critic that sees all."""
        return _joined([self._clock(decision), self._own(decision).ravel(), self._depot(decision)], axis=0)

    def _clock(self, decision: Decision) -> Floats:
        hours = self.hours_since_monday + decision.time
        day, week = 2 * pi * (hours % 24) / 24, 2 * pi * (hours % 168) / 168
        trigger = [float(decision.trigger == name) for name in TRIGGERS]
        angles = [np.sin(day), np.cos(day), np.sin(week), np.cos(week)]
        return np.array([*angles, decision.time / self._horizon, *trigger])

    def _own(self, decision: Decision) -> Floats:
        """H x the entries of `_own_labels`."""
        views, names = decision.hospitals, decision.names
        n = len(views)
        queue = np.array([view.queue for view in views], dtype=np.float64)[:, self.needs]
        longest, boarding = np.zeros((n, len(self.needs), len(names.acuities))), np.zeros((n, 1))
        for w in decision.waiting:
            place = self._place[w.step]
            if w.hours > longest[w.hospital, place, w.acuity]:
                longest[w.hospital, place, w.acuity] = w.hours
            boarding[w.hospital] += w.boarding
        unit = np.array(views[0].unit, dtype=np.float64)
        capacity = np.array([view.capacity for view in views], dtype=np.float64)
        unlimited = capacity < 0
        open_now = np.where(unlimited | (capacity == 0), np.inf, capacity)
        shares = [
            np.array([getattr(view, what) for view in views]) / open_now
            for what in ("in_use", "cleaning", "reserved")
        ]
        rest = [
            [
                view.inbound,
                view.ambulances,
                float(view.diverting),
                *(view.flex_open.get(name, 0) for name in self.flex),
                *(
                    sum(lot.doses for lot in view.stock if lot.product == product)
                    for product in names.products
                ),
                *(
                    min(
                        (lot.expires - decision.time for lot in view.stock if lot.product == product),
                        default=0,
                    )
                    for product in names.products
                ),
                *(view.on_order.get(product, 0) for product in names.products),
            ]
            for view in views
        ]
        return np.concatenate(
            [
                _log(queue).reshape(n, -1),
                _log(longest).reshape(n, -1),
                _log(boarding),
                _log(np.where(unlimited, -1.0, capacity / unit)),
                *shares,
                _log(np.array([view.in_bed for view in views])).reshape(n, -1),
                _log(np.array([view.borrowed for view in views])),
                _log(np.array(rest)),
                self._since(decision),
            ],
            axis=1,
        )

    def _since(self, decision: Decision) -> Floats:
        """H x (1 + tallies) x groups of the interval just ended, as one row a hospital."""
        since = decision.since
        tallies = np.array([since.wait_hours, *(getattr(since, name) for name in TALLIES)], dtype=np.float64)
        if self.blind:
            tallies = tallies.sum(axis=2, keepdims=True)
        return _log(tallies.transpose(1, 0, 2)).reshape(len(decision.hospitals), -1)

    def _occupancy(self, decision: Decision) -> Floats:
        """H: beds in use as a share of those that are open, units without limit left out."""
        found = []
        for view in decision.hospitals:
            beds = [p for p in self._beds if view.capacity[p] > 0]
            capacity = sum(view.capacity[p] / view.unit[p] for p in beds)
            in_use = sum(view.in_use[p] / view.unit[p] for p in beds)
            found.append(in_use / capacity if capacity else 0.0)
        return np.array(found)

    def _depot(self, decision: Decision) -> Floats:
        return _log(
            np.array([decision.depot.get(name, 0) for name in decision.names.products], dtype=np.float64)
        )

    def _own_labels(self, network: Network) -> tuple[str, ...]:
        groups = ("all",) if self.blind else network.groups
        needs = [network.steps[step].name for step in self.needs]
        pools = [pool.name for pool in network.pools]
        return (
            *(f"waiting {n}, {a}, {g}" for n in needs for a in network.acuities for g in groups),
            *(f"longest wait {n}, {a}" for n in needs for a in network.acuities),
            "boarding",
            *(f"{what} {pool}" for what in ("open", "in use", "cleaning", "reserved") for pool in pools),
            *(f"in {pool} from {hours:g} h" for pool in pools for hours in HOURS_IN_BED),
            *(f"borrowed {pool}" for pool in pools),
            "inbound",
            "ambulances",
            "diverting",
            *(f"flex {unit}" for unit in self.flex),
            *(f"{what} {p}" for what in ("doses", "hours to expiry", "on order") for p in network.products),
            *(f"since: {what}, {g}" for what in ("wait hours", *TALLIES) for g in groups),
        )


def _clock_labels() -> tuple[str, ...]:
    angles = ("sin of day", "cos of day", "sin of week", "cos of week")
    return (*angles, "share of the horizon", *(f"trigger {name}" for name in TRIGGERS))


def _log(values: NDArray[np.number]) -> Floats:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), dtype=np.float64)


def _joined(blocks: list[Floats], axis: int) -> Vector:
    return np.concatenate(blocks, axis=axis).astype(np.float32)
