"""Histories as tables: what was predicted, which band was in force, how it was judged, beside the features."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from agents.risk.features import ABSENT, NAMES, PRESENT
from agents.risk.histories import TREND, Simulator, features_at
from policies.thresholds.explorers import EXPLORERS
from policies.thresholds.moves import ACTIONS, BANDS, LEVELS, SETTINGS, STEPS, Floats, Ints, level
from policies.thresholds.walk import walk
from sim.streams import uniforms

COLUMNS = (
    "Id", "Date", "Prediction", "State", "Action", "Reward", "Eval_Date", "Eval_Prediction", "Next_State",
    "True_Outcome", "Trend", "Band", "Moderate", "High", "Top_K", *NAMES,
)  # fmt: skip
"""The first ten are what a learner needs; the next five say what was in force, so that a reward can be checked."""


def histories(simulator: Simulator, start: int, verbosity: float, seed: int, first: date) -> pd.DataFrame:
    """Return a row for each visit of one episode of each patient, patient after patient.

    The actions are tried at random, all alike, and act at once: Moderate, High and Top_K are in force from Date to
    Eval_Date, and Reward is that of the band they make.
    """
    episodes = simulator.episodes(seed, "history")
    n, visits = len(episodes), simulator.plan.visits
    u = uniforms(seed, 0, ("thresholds", "history actions"), 2 * n * visits).reshape(visits, n, 2)
    values: Floats = np.zeros((LEVELS, len(ACTIONS)))
    tries: Ints = np.zeros((LEVELS, len(ACTIONS)), dtype=np.int64)
    anything = EXPLORERS["epsilon-greedy"]

    def choose(visit: int, levels: Ints) -> Ints:
        return anything(values[levels], tries[levels], u[visit], 0.0)

    seen = walk(episodes, choose, np.full(n, start), verbosity)
    step = timedelta(days=simulator.plan.days_between)
    parts = []
    for visit in range(visits):
        settings = [SETTINGS[i] for i in seen.setting[visit]]
        table = pd.DataFrame(
            {
                "Id": list(simulator.patients.ids),
                "Date": (first + visit * step).isoformat(),
                "Prediction": seen.risk[visit].round(6),
                "State": seen.level[visit],
                "Action": [ACTIONS[a].name for a in seen.action[visit]],
                "Reward": seen.reward[visit].round(6),
                "Eval_Date": (first + (visit + 1) * step).isoformat(),
                "Eval_Prediction": seen.risk[visit + 1].round(6),
                "Next_State": level(seen.risk[visit + 1]),
                "True_Outcome": np.where(seen.present[visit + 1], PRESENT, ABSENT),
                "Trend": [TREND[int(t)] for t in episodes.trend],
                "Band": [BANDS[b] for b in seen.band[visit]],
                "Moderate": [s.moderate / STEPS for s in settings],
                "High": [s.high / STEPS for s in settings],
                "Top_K": [s.top_k for s in settings],
            }
        )
        features = features_at(simulator.patients, episodes, seen.risk[visit], seed, "history")
        parts.append(pd.concat([table, features], axis=1).assign(row=np.arange(n)))
    whole = pd.concat(parts, ignore_index=True).sort_values(["row", "Date"], kind="stable", ignore_index=True)
    return whole[list(COLUMNS)]
