"""One replication of a scenario under each policy, on the same patients: the task of a worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.build import build_engine
from policies.parts import Part, Parts
from policies.registry import build_policy
from scenarios.errors import RunError
from scenarios.scenario import Scenario
from sim.inference import in_system_by_hour
from sim.network import compile_network
from sim.outcomes import outcomes
from sim.protocol import run
from sim.result import Result
from sim.tables import Tables

if TYPE_CHECKING:
    from agents.population.diary import Diary
    from sim.fast.engine import FastEngine


@dataclass(frozen=True)
class Replication:
    """A picklable task: called with a number, it runs that replication or reads it if it is there."""

    scenario: Scenario
    policies: tuple[str, ...]
    seed: int
    engine: str
    parts: Parts | None
    """Where finished replications are kept; None: nowhere."""

    def __getstate__(self) -> dict[str, Any]:
        """Travel with the scenario as text: its generic classes cannot be pickled."""
        return {
            **{field.name: getattr(self, field.name) for field in fields(self)},
            "scenario": self._written,
        }

    @cached_property
    def _written(self) -> str:
        """Written once a task, not once a replication: that takes 15 ms for a region."""
        return dump_json(self.scenario)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({**state, "scenario": _scenario(state["scenario"])})

    def __call__(self, number: int) -> dict[str, Part]:
        """Return the replication by policy. Raises if two policies did not meet the same patients."""
        done = {policy: self._one(policy, number) for policy in self.policies}
        if len({part.workload for part in done.values()}) > 1:
            raise RunError(
                f"Replication {number} gave different patients to {' and '.join(done)}, so they cannot be compared. "
                "This is a bug; please report it with the scenario."
            )
        return done

    def _one(self, policy: str, number: int) -> Part:
        if self.parts is not None and (kept := self.parts.read(policy, number)) is not None:
            return kept
        result = simulate(self.scenario, policy, self.seed, number, self.engine)
        made = Tables(result)
        part = Part(
            policy=policy,
            replication=number,
            outcomes=outcomes(made, result.network),
            fingerprint=result.log.fingerprint(),
            workload=result.workload_hash,
            in_system=_by_hour(in_system_by_hour(made, result.network)),
            n_patients=len(made.visits),
            events=len(result.log),
        )
        if self.parts is not None:
            self.parts.write(part, frames(made))
        return part


def _by_hour(patients: NDArray[np.float64]) -> pd.DataFrame:
    return pd.DataFrame({"hour": np.arange(len(patients)), "patients": patients})


def dump_json(scenario: Scenario) -> str:
    """Return the scenario as JSON text."""
    return json.dumps(scenario.model_dump(mode="json", by_alias=True, exclude_none=True))


@lru_cache(maxsize=4)
def _scenario(text: str) -> Scenario:
    """Read it once a worker, not once a replication."""
    return Scenario.model_validate(json.loads(text))


def simulate(
    scenario: Scenario,
    policy: str,
    seed: int,
    number: int,
    engine: str = "auto",
    diary: Diary | None = None,
    noted: bool = True,
) -> Result:
    """Run one replication under a policy built afresh, with a stream of its own; a `diary` changes nothing.

    Unless the orders must be `noted` in the result, those who can answer by numbers do (`policies.by_numbers`): the log
    and the patients are the same.
    """
    network, stream = compile_network(scenario), policy_stream(policy, seed, number)
    running = build_engine(scenario, seed, number, engine, diary)
    if not noted and engine != "simpy":
        from policies.by_numbers import played  # Numba takes a second

        if played(cast("FastEngine", running), policy, scenario, network, stream):
            return running.result()
    return run(running, build_policy(policy, scenario, network, stream))


def policy_stream(policy: str, seed: int, number: int) -> np.random.Generator:
    """Return what a policy may draw from: a stream that nothing else reads."""
    name = f"{seed}:{number}:policy:{policy}".encode()
    key = blake2b(name, digest_size=16, person=b"fairward").digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))


def frames(made: Tables) -> Mapping[str, pd.DataFrame]:
    """Return the data frames of `Tables` by name."""
    return {name: getattr(made, name) for name in Tables.NAMES}
