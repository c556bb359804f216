"""What has been observed of one moment's future: all that a redrawn future must agree with.

A step that has lasted four hours lasts more than four; a patience that has borne a wait bears it. A duration is a
rising function of one uniform, so knowing that it exceeds the elapsed time is knowing where that uniform begins: the
redrawn one is uniform between that share and 1, and the duration has the conditional law exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from scenarios.distributions import DurationCase
from sim.arrivals import Floats
from sim.batches import Batch
from sim.conditions import Codes, Mask
from sim.distributions import share_below
from sim.order import GRID

if TYPE_CHECKING:
    from sim.workload import Workload

LEAST, MOST = 2.0**-53, 1 - 2.0**-53
"""The smallest and the greatest uniform."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which shares the uniforms of some patients lie; columns of length n."""

    who: Codes
    """Ids, rising."""
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at a time."""

    until: float = -inf
    """The time."""
    bounds: Mapping[tuple[str, ...], Bounds] = field(default_factory=dict)
    """Name of a stream, without the source -> what is known of it."""
    past: Workload | None = None
    """Where what had begun by then comes from."""

    def within(self, names: tuple[str, ...], u: Floats, batch: Batch) -> Floats:
        """Return uniforms of a batch, those of which something is known between their bounds."""
        bounds = self.bounds.get(names)
        if bounds is None or batch.who is None:
            return u
        places = np.searchsorted(batch.who, bounds.who)
        u[places] = between(bounds.low, bounds.high, u[places])
        return u


NOTHING = Known()


def between(low: Floats, high: Floats | float, u: Floats) -> Floats:
    """Return uniforms between bounds."""
    return np.clip(low + u * (high - low), LEAST, MOST)


def share_of_steps_below(workload: Workload, step: int, who: Codes, hours: Floats) -> Floats:
    """Return the shares of the laws of these patients' durations that are no longer than so many hours."""
    batch = workload.batch_of(who)
    nothing, one = np.zeros(len(who)), np.ones(len(who))
    added = workload.stretched(step, nothing, batch)
    times = workload.stretched(step, one, batch) - added
    shares = np.zeros(len(who))
    random = times > 0
    longer = (hours + 0.5 / GRID - added)[random] / times[random]
    shares[random] = _by_case(workload.network.steps[step].spec.duration, batch, random, longer)
    return shares


def share_of_patience_below(workload: Workload, step: int, who: Codes, hours: Floats) -> Floats:
    """Return the shares of the laws of these patients' patience that are no longer than so many hours."""
    patience = workload.network.steps[step].spec.patience
    assert patience is not None
    batch = workload.batch_of(who)
    return _by_case(patience.time, batch, np.ones(len(who), dtype=np.bool_), hours + 0.5 / GRID)


def _by_case(cases: Sequence[DurationCase], batch: Batch, chosen: Mask, x: Floats) -> Floats:
    """Return P(X < x) for the chosen patients, each by the first case that holds."""
    everybody, values = np.zeros(len(batch.patients)), np.zeros(len(batch.patients))
    values[chosen] = x
    for case, taken in batch.facts.take_first(cases):
        everybody[taken] = share_below(case, values[taken])
    return everybody[chosen]
