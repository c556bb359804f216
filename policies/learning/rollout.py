"""Collects decisions of lockstep copies under the present policy.

Shapes: T steps, B copies, H hospitals, G groups, K dials, M options, D and S entries; N = T x B x H rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from policies.environments.lockstep import Position, Seen, Stepped
from policies.environments.menu import Actions
from policies.learning.levels import finite
from policies.learning.network import ActorCritic
from policies.learning.normalising import Normaliser
from scenarios.errors import UsageError
from sim.streams import uniforms

Floats = NDArray[np.float64]


class Lockstep(Protocol):
    """What is learned in: `policies.environments.lockstep.LockstepNetwork`, or a toy with the same face."""

    copies: int
    hospitals: tuple[str, ...]
    groups: tuple[str, ...]

    def reset(self) -> Seen:
        """Begin."""
        ...

    def step(self, actions: Actions) -> Stepped:
        """Go on."""
        ...

    def position(self) -> Position:
        """Return where it is."""
        ...

    def replay(self, position: Position) -> Seen:
        """Go there."""
        ...


@dataclass(frozen=True)
class Rollout:
    """What an iteration learns from. Observations and states are normalised as they were when acted upon."""

    observation: NDArray[np.float32]
    """(T + 1) x B x H x D; the last one is where the critic looks ahead from."""
    state: NDArray[np.float32]
    """(T + 1) x B x S."""
    mask: NDArray[np.int8]
    """T x B x H x M."""
    actions: NDArray[np.int64]
    """T x B x H x K."""
    log_probs: NDArray[np.float32]
    """T x B x H."""
    costs: Floats
    """T x B x G, of the team."""
    local: Floats
    """T x B x H."""
    hours: Floats
    """T x B."""
    over: NDArray[np.bool_]
    """T x B."""
    raw: tuple[NDArray[np.float32], NDArray[np.float32]]
    """Observations and states before normalising, T first: what normalisers learn from."""

    @classmethod
    def room(cls, steps: int, env: Lockstep, net: ActorCritic) -> Rollout:
        """Return one to be filled."""
        rows, sees, sees_all = (env.copies, len(env.hospitals)), net.n_observation, net.n_state
        return cls(
            np.empty((steps + 1, *rows, sees), np.float32), np.empty((steps + 1, rows[0], sees_all), np.float32),
            np.empty((steps, *rows, sum(net.sizes)), np.int8), np.empty((steps, *rows, len(net.sizes)), np.int64),
            np.empty((steps, *rows), np.float32),
            np.empty((steps, rows[0], len(env.groups))), np.empty((steps, *rows)),
            np.empty((steps, rows[0])), np.empty((steps, rows[0]), np.bool_),
            (np.empty((steps, *rows, sees), np.float32), np.empty((steps, rows[0], sees_all), np.float32)),
        )  # fmt: skip


class Collector:
    """Plays on where the last iteration stopped."""

    def __init__(self, env: Lockstep, net: ActorCritic, seed: int) -> None:
        self._env, self._net, self._seed = env, net, seed
        self._seen: Seen | None = None
        self._rollout: Rollout | None = None
        """The newest: the next of as many steps is written over it."""

    def go_on(self, position: Position) -> None:
        """Play on from there."""
        self._seen = self._env.replay(position)

    def collect(self, steps: int, number: int, of_observation: Normaliser, of_state: Normaliser) -> Rollout:
        """Return `steps` decisions of every copy; actions are drawn from the stream of iteration `number`.

        It holds until the next is collected.
        """
        seen = self._env.reset() if self._seen is None else self._seen
        self._check(seen)
        if self._rollout is None or len(self._rollout.actions) != steps:
            self._rollout = Rollout.room(steps, self._env, self._net)
        rollout = self._rollout
        drawn = uniforms(self._seed, number, ("training", "actions"), rollout.actions.size)
        by_step = drawn.reshape(steps, -1, len(self._net.sizes))
        for t in range(steps):
            rollout.raw[0][t], rollout.raw[1][t], rollout.mask[t] = seen.observation, seen.state, seen.mask
            rollout.observation[t], rollout.state[t] = of_observation(seen.observation), of_state(seen.state)
            chosen, log_probs = self._act(rollout.observation[t], seen.mask, by_step[t])
            rollout.actions[t], rollout.log_probs[t] = chosen, log_probs
            one = self._env.step(chosen)
            rollout.costs[t], rollout.local[t] = one.costs.sum(axis=1), one.local
            rollout.hours[t], rollout.over[t] = one.hours, one.over
            seen = one.seen
        self._seen = seen
        rollout.observation[steps], rollout.state[steps] = (
            of_observation(seen.observation), of_state(seen.state),
        )  # fmt: skip
        finite("costs of the environment", rollout.costs)
        finite("costs of orders", rollout.local)
        return rollout

    def _act(
        self, observation: NDArray[np.float32], mask: NDArray[np.int8], drawn: Floats
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        shape = mask.shape[:2]
        with torch.no_grad():
            logits = self._net(
                torch.from_numpy(observation.reshape(-1, observation.shape[-1])),
                torch.from_numpy(mask.reshape(-1, mask.shape[-1])),
            )
        actions, log_probs = self._net.dials.draw(logits.numpy(), drawn)
        return actions.reshape(*shape, -1), log_probs.reshape(shape)

    def _check(self, seen: Seen) -> None:
        """Raise at once if the environment does not show what the network was made for."""
        net, env = self._net, self._env
        rows = (env.copies, len(env.hospitals))
        pairs = [
            ("observation", seen.observation.shape, (*rows, net.n_observation)),
            ("mask", seen.mask.shape, (*rows, sum(net.sizes))),
            ("state", seen.state.shape, (env.copies, net.n_state)),
        ]
        problems = [f"{what}: expected {want}, got {got}." for what, got, want in pairs if got != want]
        if problems:
            raise UsageError(
                "\n".join(["the environment shows other shapes than the network takes:", *problems])
            )
        finite("observation", seen.observation)
