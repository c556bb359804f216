"""Patients as Mesa agents: made at presentation, removed at departure, driven by the SimPy clock.

Mesa gives identity and the set of people in care; it schedules nothing. The simulation's clock and
random numbers are `sim`'s.
"""

from __future__ import annotations

import mesa

from sim.patient import Patient


class CarePopulation(mesa.Model):
    """The people in care somewhere in the network now (`agents`).

    Agents are registered as Mesa's `Model` does it, without the two messages for its log that it would
    compose for every patient: they cost more than all the rest of the registration.
    """

    def __init__(self) -> None:
        super().__init__(rng=0)
        self._agents_by_type[PatientAgent] = mesa.agent.AgentSet([], random=self.random)

    def register_agent(self, agent: mesa.Agent) -> None:
        """Add a patient, whom `Agent.__init__` hands over."""
        self._agents[agent] = None
        self._agents_by_type[PatientAgent].add(agent)
        self._all_agents.add(agent)

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """Remove a patient; called by `Agent.remove`."""
        del self._agents[agent]
        self._agents_by_type[PatientAgent].remove(agent)
        self._all_agents.remove(agent)


class PatientAgent(Patient, mesa.Agent):  # type: ignore[misc]  # Mesa is followed untyped
    """A patient of the simulation and an agent of the population."""

    def __init__(
        self,
        model: CarePopulation,
        number: int,
        hospital: int,
        acuity: int,
        triage: int,
        group: int,
        presented: float,
    ) -> None:
        Patient.__init__(self, number, hospital, acuity, triage, group, presented)
        mesa.Agent.__init__(self, model)


class MesaPatients:
    """The patient factory of every real run. See `sim.patient.PatientFactory`."""

    def __init__(self) -> None:
        self.model = CarePopulation()

    def present(
        self, number: int, hospital: int, acuity: int, triage: int, group: int, presented: float
    ) -> PatientAgent:
        """Return the patient as an agent of the population."""
        return PatientAgent(self.model, number, hospital, acuity, triage, group, presented)

    def depart(self, patient: Patient) -> None:
        """Remove the patient from the population."""
        assert isinstance(patient, PatientAgent)
        patient.remove()

    def close(self) -> None:
        """Let go of the model: Mesa 3.3 keeps every model alive through `Agent._ids`."""
        mesa.Agent._ids.pop(self.model, None)
