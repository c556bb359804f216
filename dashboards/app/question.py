"""What is asked: an option against a reference, on the same random numbers; and the key of its result."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property

from policies.origin import results_hash
from policies.replication import dump_json
from scenarios.loader import scenario_hash, varied
from scenarios.scenario import Scenario

ENGINE = "auto"


@dataclass(frozen=True)
class Side:
    """One of the two things compared."""

    label: str
    scenario: Scenario
    policy: str
    weights: str = ""
    """The hash of what a learned policy held when it was chosen: another one may come to lie under the same name."""

    @cached_property
    def identity(self) -> str:
        """What decides its runs beside the policy's name, the seed and this program."""
        return scenario_hash(self.scenario) + self.weights


@dataclass(frozen=True)
class Question:
    """A reference, an option, and how often."""

    reference: Side
    option: Side
    changes: tuple[str, ...]
    """What the option changes, as after `--set`."""
    source: str
    """The library name of the scenario, or `uploaded: name`."""
    seed: int
    runs: int

    @cached_property
    def key(self) -> str:
        """A SHA-256 of everything that decides the result."""
        parts = [
            *(results_hash(side.identity, self.seed, ENGINE) for side in (self.reference, self.option)),
            self.reference.label, self.option.label, self.reference.policy, self.option.policy, str(self.runs),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def command(self) -> str:
        """How to get the same runs from a terminal."""
        import shlex

        scenario = self.source if not self.source.startswith("uploaded") else "scenario.yaml"
        tail = ["--reps", str(self.runs), "--seed", str(self.seed)]
        if not self.changes:
            policies = f"{self.reference.policy},{self.option.policy}"
            return shlex.join(["fairward", "compare", scenario, "--policies", policies, *tail])
        changed = [part for change in self.changes for part in ("--set", change)]
        one = shlex.join(["fairward", "run", scenario, "--policy", self.reference.policy, *tail])
        other = shlex.join(["fairward", "run", scenario, "--policy", self.option.policy, *changed, *tail])
        return f"{one}\n{other}"


def ask(
    source: str, reference: Side, option: Side, changes: tuple[str, ...], said: str, seed: int, runs: int
) -> Question:
    """Return the question: the option with changes, `said` in words. Raises `ScenarioError` when one cannot be made."""
    if changes:
        option = replace(option, scenario=varied(option.scenario, changes))
    if said:
        reference = replace(reference, label=f"{reference.label} (as it is)")
        option = replace(option, label=f"{option.label}, {said}")
    return Question(reference, option, changes, source, seed, runs)


def same(question: Question) -> bool:
    """Whether both sides are one and the same."""
    one, other = question.reference, question.option
    return one.policy == other.policy and dump_json(one.scenario) == dump_json(other.scenario)
