"""Conditions (`when`) on what is fixed at arrival, for many patients at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from scenarios.quantities import When

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Conditional(Protocol):
    """A case that says for whom it is meant."""

    @property
    def when(self) -> When:
        """For whom; empty: everybody not yet taken."""


C = TypeVar("C", bound=Conditional)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of n patients so far: for each key of a `when`, its values and each patient's."""

    n: int
    names: dict[str, tuple[str, ...]]
    codes: dict[str, Codes]
    """Key -> index into `names` by patient."""

    def learn(self, key: str, names: tuple[str, ...], codes: Codes) -> None:
        """Add what has just been drawn."""
        self.names[key], self.codes[key] = names, codes

    def take(self, who: Codes) -> Facts:
        """Return what is known of some of them, by position."""
        return Facts(len(who), self.names, {key: codes[who] for key, codes in self.codes.items()})

    def hold(self, when: When) -> Mask:
        """Return for whom the whole condition holds."""
        mask: Mask | None = None
        for key, values in when.items():
            of_key = _among(self.names[key], values)[self.codes[key]]
            mask = of_key if mask is None else np.logical_and(mask, of_key, out=mask)
        return np.ones(self.n, dtype=np.bool_) if mask is None else mask

    def take_first(self, cases: Sequence[C]) -> Iterator[tuple[C, Mask]]:
        """Give each patient to the first case that holds; cases without patients are left out."""
        left = np.ones(self.n, dtype=np.bool_)
        for case in cases:
            taken = left & self.hold(case.when) if case.when else left
            if taken.any():
                yield case, taken
                left = left & ~taken


@lru_cache(maxsize=4096)  # every replication asks for the same
def _among(names: tuple[str, ...], values: tuple[str, ...]) -> Mask:
    """Return by name whether it is one of the values."""
    return np.array([name in values for name in names], dtype=np.bool_)
