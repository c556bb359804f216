"""What controllers observe, encoded for many simulations at once: the numbers of `Encoding`, from a panel.

Shapes: B copies, H hospitals, G groups, P pools, V products, D entries of an observation, S of the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.environments.encoding import Encoding
from sim.fast.copies import Copies
from sim.network import UNLIMITED, Network

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

PERIODS = np.array([24.0, 168.0])
"""Hours of a day, and of a week."""
PLAIN = (
    "boarding", "capacity", "in_use", "cleaning", "reserved", "in_bed", "borrowed", "inbound", "ambulances",
    "diverting",
)  # fmt: skip
"""Parts of a panel that are a part of an observation as they stand, in the order of the labels."""


@dataclass(frozen=True, slots=True)
class Interval:
    """What happened since the last decision of each copy."""

    hours: Floats
    """B: its length."""
    tallies: Floats
    """B x H x 6 x G: patient-hours untreated within tau, arrived, treated, left, died, doses."""


class Since:
    """Intervals between decisions, from the running totals of the panel."""

    def __init__(self, copies: Copies) -> None:
        self._panel = copies.panel
        self._before = np.zeros_like(self._totals())
        self._then = np.zeros(len(self._before))

    def begin(self, copy: int) -> None:
        """A copy is at time zero again, with nothing tallied."""
        self._before[copy], self._then[copy] = 0.0, 0.0

    def take(self, chosen: Any = slice(None)) -> Interval:
        """Return the intervals of the chosen copies that end now, and begin the next."""
        totals, now = self._totals()[chosen], self._panel.time[chosen].copy()
        passed = Interval(now - self._then[chosen], totals - self._before[chosen])
        self._before[chosen], self._then[chosen] = totals, now
        return passed

    def _totals(self) -> Floats:
        totals: Floats = np.moveaxis(self._panel["tallies"], -1, 2).copy()
        return totals


class PanelEncoding:
    """Encodes the panel of one network's copies."""

    def __init__(self, network: Network, encoding: Encoding, copies: Copies) -> None:
        self._network, self._encoding, self._copies = network, encoding, copies
        self._beds = [p for p, pool in enumerate(network.pools) if pool.kind == "beds"]
        self._unit = np.array([pool.unit for pool in network.pools], dtype=np.float64)
        B, H = len(copies.running), len(network.hospitals)
        D, S = len(encoding.labels), len(encoding.state_labels)
        n_clock, n_depot = 9, len(network.products)
        n_own = (S - n_clock - n_depot) // H
        self._template = np.zeros((B, H, D), dtype=np.float32)
        self._template[:, :, :H] = np.eye(H)
        self._clock_at = slice(H, H + n_clock)
        self._own_at = slice(H + n_clock, H + n_clock + n_own)
        near = slice(self._own_at.stop, self._own_at.stop + H)
        self._shared_at = slice(near.stop, D)
        self._template[:, :, near] = encoding.closeness
        self._clock = np.zeros((B, n_clock))
        self._own, self._logged = np.empty((2, B, H, n_own))
        self._places, self._parts = self._layout()
        assert len(self._places) == n_own

    def _layout(self) -> tuple[NDArray[np.int64], dict[str, slice]]:
        """Return where in the panel a hospital's entries stand, in the order of their labels, and which are which.

        What is not in the panel, or not as it must be told, has a place too and is written over (`_fill`).
        """
        panel, needs = self._copies.panel, self._encoding.needs
        flex = [self._network.pool(name) for name in self._encoding.flex]
        queue, tallies = panel.places("queue")[needs], panel.places("tallies").T
        if self._encoding.blind:
            queue, tallies = queue[..., 0], tallies[..., 0]
        parts = {
            "queue": queue,
            "longest": panel.places("longest")[needs],
            **{name: panel.places(name) for name in PLAIN},
            "flex": panel.places("flex")[flex],
            "doses": panel.places("doses"),
            "expires": panel.places("expires"),
            "on_order": panel.places("vials"),
            "tallies": tallies,
        }
        ends = np.cumsum([part.size for part in parts.values()])
        slices = [
            slice(end - part.size, end) for part, end in zip(parts.values(), ends.tolist(), strict=True)
        ]
        return np.concatenate([part.ravel() for part in parts.values()]), dict(
            zip(parts, slices, strict=True)
        )

    def encode(self, since: Interval) -> tuple[Vectors, Vectors]:
        """Return observations (B x H x D) and states (B x S)."""
        panel, own, logged = self._copies.panel, self._own, self._logged
        capacity = self._fill(since)
        shares = slice(self._parts["in_use"].start, self._parts["reserved"].stop)
        _log(own, out=logged)
        logged[:, :, shares] = own[:, :, shares]
        clock, depot = self._tell_time(), _log(self._copies.depot.astype(np.float64))
        observation = self._template.copy()
        observation[:, :, self._clock_at] = clock[:, None]
        observation[:, :, self._own_at] = logged
        waiting = panel["queue"].sum(axis=(2, 3, 4))
        shared = np.concatenate([_log(waiting), self._occupancy(capacity), depot], axis=1)
        observation[:, :, self._shared_at] = shared[:, None]
        state = np.concatenate([clock, logged.reshape(len(clock), -1), depot], axis=1, dtype=np.float32)
        return observation, state

    def _fill(self, since: Interval) -> Floats:
        """Write every hospital's entries, before logarithms; return what is open (B x H x P), -1 without limit."""
        panel, own, parts = self._copies.panel, self._own, self._parts
        panel.by_hospital.take(self._places, axis=2, out=own, mode="clip")
        if self._encoding.blind:
            queue = panel["queue"][:, :, self._encoding.needs].sum(axis=-1)
            own[:, :, parts["queue"]] = queue.reshape(*own.shape[:2], -1)
        tallies = since.tallies.sum(axis=-1) if self._encoding.blind else since.tallies
        own[:, :, parts["tallies"]] = tallies.reshape(*own.shape[:2], -1)
        raw = own[:, :, parts["capacity"]]
        capacity = np.where(raw >= UNLIMITED // 2, -1.0, np.maximum(raw, 0.0))
        own[:, :, parts["capacity"]] = np.where(capacity < 0, -1.0, capacity / self._unit)
        open_now = np.where(capacity > 0, capacity, np.inf)
        for name in ("in_use", "cleaning", "reserved"):
            own[:, :, parts[name]] /= open_now
        ambulances = own[:, :, parts["ambulances"]]
        ambulances[ambulances >= UNLIMITED // 2] = -1.0
        if self._network.products:
            expires = own[:, :, parts["expires"]]
            expires[...] = np.where(expires < np.inf, expires - panel.time[:, None, None], 0.0)
            own[:, :, parts["on_order"]] = self._copies.on_order
        return capacity

    def _occupancy(self, capacity: Floats) -> Floats:
        """B x H: see `Encoding`."""
        # Pools first, in memory too: so they are added up one after the other.
        limits, in_use = (
            np.ascontiguousarray(one[:, :, self._beds].transpose(2, 0, 1))
            for one in (capacity, self._copies.panel["in_use"])
        )
        unit = self._unit[self._beds, None, None]
        beds = (np.maximum(limits, 0.0) / unit).sum(axis=0)
        taken = (np.where(limits > 0, in_use, 0.0) / unit).sum(axis=0)
        return np.asarray(np.divide(taken, beds, out=np.zeros_like(beds), where=beds > 0))

    def _tell_time(self) -> Floats:
        """B x the entries of the clock."""
        panel, clock = self._copies.panel, self._clock
        hours = (self._encoding.hours_since_monday + panel.time)[:, None]
        angles = 2 * pi * (hours % PERIODS) / PERIODS
        clock[:, 0:4:2], clock[:, 1:4:2] = np.sin(angles), np.cos(angles)
        clock[:, 4] = panel.time / self._network.horizon
        clock[:, 5:] = panel.trigger[:, None] == np.arange(4)
        return clock


def _log(values: Floats, out: Floats | None = None) -> Floats:
    found: Floats = np.abs(values, out=out)
    np.copysign(np.log1p(found, out=found), values, out=found)
    return found
