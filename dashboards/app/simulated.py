"""One run of one side: a task for a worker process, kept on disk, with a compact census of the beds."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboards.report.occupancy import COLUMNS, compact
from policies.parts import Part, Parts
from policies.replication import Replication


@dataclass(frozen=True)
class Simulated:
    """What comes back from a worker; the tables stay on disk."""

    number: int
    part: Part
    census: pd.DataFrame
    """As `dashboards.report.occupancy.compact` makes it, with a column `replication`."""


@dataclass(frozen=True)
class Simulation:
    """A picklable task: called with a number, it runs that replication or reads it if it is there."""

    replication: Replication
    """Of one policy."""
    beds: tuple[str, ...]

    def __call__(self, number: int) -> Simulated:
        (policy,) = self.replication.policies
        part = self.replication(number)[policy]
        parts = self.replication.parts
        assert isinstance(parts, Parts)
        census = pd.read_parquet(parts.place(policy, number) / "census.parquet", columns=COLUMNS[1:])
        return Simulated(number, part, compact(census, self.beds).assign(replication=number)[COLUMNS])
