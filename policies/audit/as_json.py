"""An audit as one versioned JSON object; what is not known is null, what is hidden is not there."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

from policies.audit.findings import FairnessReport
from sim.evidence.estimated import Estimated

SCHEMA = "fairward.audit/1"


def report_json(report: FairnessReport) -> dict[str, Any]:
    """Return the report."""
    return {
        "schema": SCHEMA,
        "scenario": report.scenario.name,
        "title": report.scenario.title,
        "run": report.run,
        "policy": report.policy,
        "seed": report.seed,
        "n_replications": report.n_runs,
        "sentence": report.sentence,
        "breached": report.breached,
        "attributes": list(report.attributes),
        "references": dict(report.references),
        "outcomes": [
            {"name": name, "title": title, "unit": unit, "better": better}
            for name, (title, unit, better) in report.titles.items()
        ],
        "gates": _plain(report.gates),
        "levels": _plain(report.levels),
        "gaps": _plain(report.gaps),
        "spreads": _plain(report.spreads),
        "mortality": _plain(report.mortality),
        "waits_log_rank": _plain(report.waits_test),
        "decisions": _plain(report.decisions),
        "per_head": _plain(report.per_head),
        "gap_tests": _plain(report.gap_tests),
        "group_tests": _plain(report.group_tests),
        "pooled": _plain(report.pooled),
        "reversals": _plain(report.reversals),
        "recommendation": _plain(report.recommendation),
        "withheld": list(report.withheld),
        "hidden": _plain(report.hidden),
        "notes": list(report.notes),
        "provenance": {
            key: report.provenance[key]
            for key in ("scenario_hash", "results_hash", "source_hash")
            if key in report.provenance
        },
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Estimated):
        return {key: _plain(getattr(value, key)) for key in ("value", "low", "high", "method", "why")}
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value
