"""The log-rank test of waits, clustered: every run gives one observed-less-expected, and the runs their spread.

The usual variance counts patients as independent, which those of one network are not: all wait when the beds are full.
The hazard compared is that of being treated while still waiting: the dead and those who left are no longer at risk,
so the test must not be read without the restricted mean, in which they count to tau.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.evidence.estimated import ONE_RUN, Tested

Floats = NDArray[np.float64]


def observed_less_expected(
    time: Floats, event: NDArray[np.bool_], group: NDArray[np.int64], n_groups: int
) -> Floats:
    """Return events less those expected if all groups had one hazard, by group; they sum to 0.

    >>> observed_less_expected(np.array([1.0, 2.0]), np.array([True, True]), np.array([0, 1]), 2)
    array([ 0.5, -0.5])
    """
    order = np.argsort(time, kind="stable")
    time, event, group = time[order], event[order], group[order]
    one = np.zeros((len(time), n_groups))
    one[np.arange(len(time)), group] = 1.0
    start = np.flatnonzero(np.diff(time, prepend=-np.inf))  # the first row of each distinct time
    if not len(start):
        return np.zeros(n_groups)
    at_risk = np.cumsum(one[::-1], axis=0)[::-1][start]
    events = np.add.reduceat(event.astype(np.float64), start)
    expected = (events / at_risk.sum(axis=1))[:, None] * at_risk
    return np.asarray((one * event[:, None]).sum(axis=0) - expected.sum(axis=0))


def log_rank(scores: Floats) -> Tested:
    """Test whether scores (runs x groups, from `observed_less_expected`) have mean zero: Hotelling's T squared."""
    runs, n_groups = scores.shape
    name = "log-rank, clustered by run"
    if n_groups < 2:
        return Tested(name, None, n=runs, why="one group has nothing to be compared with")
    if runs < 2:
        return Tested(name, None, n=runs, why=ONE_RUN)
    free = scores[:, :-1]  # the groups' scores sum to zero
    if not free.any():
        return Tested(name, 1.0, 0.0, runs, "the same in every run")
    k = n_groups - 1
    if runs <= k:
        return Tested(name, None, n=runs, why=f"{n_groups} groups need more than {k} runs")
    mean = free.mean(axis=0)
    covariance = np.atleast_2d(np.cov(free, rowvar=False))
    if np.linalg.matrix_rank(covariance) < k:
        return Tested(name, None, n=runs, why="a group has no spread between runs")
    t2 = runs * float(mean @ np.linalg.solve(covariance, mean))
    f = t2 * (runs - k) / (k * (runs - 1))
    return Tested(name, float(stats.f.sf(f, k, runs - k)), f, runs)
