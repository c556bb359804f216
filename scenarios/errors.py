"""Every error that Fairward raises on purpose.

FairwardError              exit code 2
├── UsageError             the command was used wrongly, or a file cannot be read or written
├── ScenarioError          a scenario has problems, all of them listed
├── UnsupportedFeature     an engine or policy cannot do what the scenario asks
├── MissingExtra           an optional part is not installed
└── RunError               exit code 1: a run could not be completed
    ├── DirectiveError     a policy ordered what cannot be done
    └── DeadlockError      patients block one another for ever, and the scenario does not resolve it
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


class FairwardError(Exception):
    """Something that the user can understand and mend."""

    exit_code: ClassVar[int] = 2


class UsageError(FairwardError):
    """The command was used wrongly, or a file cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what was expected, what was got, what to do.

    >>> print(Problem("a.yaml", 3, 1, "horizon", 'a duration such as "90 min"', "nothing", "Add it."))
    a.yaml:3:1 horizon: expected a duration such as "90 min", got nothing. Add it.
    """

    file: str
    """The file as the user named it, or `--set 2` for the second override."""
    line: int | None
    """From 1; None when the problem is not at a line."""
    column: int | None
    """From 1; None when the problem is not at a line."""
    path: str
    """The place in the scenario, for example `hospitals.north.beds.icu.count`."""
    expected: str
    """What was expected; empty when `got` is a sentence that needs no expectation."""
    got: str
    """What was got."""
    remedy: str = ""
    """What to do about it: a sentence, or nothing."""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"
        where = f"{place} {self.path}" if self.path else place
        what = f"expected {self.expected}, got {self.got}" if self.expected else self.got
        return f"{where}: {what}. {self.remedy}".rstrip()


def _in_order_of_the_file(problem: Problem) -> tuple[list[int | str], int, int]:
    words = re.split(r"([0-9]+)", problem.file)  # Numbers stand at odd places: `--set 2` before `--set 10`.
    file: list[int | str] = [int(word) if i % 2 else word for i, word in enumerate(words)]
    return file, problem.line or 0, problem.column or 0


class ScenarioError(FairwardError):
    """A scenario has problems; `problems` lists all of them in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        unique = dict.fromkeys(problems)
        self.problems = tuple(sorted(unique, key=_in_order_of_the_file))
        super().__init__(self.problems)

    def __str__(self) -> str:
        n = len(self.problems)
        summary = f"{n} problem{'s' if n != 1 else ''}, nothing was run."
        return "\n".join([*map(str, self.problems), summary])


class UnsupportedFeature(FairwardError):
    """An engine or policy cannot do what the scenario asks.

    >>> print(UnsupportedFeature("the fast engine", "pathways.ed.steps.ward.hold"))
    the fast engine does not support pathways.ed.steps.ward.hold
    """

    def __init__(self, by: str, *paths: str) -> None:
        self.by = by
        self.paths = paths
        super().__init__(by, *paths)

    def __str__(self) -> str:
        return f"{self.by} does not support {', '.join(self.paths)}"


class MissingExtra(FairwardError):
    """An optional part is not installed.

    >>> print(MissingExtra("train", "training a policy"))
    training a policy needs the extra "train". Install it: pip install -e ".[train]"
    """

    def __init__(self, extra: str, what: str) -> None:
        self.extra = extra
        self.what = what
        super().__init__(extra, what)

    def __str__(self) -> str:
        return f'{self.what} needs the extra "{self.extra}". Install it: pip install -e ".[{self.extra}]"'


class RunError(FairwardError):
    """A run could not be completed."""

    exit_code: ClassVar[int] = 1


class DirectiveError(RunError):
    """A policy ordered what cannot be done; `problems` lists every illegal part of the directive."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        n = len(self.problems)
        return "\n".join([*self.problems, f"{n} problem{'s' if n != 1 else ''} in the directive."])


class DeadlockError(RunError):
    """Patients block one another for ever, and the scenario does not resolve it.

    `stuck` lists (patient, step whose beds are kept, step waited for).
    """

    def __init__(self, hospital: str, time: float, stuck: Iterable[tuple[int, str, str]]) -> None:
        self.hospital = hospital
        self.time = time
        self.stuck = tuple(stuck)
        super().__init__(hospital, time, self.stuck)

    def __str__(self) -> str:
        who = ", ".join(
            f"patient {number} keeps {kept} and waits for {awaited}" for number, kept, awaited in self.stuck
        )
        remedy = "Use on_deadlock: swap or overflow, give a step patience, or more beds."
        return f"{self.hospital} at {self.time:.2f} h: patients block one another for ever: {who}. {remedy}"
