"""The thresholds as a finite Markov decision process, and its exact solution.

Its states are a patient's level and the setting in force. Within a level, which half of it a patient is in
is drawn anew at each visit; where the patient goes next depends on that half and on the band. So the chain
is what remains of the histories when a level is all that is remembered of a patient: its probabilities are
counted in simulated histories, and by it policies are compared without any error of sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agents.risk.histories import Episodes
from policies.thresholds.moves import (
    BAND,
    BANDS,
    LEAST_TOP_K,
    LEVELS,
    MOST_TOP_K,
    MOVE,
    SETTINGS,
    STEPS,
    TOP_K,
    Floats,
    Ints,
    cell,
    level,
    verdict,
)
from sim.streams import uniforms

HALVES = STEPS // LEVELS
N_TOP_K = MOST_TOP_K - LEAST_TOP_K + 1
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Chain:
    """What is counted in histories; the rest follows."""

    first: Floats
    """levels: where patients start."""
    half: Floats
    """levels x halves: in which half of a level a patient is."""
    verdict: Floats
    """bands x cells: the mean verdict on a patient of a cell who was in a band."""
    onward: Floats
    """bands x cells x levels: where such a patient is next; what lacks to 1 is the end of the episode."""
    verbosity: float
    """What each reason given costs at a visit."""

    @cached_property
    def reward(self) -> Floats:
        """Levels x settings: the expected reward of a visit with a setting in force."""
        return self._by_setting(self.verdict[..., None])[..., 0] - self.verbosity * TOP_K

    @cached_property
    def moving(self) -> Floats:
        """Settings x levels x levels: where a patient of a level goes with a setting in force."""
        return np.ascontiguousarray(self._by_setting(self.onward).transpose(1, 0, 2))

    def _by_setting(self, of_cells: Floats) -> Floats:
        """Average bands x cells x things over the halves of a level: levels x settings x things."""
        cells = np.arange(STEPS)
        by_cell = of_cells[BAND, cells]  # settings x cells x things
        halves = by_cell.reshape(len(SETTINGS), LEVELS, HALVES, -1)
        return np.asarray(np.einsum("slht,lh->lst", halves, self.half), dtype=np.float64)

    def after(self, value: Floats, settings: Ints | None = None) -> Floats:
        """Return levels x settings: the reward of a visit with the setting in force, and the value from then on.

        `value` is levels x settings; with `settings`, only those are given and returned.
        """
        if settings is None:  # those of the same thresholds move alike
            pairs = value.reshape(LEVELS, -1, N_TOP_K).transpose(1, 0, 2)
            onward = np.matmul(self.moving[::N_TOP_K], pairs).transpose(1, 0, 2).reshape(value.shape)
            return np.asarray(self.reward + onward, dtype=np.float64)
        onward = np.matmul(self.moving[settings], value.T[:, :, None])[:, :, 0].T
        return np.asarray(self.reward[:, settings] + onward, dtype=np.float64)

    @cached_property
    def visits(self) -> float:
        """The expected number of visits of an episode when nobody is in a care band."""
        stay = np.linalg.inv(np.eye(LEVELS) - self.moving[len(SETTINGS) - 1])
        return float(self.first @ stay.sum(axis=1))


def count_chain(episodes: Sequence[Episodes], verbosity: float, seed: int) -> Chain:
    """Return the chain of these episodes, each patient being in a random band from visit to visit."""
    n_bands = len(BANDS)
    first = np.zeros(LEVELS)
    seen = np.zeros((n_bands, STEPS))
    said = np.zeros((n_bands, STEPS))
    onward = np.zeros((n_bands, STEPS, LEVELS))
    for number, some in enumerate(episodes):
        risk = some.start
        first += np.bincount(level(risk), minlength=LEVELS)
        for visit in range(some.plan.visits):
            u = uniforms(seed, number, ("thresholds", "random band", str(visit)), len(some))
            band, here = (u * n_bands).astype(np.int64), cell(risk)
            risk = some.next_risk(visit, band)
            np.add.at(seen, (band, here), 1)
            np.add.at(said, (band, here), verdict(band, some.present(risk)))
            if visit + 1 < some.plan.visits:
                np.add.at(onward, (band, here, level(risk)), 1)
    by_level = seen.sum(axis=0).reshape(LEVELS, HALVES)
    total = by_level.sum(axis=1, keepdims=True)
    return Chain(
        first=first / first.sum(),
        half=np.where(total > 0, by_level / np.maximum(total, 1), 1 / HALVES),
        verdict=said / np.maximum(seen, 1),
        onward=onward / np.maximum(seen, 1)[..., None],
        verbosity=verbosity,
    )


def optimum(chain: Chain) -> tuple[Floats, Ints]:
    """Return the value and the best action by levels x settings, by value iteration from below."""
    value = np.zeros((LEVELS, len(SETTINGS)))
    while True:
        better = improved(chain, value)
        if np.abs(better - value).max() < TOLERANCE:
            return better, chain.after(better)[:, MOVE].argmax(axis=2)
        value = better


def improved(chain: Chain, value: Floats, fixed: Sequence[int | None] = (None,) * LEVELS) -> Floats:
    """Return one sweep of value iteration over levels x settings.

    At a level with a `fixed` action that one is taken whatever the setting. From a value that is nowhere too
    low for any policy that takes these actions, every sweep gives a lower one that is not too low either.
    """
    after = chain.after(value)
    better = np.empty_like(value)
    for i, action in enumerate(fixed):
        row = after[i]
        better[i] = row[MOVE].max(axis=1) if action is None else row[MOVE[:, action]]
    return better


def value_of(chain: Chain, actions: Sequence[int], start: int) -> float:
    """Return the expected total reward of an episode from a setting, under an action for each level."""
    settings, position = reachable(start, frozenset(actions))
    moves = np.stack([position[MOVE[settings, action]] for action in actions])  # levels x settings
    rows = np.arange(LEVELS)[:, None]
    value = np.zeros(moves.shape)
    while True:
        better = chain.after(value, settings)[rows, moves]
        if np.abs(better - value).max() < TOLERANCE:
            return float(chain.first @ better[:, position[start]])
        value = better


def reachable(start: int, actions: frozenset[int]) -> tuple[Ints, Ints]:
    """Return the settings that these actions can lead to, and the position of each setting among them (-1: none)."""
    found = {start}
    new = [start]
    while new:
        new = [s for s in {int(MOVE[s, a]) for s in new for a in actions} if s not in found]
        found.update(new)
    settings = np.array(sorted(found), dtype=np.int64)
    position = np.full(len(SETTINGS), -1, dtype=np.int64)
    position[settings] = np.arange(len(settings))
    return settings, position
