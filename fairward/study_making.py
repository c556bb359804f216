"""What a study makes its parts with: training, explaining, and training while demand changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fairward.study_training import Follower, Trainer
from policies.evaluation.seeds import simulation_seed
from policies.study.protocol import Explaining
from scenarios.scenario import Scenario

Explainer = Callable[[Scenario, str, Explaining], Mapping[str, Any]]
"""(scenario, policy, how) -> what `fairward explain --json` says."""

EXPLORING = 1
"""Number of the exploring seed on which winners are watched."""


def train_for_study(
    scenario: Scenario, settings: Mapping[str, Any], seed: int, folder: Path
) -> tuple[Path, pd.DataFrame]:
    """Train with the lean trainer, from the newest checkpoint of the folder if there is one."""
    from policies.learning.checkpoint import checkpoints_of
    from policies.learning.settings import TrainSettings
    from policies.learning.training import train

    begun = folder.is_dir() and bool(checkpoints_of(folder))
    trained = train(scenario, TrainSettings.of_plain({**settings, "seed": seed}), folder, resume=begun)
    return trained.folder, trained.history


def explain_for_study(scenario: Scenario, policy: str, how: Explaining) -> Mapping[str, Any]:
    """Explain as `fairward explain` does."""
    from policies.explain.asking import Asking, ask

    seed = simulation_seed("exploring", EXPLORING)
    told, _, _ = ask(scenario, Asking(policy, how.runs, seed, n_rows=how.rows, n_background=how.background))
    return told.content


def follow_for_study(
    before: Scenario, after: Scenario, settings: Mapping[str, Any], changes_at: int
) -> pd.DataFrame:
    """Train through a change of demand."""
    from policies.learning.demand_change import train_through_change
    from policies.learning.settings import TrainSettings

    return train_through_change(before, after, TrainSettings.of_plain(settings), changes_at)


@dataclass(frozen=True)
class Makers:
    """What the parts of a study are made with; functions of a module, for they travel to other processes."""

    train: Trainer = train_for_study
    explain: Explainer = explain_for_study
    follow: Follower = follow_for_study
