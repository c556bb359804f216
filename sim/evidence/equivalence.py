"""Two one-sided tests: is a difference small enough to count as none? Absence of proof of a gap is not that proof."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.weightstats import DescrStatsW

from sim.evidence.estimated import ONE_RUN, Tested

Floats = NDArray[np.float64]


def tost(differences: Floats, margin: float) -> Tested:
    """Test that the mean of paired differences lies within -margin to margin (Schuirmann 1987).

    A p value below 5 % shows equivalence; it says the same as a 90 % interval within the margins.
    """
    name = f"TOST within {margin:g}"
    if margin <= 0:
        raise ValueError(f"expected a margin above 0, got {margin:g}")
    if len(differences) < 2:
        return Tested(name, None, n=len(differences), why=ONE_RUN)
    if np.ptp(differences) == 0:
        why = "the difference is the same in every run, so it has no spread to judge by"
        return Tested(name, None, n=len(differences), why=why)
    p_value = DescrStatsW(differences).ttost_mean(-margin, margin)[0]
    return Tested(name, float(p_value), n=len(differences))
