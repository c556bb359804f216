"""The audit of a side as a task for a worker: in go the visits on disk, out come exhibits ready to be shown."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd

from dashboards.app.asked_page import Found
from dashboards.report.audit import sections
from policies.audit.analyzer import FairnessAnalyzer, Settings
from policies.audit.gate_file import read_gates_text
from policies.audit.results import Results
from scenarios.scenario import Scenario
from sim.network import compile_network


@dataclass(frozen=True)
class Asked:
    """What is audited, picklable."""

    scenario: str
    """As JSON."""
    policy: str
    seed: int
    visits: tuple[str, ...]
    """A file of visits for each run, in order."""
    by: str
    reference: str
    gates: str
    """YAML; empty: none."""


def audit(asked: Asked) -> Found:
    """Return the audit. Raises `FairwardError` for what cannot be asked."""
    scenario = Scenario.model_validate(json.loads(asked.scenario))
    gates = read_gates_text(asked.gates, compile_network(scenario)) if asked.gates.strip() else ()
    visits = {n: pd.read_parquet(path) for n, path in enumerate(asked.visits, 1)}
    settings = Settings(by=(asked.by,), reference=asked.reference, gates=gates)
    report = FairnessAnalyzer(settings).generate_fairness_report(
        Results(scenario, asked.policy, asked.seed, visits)
    )
    exhibits = tuple(exhibit for section in sections(report) for exhibit in section.exhibits)
    return Found("the audit in a sentence", report.sentence, exhibits, tuple(report.notes))
