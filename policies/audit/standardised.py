"""Deaths standardised for the mix of cases, yes-or-no decisions, and outcomes per head, with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan

import numpy as np

from policies.audit.compared import ENOUGH_OVERLAP, level_of, mean_of
from policies.audit.findings import Decision, Mortality, PerHead
from sim.evidence.bootstrap import bootstrap, weighted_sums
from sim.evidence.estimated import Estimated
from sim.fairness.by_group import OTHERS
from sim.fairness.decisions import Allocation
from sim.fairness.stacked import Stacked
from sim.fairness.standardisation import direct, mantel_haenszel, observed_over_expected, support
from sim.inference import LEVEL
from sim.metric import Floats, Mask

DIED = "died_share"


def o_over_e(stacked: Stacked, attribute: str, weights: Floats, level: float = LEVEL) -> list[Estimated]:
    """Return observed over expected deaths of every group, BCa."""
    total, n = stacked.deaths(attribute)
    found = bootstrap(
        lambda w: observed_over_expected(weighted_sums(w, total), weighted_sums(w, n)), weights, level=level
    )
    return [_if_enough(e, share) for e, share in zip(found, _with_others(n.sum(axis=0)), strict=True)]


def directly(stacked: Stacked, attribute: str, weights: Floats, level: float = LEVEL) -> list[Estimated]:
    """Return the share of every group that would die with everybody's mix of cases, BCa."""
    total, n = stacked.deaths(attribute)
    found = bootstrap(lambda w: direct(weighted_sums(w, total), weighted_sums(w, n)), weights, level=level)
    return [_if_enough(e, share) for e, share in zip(found, support(n.sum(axis=0)), strict=True)]


def mortality_of(
    stacked: Stacked, attribute: str, hidden: Mask, reference: str, weights: Floats
) -> Iterator[Mortality]:
    """Yield the deaths of every group that is shown."""
    panel = stacked.panel(DIED, attribute)
    total, n = stacked.deaths(attribute)
    oe, standardised = o_over_e(stacked, attribute, weights), directly(stacked, attribute, weights)
    named = reference in panel.groups and not hidden[panel.groups.index(reference)]
    ratios = [Estimated(nan, why="the reference is not a group")] * len(panel.groups)
    if named:
        base = panel.groups.index(reference)
        ratios = bootstrap(
            lambda w: mantel_haenszel(weighted_sums(w, total), weighted_sums(w, n), base), weights
        )
    covered = support(n.sum(axis=0))
    for g, group in enumerate(panel.groups):
        if hidden[g] or not panel.n[:, g].any():
            continue
        assert panel.events is not None
        yield Mortality(
            attribute, group, reference, int(panel.events[:, g].sum()), int(panel.n[:, g].sum()),
            level_of(panel, g), standardised[g], float(covered[g]), oe[g],
            ratios[g] if group != reference else Estimated(1.0, why="the reference"),
        )  # fmt: skip


def _with_others(n: Floats) -> Floats:
    """The share of each group's patients in strata that hold others too; alone, a group is compared with itself."""
    others = n.sum(axis=0, keepdims=True) - n
    return np.asarray(np.where(others > 0, n, 0.0).sum(axis=1) / np.maximum(n.sum(axis=1), 1.0))


def _if_enough(estimate: Estimated, share: float) -> Estimated:
    if share >= ENOUGH_OVERLAP:
        return estimate
    return Estimated(nan, why=f"only {100 * share:.0f} % of the patients have counterparts")


def decision_of(
    stacked: Stacked,
    attribute: str,
    hidden: Mask,
    should: Mapping[str, tuple[str, ...]],
    weights: Floats,
    fewest: int,
) -> Decision | None:
    """Return parity and odds of being treated within the target, over the groups that are shown.

    Odds only where every shown group has at least `fewest` patients who should be treated, and as many who should not
    (or none): a share of a handful would make the largest gap, and give the handful away.
    """
    counts = stacked.allocation(attribute)
    kept = np.flatnonzero(~hidden)
    if counts is None or len(kept) < 2:
        return None
    counts = counts[:, :, kept]

    def gaps(w: Floats) -> Floats:
        drawn = Allocation(*np.moveaxis(weighted_sums(w, counts), 1, 0))
        return np.stack([drawn.parity_difference, drawn.parity_ratio, drawn.odds_difference], axis=1)

    parity, ratio, odds = bootstrap(gaps, weights, smooth=False)
    if not should:
        odds = Estimated(nan, why="Y, who should be treated in time, is not declared")
    else:
        by_y = counts[:, [0, 2]].sum(axis=0)
        if ((by_y > 0) & (by_y < fewest)).any():
            odds = Estimated(nan, why=f"a group has fewer than {fewest} on one side of Y")
    said = " and ".join(f"{name} {' or '.join(values)}" for name, values in should.items())
    return Decision(attribute, parity, ratio, odds, said)


def per_head_of(
    stacked: Stacked, attribute: str, hidden: Mask, people: Mapping[str, float]
) -> Iterator[PerHead]:
    """Yield outcomes per 1000 people for groups whose number in the catchment is known.

    `hidden` is 3 x groups: came, treated, died (`policies.audit.hiding.hidden_heads`).
    """
    heads = stacked.heads(attribute)
    pooled = stacked.plan.pooled.get(attribute, ())
    for g, group in enumerate(stacked.groups(attribute)):
        n = (
            sum(people.get(one, nan) for one in pooled)
            if group == OTHERS and pooled
            else people.get(group, nan)
        )
        if hidden[0, g] or not n > 0:
            continue
        per = 1000.0 * heads[:, :, g] / n
        yield PerHead(
            attribute,
            group,
            round(n),
            *(
                Estimated(nan, why="too few to be shown") if hidden[k, g] else mean_of(per[:, k])
                for k in range(3)
            ),
        )
