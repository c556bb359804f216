"""Patients who are people of a catchment: agents of its Mesa model while they are in care."""

from __future__ import annotations

import mesa

from agents.patients import MesaPatients, PatientAgent
from agents.population.source import People


class PopulationPatients(MesaPatients):
    """The patient factory of scenarios with a population; those from outside are of no catchment."""

    def __init__(self, people: People) -> None:
        super().__init__()
        self._people = people

    def present(
        self, number: int, hospital: int, acuity: int, triage: int, group: int, presented: float
    ) -> PatientAgent:
        """Return the patient as an agent of the catchment where the person lives."""
        found = self._people.whose(number)
        model = self.model if found is None else found[0]
        return PatientAgent(model, number, hospital, acuity, triage, group, presented)

    def close(self) -> None:
        """Let go of the models: Mesa 3.3 keeps every model alive through `Agent._ids`."""
        super().close()
        for catchment in self._people.catchments:
            mesa.Agent._ids.pop(catchment, None)
