"""The tiles of Decide: the few numbers to look at first, with what they were and how sure the change is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dashboards.report.reading import Story
from dashboards.report.wording import Estimate, decimals, interval, number, unit, verdict, with_unit

FIRST = (
    "untreated_hours", "within_target", "died_share", "left_share", "transfers_per_patient", "admissions_per_1000",
    "coverage", "waste_share", "cancelled_share", "diverted_share", "understaffed_hours", "length_of_stay_hours",
)  # fmt: skip
MOST = 5


@dataclass(frozen=True)
class Tile:
    """One number of the option."""

    what: str
    value: str
    was: str
    change: str
    """With its interval."""
    reading: str
    """`better`, `worse`, `no clear change`, ..."""


def tiles(story: Story) -> list[Tile]:
    """Return the first five that are measured and not zero throughout."""
    return list(_tiles(story))[:MOST]


def _tiles(story: Story) -> Iterator[Tile]:
    reference, option = story.policies[0], story.policies[-1]
    for name in FIRST:
        metric = story.metric(name)
        scale = unit(metric.unit)
        before, after = (story.level(p, name).times(scale.factor) for p in (reference, option))
        if not after.known or story.absent(name):
            continue
        change = story.change(option, name).times(scale.factor)
        places = decimals([before, after])
        yield Tile(
            metric.title,
            with_unit(number(after.mean, places), scale.level),
            with_unit(number(before.mean, places), scale.level),
            _change(change, scale.change),
            verdict(change, metric.better),
        )


def _change(e: Estimate, symbol: str) -> str:
    places = decimals([e])
    return f"{with_unit(number(e.mean, places, sign=True), symbol)} {interval(e, places, sign=True)}".strip()
