"""`GRPOAgent` and `GRPOTrainer` on any Gymnasium environment, and the examples."""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
gymnasium = pytest.importorskip("gymnasium")

from policies.examples import cartpole, four_hospitals  # noqa: E402
from policies.learning.grpo import GRPOAgent, GRPOTrainer  # noqa: E402
from scenarios.errors import UsageError  # noqa: E402


class TwoRooms(gymnasium.Env):
    """One step. Even episodes pay 2 for action 1, odd ones 1 for action 0; nobody sees which it is."""

    observation_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        self.odd = seed % 2
        return np.zeros(1, np.float32), {}

    def step(self, action):
        right = int(action) == self.odd
        reward = (0.0 if right else -1.0) if self.odd else (0.0 if right else -2.0)
        return np.zeros(1, np.float32), reward, True, False, {}


def share_of_one(robustness, seed):
    agent = GRPOAgent(
        1, 2, lr=0.03, group_robustness_weight=robustness, gamma=0.5, entropy=0.0, epochs=2, minibatch=256,
        hidden=(8,), tau=0.05, seed=seed,
    )  # fmt: skip
    # Seeds of episodes are 1 000 003 x seed + number: odd and even take turns.
    trainer = GRPOTrainer(
        TwoRooms, agent, lambda state, episode: episode % 2, episodes_per_update=256, seed=2
    )
    trainer.train(256 * 40)
    _, log_probs = agent.act(np.zeros((1, 1)), np.array([1 - 1e-9]))
    return float(np.exp(log_probs[0]))


def test_it_weighs_the_worst_group_and_plain_ppo_does_not():
    """J_even = 2 p, J_odd = 1 - p: the mean is best at p = 0, the worst group at p = 1/3."""
    assert share_of_one(0.0, 1) < 0.05
    assert share_of_one(1.0, 1) == pytest.approx(1 / 3, abs=0.06)


def test_cartpole_is_learned():
    played = cartpole.main(episodes=96)

    assert played["return"].iloc[:16].mean() < 60
    assert played["return"].iloc[-16:].mean() > 150
    assert set(played["group"]) == {0, 1}


def test_equal_seeds_train_equal_agents():
    returns = []
    for _ in range(2):
        agent = GRPOAgent(4, 2, 1e-3, 0.5, 0.2, 0.99)
        returns.append(GRPOTrainer("CartPole-v1", agent, cartpole.leaning).train(16)["return"].tolist())

    assert returns[0] == returns[1]


def test_four_kinds_of_networks_are_groups_of_one_agent(capsys):
    played = four_hospitals.main(episodes=4, changes=("horizon=2 days", "warm_up=0 h", "decide_every=12 h"))

    assert played["group"].tolist() == [0, 1, 2, 3]
    assert np.isfinite(played["return"]).all()
    assert (played["return"] < 0).all()
    assert capsys.readouterr().out.count("cost") == 4


def test_what_does_not_fit_is_said_at_once():
    with pytest.raises(UsageError, match=r"expected observations of \(3,\) and 2 choices"):
        GRPOTrainer("CartPole-v1", GRPOAgent(3, 2), cartpole.leaning)
    with pytest.raises(UsageError, match="lambda: expected a number from 0 to 1"):
        GRPOAgent(4, 2, group_robustness_weight=1.5)
    with pytest.raises(UsageError, match="states: expected rows of 4"):
        GRPOAgent(4, 2).act(np.zeros((1, 5)), np.zeros(1))

    class Broken(TwoRooms):
        def step(self, action):
            return np.zeros(1, np.float32), float("nan"), True, False, {}

    with pytest.raises(UsageError, match="rewards: expected finite numbers, got 1 of 1"):
        GRPOTrainer(Broken, GRPOAgent(1, 2), lambda state, episode: 0).train(8)


def test_the_snippet_of_the_page_runs(capsys):
    page = Path(__file__).resolve().parents[3] / "docs" / "learning.md"
    [code] = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

    exec(compile(code, str(page), "exec"), {"__name__": "snippet"})

    assert float(capsys.readouterr().out) > 0
