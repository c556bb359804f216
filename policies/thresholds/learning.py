"""Tabular Q-learning over ten states, from simulated histories.

A round plays one episode of every patient under the table as it is, and then moves each entry that was
tried towards the mean of its targets. The target of a visit is its reward plus what the table promises from
the next state on; with a `trace` above 0 it is the lambda-return (Sutton & Barto 2018, section 12.1; without
Watkins' cut, so Peng & Williams' naive Q(lambda)).

The states leave the thresholds out, so this is not the Markov problem for which Q-learning converges to
the best policy. docs/thresholds.md says what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agents.risk.histories import Simulator
from policies.thresholds.explorers import EXPLORERS
from policies.thresholds.moves import ACTIONS, LEVELS, Floats, Ints
from policies.thresholds.walk import Walk, walk
from sim.streams import uniforms

OnRound = Callable[[int, int], None]
"""(rounds done, rounds wanted)."""


@dataclass(frozen=True)
class Recipe:
    """How the learner learns. Chosen on the synthetic cohort; docs/thresholds.md says how, and what it reaches."""

    explorer: str = "boltzmann"
    rounds: int = 3000
    """Episodes of every patient."""
    trace: float = 0.8
    """Lambda: 0 is plain one-step Q-learning, 1 the whole rest of the episode."""
    first_step: float = 0.1
    """How far an entry first moves towards the mean of its targets in a round."""
    last_step: float = 0.01
    """How far in the last round; in between geometrically."""
    optimism: float = 0.0
    """What every entry is before it is tried."""


@dataclass(frozen=True)
class Learned:
    """A table, and the way to it."""

    table: Floats
    """levels x actions: the reward expected from here to the end of the episode."""
    tries: Ints
    """levels x actions: how often each was taken."""
    curve: Floats
    """rounds: the mean reward a visit while learning, exploration included."""
    candidates: dict[tuple[int, ...], Floats]
    """The greedy policies of the second half of the rounds, each with its newest table, the last one last."""

    @property
    def policy(self) -> tuple[int, ...]:
        """The best action for each level by the table as it was at the end."""
        return greedy(self.table)


def learn(
    simulator: Simulator,
    recipe: Recipe,
    start: int,
    verbosity: float,
    seed: int,
    on_round: OnRound | None = None,
) -> Learned:
    """Return what is learned when every episode begins with the setting `start` in force."""
    shape = (LEVELS, len(ACTIONS))
    table = np.full(shape, recipe.optimism)
    tries = np.zeros(shape, dtype=np.int64)
    curve = np.empty(recipe.rounds)
    seen: dict[tuple[int, ...], Floats] = {}
    for number in range(recipe.rounds):
        progress = number / max(recipe.rounds - 1, 1)
        played = _round(simulator, recipe, table, tries, progress, start, verbosity, seed, number)
        entries = played.level * len(ACTIONS) + played.action
        counts = np.bincount(entries.ravel(), minlength=table.size).reshape(shape)
        targets = _targets(played, table, recipe.trace)
        sums = np.bincount(entries.ravel(), weights=targets.ravel(), minlength=table.size).reshape(shape)
        step = recipe.first_step * (recipe.last_step / recipe.first_step) ** progress
        # An entry that was tried more often in a round moves farther: as by single updates one after another.
        reach = 1.0 - (1.0 - step) ** (counts / counts.mean())
        table = table + np.where(counts > 0, reach * (sums / np.maximum(counts, 1) - table), 0.0)
        tries += counts
        curve[number] = played.reward.mean()
        if 2 * number >= recipe.rounds:
            policy = greedy(table)
            seen.pop(policy, None)
            seen[policy] = table
        if on_round is not None:
            on_round(number + 1, recipe.rounds)
    return Learned(table, tries, curve, seen)


def greedy(table: Floats) -> tuple[int, ...]:
    """Return the best action for each level; of equals the first."""
    return tuple(int(action) for action in table.argmax(axis=1))


def _round(
    simulator: Simulator,
    recipe: Recipe,
    table: Floats,
    tries: Ints,
    progress: float,
    start: int,
    verbosity: float,
    seed: int,
    number: int,
) -> Walk:
    episodes = simulator.episodes(seed, "learning", number)
    n, visits = len(episodes), simulator.plan.visits
    u = uniforms(seed, number, ("thresholds", "explore"), 2 * n * visits).reshape(visits, n, 2)
    explore = EXPLORERS[recipe.explorer]

    def choose(visit: int, levels: Ints) -> Ints:
        return explore(table[levels], tries[levels], u[visit], progress)

    return walk(episodes, choose, np.full(n, start), verbosity)


def _targets(played: Walk, table: Floats, trace: float) -> Floats:
    """Return visits x episodes: the lambda-returns, backwards from the end of the episode."""
    targets = np.empty_like(played.reward)
    best = table.max(axis=1)
    targets[-1] = played.reward[-1]
    for visit in range(len(targets) - 2, -1, -1):
        promised = best[played.level[visit + 1]]
        targets[visit] = played.reward[visit] + (1 - trace) * promised + trace * targets[visit + 1]
    return targets
