"""The patients of one replication, as columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.conditions import Codes, Facts, Mask
from sim.network import Network
from sim.order import GRID, NEAR

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Patients:
    """Everybody who presents, in the order of (time, source, ordinal); all columns have length n.

    Those whom an `ArrivalSource` adds follow the others, day by day, each day in that order.

    A patient's id is the position here. (source, ordinal) is who they are, whatever else is in the
    scenario: their random numbers depend on nothing else.
    """

    time: Floats
    """When they first present, hours since the start, on the grid, the delay of a late presentation included."""
    hospital: Codes
    """Where they first present."""
    source: Codes
    """Arrival stream: index of `Workload.sources`."""
    ordinal: Codes
    """Number within the stream, from 0; not every number need occur."""
    cls: Codes
    """Class: index of `Network.classes`."""
    acuity: Codes
    """How urgent they truly are at arrival: index of `Network.acuities`."""
    triage: Codes
    """The acuity that triage assigns."""
    ambulance: Mask
    """Whether they come by ambulance."""
    declined: Mask
    """Whether they do not come though invited."""
    tier: Codes
    """The first vaccine tier that holds; -1: none."""
    group: Codes
    """Value of the tallied attribute: index of `Network.groups`."""
    travel_factor: Floats
    """Multiplies their travel times between hospitals."""
    codes: dict[str, Codes]
    """Category -> index of `attribute_values`."""
    numbers: dict[str, Floats]
    """Number attribute -> value."""

    def __len__(self) -> int:
        return len(self.time)

    def take(self, which: NDArray[np.integer] | Mask | slice) -> Patients:
        """Return some of them, by position or mask."""
        if isinstance(which, np.ndarray) and which.dtype == np.bool_ and which.all():
            return self
        return _map(lambda column: column[0][which], [self])

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """Return every column by name; attributes as `codes.NAME` and `numbers.NAME`."""
        flat: dict[str, NDArray[np.generic]] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, dict):
                flat |= {f"{field.name}.{name}": column for name, column in value.items()}
            else:
                flat[field.name] = value
        return flat


def join(batches: Sequence[Patients]) -> Patients:
    """Return the batches one after the other; at least one, all with the same attributes."""
    return _map(np.concatenate, batches)


def in_order(patients: Patients) -> Patients:
    """Return them sorted by (time, source, ordinal)."""
    time, source, ordinal = patients.time, patients.source, patients.ordinal
    following = (source[1:] == source[:-1]) & (ordinal[1:] > ordinal[:-1])
    if not (following | (source[1:] > source[:-1])).all():
        order = np.lexsort((ordinal, source, time))
    elif (time[1:] >= time[:-1]).all():
        return patients
    else:
        order = np.argsort(time, kind="stable")  # a third of the work
    return patients.take(order)


def facts_of(network: Network, sources: tuple[str, ...], patients: Patients) -> Facts:
    """Return what conditions may ask about the patients."""
    facts = Facts(len(patients), {}, {})
    facts.learn("class", network.classes, patients.cls)
    facts.learn("acuity", network.acuities, patients.acuity)
    facts.learn("triage", network.acuities, patients.triage)
    facts.learn("hospital", network.hospitals, patients.hospital)
    facts.learn("source", sources, patients.source)
    for name, codes in patients.codes.items():
        facts.learn(name, network.values[name], codes)
    return facts


def _map(change: Callable[[list[Any]], Any], batches: Sequence[Patients]) -> Patients:
    """Make each column from the batches' columns of that name."""
    made: dict[str, Any] = {}
    for field in fields(Patients):
        parts = [getattr(batch, field.name) for batch in batches]
        if isinstance(parts[0], dict):
            made[field.name] = {name: change([part[name] for part in parts]) for name in parts[0]}
        else:
            made[field.name] = change(parts)
    return Patients(**made)


def on_clock(patients: Patients) -> Patients:
    """Return them with the times at which the clock of an engine can stand: see `sim.order.on_second`."""
    time = patients.time.copy()
    missing = time * 3600.0
    second = missing + 0.5
    np.floor(second, out=second)
    missing -= second
    near = np.flatnonzero(np.abs(missing, out=missing) < NEAR)
    time[near] = np.floor(second[near] / 3600.0 * GRID + 0.5) / GRID
    return replace(patients, time=time)
