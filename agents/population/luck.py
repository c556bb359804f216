"""The random numbers of the people of one catchment: each a person's, or a person's on one day.

Nothing else decides them: not what happened before, not what a policy does, not whether the number
is used. So two policies meet the same people with the same luck on the same day.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.arrivals import Floats
from sim.conditions import Codes
from sim.streams import elements, uniforms


@dataclass(frozen=True, slots=True)
class Luck:
    """Uniforms of the streams named (catchment, purpose) of one replication."""

    seed: int
    replication: int
    name: str
    """The source's name: see `sim.catchments.source_name`."""
    n: int
    """How many people there are."""

    def once(self, *purpose: str) -> Floats:
        """Return one number a person."""
        return uniforms(self.seed, self.replication, (self.name, "person", *purpose), self.n)

    def of_day(self, day: int, *purpose: str) -> Floats:
        """Return one number a person for a day."""
        names = (self.name, "person and day", *purpose)
        return uniforms(self.seed, self.replication, names, self.n, first=day * self.n)

    def of_days(self, who: Codes, day: Codes, *purpose: str) -> Floats:
        """Return one number for each person on a day: those that `of_day` gives."""
        names = (self.name, "person and day", *purpose)
        return elements(self.seed, self.replication, names, day * self.n + who)

    def of_visits(self, ordinal: Codes, *purpose: str) -> Floats:
        """Return one number a visit; a visit's ordinal is day x people + person."""
        return elements(self.seed, self.replication, (self.name, "people", *purpose), ordinal)
