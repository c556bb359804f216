"""Tabular Q-learning over ten states, from simulated histories.

A round plays one episode of every patient under the table as it is, and then moves each entry that was
tried towards the mean of its targets. The target of a visit is its reward plus what the table promises from
the next state on; with a `trace` above 0 it is the lambda-return (Sutton & Barto 2018, section 12.1; without
Watkins' cut, so Peng & Williams' naive Q(lambda)).

The states leave the thresholds out, so this is not the Markov problem for which Q-learning converges to
the best policy. docs/thresholds.md says what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from agents.risk.histories import Simulator
from policies.thresholds.explorers import EXPLORERS
from policies.thresholds.moves import ACTIONS, BAND, LEVELS, MOVE, TOP_K, Floats, Ints, cell, level, verdict
from sim.streams import uniforms

OnRound = Callable[[int, int], None]
"""(rounds done, rounds wanted)."""


@dataclass(frozen=True)
class Recipe:
    """How the learner learns. Chosen on the synthetic cohort, seeds 1001 and up; see docs/thresholds.md."""

    explorer: str = "epsilon-greedy"
    rounds: int = 1500
    """Episodes of every patient."""
    trace: float = 0.0
    """Lambda: 0 is plain one-step Q-learning, 1 the whole rest of the episode."""
    first_step: float = 0.1
    """How far an entry first moves towards the mean of its targets in a round."""
    last_step: float = 0.005
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
    candidates: tuple[tuple[int, ...], ...]
    """The greedy policies of the second half of the rounds, each once, the last one last."""

    @property
    def policy(self) -> tuple[int, ...]:
        """The best action for each level by the table as it was at the end."""
        return greedy(self.table)


def learn(
    simulator: Simulator, recipe: Recipe, start: int, verbosity: float, seed: int, on_round: OnRound | None = None
) -> Learned:
    """Return what is learned when every episode begins with the setting `start` in force."""
    explore = EXPLORERS[recipe.explorer]
    shape = (LEVELS, len(ACTIONS))
    table = np.full(shape, recipe.optimism)
    tries = np.zeros(shape, dtype=np.int64)
    curve = np.empty(recipe.rounds)
    seen: dict[tuple[int, ...], None] = {}
    for number in range(recipe.rounds):
        progress = number / max(recipe.rounds - 1, 1)
        states, actions, rewards = _play(simulator, explore, table, tries, progress, start, verbosity, seed, number)
        entries = states * len(ACTIONS) + actions
        counts = np.bincount(entries.ravel(), minlength=table.size).reshape(shape)
        targets = _targets(states, rewards, table, recipe.trace)
        sums = np.bincount(entries.ravel(), weights=targets.ravel(), minlength=table.size).reshape(shape)
        step = recipe.first_step * (recipe.last_step / recipe.first_step) ** progress
        # An entry that was tried more often in a round moves farther: as by single updates one after another.
        reach = 1.0 - (1.0 - step) ** (counts / counts.mean())
        table = table + np.where(counts > 0, reach * (sums / np.maximum(counts, 1) - table), 0.0)
        tries += counts
        curve[number] = rewards.mean()
        if 2 * number >= recipe.rounds:
            policy = greedy(table)
            seen.pop(policy, None)
            seen[policy] = None
        if on_round is not None:
            on_round(number + 1, recipe.rounds)
    return Learned(table, tries, curve, tuple(seen))


def greedy(table: Floats) -> tuple[int, ...]:
    """Return the best action for each level; of equals the first."""
    return tuple(int(action) for action in table.argmax(axis=1))


def _play(simulator, explore, table, tries, progress, start, verbosity, seed, number):  # type: ignore[no-untyped-def]
    episodes = simulator.episodes(seed, "learning", number)
    n, visits = len(episodes), simulator.plan.visits
    u = uniforms(seed, number, ("thresholds", "explore"), 2 * n * visits).reshape(visits, n, 2)
    states = np.empty((visits, n), dtype=np.int64)
    actions = np.empty((visits, n), dtype=np.int64)
    rewards = np.empty((visits, n))
    risk = episodes.start
    setting = np.full(n, start)
    for visit in range(visits):
        here = cell(risk)
        states[visit] = level(risk)
        actions[visit] = explore(table[states[visit]], tries[states[visit]], u[visit], progress)
        setting = MOVE[setting, actions[visit]]
        band = BAND[setting, here]
        risk = episodes.next_risk(visit, band)
        rewards[visit] = verdict(band, episodes.present(risk)) - verbosity * TOP_K[setting]
    return states, actions, rewards


def _targets(states: Ints, rewards: Floats, table: Floats, trace: float) -> Floats:
    """Return visits x patients: the lambda-returns, backwards from the end of the episode."""
    targets = np.empty_like(rewards)
    best = table.max(axis=1)
    targets[-1] = rewards[-1]
    for visit in range(len(rewards) - 2, -1, -1):
        promised = best[states[visit + 1]]
        targets[visit] = rewards[visit] + (1 - trace) * promised + trace * targets[visit + 1]
    return targets
