"""One run of one side, followed patient by patient: a task for a worker.

Results keep no event logs. The run is made again from the same seed, and its log must have the hash that the result
keeps; then every number of the result is its number too.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dashboards.app.hours import Hours, hours_of
from dashboards.app.question import ENGINE, Side
from dashboards.app.result import Result
from dashboards.app.taken_paths import journeys
from policies.replication import dump_json, simulate
from scenarios.errors import RunError
from scenarios.scenario import Scenario
from sim.event_words import EventWords
from sim.eventlog import EventLog
from sim.tables import Tables


@dataclass(frozen=True)
class Asked:
    """What is followed, picklable."""

    scenario: str
    """As JSON."""
    policy: str
    label: str
    seed: int
    replication: int
    log: str
    """SHA-256 of the log as the result keeps it."""
    key: str
    """Of the result, for the page."""


@dataclass(frozen=True, eq=False)
class Followed:
    """What happened in the run."""

    key: str
    label: str
    replication: int
    words: EventWords
    hours: Hours
    journeys: pd.DataFrame
    """As `dashboards.app.taken_paths.journeys`."""
    workload: str
    """SHA-256 of the patients: the same for two sides that met the same."""
    log: bytes
    """The event log as Parquet: a region's 112 000 rows take 0.6 MB."""


def side_of(result: Result, label: str) -> Side:
    """Return one side of a result. Those of a shipped result are policies on its scenario as it is."""
    return result.sides[label].side if result.sides else Side(label, result.answer.scenario, label)


def asked(result: Result, label: str, replication: int) -> Asked:
    """Return what to ask a worker about one side of a result."""
    answer, side = result.answer, side_of(result, label)
    log = answer.provenance["logs"][label][answer.replications.index(replication)]
    return Asked(dump_json(side.scenario), side.policy, label, answer.seed, replication, log, result.short)


def follow(question: Asked) -> Followed:
    """Return the run. Raises `RunError` if it is not the run of the result."""
    scenario = Scenario.model_validate(json.loads(question.scenario))
    result = simulate(scenario, question.policy, question.seed, question.replication, ENGINE)
    if result.log.fingerprint() != question.log:
        raise RunError(
            f"Run {question.replication} of {question.label} does not come out as it did when this result was made, so "
            "it cannot be shown beside it. Press Run to make the result anew."
        )
    made = Tables(result)
    return Followed(
        question.key, question.label, question.replication, EventWords.of(result.network),
        hours_of(made, result.log, result.network), journeys(made, result.log, result.network),
        result.workload_hash, packed(result.log),
    )  # fmt: skip


def packed(log: EventLog) -> bytes:
    """Return a log as Parquet."""
    out = io.BytesIO()
    pq.write_table(pa.table(log.columns()), out, compression="zstd")
    return out.getvalue()
