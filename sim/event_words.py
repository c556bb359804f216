"""What a row of the event log says, in words: for one patient's history and for people who page through the log."""

from __future__ import annotations

from dataclasses import dataclass

from sim.eventlog import Row, Waste
from sim.network import Network
from sim.tables import QUIT_REASONS, need_names

MOVE_REASONS = ("ordered", "overflow", "diversion", "deadlock")
"""Why a patient was moved, by the `value` of `Row.DEPARTED_FOR`."""

KINDS = {
    Row.PRESENTED: "presents",
    Row.QUEUED: "waits for a step",
    Row.STARTED: "a step begins",
    Row.TREATED: "first treatment",
    Row.ENDED: "a step ends",
    Row.RELEASED: "gives up beds or staff",
    Row.CLEANING: "cleaning begins",
    Row.CLEANED: "cleaning ends",
    Row.QUIT: "stops waiting",
    Row.DEPARTED_FOR: "leaves for another hospital",
    Row.RESERVED: "a bed is reserved",
    Row.UNRESERVED: "a reservation ends",
    Row.HANDED_OVER: "arrives from another hospital",
    Row.DETERIORATED: "becomes more urgent",
    Row.LEFT_NETWORK: "the journey ends",
    Row.CAPACITY: "capacity changes",
    Row.VIALS: "vaccine is received",
    Row.DOSED: "a dose is given",
    Row.WASTED: "doses are lost",
    Row.DECIDED: "orders are given",
    Row.DEADLOCK: "patients block one another",
}
"""Every kind of row, in the order of `Row`."""

HISTORY = frozenset(
    (
        Row.PRESENTED, Row.QUEUED, Row.STARTED, Row.TREATED, Row.ENDED, Row.QUIT, Row.DEPARTED_FOR, Row.HANDED_OVER,
        Row.DETERIORATED, Row.LEFT_NETWORK,
    )
)  # fmt: skip
"""Kinds that make up what happened to a patient; the others are about beds, staff, vaccine and orders."""

_TRIGGERS = ("regular", "an arrival", "a full hospital", "a free bed")
_DEADLOCK = ("an exchange follows", "one is sent away", "nothing can be done yet")


@dataclass(frozen=True, slots=True)
class EventWords:
    """The names that rows refer to by index; picklable and small."""

    hospitals: tuple[str, ...]
    steps: tuple[str, ...]
    needs: tuple[str, ...]
    pools: tuple[tuple[str, int], ...]
    """Name and how many integers make one whole."""
    acuities: tuple[str, ...]
    outcomes: tuple[str, ...]
    products: tuple[str, ...]

    @classmethod
    def of(cls, network: Network) -> EventWords:
        """Return the names of a network."""
        return cls(
            network.hospitals,
            tuple(step.name for step in network.steps),
            tuple(need_names(network)),
            tuple((pool.name, pool.unit) for pool in network.pools),
            network.acuities,
            network.outcomes,
            network.products,
        )

    def say(self, kind: int, item: int, value: float) -> str:
        """Return what a row says, without who, where and when."""
        match kind:
            case Row.QUEUED:
                return f"waits for {self.steps[item]}"
            case Row.STARTED:
                return f"{self.steps[item]} begins"
            case Row.TREATED:
                return "is treated for the first time"
            case Row.ENDED:
                return f"{self.steps[item]} ends"
            case Row.QUIT:
                return f"stops waiting: {QUIT_REASONS[int(value)]}"
            case Row.DEPARTED_FOR:
                return f"leaves for {self.hospitals[item]} ({MOVE_REASONS[int(value)]})"
            case Row.HANDED_OVER:
                return "arrives from the other hospital"
            case Row.DETERIORATED:
                return f"becomes {self.acuities[int(value)]}"
            case Row.LEFT_NETWORK:
                return f"the journey ends: {self.outcomes[item]}"
            case _:
                return self._of_supply(kind, item, value)

    def _of_supply(self, kind: int, item: int, value: float) -> str:
        match kind:
            case Row.RELEASED | Row.CLEANING | Row.CLEANED | Row.RESERVED:
                return f"{KINDS[kind]}: {self.needs[item]}"
            case Row.UNRESERVED:
                return f"the reservation {'lapses' if value else 'is used'}: {self.needs[item]}"
            case Row.CAPACITY:
                name, unit = self.pools[item]
                return f"{name}: {value / unit:g} open from now"
            case Row.VIALS:
                return f"{value:g} doses of {self.products[item]} {'arrive' if value >= 0 else 'leave'}"
            case Row.DOSED:
                return f"receives a dose of {self.products[item]}"
            case Row.WASTED:
                reason = Waste(item % 8).name.lower()
                return f"{value:g} doses of {self.products[item // 8]} are lost: {reason}"
            case Row.DECIDED:
                return f"orders are given, decision {value:.0f} ({_TRIGGERS[item]})"
            case Row.DEADLOCK:
                return f"{value:g} patients block one another: {_DEADLOCK[item]}"
            case _:
                return KINDS[kind]
