"""Experiments over a grid of settings and policies, and their table."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from fairward.progress import progress
from fairward.runs import forget, partial, publish, write_manifest
from fairward.wording import HEADLINES
from policies.answer import Answer
from policies.experiment import check_policies, experiment
from policies.origin import results_hash, source_hash, versions
from policies.parts import write_parquet
from policies.registry import checkpoint_hashes
from policies.sentence import aligned, everybody, shown
from scenarios.errors import ScenarioError, UsageError
from scenarios.loader import load, scenario_hash
from scenarios.scenario import Scenario
from sim.outcomes import METRICS
from sim.replications import Workers

MOST_COMBINATIONS = 200
Setting = dict[str, str]
Row = dict[str, Any]


def grid(set_over: Sequence[str]) -> list[Setting]:
    """Return all combinations of `key=v1,v2,...`.

    >>> grid(["a=1,2", "b=x"])
    [{'a': '1', 'b': 'x'}, {'a': '2', 'b': 'x'}]
    """
    axes: dict[str, list[str]] = {}
    for text in set_over:
        key, equals, values = text.partition("=")
        choices = [value.strip() for value in values.split(",") if value.strip()]
        if not (key.strip() and equals and choices):
            raise UsageError(f"--set-over: expected key=v1,v2,..., got {text!r}.")
        if key.strip() in axes:
            raise UsageError(f"--set-over: {key.strip()} is given twice. Write its values behind one key.")
        axes[key.strip()] = choices
    settings = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    if len(settings) > MOST_COMBINATIONS:
        raise UsageError(
            f"--set-over: expected at most {MOST_COMBINATIONS} combinations, got {len(settings)}. Sweep fewer."
        )
    return settings


def sweep_answers(
    name: str,
    set_over: Sequence[str],
    policies: Sequence[str],
    replications: int | None,
    seed: int,
    jobs: int | None,
    engine: str,
    overrides: Sequence[str],
    out: Path,
    quiet: bool,
) -> tuple[list[Setting], list[Row], Path]:
    """Return what each row is of (a setting, and `policy` where there are several), its estimates, and the run folder.

    Finished replications are kept until the sweep is complete: interrupted, it goes on from there.
    """
    began = time.time()
    settings = grid(set_over)
    scenarios = [_loaded(name, overrides, setting) for setting in settings]
    for scenario in scenarios:
        check_policies(scenario, policies, seed)
    identities = [scenario_hash(scenario) for scenario in scenarios]
    stores = [results_hash(identity, seed, engine) for identity in identities]
    answers: list[Answer] = []
    with Workers(jobs) as workers, progress(f"sweep of {name}", quiet) as tell:
        for n, (scenario, store) in enumerate(zip(scenarios, stores, strict=True)):
            wanted = scenario.replications if replications is None else replications
            with partial(out, store) as parts:
                answers.append(
                    experiment(
                        scenario,
                        policies,
                        replications,
                        seed,
                        engine,
                        workers,
                        parts,
                        on_done=lambda done, of, newest, n=n, wanted=wanted: tell(  # type: ignore[misc]
                            n * wanted + done, len(scenarios) * wanted, newest
                        ),
                    )
                )
    rows = [_row(answer, policy) for answer in answers for policy in policies]
    several = len(policies) > 1
    shown = [
        {**({"policy": policy} if several else {}), **setting} for setting in settings for policy in policies
    ]
    arguments = {"scenario": name, "set_over": list(set_over), "policies": list(policies), "reps": replications,
                 "seed": seed, "engine": engine, "set": list(overrides)}  # fmt: skip
    learned = checkpoint_hashes(policies)
    identity = results_hash(
        ":".join([*identities, *policies, str(replications), *learned.values()]), seed, engine
    )
    with partial(out, identity) as parts:
        folder = parts.folder / f"assembling-{os.getpid()}"
        folder.mkdir(parents=True, exist_ok=True)
        write_parquet(
            pd.concat(
                [
                    answer.outcomes[policy].assign(policy=policy, **setting)
                    for setting, answer in zip(settings, answers, strict=True)
                    for policy in policies
                ],
                ignore_index=True,
            ),
            folder / "outcomes.parquet",
        )
        content = {
            "scenario": scenarios[0].name,
            "policies": list(policies),
            "seed": seed,
            "replications": list(answers[0].replications),
            "sentence": f"A sweep over {len(settings)} settings of {', '.join(settings[0])}.",
            "arguments": arguments,
            "settings": settings,
            "provenance": {
                "scenario_hash": identity, "scenario_hashes": identities, "source_hash": source_hash(),
                "versions": versions(), "checkpoints": learned,
                "logs": [answer.provenance["logs"] for answer in answers],
            },
        }  # fmt: skip
        write_manifest(folder, content, began)
        place = publish(folder, out, f"{scenarios[0].name}-sweep", identity, began)
        shutil.rmtree(parts.folder, ignore_errors=True)
    for store in stores:
        with partial(out, store) as parts:
            forget(parts, policies)
    return shown, rows, place


def _loaded(name: str, overrides: Sequence[str], setting: Setting) -> Scenario:
    """Load a scenario at a setting; what is wrong with the setting is said of `--set-over`."""
    changes = [f"{key}={value}" for key, value in setting.items()]
    try:
        return load(name, [*overrides, *changes])
    except ScenarioError as error:
        own = {f"--set {n}": f"--set-over {text}" for n, text in enumerate(changes, len(overrides) + 1)}
        raise ScenarioError([replace(p, file=own.get(p.file, p.file)) for p in error.problems]) from None


def sweep_text(settings: Sequence[Setting], rows: Sequence[Row], policies: Sequence[str], seed: int) -> str:
    """Return a table with a line for each setting and policy, and a column for each metric that is not 0 throughout."""
    metrics = [m for m in HEADLINES if any(row.get(m) is not None and row[m]["mean"] != 0 for row in rows)]
    lines = [
        [*setting.values(), *(row[m]["text"] if row.get(m) else "" for m in metrics)]
        for setting, row in zip(settings, rows, strict=True)
    ]
    n_runs = rows[0]["n_runs"]
    whose = (
        f"Policy {policies[0]}" if len(policies) == 1 else f"{len(policies)} policies on the same patients"
    )
    note = f"{whose}, {n_runs} runs each, seed {seed}; 95 % intervals over runs. Synthetic patients."
    return aligned([*settings[0], *(METRICS[m].title for m in metrics)], lines) + f"\n\n{note}"


def _row(answer: Answer, policy: str) -> Row:
    row: Row = {"n_runs": len(answer.replications)}
    for metric in HEADLINES:
        found = everybody(answer.summaries[policy], metric)
        if isfinite(found.value):
            bounds = [bound if isfinite(bound) else None for bound in (found.low, found.high)]
            row[metric] = {
                "mean": found.value,
                "low": bounds[0],
                "high": bounds[1],
                "text": shown(found, metric),
            }
    return row
