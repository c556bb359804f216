"""Runs a study part by part: what is finished is kept under its name and never run again.

`<out>/<name>/frozen.json` is written first and names everything that may not change. Then, scenario by scenario:
learners are trained, everything that has to be chosen is chosen on the tuning seed and written down, and only then is
anything judged. Each part is a folder below `results/` with a manifest, renamed into place when it is complete.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fairward.evaluations import identity_of
from fairward.runs import write_manifest
from policies.evaluation.entries import CHECKPOINT, Entry
from policies.evaluation.evaluating import outcomes_of
from policies.evaluation.measures import tau_of
from policies.evaluation.seeds import simulation_seed
from policies.experiment import check_policies
from policies.origin import source_hash, versions
from policies.parts import write_parquet
from policies.study.choosing import Choice, choose
from policies.study.kept import HISTORY, MANIFEST, OUTCOMES
from policies.study.protocol import BASE, Protocol
from policies.variants import OnDone, study_hash
from scenarios.errors import FairwardError, UsageError
from scenarios.loader import scenario_hash
from scenarios.scenario import Scenario
from sim.replications import Workers

FROZEN = "frozen.json"
RESULTS = "results"

Trainer = Callable[[Scenario, Mapping[str, Any], int, Path], tuple[Path, pd.DataFrame]]
"""(scenario, settings, seed, folder) -> (checkpoint, history); goes on from what it finds in the folder."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Study:
    """A study in its folder."""

    protocol: Protocol
    folder: Path
    trainer: Trainer
    workers: Workers
    tell: Tell
    on_done: OnDone | None = None

    def run(self) -> None:
        """Run every part that is not finished."""
        for name in self.protocol.scenarios:
            rules = self._possible(name)
            learned = self._learned(name)
            choice = self._chosen(name, rules, learned)
            for case in self.protocol.cases(name):
                self._judge(name, case, rules, learned, choice)

    def _possible(self, name: str) -> tuple[str, ...]:
        """The rules that the scenario can be run with; the others are kept as failed, with the reason."""
        scenario, possible = self.protocol.scenario(name), []
        for policy in self.protocol.policies:
            try:
                check_policies(scenario, [policy], 0)
                possible.append(policy)
                shutil.rmtree(self._place("failed", name, policy), ignore_errors=True)
            except FairwardError as error:
                self._fail(name, policy, str(error))
        if not possible:
            raise UsageError(f"{name}: not one of the protocol's policies can be run.")
        return tuple(possible)

    def _learned(self, name: str) -> tuple[Entry, ...]:
        """Train what is not trained; a training that fails is kept as failed and left out."""
        entries = []
        for label in self.protocol.learned:
            seeds = range(1, self.protocol.training.seeds + 1)
            found = [path for seed in seeds if (path := self._trained(name, label, seed)) is not None]
            if found:
                entries.append(Entry(label, tuple(f"{CHECKPOINT}{path}" for path in found)))
        return tuple(entries)

    def _trained(self, name: str, label: str, seed: int) -> Path | None:
        part = self._place("training", name, label, f"seed-{seed}")
        home = self.folder / "training" / _slug(name) / _slug(label) / f"seed-{seed}"
        if (part / MANIFEST).is_file():
            kept = json.loads((part / MANIFEST).read_text(encoding="utf-8"))
            return home / kept["checkpoint"] if kept["checkpoint"] else home
        if (self._place("failed", name, label, f"seed-{seed}") / MANIFEST).is_file():
            return None
        began = time.time()
        settings = {**self.protocol.training.settings, **self.protocol.learned[label]}
        scenario = self.protocol.scenario(name)
        self.tell(f"{name}: training {label}, seed {seed}")
        try:
            checkpoint, history = self.trainer(scenario, settings, seed, home)
        except (FairwardError, ArithmeticError, ValueError, RuntimeError) as error:
            self._fail(name, label, f"{type(error).__name__}: {error}", f"seed-{seed}")
            return None
        relative = checkpoint.absolute().relative_to(home.absolute()).as_posix()
        content = {
            "kind": "training", "scenario": name, "label": label, "seed": seed, "settings": settings,
            "checkpoint": "" if relative == "." else relative,
            "policy_hash": identity_of("", [f"{CHECKPOINT}{checkpoint}"]),
            "scenario_hash": scenario_hash(scenario),
        }  # fmt: skip

        def write(folder: Path) -> None:
            history.to_csv(folder / HISTORY, index=False, lineterminator="\n")

        self._keep(part, content, began, write)
        return checkpoint

    def _chosen(self, name: str, rules: Sequence[str], learned: Sequence[Entry]) -> Choice:
        """Fix groups, pair, tuned rules and rival on the tuning seed, and write them down before any judging."""
        began, scenario = time.time(), self.protocol.scenario(name)
        part = self._place("tuning", name)
        self.tell(f"{name}: choosing on the tuning seed")
        choice = choose(
            scenario, rules, self.protocol.tuned, self.protocol.tuning, self.protocol.margin, self.workers,
            self._parts(scenario, ()), self.on_done,
        )  # fmt: skip
        content = {
            "kind": "tuning",
            "scenario": name,
            "attribute": choice.groups.attribute,
            "groups": list(choice.groups.names),
            "left_out": list(choice.groups.left_out),
            "pair": list(choice.pair),
            "measure": "cost",
            "tuned": dict(choice.tuned),
            "rival": choice.rival,
            "levels": {policy: list(values) for policy, values in choice.levels.items()},
            "runs": dict(choice.runs),
            "seed": simulation_seed("tuning", self.protocol.tuning.seed),
            "policies": {entry.label: identity_of("", entry.members) for entry in learned},
            "decisions_per_run": scenario.horizon / scenario.decide_every if scenario.decide_every else 0,
            "scenario_hash": scenario_hash(scenario),
        }
        if (part / MANIFEST).is_file():
            kept = json.loads((part / MANIFEST).read_text(encoding="utf-8"))
            changed = [key for key, value in content.items() if kept[key] != value]
            if changed:
                raise UsageError(
                    f"{part / MANIFEST}: {', '.join(changed)} would be chosen otherwise now, though it was fixed. "
                    "The source or a checkpoint has changed. Start the study anew in another folder."
                )
        else:
            self._keep(part, content, began)
        return choice

    def _judge(
        self, name: str, case: str, rules: Sequence[str], learned: Sequence[Entry], choice: Choice
    ) -> None:
        part = self._place("evaluation", name, case)
        if (part / MANIFEST).is_file():
            return
        began, scenario = time.time(), self.protocol.scenario(name, case)
        judging = self.protocol.evaluation
        n_runs = judging.runs if case == BASE else judging.shift_runs
        tuned = [Entry(label, (policy,)) for label, policy in choice.tuned.items()]
        entries = [*(Entry(policy, (policy,)) for policy in rules), *tuned, *learned]
        members = list(dict.fromkeys(member for entry in entries for member in entry.members))
        self.tell(f"{name}, {case}: {n_runs} runs of {len(members)} policies")
        shift = () if case == BASE else self.protocol.scenarios[name].shifts[case]
        seed = simulation_seed("evaluation", judging.seed)
        attribute = choice.groups.attribute
        found = outcomes_of(
            scenario, members, attribute, n_runs, seed, "auto", self.workers, self._parts(scenario, members),
            self.on_done,
        )  # fmt: skip
        named = {entry.label: _names(entry) for entry in entries}
        content = {
            "kind": "evaluation", "scenario": name, "case": case, "shift": list(shift), "attribute": attribute,
            "groups": list(choice.groups.names), "left_out": list(choice.groups.left_out), "pair": list(choice.pair),
            "rival": choice.rival, "tuned": dict(choice.tuned), "tau": tau_of(scenario), "runs": n_runs, "seed": seed,
            "entries": named, "learned": [entry.label for entry in learned], "margin": self.protocol.margin,
            "scenario_hash": scenario_hash(scenario),
        }  # fmt: skip

        def write(folder: Path) -> None:
            write_parquet(_compact(entries, named, found, attribute), folder / OUTCOMES)

        self._keep(part, content, began, write)

    def _parts(self, scenario: Scenario, members: Sequence[str]) -> Path:
        """Where replications are kept: another folder for other checkpoints under the same path."""
        return self.folder / "parts" / identity_of(study_hash(scenario, (), 0, "auto"), members)[:16]

    def _place(self, *words: str) -> Path:
        return self.folder / RESULTS / "--".join(map(_slug, words))

    def _fail(self, name: str, label: str, why: str, *more: str) -> None:
        part = self._place("failed", name, label, *more)
        if not (part / MANIFEST).is_file():
            content = {"kind": "failed", "scenario": name, "label": label, "why": why, "detail": list(more)}
            self._keep(part, content, time.time())
            self.tell(f"{name}: {label} is left out: {why}")

    def _keep(
        self,
        part: Path,
        content: Mapping[str, Any],
        began: float,
        write: Callable[[Path], None] | None = None,
    ) -> None:
        """Write a part and rename it into place."""
        temporary = part.with_name(f".{part.name}")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        if write is not None:
            write(temporary)
        common = {
            "study": self.protocol.name, "protocol": self.protocol.fingerprint(), "source_hash": source_hash(),
            "versions": versions(),
        }  # fmt: skip
        write_manifest(temporary, {**content, **common}, began)
        temporary.rename(part)


def freeze(protocol: Protocol, folder: Path, resume: bool) -> None:
    """Write down what may not change, or check that it has not. Raises `UsageError`."""
    path = folder / FROZEN
    now = {
        "protocol": protocol.fingerprint(),
        "scenarios": {
            name: {case: scenario_hash(protocol.scenario(name, case)) for case in protocol.cases(name)}
            for name in protocol.scenarios
        },
    }
    if path.is_file():
        if not resume:
            raise UsageError(
                f"{folder} has been begun. Go on with `fairward study resume`, or name another --out."
            )
        before = json.loads(path.read_text(encoding="utf-8"))
        changed = [key for key, value in now.items() if before.get(key) != value]
        if changed:
            raise UsageError(
                f"{path}: {' and '.join(changed)} changed since the study was frozen. A study is not changed on the "
                "way: give the new one another name."
            )
        return
    if resume:
        raise UsageError(f"{folder} has not been begun. Begin it: fairward study run.")
    folder.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{FROZEN}")
    temporary.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    temporary.rename(path)


def _names(entry: Entry) -> list[str]:
    """What members are called on the page: paths of this machine are nobody's business."""
    if len(entry.members) == 1:
        return [entry.label]
    return [f"{entry.label}, seed {k}" for k in range(1, len(entry.members) + 1)]


def _compact(
    entries: Sequence[Entry],
    named: Mapping[str, Sequence[str]],
    found: Mapping[str, pd.DataFrame],
    attribute: str,
) -> pd.DataFrame:
    """What the page needs: the network's values of everybody and of the groups, members under their names."""
    frames = []
    for entry in entries:
        for member, label in zip(entry.members, named[entry.label], strict=True):
            rows = found[member]
            kept = rows[rows["attribute"].isin(("", attribute))]
            frames.append(kept.assign(policy=label))
    columns = ["policy", "replication", "metric", "attribute", "group", "hospital", "value"]
    return pd.concat(frames, ignore_index=True)[columns]


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() or c in ".+=" else "-" for c in text.lower()).strip("-")
