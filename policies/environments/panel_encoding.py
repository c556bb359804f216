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
        self._unit = np.array([pool.unit for pool in network.pools], dtype=np.float64)
        self._beds = [p for p, pool in enumerate(network.pools) if pool.kind == "beds"]
        self._flex = [network.pool(name) for name in encoding.flex]
        B, H, P = len(copies.running), len(network.hospitals), len(network.pools)
        D, S = len(encoding.labels), len(encoding.state_labels)
        n_clock, n_depot = 9, len(network.products)
        self._n_own = (S - n_clock - n_depot) // H
        self._template = np.zeros((B, H, D), dtype=np.float32)
        self._template[:, :, :H] = np.eye(H)
        self._clock_at = slice(H, H + n_clock)
        self._own_at = slice(H + n_clock, H + n_clock + self._n_own)
        self._near_at = slice(self._own_at.stop, self._own_at.stop + H)
        self._shared_at = slice(self._near_at.stop, D)
        self._template[:, :, self._near_at] = encoding.closeness
        self._own_raw = np.empty((B, H, self._n_own))
        first = len(encoding.needs) * len(network.acuities) * (1 + self._n_groups()) + 1 + P
        self._shares_at = slice(first, first + 3 * P)

    def encode(self, since: Interval) -> tuple[Vectors, Vectors]:
        """Return observations (B x H x D) and states (B x S)."""
        panel = self._copies.panel
        own, shares, capacity = self._own_raw, self._shares_at, self._capacity()
        self._fill(own, capacity, since)
        logged = _log(own)
        logged[:, :, shares] = own[:, :, shares]
        clock, depot = self._clock(), _log(self._copies.depot.astype(np.float64))
        observation = self._template.copy()
        observation[:, :, self._clock_at] = clock[:, None]
        observation[:, :, self._own_at] = logged
        waiting = panel["queue"].sum(axis=(2, 3, 4))
        shared = np.concatenate([_log(waiting), self._occupancy(capacity), depot], axis=1)
        observation[:, :, self._shared_at] = shared[:, None]
        own_32 = observation[:, :, self._own_at].reshape(len(clock), -1)
        state = np.concatenate([clock.astype(np.float32), own_32, depot.astype(np.float32)], axis=1)
        return observation, state

    def _fill(self, own: Floats, capacity: Floats, since: Interval) -> None:
        """Write every hospital's entries, in the order of their labels, before logarithms."""
        panel, copies, needs = self._copies.panel, self._copies, self._encoding.needs
        B, H = own.shape[:2]
        queue, tallies = panel["queue"][:, :, needs], since.tallies
        if self._encoding.blind:
            queue, tallies = queue.sum(axis=-1), tallies.sum(axis=-1)
        open_now = np.where((capacity < 0) | (capacity == 0), np.inf, capacity)
        ambulances = panel["ambulances"]
        expires = panel["expires"]
        hours_left = np.where(expires < np.inf, expires - panel.time[:, None, None], 0.0)
        first = 0
        for part in (
            queue,
            panel["longest"][:, :, needs],
            panel["boarding"],
            np.where(capacity < 0, -1.0, capacity / self._unit),
            panel["in_use"] / open_now,
            panel["cleaning"] / open_now,
            panel["reserved"] / open_now,
            panel["in_bed"],
            panel["borrowed"],
            panel["inbound"],
            np.where(ambulances >= UNLIMITED // 2, -1.0, ambulances),
            panel["diverting"],
            panel["flex"][:, :, self._flex],
            panel["doses"],
            hours_left,
            copies.on_order,
            tallies,
        ):
            flat = part.reshape(B, H, -1)
            own[:, :, first : first + flat.shape[2]] = flat
            first += flat.shape[2]
        assert first == self._n_own

    def _capacity(self) -> Floats:
        """B x H x P: open now, -1 without limit."""
        raw = self._copies.panel["capacity"]
        return np.where(raw >= UNLIMITED // 2, -1.0, np.maximum(raw, 0.0))

    def _occupancy(self, capacity: Floats) -> Floats:
        """B x H: see `Encoding`."""
        in_use = self._copies.panel["in_use"]
        beds, taken = np.zeros(capacity.shape[:2]), np.zeros(capacity.shape[:2])
        for p in self._beds:
            limited = capacity[:, :, p] > 0
            beds += np.where(limited, capacity[:, :, p] / self._unit[p], 0.0)
            taken += np.where(limited, in_use[:, :, p] / self._unit[p], 0.0)
        return np.divide(taken, beds, out=np.zeros_like(beds), where=beds > 0)

    def _clock(self) -> Floats:
        """B x the entries of the clock."""
        panel = self._copies.panel
        hours = self._encoding.hours_since_monday + panel.time
        day, week = 2 * pi * (hours % 24) / 24, 2 * pi * (hours % 168) / 168
        angles = [np.sin(day), np.cos(day), np.sin(week), np.cos(week)]
        trigger = panel.trigger[:, None] == np.arange(4)
        share = panel.time / self._network.horizon
        return np.concatenate([np.stack([*angles, share], axis=1), trigger], axis=1)

    def _n_groups(self) -> int:
        return 1 if self._encoding.blind else len(self._network.groups)


def _log(values: Floats) -> Floats:
    return np.copysign(np.log1p(np.abs(values)), values)
