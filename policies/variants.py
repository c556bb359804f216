"""Many variants of a scenario, each run several times: one list of tasks for the workers, resumable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from policies.origin import results_hash
from policies.parts import Part, Parts
from policies.replication import dump_json, simulate
from scenarios.loader import scenario_hash, varied
from scenarios.scenario import Scenario
from sim.inference import in_system_by_hour
from sim.outcomes import METRICS, outcomes
from sim.replications import Workers, replicate
from sim.tables import Tables

OnDone = Callable[[int, int, Any], None]
"""(runs done, runs wanted, the newest)."""


@dataclass(frozen=True)
class Variant:
    """A scenario with some changes, and which replications of it are run."""

    changes: tuple[str, ...]
    """As after `--set`; none: the scenario as it is."""
    numbers: tuple[int, ...]


def run_variants(
    base: Scenario | Mapping[str, Any],
    variants: Sequence[Variant],
    policies: Sequence[str],
    metrics: Sequence[str],
    by: Sequence[str],
    seed: int,
    engine: str = "auto",
    workers: Workers | None = None,
    folder: Path | None = None,
    on_done: OnDone | None = None,
) -> list[dict[str, pd.DataFrame]]:
    """Return for each variant of a scenario (or of what is written of one) the outcomes by policy.

    They are of some metrics of the network, with a column `replication`.
    Replications of one number share their random numbers over variants and policies. What is finished is kept in
    `folder` and read from there. Raises `sim.replications.Interrupted`.
    """
    owner = np.repeat(np.arange(len(variants)), [len(variant.numbers) for variant in variants])
    numbers = [number for variant in variants for number in variant.numbers]
    text = dump_json(base) if isinstance(base, Scenario) else json.dumps(base)
    task = _Task(
        text, tuple(v.changes for v in variants), tuple(owner.tolist()), tuple(numbers), tuple(policies),
        tuple(metrics), tuple(by), seed, engine, folder,
    )  # fmt: skip
    n_done = 0

    def report(number: int, newest: Any) -> None:
        nonlocal n_done
        n_done += 1
        if on_done is not None:
            on_done(n_done, len(numbers), newest)

    done = replicate(task, range(len(numbers)), jobs=1, on_done=report, workers=workers)
    return [
        {
            policy: pd.concat([done[int(k)][policy] for k in np.flatnonzero(owner == v)], ignore_index=True)
            for policy in policies
        }
        for v in range(len(variants))
    ]


def study_hash(scenario: Scenario, by: Sequence[str], seed: int, engine: str) -> str:
    """Return the name of everything that decides a run of a variant but the variant, its metrics, its number and the
    policy."""
    parts = json.dumps([scenario_hash(scenario), list(by)])
    return results_hash(hashlib.sha256(parts.encode()).hexdigest(), seed, engine)


@dataclass(frozen=True)
class _Task:
    """Picklable: task number -> outcomes by policy."""

    scenario: str
    """As JSON: whole, or as it is written."""
    changes: tuple[tuple[str, ...], ...]
    owner: tuple[int, ...]
    numbers: tuple[int, ...]
    policies: tuple[str, ...]
    metrics: tuple[str, ...]
    by: tuple[str, ...]
    seed: int
    engine: str
    folder: Path | None

    def __call__(self, task: int) -> dict[str, pd.DataFrame]:
        changes, number = self.changes[self.owner[task]], self.numbers[task]
        return {
            policy: self._outcomes(changes, policy, number).assign(replication=number)
            for policy in self.policies
        }

    def _outcomes(self, changes: tuple[str, ...], policy: str, number: int) -> pd.DataFrame:
        parts = None if self.folder is None else Parts(self.folder / _name(changes, self.metrics))
        if parts is not None and (kept := parts.read(policy, number)) is not None:
            return kept.outcomes
        noted = any(METRICS[name].of_orders for name in self.metrics)
        result = simulate(
            _varied(self.scenario, changes), policy, self.seed, number, self.engine, noted=noted
        )
        made = Tables(result)
        frame = outcomes(made, result.network, self.by, self.metrics)
        frame = frame[frame["hospital"] == ""]
        if parts is not None:
            hours = in_system_by_hour(made, result.network)
            in_system = pd.DataFrame({"hour": np.arange(len(hours)), "patients": hours})
            part = Part(
                policy, number, frame, result.log.fingerprint(), result.workload_hash, in_system,
                len(made.visits), len(result.log),
            )  # fmt: skip
            parts.write(part, {})
        return frame


def _name(changes: tuple[str, ...], metrics: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps([changes, metrics]).encode()).hexdigest()[:16]


@lru_cache(maxsize=64)
def _varied(text: str, changes: tuple[str, ...]) -> Scenario:
    return varied(json.loads(text), changes)
