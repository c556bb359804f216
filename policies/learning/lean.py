"""The lean trainer: group-robust PPO on lockstep copies, in one process.

Shapes: T steps, B copies, H hospitals, G groups; N = T x B x H rows; V = G + 1 critic heads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from policies.environments.lockstep import Position
from policies.learning.advantages import cost_advantages
from policies.learning.algorithms import advantages_of, objective_of
from policies.learning.controller import GapController
from policies.learning.descent import Descent
from policies.learning.levels import GroupLevels
from policies.learning.loss import Coefficients, ppo_loss
from policies.learning.network import ActorCritic
from policies.learning.normalising import Normaliser
from policies.learning.rollout import Collector, Lockstep, Rollout
from policies.learning.scalarising import SoftDRO
from policies.learning.settings import TrainSettings
from policies.learning.shown import Shown
from policies.learning.standing import by_group, standing
from scenarios.errors import RunError

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

FIRST_LOOK = 16
"""Steps after which the first normalisation is fixed."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a minibatch of N rows, before the step that it led to."""

    policy: float
    value: float
    entropy: float
    """The terms of the loss."""
    moved: float
    """How far the policy had moved (an estimate of the divergence)."""
    missed: NDArray[np.float32]
    """N x V: value targets less what the critics expected."""


class LeanTrainer:
    """Trains a policy for all hospitals of a network; equal settings give equal weights, to the bit."""

    def __init__(
        self,
        env: Lockstep,
        net: ActorCritic,
        levels: GroupLevels,
        settings: TrainSettings,
        steps: int,
        by_group: Floats,
    ) -> None:
        """Prepare. `by_group`: G, what multiplies the costs of groups; `steps`: T."""
        self.net, self.levels, self.settings = net, levels, settings
        self._env, self._steps, self._by_group = env, steps, by_group
        self.objective = objective_of(settings, levels.rho)
        self.controller = None if settings.target_gap is None else GapController(settings.target_gap)
        self.of_observation = Normaliser(net.n_observation)
        self.of_state = Normaliser(net.n_state)
        self._collector = Collector(env, net, settings.seed)
        self._descent = Descent(net, settings.lr)
        self.iteration = 0

    def iterate(self) -> dict[str, float]:
        """Play T steps, learn from them, and return a row of the learning curve. Raises `RunError` on divergence."""
        if not self.of_observation.count:
            self._learn_to_see(self._play(min(FIRST_LOOK, self._steps), number=0))
        rollout = self._play(self._steps, number=self.iteration + 1)
        level = self.levels.update(
            (self._by_group * rollout.costs).sum(axis=(0, 1)), float(rollout.hours.sum())
        )
        if self.controller is not None and isinstance(self.objective, SoftDRO):
            self.objective.lam = self.controller.update(level, self.levels.rho)
        weights = self.objective.weights(level)
        shown = Shown.of_rollout(rollout)
        advantages, targets = self._advantages(rollout, shown)
        given = advantages_of(self.settings, advantages, weights, self.levels)
        said = self._update(rollout, shown, given, targets)
        self._learn_to_see(rollout)
        self.iteration += 1
        return {
            "iteration": self.iteration,
            "decisions": self.iteration * self._steps * self._env.copies,
            **standing(level, self.levels.rho, self.objective),
            **said,
            **by_group(self._env.groups, level, weights),
        }

    def weights(self) -> Arrays:
        """Return the network's arrays by name."""
        return {name: value.detach().numpy().copy() for name, value in self.net.state_dict().items()}

    def state(self) -> Arrays:
        """Return what training needs to go on, beside the weights and what the policy's normaliser knows."""
        position = self._env.position()
        memory = {
            "iteration": self.iteration,
            "levels": self.levels.state(),
            "objective": self.objective.state(),
            "controller": None if self.controller is None else self.controller.state(),
        }
        return {
            "memory": np.array(json.dumps(memory)),
            **{f"state.{name}": value for name, value in self.of_state.state().items()},
            **{f"position.{one.name}": getattr(position, one.name) for one in fields(Position)},
            **{f"adam.{name}": value for name, value in self._descent.state().items()},
        }

    def load(self, weights: Mapping[str, NDArray[Any]], state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from `weights` (a checkpoint's, normaliser included) and `state`, as if never stopped."""
        memory = json.loads(str(state["memory"]))
        names = self.net.state_dict()
        self.net.load_state_dict({name: torch.from_numpy(weights[name].copy()) for name in names})
        self.of_observation = Normaliser.of_state(_part(weights, "normaliser."))
        self.of_state = Normaliser.of_state(_part(state, "state."))
        self.levels = GroupLevels.of_state(memory["levels"])
        self.objective.load(memory["objective"])
        if self.controller is not None and memory["controller"] is not None:
            self.controller.load(memory["controller"])
        self.iteration = int(memory["iteration"])
        self._descent.load(_part(state, "adam."))
        self._collector.go_on(Position(**_part(state, "position.")))

    def go_on_in(self, other: LeanTrainer) -> None:
        """Go on where another trainer plays: the same shapes, other numbers. Its expected patients count from now on;
        levels stay in the unit of this one. New episodes begin, and `state` says nothing of it."""
        self._env, self._collector = other._env, Collector(other._env, self.net, self.settings.seed)
        self.levels.per_hour = other.levels.per_hour

    def _play(self, steps: int, number: int) -> Rollout:
        return self._collector.collect(steps, number, self.of_observation, self.of_state)

    def _learn_to_see(self, rollout: Rollout) -> None:
        self.of_observation.update(rollout.raw[0])
        self.of_state.update(rollout.raw[1])

    def _advantages(self, rollout: Rollout, shown: Shown) -> tuple[Floats, NDArray[np.float32]]:
        """Return cost advantages and value targets, N x V each."""
        T, B, H = rollout.log_probs.shape
        values = self._expected(shown)
        V = values.shape[1]
        seen = values.astype(np.float64).reshape(T + 1, B * H, V)
        over = np.repeat(rollout.over, H, axis=1)
        # Heads learn (1 - gamma) x discounted costs: an average over time, in the unit of levels.
        scale = 1 - self.settings.gamma
        team = self.levels.scaled(self._by_group * rollout.costs)
        costs = np.concatenate(
            [
                np.broadcast_to(team[:, :, None, :], (T, B, H, V - 1)),
                self.levels.scaled_rest(rollout.local)[..., None],
            ],
            axis=3,
        ).reshape(T, B * H, V)
        advantages, targets = cost_advantages(
            scale * costs,
            seen[:-1],
            # What was seen last before a truncation stands for what would have been seen at it.
            np.where(over[..., None], seen[:-1], seen[1:]),
            np.repeat(rollout.hours, H, axis=1),
            over,
            self.settings.gamma,
            self.settings.trace,
        )
        return advantages.reshape(-1, V), targets.reshape(-1, V).astype(np.float32)

    def _update(
        self, rollout: Rollout, shown: Shown, advantages: Floats, targets: NDArray[np.float32]
    ) -> dict[str, float]:
        """Take the steps of an iteration; returns what is worth telling."""
        settings, n, H = self.settings, rollout.log_probs.size, rollout.log_probs.shape[2]
        done = self.iteration / settings.iterations
        self._descent.slow_down(settings.lr * max(0.1, 1 - 0.9 * done))
        coefficients = Coefficients(
            settings.clip, settings.value, entropy=settings.entropy * max(0.0, 1 - done / 0.9)
        )
        rows = (
            rollout.mask.reshape(n, -1), rollout.actions.reshape(n, -1), rollout.log_probs.reshape(n),
            advantages.astype(np.float32), targets,
        )  # fmt: skip
        # Option by option, as logits come out of the network: ... x decisions x H.
        columns = [np.ascontiguousarray(one.T).reshape(*one.shape[:0:-1], -1, H) for one in rows]
        shuffle = np.random.Generator(np.random.Philox(key=[settings.seed, self.iteration]))
        told: list[Told] = []
        parts = min(max(1, n // settings.minibatch), n // H)
        for _ in range(settings.epochs):
            # Hospitals that decided together stay together: the critic takes what they all see once.
            for decisions in np.array_split(shuffle.permutation(n // H), parts):
                part = (decisions[:, None] * H + np.arange(H)).reshape(-1)
                batch = [
                    torch.from_numpy(one.take(decisions, axis=-2).reshape(*one.shape[:-2], -1)).t()
                    for one in columns
                ]
                told.append(self._descend(shown.part(part), batch, coefficients))
            moved = float(np.mean([one.moved for one in told[-parts:]]))
            if moved > settings.target_kl:
                break
        missed = np.concatenate([one.missed for one in told[-parts:]])
        return {
            "policy loss": float(np.mean([one.policy for one in told])),
            "value loss": float(np.mean([one.value for one in told])),
            "entropy": float(np.mean([one.entropy for one in told])),
            "moved": moved, "epochs": len(told) / parts,
            "explained": 1 - float(np.var(missed) / max(float(np.var(targets)), 1e-12)),
        }  # fmt: skip

    def _descend(self, shown: Shown, batch: list[Any], coefficients: Coefficients) -> Told:
        """Take one step."""
        mask, actions, old, advantages, targets = batch
        log_probs, entropy = self.net.dials.chosen(shown.logits(self.net, mask), actions)
        values = shown.values(self.net)
        loss = ppo_loss(log_probs, old, advantages, entropy, values, targets, coefficients)
        if not isfinite(loss.total.item()):
            raise RunError(
                f"iteration {self.iteration + 1}: the loss is not finite: training diverged. Use a smaller lr; "
                "the last checkpoint is untouched."
            )
        self._descent.step(loss.total)
        change = log_probs.detach().numpy() - old.numpy()
        return Told(
            loss.policy.item(), loss.value.item(), loss.entropy.item(),
            float(np.mean(np.expm1(change) - change)), targets.numpy() - values.detach().numpy(),
        )  # fmt: skip

    def _expected(self, shown: Shown) -> NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(shown.values(self.net).numpy())


def _part(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Arrays:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
