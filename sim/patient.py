"""The patient that an engine moves through the network, and who makes it."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sim.clock import Gate


class Patient:
    """One patient's present state; what never changes stays in the workload's columns, by `number`."""

    __slots__ = (
        "acuity", "ambulance", "announced", "cell", "destination", "extra", "finish", "gate", "group",
        "hazards", "held", "held_from", "hospital", "key", "leg", "need", "number", "option", "origin",
        "patience", "place", "presented", "queued", "reservation", "since", "step", "tier", "treated",
        "triage", "visit", "visits",
    )  # fmt: skip

    gate: Gate
    """What the journey waits on; set by the engine."""

    def __init__(
        self, number: int, hospital: int, acuity: int, triage: int, group: int, presented: float
    ) -> None:
        self.number = number
        self.hospital = hospital
        """Where the patient is, or is going."""
        self.origin = hospital
        """The hospital of first presentation."""
        self.acuity = acuity
        self.triage = triage
        self.group = group
        self.presented = presented
        self.step = -1
        self.visit = 0
        self.visits: dict[int, int] = {}
        self.leg = 0
        """How many steps were begun to be waited for."""
        self.cell: Any = None
        """The part of the queue in which the patient waits; None when not waiting."""
        self.key: tuple[float, int] = (0.0, 0)
        self.queued = 0.0
        self.patience = inf
        """When patience ends, absolute hours."""
        self.place = -1
        """Where hazards find the patient: an index of `network.PLACES`."""
        self.option: Any = None
        """The option of the step that was or is about to be seized; None: nothing is needed."""
        self.since = 0.0
        """Since when it is held."""
        self.need = -1
        """What the present step holds; -1: nothing."""
        self.held = -1
        """What is kept from an earlier step (boarding); -1: nothing."""
        self.held_from = (-1, 0, 0)
        """The step, visit and leg from which it is kept."""
        self.extra = 0.0
        """Hours added to the next step: the cleaning that an exchange of beds costs."""
        self.destination = -1
        """Where the patient is about to go; -1: nowhere."""
        self.reservation = -1
        """The need reserved at the destination; -1: none."""
        self.ambulance = False
        self.announced = False
        """Whether somebody was asked to decide because this patient came."""
        self.treated = False
        self.tier = -1
        self.finish = inf
        """When the present step will end."""
        self.hazards: Any = None
        """The clocks of `sim/hazards.py`."""


class PatientFactory(Protocol):
    """Makes a patient at presentation and takes leave of them at departure."""

    def present(
        self, number: int, hospital: int, acuity: int, triage: int, group: int, presented: float
    ) -> Patient:
        """Return the patient with this number."""
        ...

    def depart(self, patient: Patient) -> None:
        """Forget a patient whose journey has ended."""
        ...

    def close(self) -> None:
        """Give back what the factory holds; nobody presents afterwards."""
        ...


class PlainPatients:
    """The factory for tests of `sim` alone: patients without a population."""

    def present(
        self, number: int, hospital: int, acuity: int, triage: int, group: int, presented: float
    ) -> Patient:
        """Return a plain patient."""
        return Patient(number, hospital, acuity, triage, group, presented)

    def depart(self, patient: Patient) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to give back."""
