"""One walk through episodes with thresholds in force: who was where, in which band, and how that was judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.risk.histories import Episodes
from policies.thresholds.moves import BAND, MOVE, TOP_K, Floats, Ints, cell, level, verdict

Choose = Callable[[int, Ints], Ints]
"""(visit, levels of the patients) -> their actions."""


@dataclass(frozen=True)
class Walk:
    """What happened: visits x episodes, but for `risk` and `present`."""

    risk: Floats
    """visits + 1 x episodes: the risk at each visit, and at the last evaluation."""
    present: NDArray[np.bool_]
    """visits + 1 x episodes: the true outcome then."""
    level: Ints
    """The state of the learner."""
    action: Ints
    """The action taken at the visit."""
    setting: Ints
    """The setting in force from then to the evaluation."""
    band: Ints
    """The patient's band in that time."""
    reward: Floats
    """The verdict of the evaluation on that band, less the price of the reasons given."""


def walk(episodes: Episodes, choose: Choose, setting: Ints, verbosity: float) -> Walk:
    """Walk through episodes that begin with a setting in force (`episodes`).

    An action acts at once: what it makes of the setting is in force until the evaluation, and the reward of that
    evaluation is credited to it.
    """
    visits = range(episodes.plan.visits)
    risk = [episodes.start]
    levels, actions, settings, bands, rewards = [], [], [], [], []
    for visit in visits:
        now = risk[-1]
        levels.append(level(now))
        actions.append(choose(visit, levels[-1]))
        setting = MOVE[setting, actions[-1]]
        settings.append(setting)
        bands.append(BAND[setting, cell(now)])
        risk.append(episodes.next_risk(visit, bands[-1]))
        rewards.append(verdict(bands[-1], episodes.present(risk[-1])) - verbosity * TOP_K[setting])
    return Walk(
        risk=np.stack(risk),
        present=np.stack([episodes.present(r) for r in risk]),
        level=np.stack(levels),
        action=np.stack(actions),
        setting=np.stack(settings),
        band=np.stack(bands),
        reward=np.stack(rewards),
    )


def following(policy: Sequence[int]) -> Choose:
    """Return the choice that takes a policy's action for each level."""
    actions = np.array(policy, dtype=np.int64)
    return lambda visit, levels: actions[levels]
