"""Deciding gates on intervals: kept when the whole interval complies, breached when none of it does, else undecided.

A gate looks at several groups, and one is beyond any limit by chance sooner or later: its intervals are widened for
their number (Bonferroni), so that a gate that is just kept by all groups is called breached at most once in 20.
A difference or ratio to the best-off is decided on those to every other group, whichever is the best: to pick the
best from the data and then test against it would find a gap where several are equally good.
A gate with `proof: of compliance` fails also when it is undecided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, nan

import numpy as np

from policies.audit.compared import gap_of, level_of, mean_of
from policies.audit.findings import GateLine, GateResult, Verdict
from policies.audit.gate_file import Gate
from policies.audit.standardised import DIED, directly, o_over_e
from sim.evidence.bootstrap import resamples
from sim.evidence.estimated import Estimated
from sim.fairness.by_group import OTHERS
from sim.fairness.disparity import BEST, OVERALL
from sim.fairness.stacked import Panel, Stacked
from sim.inference import LEVEL
from sim.metric import Mask

DRAWS = 10_000
"""Resamples: widened intervals need tails of a few in ten thousand."""


def decide(
    gates: Sequence[Gate],
    stacked: Stacked,
    hidden: Mapping[tuple[str, str], Mask],
    attributes: Sequence[str],
    seed: int,
) -> tuple[GateResult, ...]:
    """Return every gate with its decision."""
    if not gates:
        return ()
    weights = resamples(seed, stacked.n_runs, DRAWS, ("audit", "gates"))
    return tuple(_decided(gate, stacked, hidden, attributes, weights) for gate in gates)


def verdict_of(estimate: Estimated, low: float | None, high: float | None) -> Verdict:
    """Return what an interval says about limits; without an interval nothing is decided.

    >>> verdict_of(Estimated(1.1, 1.0, 1.15), None, 1.2), verdict_of(Estimated(1.1, 1.0, 1.3), None, 1.2)
    ('kept', 'undecided')
    """
    if not estimate.bounded:
        return "undecided"
    least, most = (-inf if low is None else low), (inf if high is None else high)
    if estimate.low >= least and estimate.high <= most:
        return "kept"
    if estimate.high < least or estimate.low > most:
        return "breached"
    return "undecided"


def _decided(
    gate: Gate,
    stacked: Stacked,
    hidden: Mapping[tuple[str, str], Mask],
    attributes: Sequence[str],
    weights: np.ndarray,
) -> GateResult:
    metric = gate.metric.name if gate.metric is not None else DIED
    asked = [
        (attribute, g, group)
        for attribute in (gate.by or attributes)
        for g, group in enumerate(stacked.groups(attribute))
        if (not gate.groups or group in gate.groups) and stacked.panel(metric, attribute).n[:, g].any()
    ]
    if hidden[metric, ""][0]:
        why = "the numbers at risk would give a small group away"
        return GateResult(
            gate.name, gate.rule, "undecided", gate.proof == "of compliance", gate.unit,
            gate.compare == "difference", (GateLine("", "all", Estimated(nan), "undecided", why),),
        )  # fmt: skip
    n_shown = sum(not hidden[metric, attribute][g] for attribute, g, _ in asked)
    level = 1 - (1 - LEVEL) / max(n_shown, 1)
    lines = []
    for attribute in dict.fromkeys(attribute for attribute, _, _ in asked):
        mask = hidden[metric, attribute]
        chosen = [(g, group) for a, g, group in asked if a == attribute]
        found = _estimates(gate, stacked, attribute, mask, metric, weights, level, [g for g, _ in chosen])
        for (g, group), estimate in zip(chosen, found, strict=True):
            if mask[g]:
                lines.append(GateLine(attribute, group, Estimated(nan), "undecided", "too few to be shown"))
            elif gate.compare != "level" and group == gate.to:
                continue
            else:
                lines.append(
                    GateLine(
                        attribute, group, estimate, verdict_of(estimate, gate.low, gate.high), estimate.why
                    )
                )
    for attribute in gate.by or attributes:
        lines += [
            GateLine(attribute, group, Estimated(nan), "undecided", f"too few, so it is among the {OTHERS}")
            for group in stacked.plan.pooled.get(attribute, ())
            if group in gate.groups
        ]
    said = [line.verdict for line in lines]
    verdict: Verdict = (
        "breached" if "breached" in said else "undecided" if "undecided" in said or not said else "kept"
    )
    fails = verdict == "breached" or (gate.proof == "of compliance" and verdict != "kept")
    return GateResult(
        gate.name, gate.rule, verdict, fails, gate.unit, gate.compare == "difference", tuple(lines)
    )


def _estimates(
    gate: Gate,
    stacked: Stacked,
    attribute: str,
    mask: Mask,
    metric: str,
    weights: np.ndarray,
    level: float,
    groups: Sequence[int],
) -> list[Estimated]:
    if gate.outcome == "mortality_o_e":
        found = o_over_e(stacked, attribute, weights, level)
        return [found[g] for g in groups]
    if gate.outcome == "mortality_standardised":
        found = directly(stacked, attribute, weights, level)
        return [found[g] for g in groups]
    panel = stacked.panel(metric, attribute)
    if gate.compare == "level":
        return [level_of(panel, g, level) for g in groups]
    if gate.to in panel.groups and mask[panel.groups.index(gate.to)]:
        return [Estimated(nan, why="the reference has too few to be shown")] * len(groups)
    if gate.to not in panel.groups and gate.to not in (BEST, OVERALL):
        return [Estimated(nan, why=f"{gate.to} is not a group of {attribute}")] * len(groups)
    shown = np.where(mask, nan, panel.value)
    if gate.compare == "difference" and gate.to == BEST:
        return [_less_the_best(panel, shown, g, level) for g in groups]
    if gate.to == BEST:
        return [_over_the_best(panel, shown, g, weights, level) for g in groups]
    pairs = [gap_of(panel, shown, g, gate.to, weights, level) for g in groups]
    return [pair[0] if gate.compare == "difference" else pair[1] for pair in pairs]


def _less_the_best(panel: Panel, shown: np.ndarray, group: int, level: float) -> Estimated:
    """Return a group less the best-off, from t intervals of its differences to all others, widened for their number."""
    others = _others(shown, group)
    each = [mean_of(shown[:, group] - shown[:, h], 1 - (1 - level) / len(others)) for h in others]
    return _farthest(each, panel, "t over runs, all pairs")


def _over_the_best(
    panel: Panel, shown: np.ndarray, group: int, weights: np.ndarray, level: float
) -> Estimated:
    """Return a group over the best-off, from BCa intervals of its ratios to all others, widened for their number."""
    others = _others(shown, group)
    each = [
        gap_of(panel, shown, group, panel.groups[h], weights, 1 - (1 - level) / len(others))[1]
        for h in others
    ]
    return _farthest(each, panel, "BCa bootstrap, all pairs")


def _others(shown: np.ndarray, group: int) -> list[int]:
    return [h for h in range(shown.shape[1]) if h != group and np.isfinite(shown[:, h]).any()]


def _farthest(each: Sequence[Estimated], panel: Panel, method: str) -> Estimated:
    """The comparison with the best of the others, whichever that is: a bound holds where all of its kind do."""
    if not each:
        return Estimated(nan, why="one group has nothing to be compared with")
    if not all(one.bounded for one in each):
        return Estimated(nan, why=next(one.why for one in each if not one.bounded))
    pick = min if panel.better == "higher" else max
    return Estimated(
        pick(one.value for one in each), pick(one.low for one in each), pick(one.high for one in each), method
    )
