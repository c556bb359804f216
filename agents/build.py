"""The composition root: the only place where a scenario, its random numbers, its patients and an engine meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.errors import UnsupportedFeature
from scenarios.scenario import Scenario
from sim.network import compile_network
from sim.protocol import Engine
from sim.workload import Workload

if TYPE_CHECKING:
    from agents.population.diary import Diary
    from sim.fast.engine import FastEngine
    from sim.reference import ReferenceEngine

ENGINES = ("auto", "simpy", "fast")
"""What `--engine` takes."""


def build_engine(
    scenario: Scenario, seed: int, replication: int, engine: str = "auto", diary: Diary | None = None
) -> Engine:
    """Return an engine at time zero. Raises `UnsupportedFeature` when the named engine does not exist.

    `engine`: `simpy` (to be read), `fast` (compiled) or `auto` (fast). Both give the same log, to the last bit.
    `replication` counts from 1. Equal arguments give equal results to the last bit. A `diary` is written by the
    people of a population, if there is one, and changes nothing.
    """
    if engine not in ENGINES:
        raise UnsupportedFeature("this version of Fairward", f"engine {engine!r}")
    network = compile_network(scenario)
    if scenario.population is None and scenario.epidemic is None:
        workload = Workload(network, seed, replication)
        if engine != "simpy":
            return _fast()(network, workload)
        from agents.patients import MesaPatients

        return _reference()(network, workload, MesaPatients())
    from agents.population.patients import PopulationPatients
    from agents.population.source import People, source_names

    workload = Workload(network, seed, replication, source_names(scenario))
    people = People(network, seed, replication, len(workload.patients), diary)
    kind = _reference() if engine == "simpy" else _fast()
    return kind(network, workload, PopulationPatients(people), people)


def _fast() -> type[FastEngine]:
    """Import it only for those who need it: Numba, and the kernel from its cache, take half a second."""
    from sim.fast.engine import FastEngine

    return FastEngine


def _reference() -> type[ReferenceEngine]:
    """Import it only for those who need it."""
    from sim.reference import ReferenceEngine

    return ReferenceEngine


def prepare(engine: str = "auto") -> None:
    """Compile the fast engine unless that has been done, before several processes would do it at once.

    Takes half a minute the first time after the source has changed, and half a second afterwards.
    """
    if engine != "simpy":
        import sim.fast.kernel  # noqa: F401
