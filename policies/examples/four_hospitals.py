"""One policy for four kinds of networks at once: urban, rural, pediatric and surge, each a group, in parallel.

python -m policies.examples.four_hospitals
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from policies.examples.rule_of_the_day import RULES, RuleOfTheDay
from policies.learning.grpo import GRPOAgent, GRPOTrainer

SCENARIOS = ("urban", "rural", "pediatric", "surge")
CHANGES = ("horizon=10 days", "warm_up=0 h", "decide_every=12 h")
EPISODES = 200


def scenario_of(state: object, episode: int) -> int:
    """Return the scenario of an episode: they take turns."""
    return episode % len(SCENARIOS)


def main(episodes: int = EPISODES, changes: Sequence[str] = CHANGES, robustness: float = 0.5) -> pd.DataFrame:
    """Train, print what a patient costs by scenario (1 = neutral orders), and return all episodes."""
    agent = GRPOAgent(10, len(RULES), lr=3e-3, group_robustness_weight=robustness, gamma=0.9, minibatch=64)
    envs = [partial(RuleOfTheDay, name, changes) for name in SCENARIOS]
    played = GRPOTrainer(envs, agent, scenario_of, episodes_per_update=len(SCENARIOS)).train(episodes)
    cost = -played["return"] / played["length"]
    for g, name in enumerate(SCENARIOS):
        of_group = cost[played["group"] == g]
        part = max(1, len(of_group) // 5)
        first, last = of_group.iloc[:part].mean(), of_group.iloc[-part:].mean()
        print(f"{name}: cost {first:.2f} in the first fifth, {last:.2f} in the last")
    return played


if __name__ == "__main__":
    main()
