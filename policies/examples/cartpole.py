"""CartPole with two groups, the pole leaning left or right: does the agent learn, and for both?

python -m policies.examples.cartpole
"""

from __future__ import annotations

import pandas as pd

from policies.learning.grpo import GRPOAgent, GRPOTrainer

EPISODES = 400


def leaning(state: object, episode: int) -> int:
    """Return 1 if the pole leans to the right."""
    return int(state[2] > 0)  # type: ignore[index]


def main(episodes: int = EPISODES) -> pd.DataFrame:
    """Train, print the mean return of each tenth, and return all episodes."""
    agent = GRPOAgent(
        state_dim=4, action_dim=2, lr=3e-3, group_robustness_weight=0.5, eps_clip=0.2, gamma=0.99
    )
    played = GRPOTrainer("CartPole-v1", agent, leaning).train(episodes)
    tenths = played.groupby(played["episode"] * 10 // episodes)["return"].mean()
    for tenth, mean in enumerate(tenths):
        first, last = tenth * episodes // 10 + 1, (tenth + 1) * episodes // 10
        print(f"episodes {first:>4} to {last:>4}: mean return {mean:.0f}")
    return played


if __name__ == "__main__":
    main()
