"""Two ways of banding in one clinic: the same patients, the same random numbers, other priorities."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from policies.answer import Answer
from policies.experiment import OnDone, experiment
from scenarios.loader import load
from sim.inference import paired
from sim.replications import Workers

SCENARIO = "heart-clinic"
WATCHED = ("untreated_hours", "within_target")
POLICY = "neutral"


def banded(changes: Sequence[str], replications: int, seed: int, workers: Workers, on_done: OnDone) -> Answer:
    """Run the clinic with the bands that some thresholds make; its own queue rule decides."""
    return experiment(
        load(SCENARIO, tuple(changes)), [POLICY], replications, seed, workers=workers, on_done=on_done
    )


def compared(first: Answer, second: Answer) -> pd.DataFrame:
    """Return second - first by disease and metric, paired by replication, with intervals."""
    differences = paired(first.outcomes[POLICY], second.outcomes[POLICY])
    rows = differences["metric"].isin(WATCHED) & (differences["hospital"] == "")
    rows &= differences["attribute"].isin(["", "heart-disease"])
    return differences[rows].reset_index(drop=True)
