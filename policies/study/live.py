"""A lambda that adapts itself against the best fixed one, while demand changes: does the gap stay at its target?

Which fixed lambda is the best is chosen on seeds of its own: the one whose gap stays nearest to the target over the
whole course. Everybody then meets the same patients, seed by seed. Levels are those of training, with drawn actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from policies.audit.wording import figure, p_text
from policies.evaluation.comparing import ALPHA
from policies.sentence import counted
from policies.study.kept import Kept
from policies.told import Block
from sim.evidence.crossed import Crossed, Floats, crossed

ADAPTS = "adapts itself"
"""The label of the controller."""


@dataclass(frozen=True)
class Course:
    """One arm: its judged seeds K over the iterations T."""

    label: str
    gap: Floats
    """K x T."""
    cost: Floats
    """K x T: level of everybody."""
    lam: Floats
    """K x T."""
    changed: Floats
    """T: 0 before demand changes, 1 afterwards."""

    def off(self, target: float, changed: bool | None = None) -> Floats:
        """Return K: how far the gap was from the target, over all iterations, or before or after the change."""
        return np.asarray(np.abs(self.gap - target)[:, self._when(changed)].mean(axis=1))

    def mean(self, values: Floats, changed: bool) -> Crossed:
        """Return the mean over seeds of the mean before or after the change."""
        return crossed(values[:, self._when(changed)].mean(axis=1)[None])

    def _when(self, changed: bool | None) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.ones(len(self.changed), bool) if changed is None else self.changed == float(changed)


@dataclass(frozen=True)
class Followed:
    """All arms, and which fixed one was the best on its seeds."""

    target: float
    shift: str
    scenario: str
    courses: tuple[Course, ...]
    """The controller first."""
    best: str
    """Label of the fixed lambda that was nearest to the target on the tuning seeds."""
    n_tuning: int


def arm(lam: float | None) -> str:
    """Return the label of a fixed lambda, or of the controller.

    >>> arm(0.25), arm(None)
    ('lambda 0.25', 'adapts itself')
    """
    return ADAPTS if lam is None else f"lambda {lam:g}"


def followed(kept: Sequence[Kept]) -> Followed | None:
    """Return what the parts of the live lambda say; None unless all arms have the same seeds, two at least."""
    parts = [one for one in kept if one.kind == "live"]
    by_arm: dict[str, dict[str, dict[int, pd.DataFrame]]] = {"tuning": {}, "judged": {}}
    for one in parts:
        of_purpose = by_arm[str(one.manifest["purpose"])]
        of_purpose.setdefault(str(one.manifest["label"]), {})[int(one.manifest["seed"])] = one.history()
    tuned = {label: _course(label, seeds) for label, seeds in by_arm["tuning"].items() if label != ADAPTS}
    judged = {label: _course(label, seeds) for label, seeds in by_arm["judged"].items()}
    whole = {tuple(sorted(seeds)) for seeds in by_arm["judged"].values()}
    if (
        ADAPTS not in judged
        or not tuned
        or tuned.keys() - judged.keys()
        or len(whole) != 1
        or len(*whole) < 2
    ):
        return None
    about = parts[0].manifest
    target = float(about["target"])
    best = min(tuned, key=lambda label: float(tuned[label].off(target).mean()))
    fixed = sorted((course for label, course in judged.items() if label != ADAPTS), key=lambda c: c.lam[0, 0])
    return Followed(
        target, str(about["shift"]), str(about["scenario"]), (judged[ADAPTS], *fixed), best,
        len(next(iter(by_arm["tuning"].values()))),
    )  # fmt: skip


def live_block(found: Followed) -> Block:
    """Return how far every arm's gap was from the target, and by how much less than under the best fixed lambda."""
    rows = []
    reference = next(one for one in found.courses if one.label == found.best)
    for one in found.courses:
        less = crossed((one.off(found.target, True) - reference.off(found.target, True))[None])
        paired = one is not reference
        rows.append(
            (
                one.label + (" (best fixed)" if one is reference else ""),
                f"{one.lam[:, one.changed == 0][:, -1].mean():.2f}, {one.lam[:, -1].mean():.2f}",
                figure(one.mean(one.gap, False).interval()),
                figure(one.mean(one.gap, True).interval()),
                figure(crossed(one.off(found.target, True)[None]).interval()),
                figure(less.interval(), sign=True) if paired else "",
                p_text(less.p_two_sided()) if paired else "",
                figure(one.mean(one.cost, True).interval()),
            )
        )  # fmt: skip
    k, t = found.courses[0].gap.shape
    before = int((found.courses[0].changed == 0).sum())
    return Block(
        "live", f"{found.scenario}: does a lambda that adapts keep the gap at {found.target:g} as demand changes?",
        f"gr-ppo trains on; after {before} of {t} iterations comes {found.shift}. {counted(k, 'training seed')}, "
        f"the same patients for all; the best fixed lambda was chosen on {counted(found.n_tuning, 'other seed')}. Gap "
        "and cost in the cost of an average patient under neutral orders, smoothed as the controller sees them; 95 % "
        "t intervals over seeds; p values of each row by itself.",
        (
            "lambda", "lambda before, at the end", "gap before", "gap after", "from target, after",
            "less best fixed", "p", "cost after",
        ),
        tuple(rows), sentence=_verdict(found, reference),
    )  # fmt: skip


def _verdict(found: Followed, reference: Course) -> str:
    """Whether the controller stayed nearer to the target after the change than the best fixed lambda."""
    controller = found.courses[0]
    less = crossed((controller.off(found.target, True) - reference.off(found.target, True))[None])
    said = (
        f"Distance of the gap from its target after the change, the controller's less that of {found.best}: "
        f"{figure(less.interval(), sign=True)}"
    )
    p = less.p_two_sided()
    if p is None or p >= ALPHA:
        return f"{said}: no clear difference."
    return f"{said}: the controller {'stays nearer' if less.mean < 0 else 'is farther away'}."


def _course(label: str, seeds: Mapping[int, pd.DataFrame]) -> Course:
    frames = [seeds[seed] for seed in sorted(seeds)]

    def column(name: str) -> Floats:
        return np.stack([frame[name].to_numpy(dtype=np.float64) for frame in frames])

    return Course(
        label,
        column("gap"),
        column("mean"),
        column("lambda"),
        frames[0]["changed"].to_numpy(dtype=np.float64),
    )
