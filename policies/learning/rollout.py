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


class Collector:
    """Plays on where the last iteration stopped."""

    def __init__(self, env: Lockstep, net: ActorCritic, seed: int) -> None:
        self._env, self._net, self._seed = env, net, seed
        self._seen: Seen | None = None

    def go_on(self, position: Position) -> None:
        """Play on from there."""
        self._seen = self._env.replay(position)

    def collect(self, steps: int, number: int, of_observation: Normaliser, of_state: Normaliser) -> Rollout:
        """Return `steps` decisions of every copy; actions are drawn from the stream of iteration `number`."""
        seen = self._env.reset() if self._seen is None else self._seen
        self._check(seen)
        n = self._env.copies * len(self._env.hospitals) * len(self._net.sizes)
        drawn = uniforms(self._seed, number, ("training", "actions"), steps * n).reshape(
            steps, -1, len(self._net.sizes)
        )
        observed, states, masks, actions, logs, stepped = [], [], [], [], [], []
        raw: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
        for t in range(steps):
            raw.append((seen.observation, seen.state))
            observed.append(of_observation(seen.observation))
            states.append(of_state(seen.state))
            masks.append(seen.mask)
            chosen, log_probs = self._act(observed[-1], seen.mask, drawn[t])
            actions.append(chosen)
            logs.append(log_probs)
            one = self._env.step(chosen)
            stepped.append(one)
            seen = one.seen
        self._seen = seen
        observed.append(of_observation(seen.observation))
        states.append(of_state(seen.state))
        return Rollout(
            np.stack(observed), np.stack(states), np.stack(masks), np.stack(actions), np.stack(logs),
            finite("costs of the environment", np.stack([one.costs.sum(axis=1) for one in stepped])),
            finite("costs of orders", np.stack([one.local for one in stepped])),
            np.stack([one.hours for one in stepped]), np.stack([one.over for one in stepped]),
            (np.stack([a for a, _ in raw]), np.stack([b for _, b in raw])),
        )  # fmt: skip

    def _act(
        self, observation: NDArray[np.float32], mask: NDArray[np.int8], drawn: Floats
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        shape = mask.shape[:2]
        with torch.no_grad():
            logits = self._net(
                torch.from_numpy(observation.reshape(-1, observation.shape[-1])),
                torch.from_numpy(mask.reshape(-1, mask.shape[-1])),
            )
            actions = self._net.sample(logits, torch.from_numpy(drawn))
            log_probs = self._net.log_probs(logits, actions)
        return actions.numpy().reshape(*shape, -1), log_probs.numpy().reshape(shape)

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
