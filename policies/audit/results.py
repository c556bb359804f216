"""What an audit is made from: the visits of every replication of one policy, and where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from policies.parts import policy_folder
from scenarios.errors import UsageError
from scenarios.loader import load
from scenarios.scenario import Scenario


@dataclass(frozen=True)
class Results:
    """The replications of one policy."""

    scenario: Scenario
    policy: str
    seed: int
    visits: Mapping[int, pd.DataFrame]
    """Number of the replication -> `sim.tables.Tables.visits`."""
    engine: str = "auto"
    name: str = ""
    """The run folder, for people."""
    began: str = ""
    """When it was made."""
    policies: tuple[str, ...] = ()
    """All policies of the run."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    """Files that are not as they were written."""


def read_results(folder: Path, policy: str | None = None) -> Results:
    """Return what a run folder holds of one policy, the first when not named; nothing is run again."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        policies, seed = tuple(manifest["policies"]), int(manifest["seed"])
        files: Mapping[str, str] = manifest["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{folder} is not a run that can be read: {error}. See `fairward runs list`."
        ) from None
    chosen = policies[0] if policy is None else policy
    if chosen not in policies:
        raise UsageError(f"--policy: {chosen} is not in this run. It has {', '.join(policies)}.")
    table = f"tables/{policy_folder(chosen)}/visits.parquet"
    try:
        visits = pd.read_parquet(folder / table)
        scenario = load(folder / "scenario.resolved.yaml")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{folder} lacks the table of visits ({error}). An audit needs a run made by `fairward run` or `compare`."
        ) from None
    used = (table, "scenario.resolved.yaml")
    return Results(
        scenario=scenario,
        policy=chosen,
        seed=seed,
        visits={int(number): frame for number, frame in visits.groupby("replication", sort=True)},
        engine=str(manifest["provenance"].get("engine", "auto")),
        name=folder.name,
        began=str(manifest.get("began", "")),
        policies=policies,
        provenance=manifest["provenance"],
        changed=tuple(name for name in used if _checksum(folder / name) != files.get(name)),
    )


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
