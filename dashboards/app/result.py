"""A finished question: the answer, its charts and tables, all under one key."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from dashboards.app.question import ENGINE, Question, Side
from dashboards.app.simulated import Simulated
from dashboards.report.differences import difference_exhibits
from dashboards.report.doses import vaccine_exhibits
from dashboards.report.exhibit import Exhibit
from dashboards.report.groups import group_exhibits
from dashboards.report.occupancy import course_exhibit, read_census
from dashboards.report.reading import Story
from policies.answer import Answer
from policies.experiment import answer
from policies.parts import Part, Parts, policy_folder, write_parquet
from scenarios.loader import scenario_hash

SHORT = 8
"""Characters of a key that people see."""


@dataclass(frozen=True)
class Tables:
    """The tables of one side, run by run, where they were kept."""

    side: Side
    parts: Parts

    def table(self, number: int, name: str) -> pd.DataFrame:
        """Return a table of `sim.tables.Tables` of a run."""
        return pd.read_parquet(self.parts.place(self.side.policy, number) / f"{name}.parquet")


@dataclass(frozen=True, eq=False)
class Result:
    """What every page shows; nothing in it changes any more."""

    key: str
    answer: Answer
    """Its policies are the labels of the sides, the reference first."""
    folder: Path
    """Holds `tables/<label>/census.parquet`, compact, for the report."""
    sides: Mapping[str, Tables]
    """Label -> tables of every run; empty for a result that was shipped."""
    command: str
    shipped: bool = False

    @property
    def short(self) -> str:
        """The key as people see it."""
        return self.key[:SHORT]

    @cached_property
    def story(self) -> Story:
        """The answer as charts read it."""
        return Story(self.answer, self.folder, charts=False)

    @cached_property
    def differences(self) -> list[Exhibit]:
        """What changes, with intervals."""
        return difference_exhibits(self.story)

    @cached_property
    def groups(self) -> list[Exhibit]:
        """Who waits, one exhibit an attribute."""
        return group_exhibits(self.story)

    @cached_property
    def vaccine(self) -> list[Exhibit]:
        """Coverage and waste; nothing without vaccine."""
        return vaccine_exhibits(self.story)

    @cached_property
    def course(self) -> Exhibit | None:
        """How full the beds are over time."""
        census = read_census(self.story)
        return course_exhibit(self.story, census) if census else None

    def drawn(self) -> Result:
        """Return it with everything above made, so that a page only shows it."""
        _ = self.differences, self.groups, self.vaccine, self.course
        return self


def finish(
    question: Question, done: Mapping[str, Sequence[Simulated]], parts: Mapping[str, Parts], folder: Path
) -> Result:
    """Return the result of a question whose runs are all done, and write its compact census."""
    sides = {side.label: side for side in (question.reference, question.option)}
    whole: dict[int, dict[str, Part]] = {}
    for label in sides:
        for one in sorted(done[label], key=lambda one: one.number):
            whole.setdefault(one.number, {})[label] = one.part
    found = answer(question.option.scenario, tuple(sides), question.seed, whole, ENGINE)
    found = replace(
        found, provenance=_provenance(question, found.provenance), notes=(*found.notes, *_notes(question))
    )
    _write_census(folder, {label: [one.census for one in done[label]] for label in sides})
    tables = {label: Tables(side, parts[label]) for label, side in sides.items()}
    return Result(question.key, found, folder, tables, question.command).drawn()


def _provenance(question: Question, found: Mapping[str, Any]) -> dict[str, Any]:
    more = {
        "result": question.key,
        "command": question.command,
        "reference_scenario_hash": scenario_hash(question.reference.scenario),
        "changes": list(question.changes) or "none",
    }
    return {**found, **more}


def _notes(question: Question) -> list[str]:
    if not question.changes:
        return []
    return [
        f"“{question.reference.label}” runs the scenario as it is, “{question.option.label}” with "
        f"{len(question.changes)} changes. Both draw the same random numbers; where a change brings more or fewer "
        "patients, they are not the same patients."
    ]


def _write_census(folder: Path, frames: Mapping[str, Sequence[pd.DataFrame]]) -> None:
    """Write it whole or not at all."""
    if folder.is_dir():
        return
    temporary = folder.with_name(f".{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    for label, several in frames.items():
        place = temporary / "tables" / policy_folder(label)
        place.mkdir(parents=True)
        write_parquet(pd.concat(several, ignore_index=True), place / "census.parquet")
    temporary.rename(folder)
