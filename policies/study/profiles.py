"""Performance profiles over all scenarios and shifts: how often is a policy about as good as the rival, or better?

A score is one training seed in one case: the mean cost of the rival over that of the policy, so more is better and 1 is
as good. Intervals resample training seeds within cases; rules have one value a case and no interval.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from policies.evaluation.measures import COST
from policies.study.results import Judged
from policies.told import Block
from sim.evidence.crossed import Floats, crossed
from sim.evidence.many_runs import interquartile_mean_interval, performance_profile

LEVELS = (0.9, 0.95, 0.98, 1.02, 1.05)


def profile_block(cases: Sequence[Judged], seed: int) -> Block | None:
    """Return the shares of scores above each level, for the entries that every case has."""
    labels = [
        one.entry.label
        for one in cases[0].entries
        if all(one.entry.label in {o.entry.label for o in case.entries} for case in cases)
    ]
    rows = []
    for label in labels:
        for what, group in (("everybody", ""), ("worst off", "worst")):
            scores = _scores(cases, label, group)
            shares = performance_profile(scores, np.array(LEVELS))
            middle = interquartile_mean_interval(scores, seed)
            value = f"{middle.value:.3f}" + (
                f" [{middle.low:.3f}, {middle.high:.3f}]" if middle.bounded else ""
            )
            rows.append((label, what, value, *(f"{100 * share:.0f} %" for share in shares)))
    if not rows:
        return None
    return Block(
        "profile", "How good is each policy over all scenarios and shifts?",
        f"Scores of {len(cases)} cases: the rival's mean cost over the policy's, of everybody and of the group "
        "that is worst off in the protocol; more is better. Interquartile mean (stratified bootstrap over training "
        "seeds, where there are several), then the share of scores above each level.",
        ("policy", "cost of", "interquartile mean", *(f"> {level:g}" for level in LEVELS)), tuple(rows),
    )  # fmt: skip


def _scores(cases: Sequence[Judged], label: str, group: str) -> Floats:
    """Seeds x cases; with fewer seeds somewhere, the common first ones."""
    columns = []
    for case in cases:
        name = case.pair[0] if group else ""
        entry = next(one for one in case.entries if one.entry.label == label)
        columns.append(
            crossed(case.rival.of(COST.name, name)).mean / np.nanmean(entry.of(COST.name, name), axis=1)
        )
    n = min(len(column) for column in columns)
    return np.stack([column[:n] for column in columns], axis=1)
