"""From a command to an answer in a run folder: what `run`, `compare` and `demo` share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from fairward.exits import INTERRUPTED
from fairward.progress import progress
from fairward.runs import Command, partial, save
from policies.answer import Answer
from policies.experiment import check_policies, experiment
from policies.origin import results_hash
from policies.stopping import AT_MOST, Until, parse_until
from scenarios.loader import load, scenario_hash
from sim.replications import Interrupted, Workers, available_cores


def _telling(rule: Until | None, quiet: bool) -> Callable[[int], None] | None:
    """Say on stderr how many runs a stopping rule will take, once that can be guessed."""
    if rule is None or quiet:
        return None
    written = rule.written
    return lambda runs: typer.echo(
        f"--until {written}: about {'1000 or more' if runs >= AT_MOST else runs} runs are needed.", err=True
    )


def answered(
    name: str,
    policies: Sequence[str],
    replications: int | None,
    seed: int,
    jobs: int | None,
    engine: str,
    overrides: Sequence[str],
    out: Path,
    until: str | None,
    quiet: bool,
    arguments: Mapping[str, Any],
) -> tuple[Answer, Path]:
    """Run, resume or finish an experiment and return its answer with the run folder."""
    command = Command(arguments, time.time())
    rule = parse_until(until) if until is not None else None
    scenario = load(name, overrides)
    check_policies(scenario, policies, seed)
    wanted = scenario.replications if replications is None else replications
    workers = Workers(min(available_cores() if jobs is None else jobs, wanted if rule is None else 10**6))
    identity = results_hash(scenario_hash(scenario), seed, engine)
    with partial(out, identity) as parts, workers:
        try:
            label = policies[0] if len(policies) == 1 else f"{len(policies)} policies"
            with progress(f"{scenario.name}, {label}", quiet) as tell:
                answer = experiment(
                    scenario,
                    policies,
                    replications,
                    seed,
                    engine,
                    workers,
                    parts,
                    rule,
                    tell,
                    _telling(rule, quiet),
                )
        except Interrupted as interrupted:
            n = sum(
                1 for number in range(1, wanted + 1) if all(parts.place(p, number).exists() for p in policies)
            )
            n = max(n, len(interrupted.done))
            typer.echo(
                f"Interrupted. {n} of {wanted} replications are kept in {parts.folder}; "
                "the same command goes on from there.",
                err=True,
            )
            raise typer.Exit(INTERRUPTED) from None
        return answer, save(answer, parts, out, command)
