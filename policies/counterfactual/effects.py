"""What a flip does to those who are flipped, and to the others beside them; and what the gaps between groups say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from policies.counterfactual.flip import Flip
from policies.counterfactual.worlds import OUTCOMES, Worlds
from sim.evidence.bootstrap import bootstrap, resamples, weighted_sums
from sim.evidence.estimated import Estimated
from sim.fairness.standardisation import adjusted_difference, crude_difference, overlap
from sim.inference import Interval, interval
from sim.metric import Floats
from sim.network import Network, attribute_values

FEWEST_OTHERS = 10
"""Groups of others with fewer patients a run are not shown."""


@dataclass(frozen=True)
class Effect:
    """The flipped world less the world as it is, of the same patients: mean over runs of the mean change."""

    who: str
    n: float
    """Patients a run."""
    change: dict[str, Interval]
    """Outcome -> change of its mean."""


@dataclass(frozen=True)
class Gaps:
    """Untreated hours of one group less those of another, three ways; the same patients as they are."""

    crude: Estimated
    adjusted: Estimated
    """Within hospital x acuity (Mantel-Haenszel weights)."""
    overlap: float
    """Share of both groups' patients in strata with patients of both."""
    causal: Interval
    """Of those flipped: as they are less as they would be. What the flip does to all beds is in it."""
    relative: Interval
    """The same, less the change of those who always had the other value: what moves everybody cancels."""


@dataclass(frozen=True)
class Effects:
    """All that a flip does."""

    flipped: Effect
    others: Effect
    by_value: tuple[Effect, ...]
    """The others, by the attribute's values; small groups are left out."""
    total: dict[str, Interval]
    """Outcome -> change of the sum over everybody, by run; hours, deaths, leavings."""
    own: dict[str, Interval]
    """The part of the total that falls on those flipped."""
    gaps: Gaps | None
    n_runs: int
    n_same: int
    """Runs in which nothing at all changed."""
    n_unfollowed: float
    """Patients a run who are left out."""
    changed: dict[str, float]
    """Column -> patients a run whose value changed."""


def effects(worlds: Sequence[Worlds], flip: Flip, network: Network, seed: int) -> Effects:
    """Return the effects over replications; with one replication there are no intervals."""
    values = attribute_values(network.scenario, flip.attribute)
    others = [w.patients[~w.patients["flipped"]] for w in worlds]
    by_value = [
        _effect(f"{flip.attribute} {value}", [frame[frame["value"] == value] for frame in others])
        for value in values
    ]
    flipped = [w.patients[w.patients["flipped"]] for w in worlds]
    columns = dict.fromkeys(name for w in worlds for name in w.changed)
    return Effects(
        flipped=_effect("those flipped", flipped),
        others=_effect("everybody else", others),
        by_value=tuple(effect for effect in by_value if effect.n >= FEWEST_OTHERS),
        total={name: interval([_change(w.patients, name).sum() for w in worlds]) for name in OUTCOMES},
        own={name: interval([_change(frame, name).sum() for frame in flipped]) for name in OUTCOMES},
        gaps=_gaps(worlds, flip, network, seed) if all(w.gap is not None for w in worlds) else None,
        n_runs=len(worlds),
        n_same=sum(w.same_log for w in worlds),
        n_unfollowed=float(np.mean([w.n_unfollowed for w in worlds])),
        changed={name: float(np.mean([w.changed.get(name, 0) for w in worlds])) for name in columns},
    )


def _effect(who: str, frames: Sequence[object]) -> Effect:
    return Effect(
        who,
        float(np.mean([len(frame) for frame in frames])),  # type: ignore[arg-type]
        {name: interval([_mean(_change(frame, name)) for frame in frames]) for name in OUTCOMES},
    )


def _change(frame: object, name: str) -> Floats:
    return np.asarray(frame[f"{name}_b"].to_numpy() - frame[f"{name}_a"].to_numpy(), dtype=np.float64)  # type: ignore[index]


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else np.nan


def _gaps(worlds: Sequence[Worlds], flip: Flip, network: Network, seed: int) -> Gaps:
    values = attribute_values(network.scenario, flip.attribute)
    a, b = values.index(flip.was), values.index(flip.instead)
    total = np.array([w.gap.total for w in worlds if w.gap is not None])
    n = np.array([w.gap.n for w in worlds if w.gap is not None])

    def both(weights: Floats) -> Floats:
        sums = weighted_sums(weights, total), weighted_sums(weights, n)
        return np.stack([crude_difference(*sums, a, b), adjusted_difference(*sums, a, b)], axis=1)

    crude, adjusted = bootstrap(both, resamples(seed, len(worlds), name=("counterfactual", "gaps")))
    flipped = [w.patients[w.patients["flipped"]] for w in worlds]
    beside = [w.patients[~w.patients["flipped"] & (w.patients["value"] == flip.instead)] for w in worlds]
    own = [_mean(_change(frame, "untreated_hours")) for frame in flipped]
    theirs = [_mean(_change(frame, "untreated_hours")) for frame in beside]
    return Gaps(
        crude,
        adjusted,
        float(overlap(n.sum(axis=0), a, b)),
        interval([-x for x in own]),
        interval([y - x for x, y in zip(own, theirs, strict=True)]),
    )
