"""Little's law on every queue of a run, over the whole run and with those still waiting counted: an identity."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.eventlog import Row
from sim.result import Result
from sim.tables import Tables, named


def littles_law(result: Result) -> pd.DataFrame:
    """Return L, lambda and W of every queue that somebody joined, warm-up included.

    Columns: hospital, step, length (L, from counting heads over time), rate (joins an hour), wait (W,
    mean hours from joining to start, quit or the horizon), and the two sides as patient-hours,
    `hours_by_count` and `hours_by_patient`. Times lie on the grid, so these two are equal to the last
    bit; length and rate x wait are equal but for rounding.
    """
    network, log = result.network, result.log
    steps = Tables(result).steps
    n_steps = len(network.steps)
    n_queues = len(network.hospitals) * n_steps
    queue = (
        steps["hospital"].cat.codes.to_numpy().astype(np.int64) * n_steps + steps["step"].cat.codes.to_numpy()
    )
    joined = np.bincount(queue, minlength=n_queues)
    by_patient = np.bincount(queue, weights=steps["queued_for"].to_numpy(), minlength=n_queues)
    by_count = np.zeros(n_queues)
    rows = np.flatnonzero(np.isin(log.kind, (Row.QUEUED, Row.STARTED, Row.QUIT)))
    key = log.hospital[rows].astype(np.int64) * n_steps + log.item[rows]
    change = np.where(log.kind[rows] == Row.QUEUED, 1, -1)
    used = np.flatnonzero(joined)
    for cell in used:
        here = key == cell
        by_count[cell] = _area(log.time[rows[here]], change[here], network.horizon)
    return pd.DataFrame(
        {
            "hospital": named(used // n_steps, network.hospitals),
            "step": named(used % n_steps, [step.name for step in network.steps]),
            "length": by_count[used] / network.horizon,
            "rate": joined[used] / network.horizon,
            "wait": by_patient[used] / joined[used],
            "hours_by_count": by_count[used],
            "hours_by_patient": by_patient[used],
        }
    )


def _area(time: NDArray[np.float64], change: NDArray[np.int64], horizon: float) -> float:
    """The integral of the number waiting."""
    return float(np.sum(np.cumsum(change) * np.diff(np.append(time, horizon))))
