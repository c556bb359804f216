"""A first look at a question while its runs go on: a few pairs, their wide intervals, and no verdict.

Who looks early and stops when the picture pleases is wrong more often than the intervals say. So a look calls nothing
better or worse; that waits until all the runs are done that were asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dashboards.app.question import Question
from dashboards.app.simulated import Simulated
from dashboards.app.tiles import Tile, tiles
from dashboards.report.reading import Story
from policies.answer import Answer
from sim.inference import paired, summarise

PAIRS = 4
"""Paired runs of a look: with fewer, an interval is too wide to be of use (2.5 standard deviations with 3, 1.6 with 4).
Questions of less than twice as many have none."""

NO_TEST = (
    "Intervals are over these runs alone, so they are wide. Looking early is not a test: nothing is called better or "
    "worse until all runs are done."
)


@dataclass(frozen=True)
class Look:
    """What the first pairs say."""

    n: int
    """Pairs looked at, the first ones by number."""
    wanted: int
    option: str
    reference: str
    tiles: tuple[Tile, ...]

    @property
    def sentence(self) -> str:
        """How far it is, in words."""
        return f"First look: {self.n} runs, still computing. {self.n} of {self.wanted} paired runs of {self.option}."


def first_look(question: Question, done: Mapping[str, Sequence[Simulated]]) -> Look:
    """Return a look at runs that both sides have, as `answer` and the tiles of a result would tell of so many."""
    outcomes = {
        label: pd.concat([_everybody(one.part.outcomes).assign(replication=one.number) for one in runs])
        for label, runs in done.items()
    }
    reference, option = outcomes
    found = Answer(
        scenario=question.option.scenario,
        policies=(reference, option),
        seed=question.seed,
        replications=tuple(one.number for one in done[reference]),
        outcomes=outcomes,
        summaries={label: summarise(frame) for label, frame in outcomes.items()},
        differences={option: paired(outcomes[reference], outcomes[option])},
        sentence="",
    )
    story = Story(found, Path(), charts=False)
    return Look(len(found.replications), question.runs, option, reference, tuple(tiles(story)))


def _everybody(outcomes: pd.DataFrame) -> pd.DataFrame:
    return outcomes[(outcomes["attribute"] == "") & (outcomes["hospital"] == "")]
