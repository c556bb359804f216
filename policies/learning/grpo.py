"""`GRPOAgent` and `GRPOTrainer`: group-robust PPO on any Gymnasium environment with a box to see and a choice to make.

GRPO means other things elsewhere; here it is PPO whose steps count by the group that they belong to: the advantage of
a step is multiplied by weight_g / share_g, with the soft-DRO weights of `scalarising.py` at the groups' levels. The
level of a group is the mean discounted cost (-reward) to come from its steps, in units of the first update's mean. The
sound form, a critic for the cost of every group, needs an environment that says who pays (`fairward train`); here only
the group of the step is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from policies.learning.advantages import cost_advantages
from policies.learning.descent import Descent
from policies.learning.levels import finite
from policies.learning.loss import Coefficients, ppo_loss
from policies.learning.network import ActorCritic
from policies.learning.normalising import Normaliser
from policies.learning.scalarising import SoftDRO, normalised
from scenarios.errors import MissingExtra, UsageError
from sim.streams import uniforms

Floats = NDArray[np.float64]
GroupOf = Callable[[Any, int], int]
"""From a state and the number of its episode (from 0) to a group, from 0."""


@dataclass
class Episode:
    """What was met in one episode of T steps; `states` has one more."""

    number: int
    states: list[Floats] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    terminated: bool = False


class GRPOAgent:
    """A policy over `action_dim` choices and its critic."""

    def __init__(
        self,
        state_dim: int,
        action_dim: int,
        lr: float = 1e-3,
        group_robustness_weight: float = 0.5,
        eps_clip: float = 0.2,
        gamma: float = 0.99,
        *,
        tau: float = 0.1,
        trace: float = 0.95,
        epochs: int = 8,
        minibatch: int = 128,
        entropy: float = 0.005,
        hidden: Sequence[int] = (64, 64),
        seed: int = 1,
    ) -> None:
        """Prepare. `group_robustness_weight`: lambda, 0 is plain PPO; `eps_clip`: of the ratio; `gamma`: a step."""
        self.state_dim, self.seed, self.gamma, self.trace = state_dim, seed, gamma, trace
        self.lam, self.tau, self.epochs, self.minibatch = group_robustness_weight, tau, epochs, minibatch
        SoftDRO(np.ones(1), self.lam, tau)  # says what is wrong with them
        self.net = ActorCritic(state_dim, 0, (action_dim,), 1, hidden, keep=None, seed=seed)
        self.normaliser = Normaliser(state_dim)
        self.levels: dict[int, float] = {}
        """J by group, in units of the first update's mean."""
        self.updates = 0
        self._unit: float | None = None
        self._coefficients = Coefficients(eps_clip, entropy=entropy)
        self._descent = Descent(self.net, lr)

    def act(self, states: NDArray[Any], drawn: Floats) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return N actions and their log-probabilities for states N x D; `drawn`: N uniforms."""
        if states.ndim != 2 or states.shape[1] != self.state_dim:
            raise UsageError(f"states: expected rows of {self.state_dim}, got {states.shape}.")
        finite("state", states)
        with torch.no_grad():
            logits = self._logits(torch.from_numpy(self.normaliser(states)))
        chosen, log_probs = self.net.dials.draw(logits.numpy(), drawn.reshape(-1, 1))
        return chosen[:, 0], log_probs

    def choose(self, state: NDArray[Any]) -> int:
        """Return the likeliest action in a state (D)."""
        with torch.no_grad():
            return int(self._logits(torch.from_numpy(self.normaliser(state[None]))).argmax())

    def learn(self, episodes: Sequence[Episode]) -> dict[str, float]:
        """Learn from whole episodes; returns levels and weights by group."""
        states = [self.normaliser(np.stack(one.states)) for one in episodes]
        parts = [self._advantages(one, seen) for one, seen in zip(episodes, states, strict=True)]
        advantages = np.concatenate([a for a, _ in parts])
        targets = np.concatenate([t for _, t in parts])
        groups = np.concatenate([one.groups for one in episodes])
        weights = self._weigh(groups, targets)
        counted = normalised(-advantages) * np.array([weights[g] for g in groups])
        rows = [
            np.concatenate([seen[:-1] for seen in states]),
            np.concatenate([one.actions for one in episodes])[:, None],
            np.concatenate([one.log_probs for one in episodes]).astype(np.float32),
            counted.astype(np.float32),
            targets.astype(np.float32)[:, None],
        ]
        self._descend([torch.from_numpy(np.ascontiguousarray(one)) for one in rows])
        self.normaliser.update(np.concatenate([np.stack(one.states) for one in episodes]))
        self.updates += 1
        return {f"level {g}": level for g, level in sorted(self.levels.items())}

    def _advantages(self, one: Episode, seen: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """Return cost advantages and targets, T each; a terminated episode costs nothing more."""
        with torch.no_grad():
            values = self.net.values(torch.from_numpy(seen)).numpy().astype(np.float64)[:, 0]
        following = values[1:].copy()
        if one.terminated:
            following[-1] = 0.0
        steps = len(one.rewards)
        # Heads learn (1 - gamma) x discounted costs, as in the lean trainer.
        costs = -(1 - self.gamma) * finite("rewards", one.rewards)
        over = np.zeros((steps, 1), dtype=np.bool_)
        over[-1] = True
        advantages, targets = cost_advantages(
            costs.reshape(-1, 1, 1), values[:-1].reshape(-1, 1, 1), following.reshape(-1, 1, 1),
            np.ones((steps, 1)), over, self.gamma, self.trace,
        )  # fmt: skip
        return advantages.ravel(), targets.ravel()

    def _weigh(self, groups: NDArray[Any], targets: Floats) -> dict[int, float]:
        """Return weight / share by group, after bringing the levels up to date."""
        present = np.unique(groups)
        if self._unit is None:
            self._unit = max(abs(float(targets.mean())), 1e-8)
        for g in present.tolist():
            newest = float(targets[groups == g].mean()) / self._unit
            self.levels[g] = 0.5 * self.levels.get(g, newest) + 0.5 * newest
        share = np.array([(groups == g).mean() for g in present])
        level = np.array([self.levels[g] for g in present.tolist()])
        weights = SoftDRO(share, self.lam, self.tau).weights(level)
        return dict(zip(present.tolist(), (weights / share).tolist(), strict=True))

    def _descend(self, rows: list[Any]) -> None:
        states, actions, old, advantages, targets = rows
        shuffle = np.random.Generator(np.random.Philox(key=[self.seed, self.updates]))
        for _ in range(self.epochs):
            for part in np.array_split(shuffle.permutation(len(old)), max(1, len(old) // self.minibatch)):
                p = torch.from_numpy(part)
                log_probs, entropy = self.net.dials.chosen(self._logits(states[p]), actions[p])
                loss = ppo_loss(
                    log_probs, old[p], advantages[p], entropy, self.net.values(states[p]), targets[p],
                    self._coefficients,
                )  # fmt: skip
                self._descent.step(loss.total)

    def _logits(self, states: Any) -> Any:
        return self.net(states, torch.ones(len(states), self.net.sizes[0]))


class GRPOTrainer:
    """Plays episodes, several side by side, and has the agent learn from each batch of them."""

    def __init__(
        self,
        env_name: str | Callable[[], Any] | Sequence[str | Callable[[], Any]],
        agent: GRPOAgent,
        group_assignment_fn: GroupOf,
        *,
        episodes_per_update: int = 8,
        seed: int = 1,
    ) -> None:
        """Prepare. `env_name`: a name of Gymnasium, or what makes an environment; of several, episode k gets k mod n.

        Raises `UsageError` if an environment does not fit the agent.
        """
        makers = [env_name] if isinstance(env_name, str) or callable(env_name) else list(env_name)
        n = -(-episodes_per_update // len(makers)) * len(makers)
        self.agent, self._group_of, self._seed, self._begun = agent, group_assignment_fn, seed, 0
        self._envs = [_made(makers[i % len(makers)], agent) for i in range(n)]

    def train(self, num_episodes: int) -> pd.DataFrame:
        """Return a row an episode: its number, return, length, the group it began in, and levels after it."""
        rows: list[dict[str, float]] = []
        while len(rows) < num_episodes:
            episodes = self._play(self._envs[: num_episodes - len(rows)])
            levels = self.agent.learn(episodes)
            rows += [
                {
                    "episode": one.number, "return": sum(one.rewards), "length": len(one.rewards),
                    "group": one.groups[0], **levels,
                }
                for one in episodes
            ]  # fmt: skip
        return pd.DataFrame(rows)

    def _play(self, envs: Sequence[Any]) -> list[Episode]:
        """Play one episode in each environment, all together."""
        episodes = [Episode(self._begun + i) for i in range(len(envs))]
        self._begun += len(envs)
        for env, one in zip(envs, episodes, strict=True):
            one.states.append(
                np.asarray(env.reset(seed=self._seed * 1_000_003 + one.number)[0], dtype=np.float64)
            )
        going, t = list(range(len(envs))), 0
        while going:
            drawn = uniforms(self._seed, episodes[0].number, ("grpo", str(t)), len(going))
            actions, log_probs = self.agent.act(np.stack([episodes[i].states[-1] for i in going]), drawn)
            for i, action, log_prob in zip(list(going), actions.tolist(), log_probs.tolist(), strict=True):
                one = episodes[i]
                one.groups.append(int(self._group_of(one.states[-1], one.number)))
                state, reward, terminated, truncated, _ = envs[i].step(action)
                one.states.append(np.asarray(state, dtype=np.float64))
                one.actions.append(action)
                one.log_probs.append(log_prob)
                one.rewards.append(float(reward))
                if terminated or truncated:
                    one.terminated = bool(terminated)
                    going.remove(i)
            t += 1
        return episodes


def _made(maker: str | Callable[[], Any], agent: GRPOAgent) -> Any:
    try:
        import gymnasium
    except ModuleNotFoundError:
        raise MissingExtra("env", "GRPOTrainer") from None
    env = gymnasium.make(maker) if isinstance(maker, str) else maker()
    sees, does = (agent.state_dim,), agent.net.sizes[0]
    if env.observation_space.shape != sees or getattr(env.action_space, "n", None) != does:
        raise UsageError(
            f"{maker}: expected observations of {sees} and {does} choices, as the agent has, got "
            f"{env.observation_space.shape} and {env.action_space}."
        )
    return env
