"""The composition root: the only place where a scenario, its random numbers, its patients and an engine meet."""

from __future__ import annotations

from agents.patients import MesaPatients
from agents.population.patients import PopulationPatients
from agents.population.source import People, source_names
from scenarios.errors import UnsupportedFeature
from scenarios.scenario import Scenario
from sim.network import compile_network
from sim.protocol import Engine
from sim.reference import ReferenceEngine
from sim.workload import Workload

ENGINES = ("auto", "simpy", "fast")
"""What `--engine` takes."""


def build_engine(scenario: Scenario, seed: int, replication: int, engine: str = "auto") -> Engine:
    """Return an engine at time zero. Raises `UnsupportedFeature` when the named engine does not exist.

    `engine`: `simpy` (to be read), `fast` (compiled) or `auto` (fast). Both give the same log, to the last bit.
    `replication` counts from 1. Equal arguments give equal results to the last bit.
    """
    if engine not in ENGINES:
        raise UnsupportedFeature("this version of Fairward", f"engine {engine!r}")
    network = compile_network(scenario)
    names = source_names(scenario)
    workload = Workload(network, seed, replication, names)
    if engine != "simpy":
        from sim.fast.engine import FastEngine  # Numba, and the kernel from its cache, take a second

        if not names:
            return FastEngine(network, workload)
        people = People(network, seed, replication, first_number=len(workload.patients))
        return FastEngine(network, workload, PopulationPatients(people), people)
    if not names:
        return ReferenceEngine(network, workload, MesaPatients())
    people = People(network, seed, replication, first_number=len(workload.patients))
    return ReferenceEngine(network, workload, PopulationPatients(people), people)


def prepare(engine: str = "auto") -> None:
    """Compile the fast engine unless that has been done, before several processes would do it at once.

    Takes half a minute the first time after the source has changed, and half a second afterwards.
    """
    if engine != "simpy":
        import sim.fast.kernel  # noqa: F401
