"""What supply there is: as planned, after an emergency, or when vaccine is short. The demand stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil

from policies.parameters import suggestion
from scenarios.errors import UsageError
from scenarios.loader import varied
from scenarios.scenario import Scenario

BEDS_LEFT = 0.9
"""Share of the beds of a unit that an emergency leaves; assumed."""
MORE_SICK = 0.15
"""Added in an emergency to the chance that somebody rostered does not come; assumed."""
VIALS_LEFT = 0.5
"""Share of the vials of a delivery that come in a shortage; assumed."""
LATER = 2.0
"""By what the lead time of vaccine is multiplied in a shortage; assumed."""


@dataclass(frozen=True)
class Mode:
    """A change of the supply."""

    title: str
    changes: Callable[[Scenario], Iterator[str]]
    """What is changed, as after `--set`."""


def _nothing(scenario: Scenario) -> Iterator[str]:
    yield from ()


def _emergency(scenario: Scenario) -> Iterator[str]:
    for name, hospital in scenario.hospitals.items():
        for unit, beds in hospital.beds.items():
            if isinstance(beds.count, int) and beds.count > 1:
                yield f'hospitals."{name}".beds."{unit}".count={max(1, int(beds.count * BEDS_LEFT))}'
        for role, staff in hospital.staff.items():
            if staff.count != "unlimited":
                sickness = min(1.0, staff.sickness + MORE_SICK)
                yield f'hospitals."{name}".staff."{role}".sickness={sickness!r}'


def _shortage(scenario: Scenario) -> Iterator[str]:
    if scenario.vaccine is None:
        raise UsageError(
            f"mode shortage: expected a scenario with vaccine, got {scenario.name}, which has none. "
            "Choose normal or emergency."
        )
    for number, shipment in enumerate(scenario.vaccine.shipments):
        yield f"vaccine.shipments[{number}].vials={max(1, ceil(shipment.vials * VIALS_LEFT))}"
    yield f"vaccine.lead_time={scenario.vaccine.lead_time * LATER!r} h"


MODES = {
    "normal": Mode("as the scenario says", _nothing),
    "emergency": Mode(
        f"{1 - BEDS_LEFT:.0%} of the beds of every unit are lost and {MORE_SICK:.0%} more of the staff do not come",
        _emergency,
    ),
    "shortage": Mode(
        f"every delivery of vaccine holds {VIALS_LEFT:.0%} of its vials, and orders take {LATER:g} times as long",
        _shortage,
    ),
}
"""By name; the figures are assumed, and the patients are the same in all of them."""


def in_mode(scenario: Scenario, mode: str) -> Scenario:
    """Return the scenario with the supply of a mode. Raises `UsageError` if there is no such mode or no vaccine."""
    if mode not in MODES:
        raise UsageError(f'mode "{mode}" is not known. {suggestion(mode, MODES)}')
    changes = list(MODES[mode].changes(scenario))
    return varied(scenario, changes) if changes else scenario
