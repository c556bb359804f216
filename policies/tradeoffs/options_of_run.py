"""The options of a finished run: every policy at every setting, with its outcomes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from policies.objective import Objective, Values, values_of
from scenarios.errors import UsageError
from sim.outcomes import KEYS

NOT_SETTINGS = {"policy", "replication", "n", "value", *KEYS}
"""Columns of the outcomes of a run that are not settings of a sweep."""


@dataclass(frozen=True)
class Option:
    """One way of running the network."""

    policy: str
    setting: tuple[tuple[str, str], ...]
    """Of a sweep: (place, value)."""
    values: tuple[Values, ...]
    """One for each objective; the runs are those of every other option."""

    @property
    def label(self) -> str:
        """Policy and setting: `c-mu, icu.count=6`."""
        return ", ".join([self.policy, *(f"{_short(place)}={value}" for place, value in self.setting)])


@dataclass(frozen=True)
class RunOptions:
    """What a run folder holds for a trade-off."""

    name: str
    seed: int
    replications: tuple[int, ...]
    options: tuple[Option, ...]


def read_options(folder: Path, objectives: Sequence[Objective]) -> RunOptions:
    """Return the options of a run of `fairward compare` or `fairward sweep`. Raises `UsageError`."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        outcomes = pd.read_parquet(folder / "outcomes.parquet")
        seed, policies = int(manifest["seed"]), list(manifest["policies"])
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"{folder} is not a run that can be read: {error}. See `fairward runs list`."
        ) from None
    if "policy" not in outcomes:
        outcomes = outcomes.assign(policy=policies[0])
    settings = [column for column in outcomes.columns if column not in NOT_SETTINGS]
    for objective in objectives:
        _check_there(outcomes, objective)
    found = [
        Option(
            str(key[0]),
            tuple((place, str(value)) for place, value in zip(settings, key[1:], strict=True)),
            tuple(values_of(objective, frame) for objective in objectives),
        )
        for key, frame in outcomes.groupby(["policy", *settings], sort=False, observed=True)
    ]
    if len(found) < 2:
        raise UsageError(
            f"{folder.name} has one option only. A trade-off needs several: `fairward compare`, or `fairward sweep` "
            "with --policies."
        )
    numbers = {
        tuple(sorted(frame["replication"].unique())) for _, frame in outcomes.groupby(["policy", *settings])
    }
    if len(numbers) > 1:
        raise UsageError(
            f"{folder.name}: its options do not have the same replications, so they cannot be paired."
        )
    return RunOptions(folder.name, seed, tuple(int(n) for n in next(iter(numbers))), tuple(found))


def _check_there(outcomes: pd.DataFrame, objective: Objective) -> None:
    rows = outcomes[outcomes["metric"] == objective.metric]
    if rows.empty:
        raise UsageError(f"{objective.written}: the run has no {objective.metric}.")
    known = [attribute for attribute in rows["attribute"].fillna("").unique() if attribute]
    if objective.attribute and objective.attribute not in known:
        raise UsageError(
            f"{objective.written}: the run was not measured by {objective.attribute}; it was by {', '.join(known)}. "
            f"Run it again with --set 'equity.groups+={objective.attribute}'."
        )


def _short(place: str) -> str:
    """The last two words of a place."""
    return ".".join(place.split(".")[-2:])
