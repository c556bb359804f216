"""From `fairward explain` to a run folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from dashboards.report.contributions import explanation_drawings
from fairward.runs import find_run, partial, read_manifest
from fairward.studies import publish_study
from policies.experiment import check_policies
from policies.explain.asking import Asking, ask
from policies.explain.explanation import Explanation
from policies.explain.moved import journey
from policies.explain.telling_moves import tell_journey
from policies.told import Told
from policies.variants import study_hash
from scenarios.loader import load
from scenarios.scenario import Scenario


def asked(name: str, overrides: Sequence[str], out: Path) -> tuple[Scenario, list[str], int | None]:
    """Return the scenario of a name, a file or a run, with the policies and the seed of the run."""
    folder = Path(name)
    if not (folder / "manifest.json").is_file():
        known = (out / name / "manifest.json").is_file() or name == "latest"
        if not known:
            return load(name, overrides), [], None
        folder = find_run(out, name)
    manifest = read_manifest(folder)
    scenario = load(folder / "scenario.resolved.yaml", overrides)
    return scenario, list(manifest.get("policies", [])), manifest.get("seed")


def explained_told(
    scenario: Scenario,
    policy: str,
    runs: int,
    seed: int,
    dial: str | None,
    at: str | None,
    hospital: str | None,
    n_rows: int,
    n_background: int,
    arguments: dict[str, Any],
    out: Path,
    quiet: bool,
    began: float,
) -> tuple[Told, Path]:
    """Explain a policy and write the run folder."""
    asking = Asking(policy, runs, seed, dial, at, hospital, n_rows, n_background)
    told, found, words = ask(scenario, asking, said(quiet))
    identity = f"{study_hash(scenario, (), seed, 'auto')}:{arguments}"
    with partial(out, hashlib.sha256(identity.encode()).hexdigest()) as parts:
        folder = publish_study(
            told, scenario, "explanation", arguments, [policy], seed, runs, identity, parts, out, began,
            frames={"contributions": contribution_table(found)}, drawings=explanation_drawings(found, words),
        )  # fmt: skip
    return told, folder


def journey_told(
    scenario: Scenario,
    policy: str,
    seed: int,
    replication: int,
    patient: int,
    transfer: int,
    arguments: dict[str, Any],
    out: Path,
    began: float,
) -> tuple[Told, Path]:
    """Follow one patient and write the run folder."""
    check_policies(scenario, [policy], seed)
    found = journey(scenario, policy, seed, replication, patient, transfer)
    told = tell_journey(scenario, policy, seed, found)
    identity = f"{study_hash(scenario, (), seed, 'auto')}:{arguments}"
    with partial(out, hashlib.sha256(identity.encode()).hexdigest()) as parts:
        folder = publish_study(
            told, scenario, "journey", arguments, [policy], seed, 1, identity, parts, out, began
        )
    return told, folder


def contribution_table(found: Explanation) -> pd.DataFrame:
    """Return a row for every state that was explained: its margin, inputs and contributions."""
    case = found.case
    return pd.DataFrame(
        {
            "who": case.who,
            "run": case.run,
            "margin": found.found.margin,
            "base": found.found.base,
            **{f"input {label}": case.rows[:, j] for j, label in enumerate(case.labels)},
            **{f"contribution {label}": found.found.values[:, j] for j, label in enumerate(case.labels)},
        }
    )


def said(quiet: bool) -> Callable[[str], None]:
    """Return what says on stderr what is being done, or keeps silent."""
    return (lambda _: None) if quiet else lambda what: typer.echo(what, err=True)
