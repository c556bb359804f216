"""What a hospital may be ordered: the masks of a directive, and what its illegal parts are measured by."""

from __future__ import annotations

from collections.abc import Iterable

from sim.network import Network
from sim.patient import Patient


def destinations(network: Network, hospital: int, step: int) -> tuple[int, ...]:
    """Return the neighbours to which a patient who waits here for the step may be moved, the nearest first."""
    return tuple(g for g in network.neighbours[hospital] if network.serves[g][step])


def most_flex(network: Network, hospital: int) -> dict[str, int]:
    """Return unit -> the flex beds that may be ordered open; units without any are left out."""
    beds = network.scenario.hospitals[network.hospitals[hospital]].beds
    return {name: spec.flex.count for name, spec in beds.items() if spec.flex is not None}


def most_call_in(network: Network, hospital: int) -> dict[str, int]:
    """Return role -> the extra staff that may be called in."""
    staff = network.scenario.hospitals[network.hospitals[hospital]].staff
    return {name: spec.call_in for name, spec in staff.items()}


def ready_to_leave(
    patients: Iterable[Patient], hospital: int, step: int, margin: float, now: float
) -> list[Patient]:
    """Return those in the step here whose stay ends within the margin, the earliest end first."""
    ready = (
        p
        for p in patients
        if p.step == step and p.hospital == hospital and p.cell is None and now <= p.finish <= now + margin
    )
    return sorted(ready, key=lambda p: (p.finish, p.number))
