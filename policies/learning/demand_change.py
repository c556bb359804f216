"""Training that goes on while demand changes: does lambda follow?

The second scenario must differ in numbers only. Levels stay in the unit of the first (its baseline cost of a patient),
and are taken per patient that is expected in the second, so that more patients alone do not look like worse care.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from policies.learning.settings import TrainSettings
from policies.learning.start import start_of
from policies.learning.training import gradient_trainer
from scenarios.scenario import Scenario
from sim.network import compile_network

if TYPE_CHECKING:
    from policies.learning.lean import LeanTrainer

LATER = 100_000
"""Added to the seed when demand has changed: nobody who came before comes again."""


def train_through_change(
    before: Scenario, after: Scenario, settings: TrainSettings, changes_at: int
) -> pd.DataFrame:
    """Return the history of `settings.iterations` iterations, of which those after `changes_at` meet the other demand.

    Columns are those of `policies.learning.training`, and `changed`. Nothing is written. Raises `MissingExtra` without
    torch.
    """
    trainer = untrained(before, settings)
    later = untrained(after, replace(settings, seed=settings.seed + LATER))
    rows = []
    while trainer.iteration < settings.iterations:
        if trainer.iteration == changes_at:
            trainer.go_on_in(later)
        changed = trainer.iteration >= changes_at
        rows.append({**trainer.iterate(), "changed": changed})
    return pd.DataFrame(rows)


def untrained(scenario: Scenario, settings: TrainSettings) -> LeanTrainer:
    """Return a trainer as `train` begins with it."""
    network = compile_network(scenario)
    offer, options = start_of(settings, scenario, network)
    return gradient_trainer(scenario, network, offer, options, settings)
