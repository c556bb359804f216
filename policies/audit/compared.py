"""Levels, gaps and spreads of one outcome by the groups of one attribute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import nan

import numpy as np

from policies.audit.findings import Gap, Level, Spread
from sim.evidence.bootstrap import bootstrap, pseudo_values, weighted_means, weighted_sums
from sim.evidence.estimated import ONE_RUN, Estimated, Tested
from sim.evidence.permutation import permutation_gap
from sim.evidence.proportions import wilson, wilson_of_runs
from sim.evidence.replication_tests import friedman, holm, paired_t
from sim.fairness import disparity
from sim.fairness.disparity import BEST, OVERALL
from sim.fairness.stacked import Panel, Stacked
from sim.fairness.standardisation import adjusted_difference, overlap
from sim.inference import LEVEL, interval
from sim.metric import Floats, Mask

ADJUSTED = ("untreated_hours", "within_target", "left_share", "died_share", "coverage")
"""Outcomes that are also compared within hospital and acuity."""

ENOUGH_OVERLAP = 0.5
"""Share of patients with counterparts below which groups are too different to be compared like with like: assumed."""


def mean_of(values: Floats, level: float = LEVEL) -> Estimated:
    """Return the mean of one value a run with its t interval; runs without a value are left out."""
    if not np.isfinite(values).any():
        return Estimated(nan, why="no value in any run")
    found = interval(values, level)
    if found.n_runs < 2:
        return Estimated(found.mean, why=ONE_RUN)
    why = "the same in every run" if found.sd == 0 else ""
    return Estimated(found.mean, found.low, found.high, "t over runs", why)


def level_of(panel: Panel, group: int, level: float = LEVEL) -> Estimated:
    """Return the mean of a group with a t interval; of a share near 0 or 1, an interval by Wilson.

    A t interval may reach below 0 per cent, and where a share is 0 or 1 in every run a spread of zero would say that
    it is known exactly, which a few runs without an event cannot: there Wilson's interval on the patients, with the
    design effect of everybody, since the group itself shows none.
    """
    values = panel.value[:, group]
    found = mean_of(values, level)
    if panel.metric.unit != "share" or not found.bounded or 0.0 < found.low <= found.high < 1.0:
        return found
    n = float(panel.n[:, group].sum())
    if found.value in (0.0, 1.0) and n > 0:
        within = wilson(found.value * n, n, panel.deff, level)
        return Estimated(found.value, within.low, within.high, "Wilson")
    over = interval(values, level)
    if over.sd == 0:
        return found
    return wilson_of_runs(over.mean, over.sd / np.sqrt(over.n_runs), over.n_runs - 1, level)


def levels_of(panel: Panel, hidden: Mask) -> Iterator[Level]:
    """Yield the levels of the groups that are shown."""
    for g, group in enumerate(panel.groups):
        if hidden[g] or not panel.n[:, g].any():
            continue
        yield Level(
            panel.metric.name,
            panel.attribute,
            group,
            int(panel.n[:, g].sum()),
            None if panel.events is None else int(panel.events[:, g].sum()),
            level_of(panel, g),
            int(np.isfinite(panel.value[:, g]).sum()),
        )


def gap_of(
    panel: Panel, shown: Floats, group: int, reference: str, weights: Floats, level: float = LEVEL
) -> tuple[Estimated, Estimated]:
    """Return difference and ratio of a group to a reference. `shown` is the values with hidden groups NaN.

    Differences to everybody or to a named group are linear: a t interval over runs. A best-off group is chosen again
    in every resample: percentile bootstrap. Ratios: BCa bootstrap, with the best-off percentile.
    """
    smooth = reference != BEST

    def both(w: Floats) -> Floats:
        means, overall = weighted_means(w, shown), weighted_means(w, panel.overall[:, None])[:, 0]
        base = disparity.reference_values(means, overall, reference, panel.groups, panel.better)
        return np.stack(
            [
                disparity.difference(means, base)[:, group],
                disparity.ratio(means, base)[:, group],
            ],
            axis=1,
        )

    difference, ratio = bootstrap(both, weights, smooth, level)
    if smooth:
        difference = mean_of(shown[:, group] - _reference_by_run(panel, shown, reference), level)
    return difference, ratio


def gaps_of(
    stacked: Stacked, panel: Panel, hidden: Mask, reference: str, weights: Floats
) -> Iterator[tuple[Gap, Tested, Tested]]:
    """Yield every group's gap with the t tests of its difference, crude and adjusted, still to be corrected."""
    shown = np.where(hidden, nan, panel.value)
    if np.isfinite(shown).any(axis=0).sum() < 2:
        return
    if reference in panel.groups and hidden[panel.groups.index(reference)]:
        return
    for g, group in enumerate(panel.groups):
        if hidden[g] or group == reference or not np.isfinite(shown[:, g]).any():
            continue
        difference, ratio = gap_of(panel, shown, g, reference, weights)
        test = Tested("paired t", None, why="the best-off is chosen from the same runs")
        if reference != BEST:
            by_run = shown[:, g] - _reference_by_run(panel, shown, reference)
            test = paired_t(by_run[np.isfinite(by_run)])
        adjusted, like, share = _adjusted(stacked, panel, g, reference, weights)
        gap = Gap(
            panel.metric.name, panel.attribute, group, reference, difference, ratio, None, adjusted, None, share
        )  # fmt: skip
        yield gap, test, like


def corrected(found: Sequence[tuple[Gap, Tested, Tested]]) -> list[Gap]:
    """Return gaps with p values corrected by Holm for all gaps of the same outcome."""
    gaps = [gap for gap, _, _ in found]
    for metric in dict.fromkeys(gap.metric for gap in gaps):
        mine = [i for i, gap in enumerate(gaps) if gap.metric == metric]
        crude = _holm({i: found[i][1] for i in mine})
        adjusted = _holm({i: found[i][2] for i in mine})
        for i in mine:
            gaps[i] = replace(gaps[i], p_value=crude.get(i), adjusted_p=adjusted.get(i))
    return gaps


def _holm(tests: Mapping[int, Tested]) -> dict[int, float]:
    known = {i: test.p_value for i, test in tests.items() if test.p_value is not None}
    return dict(zip(known, holm(list(known.values())), strict=True))


def spread_of(stacked: Stacked, panel: Panel, hidden: Mask, weights: Floats, seed: int) -> Spread | None:
    """Return how unequal the shown groups are; None where fewer than two have a value."""
    kept = np.flatnonzero(~hidden & np.isfinite(panel.value).any(axis=0))
    if len(kept) < 2:
        return None
    value, n = panel.value[:, kept], panel.n[:, kept].sum(axis=0)
    names = [panel.groups[k] for k in kept]

    def kinked(w: Floats) -> Floats:
        means = weighted_means(w, value)
        return np.stack(
            [disparity.largest_gap(means), disparity.min_max(means),
             disparity.generalised_gini(means, panel.better)], axis=1
        )  # fmt: skip

    def smooth(w: Floats) -> Floats:
        return disparity.generalised_entropy(weighted_means(w, value), n)[:, None]

    gap, least, ggf = bootstrap(kinked, weights, smooth=False)
    (entropy,) = bootstrap(smooth, weights)
    means = weighted_means(np.ones((1, stacked.n_runs)), value)[0]
    sign = -1.0 if panel.better == "higher" else 1.0
    worst, best = int(np.nanargmax(sign * means)), int(np.nanargmin(sign * means))
    same = float(means.max()) == float(means.min())
    again = None
    if stacked.n_runs > 1 and not same:
        drawn = sign * weighted_means(weights, value)
        again = float((np.where(np.isnan(drawn), -np.inf, drawn).argmax(axis=1) == worst).mean())
    return Spread(
        panel.metric.name,
        panel.attribute,
        "" if same else names[worst],
        "" if same else names[best],
        again,
        gap,
        least,
        entropy,
        ggf,
        _permuted(stacked, panel, kept, seed),
        friedman(list(value.T)),
    )


def _reference_by_run(panel: Panel, shown: Floats, reference: str) -> Floats:
    return panel.overall if reference == OVERALL else shown[:, panel.groups.index(reference)]


def _adjusted(
    stacked: Stacked, panel: Panel, group: int, reference: str, weights: Floats
) -> tuple[Estimated, Tested, float]:
    """The difference within hospital and acuity, its jackknife t test, and how many patients have counterparts."""
    name = "jackknife t"
    sums = stacked.by_place(panel.metric.name, panel.attribute)
    if panel.metric.name not in ADJUSTED or sums is None or reference == BEST:
        return Estimated(nan, why="not computed"), Tested(name, None), nan
    a, b = group, panel.groups.index(reference) if reference != OVERALL else len(panel.groups)
    total, n = (np.concatenate([x, x.sum(axis=1, keepdims=True)], axis=1)[:, [a, b]] for x in sums)
    share = float(overlap(n.sum(axis=0), 0, 1))
    if not share >= ENOUGH_OVERLAP:
        why = f"only {100 * share:.0f} % of the patients have counterparts"
        return Estimated(nan, why=why), Tested(name, None, why=why), share

    def within(w: Floats) -> Floats:
        return adjusted_difference(weighted_sums(w, total), weighted_sums(w, n), 0, 1)[:, None]

    (estimate,) = bootstrap(within, weights)
    return estimate, paired_t(pseudo_values(within, stacked.n_runs)), share


def _permuted(stacked: Stacked, panel: Panel, kept: np.ndarray, seed: int) -> Tested:
    patients = stacked.patients(panel.metric.name, panel.attribute)
    if patients is None:
        return Tested("permutation", None, why="this outcome has no value for each patient")
    score, group, stratum = patients
    among = np.isin(group, kept)
    if not among.any():
        return Tested("permutation", None, why="nobody is at risk")
    return permutation_gap(score[among], group[among], stratum[among], len(panel.groups), seed)
