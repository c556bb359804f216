"""From `fairward explain` to a run folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from dashboards.report.contributions import beeswarm, waterfall
from dashboards.report.ink import Drawing
from fairward.runs import find_run, partial, read_manifest
from fairward.studies import publish_study
from policies.experiment import check_policies
from policies.explain.case import dial_case, shown, varied_dials
from policies.explain.explanation import Explanation, explanation
from policies.explain.moved import journey
from policies.explain.ranks import rank_case, ranks_of
from policies.explain.subject import Subject, imitate, scorer_of, watch_subject
from policies.explain.telling import tell_explanation
from policies.explain.telling_moves import tell_journey
from policies.parameters import suggestion
from policies.told import Told
from policies.variants import study_hash
from scenarios.errors import UsageError
from scenarios.loader import load
from scenarios.scenario import Scenario
from scenarios.units import parse_duration

RANKS = "ranks"
"""What `--dial` takes for the order of waiting patients."""


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
    check_policies(scenario, [policy], seed)
    say = _say(quiet)
    subject = watch_subject(scenario, policy, range(1, runs + 1), seed, say)
    ranks = dial == RANKS or (dial is None and subject.learned is None and subject.vocabulary is None)
    if ranks:
        scored = ranks_of(subject.rules[0], subject.network)
        found = explanation(rank_case(scored, subject.runs, n_rows, n_background, seed), seed, say)
        told, words = tell_explanation(subject, found, None, None, scored.words), scored.words
    else:
        imitated = imitate(subject, say)
        scorer = scorer_of(subject, imitated)
        place = _dial_named(
            dial, subject, [name for name, _ in scorer.dials], varied_dials(scorer, subject.visited)
        )
        where = _where(subject, at, hospital)
        case = dial_case(
            scorer, subject.visited, place, subject.network.hospitals, n_rows, n_background, seed, where
        )
        found = explanation(case, seed, say)
        told, words = tell_explanation(subject, found, imitated, place), shown
    identity = f"{study_hash(scenario, (), seed, 'auto')}:{arguments}"
    with partial(out, hashlib.sha256(identity.encode()).hexdigest()) as parts:
        folder = publish_study(
            told, scenario, "explanation", arguments, [policy], seed, runs, identity, parts, out, began,
            frames={"contributions": _frame(found)}, drawings=_drawings(found, words),
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


def _dial_named(dial: str | None, subject: Subject, names: list[str], varied: list[int]) -> int:
    if dial is None:
        if not varied:
            raise UsageError(
                f"{subject.policy} chose the same everywhere. Name a dial with --dial: {', '.join(names)}, or {RANKS}."
            )
        return varied[0]
    if dial not in names:
        raise UsageError(f'--dial: "{dial}" is not a dial here. {suggestion(dial, [*names, RANKS])}')
    return names.index(dial)


def _where(subject: Subject, at: str | None, hospital: str | None) -> tuple[int, float] | None:
    if at is None and hospital is None:
        return None
    hospitals = subject.network.hospitals
    if hospital is not None and hospital not in hospitals:
        raise UsageError(f'--hospital: "{hospital}" is not here. {suggestion(hospital, hospitals)}')
    try:
        hours = 0.0 if at is None else parse_duration(at)
    except ValueError as error:
        raise UsageError(f"--at: {error}") from None
    return (0 if hospital is None else hospitals.index(hospital)), hours


def _drawings(found: Explanation, words: Callable[[str, float], str]) -> dict[str, Drawing]:
    case, i = found.case, found.case.local
    texts = [words(label, value) for label, value in zip(case.labels, case.rows[i], strict=True)]
    return {
        "why-here": waterfall(
            case.labels, texts, found.found.values[i], float(found.found.base[i]), float(found.found.margin[i])
        ),
        "what-matters": beeswarm(case.labels, found.found.values, case.rows),
    }  # fmt: skip


def _frame(found: Explanation) -> pd.DataFrame:
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


def _say(quiet: bool) -> Callable[[str], None]:
    return (lambda _: None) if quiet else lambda what: typer.echo(what, err=True)
