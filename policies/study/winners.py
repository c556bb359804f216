"""Who is explained: the entry that costs least in the base scenario, and the learner that costs least."""

from __future__ import annotations

from collections.abc import Mapping

from policies.evaluation.measures import COST
from policies.study.results import Judged
from sim.evidence.crossed import crossed


def winners(case: Judged) -> tuple[str, ...]:
    """Return the labels, the cheapest entry first; one where a learner wins, or nobody was trained."""
    mean: Mapping[str, float] = {one.entry.label: crossed(one.of(COST.name)).mean for one in case.entries}
    best = min(mean, key=lambda label: mean[label])
    learners = sorted(case.learned, key=lambda label: mean[label])
    return tuple(dict.fromkeys((best, *learners[:1])))
