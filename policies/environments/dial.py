"""A dial: one thing that a hospital sets at a decision. Option 0 is neutral on every dial."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.protocol import Decision

Legality = NDArray[np.bool_]


def with_neutral(others: Any) -> Legality:
    """Return H x options from H x (options - 1): the neutral option is always legal.

    >>> with_neutral([[False, True]]).tolist()
    [[True, False, True]]
    """
    legal = np.asarray(others, dtype=np.bool_)
    return np.concatenate([np.ones((len(legal), 1), dtype=np.bool_), legal], axis=1)


class Dial(Protocol):
    """One component of the action of a hospital. All hospitals have the same dials; masks tell them apart."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def options(self) -> tuple[str, ...]:
        """What can be chosen, the neutral option first."""
        ...

    def legal(self, decision: Decision) -> Legality:
        """Return H x options: which each hospital may choose now; the first is always among them."""
        ...

    def parts(self, decision: Decision, hospital: int, option: int) -> dict[str, Any]:
        """Return the fields of `Orders` of a legal option other than the neutral one."""
        ...
