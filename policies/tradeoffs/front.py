"""The Pareto front over the options of a run, with how sure we are of everything said about it.

Replications are resampled jointly over all options and objectives, so that the pairing of the same patients is kept.
A worst group or a gap is taken of the means over the drawn runs, and chosen again in each draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from policies.objective import Floats, Objective, Values
from scenarios.errors import UsageError
from sim.evidence.bootstrap import FEWEST_CLUSTERS, bootstrap, resamples
from sim.evidence.estimated import Estimated
from sim.evidence.pareto import Mask, hypervolume, knee, not_dominated

DRAWS = 1000
"""Joint resamples: a share of 95 % is then known to 1.4 points."""

SURE = 0.95
"""Share of the resamples above which a domination is called sure."""


@dataclass(frozen=True)
class Standing:
    """Where one option stands."""

    values: tuple[Estimated, ...]
    """By objective."""
    on_front: bool
    on_front_again: float
    """Share of the resamples in which it is on the front."""
    dominated_by: tuple[int, ...]
    """Options that are at least as good in everything and better in something."""
    dominated_again: float
    """Share of the resamples in which some option dominates it."""
    surest: int | None
    """Of those that dominate it, the one that does so in most resamples."""
    surest_again: float
    differences: tuple[Estimated, ...]
    """This less the surest dominator, by objective, paired."""


@dataclass(frozen=True)
class Front:
    """All options, and what the front covers."""

    objectives: tuple[Objective, ...]
    labels: tuple[str, ...]
    standings: tuple[Standing, ...]
    hypervolume: Estimated
    reference: tuple[float, ...]
    """The corner from which it is measured, in the units of the objectives."""
    stated: bool
    """Whether the user named the corner; else it is the worst value of each objective."""
    knee: int | None
    knee_again: float
    """Share of the resamples with the same knee."""
    n_runs: int
    seed: int
    left_out: tuple[str, ...]
    """Groups too small to count in a worst or a gap, of any option."""


def front(
    options: Sequence[Sequence[Values]],
    labels: Sequence[str],
    seed: int,
    reference: Sequence[float] | None = None,
    draws: int = DRAWS,
) -> Front:
    """Return the front of options x objectives; `reference` is in the units of the objectives."""
    objectives = tuple(value.objective for value in options[0])
    if len(objectives) < 2 or len(objectives) > 3:
        raise UsageError(f"expected two or three objectives, got {len(objectives)}.")
    n_runs = len(options[0][0].value)
    whole = np.all([np.isfinite(value.by_run()) for option in options for value in option], axis=0)
    if not whole.any():
        raise UsageError("no run has a value of all objectives for every option.")
    sign = np.array([1.0 if objective.lower_is_better else -1.0 for objective in objectives])
    kept = [[_only(value, whole) for value in option] for option in options]

    def points(weights: Floats) -> Floats:
        """Draws x options x objectives, smaller is better."""
        return sign * np.stack(
            [np.stack([v.drawn(weights) for v in option], axis=-1) for option in kept], axis=1
        )

    n_runs = int(whole.sum())
    weights = resamples(seed, n_runs, draws, name=("tradeoffs", "bootstrap"))
    (observed,) = points(np.ones((1, n_runs)))
    drawn = points(weights)
    corner = observed.max(axis=0) if reference is None else sign * np.asarray(reference, dtype=np.float64)
    dominates: Mask = _dominates(observed[None])[0]
    again = _dominates(drawn)
    fronts: Mask = np.asarray(~again.any(axis=1))
    estimates = bootstrap(lambda w: (sign * points(w)).reshape(len(w), -1), weights, smooth=False)
    volume = bootstrap(lambda w: _volumes(points(w), corner), weights, smooth=False)[0]
    bend = knee(observed)
    enough = n_runs >= FEWEST_CLUSTERS
    standings = []
    for k in range(len(options)):
        rivals = tuple(int(j) for j in np.flatnonzero(dominates[:, k]))
        shares = again[:, :, k].mean(axis=0)
        surest = max(rivals, key=lambda j: shares[j]) if rivals else None
        standings.append(
            Standing(
                values=tuple(estimates[k * len(objectives) : (k + 1) * len(objectives)]),
                on_front=not rivals,
                on_front_again=float(fronts[:, k].mean()) if enough else np.nan,
                dominated_by=rivals,
                dominated_again=float(again[:, :, k].any(axis=1).mean()) if enough else np.nan,
                surest=surest,
                surest_again=float(shares[surest]) if enough and surest is not None else np.nan,
                differences=_differences(points, sign, weights, k, surest) if surest is not None else (),
            )
        )
    return Front(
        objectives=objectives,
        labels=tuple(labels),
        standings=tuple(standings),
        hypervolume=volume,
        reference=tuple(float(x) for x in sign * corner),
        stated=reference is not None,
        knee=bend,
        knee_again=float(np.mean([knee(one) == bend for one in drawn]))
        if enough and bend is not None
        else np.nan,
        n_runs=n_runs,
        seed=seed,
        left_out=tuple(
            dict.fromkeys(group for option in options for value in option for group in value.left_out)
        ),
    )


def _only(value: Values, whole: Floats) -> Values:
    return Values(value.objective, value.groups, value.value[whole], value.left_out)


def _dominates(points: Floats) -> Mask:
    """Draws x options x options: whether the first dominates the second."""
    first, second = points[:, :, None], points[:, None]
    return np.asarray((first <= second).all(axis=-1) & (first < second).any(axis=-1))


def _differences(
    points: Callable[[Floats], Floats], sign: Floats, weights: Floats, k: int, rival: int
) -> tuple[Estimated, ...]:
    return tuple(bootstrap(lambda w: sign * (points(w)[:, k] - points(w)[:, rival]), weights, smooth=False))


def _volumes(points: Floats, corner: Floats) -> Floats:
    """Draws x 1."""
    return np.array([[hypervolume(one[not_dominated(one)], corner)] for one in points])
