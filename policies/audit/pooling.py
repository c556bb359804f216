"""Small groups pooled into one, the alternative to hiding them."""

from __future__ import annotations

import numpy as np

from sim.fairness.by_group import parts_of
from sim.fairness.stacked import Stacked
from sim.fairness.suppression import Smallest


def pooled_groups(stacked: Stacked, smallest: Smallest) -> dict[str, tuple[str, ...]]:
    """Return attribute -> groups to pool: the small ones, and the next smallest until they are two and together enough.

    Two at least, so that nobody can tell one of them by subtraction. An attribute of which nothing else would be left
    is not pooled, so its small groups stay hidden.
    """
    few = max(smallest.patients, smallest.a_run * stacked.n_runs)
    found: dict[str, tuple[str, ...]] = {}
    for attribute in stacked.plan.attributes:
        if len(parts_of(attribute)) > 1:
            continue
        groups, came = stacked.groups(attribute), stacked.heads(attribute)[:, 0].sum(axis=0)
        by_size = [int(g) for g in np.argsort(came, kind="stable") if came[g] > 0]
        n_pooled = sum(came[g] < few for g in by_size)
        if not n_pooled:
            continue
        while n_pooled < len(by_size) and (n_pooled < 2 or came[by_size[:n_pooled]].sum() < few):
            n_pooled += 1
        if n_pooled < len(by_size):
            found[attribute] = tuple(groups[g] for g in sorted(by_size[:n_pooled]))
    return found
