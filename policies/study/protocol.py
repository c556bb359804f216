"""The protocol of a study: what is run, on which seeds, within which budget; read with all problems at once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policies.evaluation.comparing import MARGIN
from scenarios.errors import Problem, ScenarioError
from scenarios.loader import load
from scenarios.reading import read_file
from scenarios.scenario import Scenario
from scenarios.tree import Node, plain

BASE = "as trained"
"""The case in which nothing is shifted."""


class Part(BaseModel):
    """A part of a protocol; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StudyScenario(Part):
    """A scenario with what is held out from training."""

    scenario: str
    """Of the library, or a file."""
    changes: tuple[str, ...] = ()
    """As after `--set`; training sees them."""
    shifts: dict[str, tuple[str, ...]] = {}
    """Held out: further changes by name of the shift."""


class Tuned(Part):
    """A rule whose setting is chosen on the tuning seed."""

    candidates: tuple[str, ...] = Field(min_length=1)


class Training(Part):
    """How learners are trained; `settings` are those of `policies.learning.training.TrainSettings`."""

    seeds: int = Field(ge=1)
    settings: dict[str, Any] = {}


class Judging(Part):
    """A seed and how many runs."""

    seed: int = Field(default=1, ge=0)
    runs: int = Field(ge=2)
    shift_runs: int = Field(default=2, ge=2)


class Choosing(Part):
    """The tuning seed, and how much may be simulated on it."""

    seed: int = Field(default=1, ge=0)
    runs: int = Field(ge=2)
    """Of every heuristic and of every candidate, unless the budget allows more."""
    decisions: int = Field(default=0, ge=0)
    """Network decisions for all candidates of a tuned rule together: give what one training seed is given."""


class Protocol(Part):
    """A whole study."""

    version: int = Field(alias="fairward-study", ge=1, le=1)
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    question: str
    scenarios: dict[str, StudyScenario] = Field(min_length=1)
    policies: tuple[str, ...] = Field(min_length=1)
    """Heuristics and optimisation, as written after `--policies`."""
    tuned: dict[str, Tuned] = {}
    learned: dict[str, dict[str, Any]] = {}
    """Label -> settings of the learner beyond the common ones."""
    training: Training = Training(seeds=1)
    tuning: Choosing
    evaluation: Judging
    margin: float = Field(default=MARGIN, gt=0, lt=1)
    limits: tuple[str, ...] = ()
    """What this protocol leaves out, for the page."""
    findings: tuple[str, ...] = ()
    """Written when the results are in, why they are so as far as was found; not part of the fingerprint."""

    def scenario(self, name: str, case: str = BASE) -> Scenario:
        """Return a scenario as trained, or with a held-out shift."""
        one = self.scenarios[name]
        shift = () if case == BASE else one.shifts[case]
        return load(one.scenario, (*one.changes, *shift))

    def cases(self, name: str) -> tuple[str, ...]:
        """Return the cases of a scenario, the one of training first."""
        return (BASE, *self.scenarios[name].shifts)

    def fingerprint(self) -> str:
        """Return a hash of everything that was written beforehand."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True, exclude={"findings"}), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_protocol(path: Path) -> Protocol:
    """Return the protocol of a file. Raises `ScenarioError` with every problem, scenarios and shifts included."""
    root = read_file(path, str(path), "the protocol of a study")
    try:
        found = Protocol.model_validate(plain(root))
    except ValidationError as error:
        raise ScenarioError(
            _problem(root, e["loc"], e["msg"], e.get("input")) for e in error.errors()
        ) from None
    problems: list[Problem] = []
    for name in found.scenarios:
        for case in found.cases(name):
            try:
                found.scenario(name, case)
            except ScenarioError as error:
                problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return found


def _problem(root: Node, place: tuple[int | str, ...], message: str, got: object) -> Problem:
    node = root
    for key in place:
        node = node.child(key) or node
    written = str(got) if isinstance(got, str | int | float) else type(got).__name__
    path = ".".join(map(str, place))
    return Problem(*node.place, path, message[:1].lower() + message[1:], written, "See docs/study.md.")
