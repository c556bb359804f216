"""The exact optimum of the desk by dynamic programming, and what nobody can beat.

With lambda = 0 the rewards add up to the need met, patients come independently from known people, and a unit once
given is gone: units left and patients to come are all that matters. With lambda > 0 the gap between groups counts and
the tallies of the groups belong to the state: exact for a few kinds of patients and short days only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from policies.environments.desk_rewards import Ledger

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Optimum:
    """The best rule for the need met."""

    value: Floats
    """(N + 1) x (U + 1): expected need met from here, by patients to come and units left."""

    def threshold(self, to_come: int, left: int) -> float:
        """Return the need from which the present patient gets a unit; `to_come` includes the present one."""
        return float(self.value[to_come - 1, left] - self.value[to_come - 1, left - 1])


def optimum(need: Floats, n_patients: int, n_units: int) -> Optimum:
    """Return the optimum when patients are drawn with replacement from people with these needs.

    V(n, u) = E max(x + V(n-1, u-1), V(n-1, u)); V(0, .) = V(., 0) = 0: the sequential assignment of Derman,
    Lieberman and Ross (1972), with the expectation over all the people.

    >>> float(optimum(np.array([0.0, 1.0]), n_patients=2, n_units=1).value[2, 1])
    0.75
    """
    value = np.zeros((n_patients + 1, n_units + 1))
    for n in range(1, n_patients + 1):
        for u in range(1, n_units + 1):
            value[n, u] = np.maximum(need + value[n - 1, u - 1], value[n - 1, u]).mean()
    return Optimum(value)


def clairvoyant(need: Floats, n_units: int) -> float:
    """Return the need met by somebody who knew all who come: of the neediest. No rule can do better.

    >>> clairvoyant(np.array([0.1, 0.5, 0.3]), 2)
    0.8
    """
    return float(np.sort(need)[::-1][:n_units].sum())


@dataclass(frozen=True)
class Kind:
    """Patients alike."""

    group: int
    need: float
    chance: float


MOST_STATES = 2_000_000
"""Beyond this a fair optimum is refused: it would not fit into memory."""


class FairOptimum:
    """The best rule for (1 - lambda) x need met - lambda x expected x gap, for a few kinds of patients.

    The state is who of each kind has come and got a unit. Raises `ValueError` if there are too many states.
    """

    def __init__(self, kinds: Sequence[Kind], n_patients: int, n_units: int, weight: float) -> None:
        self._kinds, self._n, self._units, self._weight = tuple(kinds), n_patients, n_units, weight
        if (n_patients + 1) ** (2 * len(kinds)) > MOST_STATES:
            raise ValueError(
                f"expected few kinds and patients, got {len(kinds)} kinds and {n_patients} patients"
            )
        self._best = cache(self._value)

    @property
    def value(self) -> float:
        """What the best rule earns in an episode, expected."""
        nobody = (0,) * len(self._kinds)
        return self._best(nobody, nobody)

    def admits(self, came: tuple[int, ...], met: tuple[int, ...], kind: int) -> bool:
        """Whether to give a unit to the present patient; both tallies by kind, without this patient."""
        came = _one_more(came, kind)
        return self._best(came, _one_more(met, kind)) > self._best(came, met)

    def _value(self, came: tuple[int, ...], met: tuple[int, ...]) -> float:
        if sum(came) == self._n:
            return self._end(came, met)
        total = 0.0
        for k, kind in enumerate(self._kinds):
            now = _one_more(came, k)
            best = self._best(now, met)
            if sum(met) < self._units:
                best = max(best, self._best(now, _one_more(met, k)))
            total += kind.chance * best
        return total

    def _end(self, came: tuple[int, ...], met: tuple[int, ...]) -> float:
        need = np.array([kind.need for kind in self._kinds])
        group = [kind.group for kind in self._kinds]
        presented, served = np.zeros(max(group) + 1), np.zeros(max(group) + 1)
        np.add.at(presented, group, need * came)
        np.add.at(served, group, need * met)
        expected = self._units * float(presented.sum()) / self._n
        gap = Ledger(presented, served).gap
        return float((1 - self._weight) * served.sum() - self._weight * expected * gap)


def _one_more(counts: tuple[int, ...], place: int) -> tuple[int, ...]:
    return (*counts[:place], counts[place] + 1, *counts[place + 1 :])
