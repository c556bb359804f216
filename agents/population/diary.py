"""What the people of a run go through, written down, so that everybody's risk on every day can be told again.

Compact and exact: an episode is written when it begins, what care has added while there is any, and chance not at all,
since it is an element of a stream. A risk is retold with the same function that made it (`agents.drift.drifted`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agents.drift import drifted, part_of_episode
from agents.population.catchment import Catchment
from agents.population.luck import Luck
from agents.population.timetable import NEVER
from scenarios.errors import RunError
from sim.arrivals import Floats
from sim.conditions import Codes

TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What risks consist of, one number for each: the first five sum to `risk`."""

    first: Floats
    """The risk with which the person began the run's first episode."""
    earlier: Floats
    """What episodes that are over have changed."""
    present: Floats
    """What the present episode has changed so far."""
    care: Floats
    """What treatment and waiting add, as far as it fits between 0 and 1."""
    chance: Floats
    """The deviation of the day."""
    risk: Floats
    room: Floats
    """The largest deviation that the day could have had, to either side; all within it are equally likely."""


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """The people of one catchment over the days of a run, from day 0."""

    luck: Luck
    n_days: int
    length: int
    """Days of an episode."""
    noise: float
    episodes: dict[str, Any]
    """Rows of `who`, `since` (the day from which it counts here), `begun`, `start` and `end`, by who and since."""
    care: dict[str, Any]
    """Rows of `who`, `day` and `effect`, by who and day; no row: no effect."""
    died: Codes
    """The first day without the person; NEVER."""
    last: Floats
    """Everybody's risk on the last day, as the run had it."""

    def __len__(self) -> int:
        return len(self.died)

    def alive(self, day: int) -> Codes:
        """Return who lives on a day."""
        return np.flatnonzero(self.died > day)

    def on(self, day: int) -> Parts:
        """Return everybody's risk on a day."""
        everybody = np.arange(len(self), dtype=np.int64)
        return self.parts(everybody, np.full(len(self), day, dtype=np.int64))

    def of(self, person: int) -> Parts:
        """Return one person's risk on every day."""
        days = np.arange(self.n_days, dtype=np.int64)
        return self.parts(np.full(self.n_days, person, dtype=np.int64), days)

    def parts(self, who: Codes, day: Codes) -> Parts:
        """Return the risk of each on a day of its own."""
        written, span = self.episodes, self.n_days + 1
        key = written["who"] * span + written["since"]
        row = np.searchsorted(key, who * span + day, side="right") - 1
        first = written["start"][np.searchsorted(key, who * span)]
        start, end, begun = (written[name][row] for name in ("start", "end", "begun"))
        a = part_of_episode(day - begun, self.length)
        effect = self._effect(who, day)
        u = self.luck.of_days(who, day, "noise") if self.noise else 0.5
        going, cared = drifted(start, end, a), drifted(start, end, a, effect=effect)
        risk = drifted(start, end, a, u, self.noise, effect)
        room = np.minimum(self.noise, np.minimum(cared, 1.0 - cared))
        return Parts(first, start - first, going - start, cared - going, risk - cared, risk, room)

    def check(self) -> Lives:
        """Return it, or raise `RunError` if the risks as retold are not those that the run had."""
        found = self.on(self.n_days - 1)
        told = found.first + found.earlier + found.present + found.care + found.chance
        off = np.maximum(np.abs(found.risk - self.last), np.abs(told - self.last))
        if len(off) and float(off.max()) > TOLERANCE:
            raise RunError(
                f"The risk of {self.luck.name}, person {int(off.argmax())}, is retold wrongly by {off.max():g}, so "
                "none is shown. This is a bug; please report it with the scenario."
            )
        return self

    def _effect(self, who: Codes, day: Codes) -> Floats:
        written = self.care
        key = written["who"] * self.n_days + written["day"]
        wanted = who * self.n_days + day
        row = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        if not len(key):
            return np.zeros(len(who))
        return np.where(key[row] == wanted, written["effect"][row], 0.0)


class Diary:
    """Give one to `agents.build.build_engine`, run, and ask for the lives."""

    def __init__(self) -> None:
        self._books: dict[int, _Book] = {}

    def write(self, catchment: Catchment) -> None:
        """Write down the day into which a catchment has just stepped."""
        self._books.setdefault(catchment.hospital, _Book()).write(catchment)

    def lives(self) -> dict[int, Lives]:
        """Return the people of each catchment, by the index of its hospital. Raises `RunError`."""
        return {hospital: book.closed().check() for hospital, book in self._books.items()}


@dataclass(slots=True)
class _Book:
    """What is written of one catchment."""

    catchment: Catchment | None = None
    episodes: list[tuple[Any, ...]] = field(default_factory=list)
    care: list[tuple[Any, ...]] = field(default_factory=list)
    died: Codes | None = None

    def write(self, catchment: Catchment) -> None:
        people, day = catchment.people, catchment.day
        if self.died is None:
            self.catchment, self.died = catchment, np.full(len(people), NEVER, dtype=np.int64)
            began = np.arange(len(people), dtype=np.int64)
        else:
            began = np.flatnonzero(people.begun == day)
        rows = (column[began] for column in (people.begun, people.risk_start, people.risk_end))
        self.episodes.append((began, np.full(len(began), day, dtype=np.int64), *rows))
        touched = np.flatnonzero(people.effect)
        self.care.append((touched, np.full(len(touched), day, dtype=np.int64), people.effect[touched]))
        self.died[~people.alive & (self.died == NEVER)] = day

    def closed(self) -> Lives:
        catchment = self.catchment
        assert catchment is not None
        assert self.died is not None
        drift = catchment.drift
        return Lives(
            luck=catchment.luck,
            n_days=catchment.day + 1,
            length=drift.length,
            noise=drift.risk.noise,
            episodes=_table(("who", "since", "begun", "start", "end"), self.episodes),
            care=_table(("who", "day", "effect"), self.care),
            died=self.died,
            last=catchment.risk.copy(),
        )


def _table(names: tuple[str, ...], batches: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Return batches as columns, ordered by the first two."""
    columns = [np.concatenate(column) for column in zip(*batches, strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    return {name: column[order] for name, column in zip(names, columns, strict=True)}
