"""What an experiment answers: summaries, paired differences, one sentence, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from scenarios.scenario import Scenario


@dataclass(frozen=True)
class Answer:
    """The result of running one scenario under one or more policies on the same patients.

    `dashboards.report.write_report(answer, folder)` writes it as HTML; by then `folder` holds
    `tables/<policy>/{visits,steps,census,queues,decisions}.parquet` with a column `replication`.
    """

    scenario: Scenario
    policies: tuple[str, ...]
    """As the user wrote them; the first is the one that the others are compared with."""
    seed: int
    replications: tuple[int, ...]
    """Numbers of the replications, from 1; the same for every policy."""
    outcomes: Mapping[str, pd.DataFrame]
    """Policy -> `sim.outcomes.outcomes` of every replication, with a column `replication`."""
    summaries: Mapping[str, pd.DataFrame]
    """Policy -> `sim.inference.summarise` of its outcomes."""
    differences: Mapping[str, pd.DataFrame]
    """Policy -> `sim.inference.paired` of its outcomes less those of the first policy; the first is not in it."""
    sentence: str
    """One honest sentence."""
    notes: tuple[str, ...] = ()
    """What is not shown, and what to bear in mind: sentences."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Hashes, versions, engine, commit, arguments, machine."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Policy -> name of its folder under `tables/` (the policy's name unless it has odd characters)."""
