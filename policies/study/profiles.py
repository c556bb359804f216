"""Performance profiles over all scenarios and shifts: in how many cases is a policy within a factor of the best?

The ratio of a policy in a case is its mean cost over that of the policy that costs least there (Dolan & Moré 2002,
Mathematical Programming 91:201); a learner has one ratio a training seed. The profile is the share of cases, training
seeds averaged, with a ratio of at most tau. Bands resample runs within each case, jointly for all policies because they
met the same patients, and training seeds within each case (Agarwal et al. 2021); the best is chosen again in each draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from policies.audit.wording import figure
from policies.evaluation.measures import COST, Measured
from policies.study.results import Judged
from policies.told import Block
from sim.evidence.bootstrap import resamples
from sim.evidence.crossed import Floats
from sim.evidence.estimated import Estimated
from sim.evidence.many_runs import interquartile_mean, performance_profile
from sim.inference import LEVEL
from sim.streams import uniforms

FACTORS = np.linspace(1.0, 2.0, 101)
"""Grid of tau: T."""
SHOWN = (1.0, 1.02, 1.05, 1.1, 1.25, 1.5, 2.0)
"""Factors of the table."""
DRAWS = 500
HAIR = 1e-9
"""The best is within a factor of 1 of itself, whatever rounding says."""


@dataclass(frozen=True)
class Profile:
    """One policy over all cases."""

    label: str
    share: Floats
    """T: of cases, at most FACTORS times the least cost."""
    low: Floats
    high: Floats
    middle: Estimated
    """Interquartile mean of the ratios."""

    @property
    def area(self) -> float:
        """Mean share over the grid: more is better."""
        return float(self.share.mean())

    def at(self, factor: float) -> Estimated:
        """Return the share within a factor of the grid."""
        k = int(np.abs(FACTORS - factor).argmin())
        return Estimated(float(self.share[k]), float(self.low[k]), float(self.high[k]))


def profiles_of(cases: Sequence[Judged], seed: int, worst: bool = False) -> list[Profile]:
    """Return a profile for every entry that all cases have, the largest area first.

    `worst`: of the cost of the group that is worst off in the protocol, not of everybody.
    """
    labels = [
        one.entry.label
        for one in cases[0].entries
        if all(one.entry.label in {o.entry.label for o in case.entries} for case in cases)
    ]
    observed = [_ratios(case, labels, worst, seed, k, draws=False) for k, case in enumerate(cases)]
    drawn = [_ratios(case, labels, worst, seed, k, draws=True) for k, case in enumerate(cases)]
    found = []
    for label in labels:
        shares, middles = _summary([one[label] for one in drawn])
        (share,), (middle,) = _summary([one[label] for one in observed])
        tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
        low, high = np.quantile(shares, tails, axis=0)
        left, right = np.quantile(middles, tails)
        found.append(
            Profile(
                label, share, np.minimum(low, share), np.maximum(high, share),
                Estimated(float(middle), float(left), float(right), "bootstrap of runs and training seeds"),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: -one.area)


def profile_block(found: Sequence[Profile], n_cases: int, worst: bool = False) -> Block:
    """Return the table of profiles."""
    who = "the group that is worst off in the protocol" if worst else "everybody"
    rows = tuple(
        (
            one.label,
            figure(one.middle),
            *(figure(Estimated(e.value, e.low, e.high), "share") for e in map(one.at, SHOWN)),
        )
        for one in found
    )
    return Block(
        "profile-worst" if worst else "profile",
        f"In how many scenarios and shifts is each policy near the best, by the cost of {who}?",
        f"{n_cases} cases. Ratio: mean cost of {who} over that of the policy that costs least in the case. "
        "Interquartile mean of the ratios, then the share of cases with a ratio of at most tau; 95 % bands by a "
        "bootstrap of runs (jointly for all policies) and of training seeds within each case, cases being those of the "
        "protocol. The largest area below the profile first.",
        ("policy", "interquartile mean", *(f"tau {level:g}" for level in SHOWN)), rows,
    )  # fmt: skip


def _summary(ratios: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return D x T shares and D interquartile means from cases of D x K ratios; cases weigh alike."""
    levels = (1 - HAIR) / FACTORS
    shares = np.mean(
        [np.stack([performance_profile(1 / draw[None], levels) for draw in case]) for case in ratios], axis=0
    )
    n = min(case.shape[1] for case in ratios)
    together = np.stack([case[:, :n] for case in ratios], axis=2)
    return np.asarray(shares), np.array([interquartile_mean(draw) for draw in together])


def _ratios(
    case: Judged, labels: Sequence[str], worst: bool, seed: int, number: int, draws: bool
) -> dict[str, Floats]:
    """Return D x K ratios by label; without draws D is 1 and nothing is resampled."""
    entries = {one.entry.label: _values(one, case, worst) for one in case.entries}
    whole = np.all([~np.isnan(values).any(axis=0) for values in entries.values()], axis=0)
    n_runs, stream = int(whole.sum()), ("study", "profile", str(number))
    weights = resamples(seed, n_runs, DRAWS, stream) if draws else np.ones((1, n_runs))
    means = {
        label: weights @ values[:, whole].T / weights.sum(axis=1)[:, None]
        for label, values in entries.items()
    }
    if draws:
        means = {label: _reseeded(values, seed, (*stream, label)) for label, values in means.items()}
    best = np.min([values.mean(axis=1) for values in means.values()], axis=0)
    return {label: _over(means[label], best[:, None]) for label in labels}


def _over(cost: Floats, best: Floats) -> Floats:
    """Return the ratio; where the best costs nothing it is 1 for nothing and beyond all factors for anything."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(best > 0, cost / best, np.where(cost > 0, np.inf, 1.0))


def _reseeded(means: Floats, seed: int, stream: tuple[str, ...]) -> Floats:
    """Draw training seeds anew in each draw."""
    draws, seeds = means.shape
    if seeds == 1:
        return means
    chosen = (uniforms(seed, 0, (*stream, "seeds"), draws * seeds).reshape(draws, seeds) * seeds).astype(
        np.int64
    )
    return np.asarray(np.take_along_axis(means, chosen, axis=1))


def _values(one: Measured, case: Judged, worst: bool) -> Floats:
    """K x R."""
    return one.of(COST.name, case.pair[0] if worst else "")
