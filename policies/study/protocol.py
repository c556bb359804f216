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


class Tuned(Part):
    """A rule whose setting is chosen on the tuning seed."""

    candidates: tuple[str, ...] = Field(min_length=1)


class StudyScenario(Part):
    """A scenario with what is held out from training."""

    scenario: str
    """Of the library, or a file."""
    changes: tuple[str, ...] = ()
    """As after `--set`; training sees them."""
    shifts: dict[str, tuple[str, ...]] = {}
    """Held out: further changes by name of the shift."""
    policies: tuple[str, ...] = ()
    """Rules for this scenario beyond those of all: its levers may have other names."""
    tuned: dict[str, Tuned] = {}
    """Candidates of its own for tuned rules, by label: its groups may have other names."""
    settings: dict[str, Any] = {}
    """Of training in this scenario, beyond those of all."""


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


class Explaining(Part):
    """How the winners of every scenario are explained (`fairward explain`)."""

    runs: int = Field(default=8, ge=2)
    """In which they are watched, on exploring seeds."""
    rows: int = Field(default=100, ge=10)
    background: int = Field(default=50, ge=10)


class Live(Part):
    """A lambda that adapts itself beside fixed ones, while demand changes on the way."""

    scenario: str
    """A name of this protocol."""
    shift: str
    """The shift of that scenario that comes after `before` iterations."""
    target: float = Field(ge=0)
    """The gap to be kept, in the cost of an average patient under neutral orders."""
    fixed: tuple[float, ...] = Field(min_length=1)
    """Lambdas to compare with; which is the best is chosen on seeds of its own."""
    seeds: int = Field(ge=2)
    """Training seeds on which all are compared."""
    tuning_seeds: int = Field(default=2, ge=1)
    before: int = Field(ge=1)
    """Iterations until demand changes."""
    after: int = Field(ge=1)
    settings: dict[str, Any] = {}
    """Of `TrainSettings`."""


LATER = ("explained", "live")
"""Fields that came when studies had been run: where they say nothing they are left out of the fingerprint, so that
what was run before keeps its own."""


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
    explained: Explaining | None = None
    """None: nobody is explained."""
    live: Live | None = None
    margin: float = Field(default=MARGIN, gt=0, lt=1)
    limits: tuple[str, ...] = ()
    """What this protocol leaves out, for the page."""
    names: dict[str, str] = {}
    """Label -> a rule of `policies`, for the page where what is written is long; not part of the fingerprint."""
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

    def rules_in(self, name: str) -> tuple[str, ...]:
        """Return the rules of a scenario, its own last."""
        return (*self.policies, *self.scenarios[name].policies)

    def tuned_in(self, name: str) -> dict[str, Tuned]:
        """Return the tuned rules of a scenario."""
        return {**self.tuned, **self.scenarios[name].tuned}

    @property
    def labels(self) -> dict[str, str]:
        """Rule as written -> label on the page."""
        return {written: label for label, written in self.names.items()}

    def settings_in(self, name: str, own: dict[str, Any]) -> dict[str, Any]:
        """Return the settings of training a learner with settings of its `own` in a scenario."""
        return {**self.training.settings, **self.scenarios[name].settings, **own}

    def fingerprint(self) -> str:
        """Return a hash of everything that was written beforehand."""
        written = self.model_dump(mode="json", by_alias=True, exclude={"names", "findings"})
        for part, later in (
            (written, LATER),
            *((one, ("policies", "tuned", "settings")) for one in written["scenarios"].values()),
        ):
            for field in later:
                if not part[field]:
                    del part[field]
        return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


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
    problems += _strange_live(root, found)
    problems += [
        _problem(root, ("names", label), "a rule of `policies`", written)
        for label, written in found.names.items()
        if all(written not in found.rules_in(name) for name in found.scenarios)
    ]
    if problems:
        raise ScenarioError(problems)
    return found


def _strange_live(root: Node, found: Protocol) -> list[Problem]:
    live = found.live
    if live is None:
        return []
    if live.scenario not in found.scenarios:
        return [_problem(root, ("live", "scenario"), f"one of {', '.join(found.scenarios)}", live.scenario)]
    shifts = found.scenarios[live.scenario].shifts
    if live.shift not in shifts:
        return [_problem(root, ("live", "shift"), f"one of {', '.join(shifts)}", live.shift)]
    return []


def _problem(root: Node, place: tuple[int | str, ...], message: str, got: object) -> Problem:
    node = root
    for key in place:
        node = node.child(key) or node
    written = str(got) if isinstance(got, str | int | float) else type(got).__name__
    path = ".".join(map(str, place))
    return Problem(*node.place, path, message[:1].lower() + message[1:], written, "See docs/study.md.")
