"""What a run leaves behind, the same for every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.eventlog import EventLog
from sim.network import Network
from sim.protocol import Tally

if TYPE_CHECKING:
    from sim.workload import Patients


@dataclass(frozen=True, slots=True)
class Ordered:
    """One hospital's orders at one decision, as a row of the `decisions` table."""

    decision: int
    time: float
    trigger: str
    hospital: str
    part: str
    """Which part of the orders, for example `queue_rule` or `moves`; only parts that are not neutral."""
    order: str
    """The order as text."""
    refused: str
    """Why it was not carried out (a conflict, no ambulance, ...); empty when it was."""


@dataclass(frozen=True, slots=True)
class Result:
    """One replication: its log, its patients and its decisions."""

    network: Network
    seed: int
    replication: int
    log: EventLog
    patients: Patients
    """Everybody who was to present before the horizon, by patient id."""
    sources: tuple[str, ...]
    """Names of the arrival streams, those that depend on the past included."""
    orders: tuple[Ordered, ...] | None
    """None: orders were given by numbers, and not noted."""
    since: Tally
    """The interval after the last decision; where orders were not noted, the whole run."""
    hashed: Callable[[], str]
    """Works out `workload_hash`: who wants only the log does not wait for it."""

    @property
    def workload_hash(self) -> str:
        """SHA-256 of arrivals, attributes and first-visit columns: the same for two policies of one replication."""
        return self.hashed()
