"""Runs a study part by part: what is finished is kept under its name and never run again.

`<out>/<name>/frozen.json` is written first and names everything that may not change. Then, scenario by scenario:
learners are trained, everything that has to be chosen is chosen on the tuning seed and written down, and only then is
anything judged, and the winners explained. Last comes the live lambda. Each part is a folder below `results/` with a
manifest, renamed into place when it is complete.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fairward.study_afterwards import explain_winners, follow_live
from fairward.study_making import Makers
from fairward.study_rehearsing import refused
from fairward.study_shelf import Shelf, slug
from fairward.study_training import Outcome, TrainingTask, Wanted
from policies.evaluation.entries import CHECKPOINT, Entry
from policies.evaluation.evaluating import outcomes_of
from policies.evaluation.measures import tau_of
from policies.evaluation.seeds import simulation_seed
from policies.parts import write_parquet
from policies.study.choosing import Choice, choose
from policies.study.kept import HISTORY, MANIFEST, OUTCOMES
from policies.study.protocol import BASE, Protocol, Tuned
from policies.variants import OnDone
from scenarios.errors import UsageError
from scenarios.loader import scenario_hash
from sim.replications import Workers, replicate


@dataclass(frozen=True)
class Study:
    """A study in its folder."""

    shelf: Shelf
    makers: Makers
    workers: Workers
    on_done: OnDone | None = None

    @property
    def protocol(self) -> Protocol:
        """What was written beforehand."""
        return self.shelf.protocol

    def run(self) -> None:
        """Run every part that is not finished."""
        for name in self.protocol.scenarios:
            rules, tuned = self._possible(name)
            learned = self._learned(name)
            choice = self._chosen(name, rules, tuned, learned)
            for case in self.protocol.cases(name):
                self._judge(name, case, rules, learned, choice)
            explain_winners(self.shelf, self.makers, name, learned, choice)
        follow_live(self.shelf, self.makers, self.workers)

    def _possible(self, name: str) -> tuple[tuple[str, ...], dict[str, Tuned]]:
        """Rules and candidates that the scenario can be run with; the others are kept as failed, with the reason."""
        candidates = self.protocol.tuned_in(name)
        wanted = [(policy, ()) for policy in self.protocol.rules_in(name)] + [
            (policy, (label,)) for label, rule in candidates.items() for policy in rule.candidates
        ]
        self.shelf.tell(f"{name}: {len(wanted)} rules and candidates play one run each")
        seed = simulation_seed("tuning", self.protocol.tuning.seed)
        folder = self.shelf.parts(self.protocol.scenario(name))
        wrong = refused(
            self.protocol, name, BASE, [policy for policy, _ in wanted], seed, folder, self.workers
        )
        for policy, label in wanted:
            if policy in wrong:
                self.shelf.fail(name, policy, wrong[policy], *label)
            else:
                self.shelf.forgive(name, policy, *label)
        possible = tuple(policy for policy in self.protocol.rules_in(name) if policy not in wrong)
        if not possible:
            raise UsageError(f"{name}: not one of the protocol's policies can be run.")
        kept = {label: [c for c in rule.candidates if c not in wrong] for label, rule in candidates.items()}
        return possible, {label: Tuned(candidates=tuple(found)) for label, found in kept.items() if found}

    def _learned(self, name: str) -> tuple[Entry, ...]:
        """Train what is not trained; a training that fails is kept as failed and left out."""
        seeds = range(1, self.protocol.training.seeds + 1)
        wanted = [
            Wanted(
                label,
                seed,
                self.protocol.settings_in(name, own),
                self.shelf.folder / "training" / slug(name) / slug(label) / f"seed-{seed}",
            )
            for label, own in self.protocol.learned.items()
            for seed in seeds
        ]
        missing = tuple(one for one in wanted if not self._settled(name, one))
        if missing:
            self.shelf.tell(f"{name}: {len(missing)} trainings, {self.workers.jobs} at a time")
            replicate(
                TrainingTask(self.protocol, name, missing, self.makers.train), range(len(missing)),
                on_done=lambda number, done: self._trained(name, missing[number], done), workers=self.workers,
            )  # fmt: skip
        members: dict[str, list[str]] = {}
        for one in wanted:
            words = "training", name, one.label, f"seed-{one.seed}"
            if self.shelf.has(*words):
                checkpoint = self.shelf.read(*words).manifest["checkpoint"]
                members.setdefault(one.label, []).append(f"{CHECKPOINT}{one.home / checkpoint}")
        return tuple(Entry(label, tuple(found)) for label, found in members.items())

    def _settled(self, name: str, one: Wanted) -> bool:
        return any(
            self.shelf.has(kind, name, one.label, f"seed-{one.seed}") for kind in ("training", "failed")
        )

    def _trained(self, name: str, one: Wanted, done: Outcome) -> None:
        """Keep a training that has ended."""
        if done.checkpoint is None or done.history is None:
            self.shelf.fail(name, one.label, done.why, f"seed-{one.seed}")
            return
        history, scenario = done.history, self.protocol.scenario(name)
        content = {
            "kind": "training", "scenario": name, "label": one.label, "seed": one.seed, "settings": dict(one.settings),
            "checkpoint": done.checkpoint.absolute().relative_to(one.home.absolute()).as_posix(),
            "policy_hash": _as_written([f"{CHECKPOINT}{done.checkpoint}"]),
            "scenario_hash": scenario_hash(scenario),
        }  # fmt: skip

        def write(folder: Path) -> None:
            history.to_csv(folder / HISTORY, index=False, lineterminator="\n")

        self.shelf.keep(
            self.shelf.place("training", name, one.label, f"seed-{one.seed}"),
            content,
            time.time() - done.seconds,
            write,
        )
        self.shelf.tell(f"{name}: {one.label}, seed {one.seed} is trained ({done.seconds:.0f} s)")

    def _chosen(
        self, name: str, rules: Sequence[str], tuned: Mapping[str, Tuned], learned: Sequence[Entry]
    ) -> Choice:
        """Fix groups, pair, tuned rules and rival on the tuning seed, and write them down before any judging."""
        began, scenario = time.time(), self.protocol.scenario(name)
        part = self.shelf.place("tuning", name)
        self.shelf.tell(f"{name}: choosing on the tuning seed")
        choice = choose(
            scenario, rules, tuned, self.protocol.tuning, self.protocol.margin, self.workers,
            self.shelf.parts(scenario), self.on_done,
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
            "alike": {policy: list(values) for policy, values in choice.alike.items()},
            "runs": dict(choice.runs),
            "seed": simulation_seed("tuning", self.protocol.tuning.seed),
            "policies": {entry.label: _as_written(entry.members) for entry in learned},
            "decisions_per_run": scenario.horizon / scenario.decide_every if scenario.decide_every else 0,
            "scenario_hash": scenario_hash(scenario),
        }
        if self.shelf.has("tuning", name):
            kept = self.shelf.read("tuning", name).manifest
            changed = [key for key, value in content.items() if kept[key] != value]
            if changed:
                raise UsageError(
                    f"{part / MANIFEST}: {', '.join(changed)} would be chosen otherwise now, though it was fixed. "
                    "The source or a checkpoint has changed. Start the study anew in another folder."
                )
        else:
            self.shelf.keep(part, content, began)
        return choice

    def _judge(
        self, name: str, case: str, rules: Sequence[str], learned: Sequence[Entry], choice: Choice
    ) -> None:
        if self.shelf.has("evaluation", name, case):
            return
        began, scenario = time.time(), self.protocol.scenario(name, case)
        judging = self.protocol.evaluation
        n_runs = judging.runs if case == BASE else judging.shift_runs
        shift = () if case == BASE else self.protocol.scenarios[name].shifts[case]
        seed, attribute = simulation_seed("evaluation", judging.seed), choice.groups.attribute
        tuned = [Entry(label, (policy,)) for label, policy in choice.tuned.items()]
        wanted = [*(Entry(policy, (policy,)) for policy in rules), *tuned, *learned]
        folder = self.shelf.parts(scenario)
        entries = self._playing(name, case, wanted, choice.rival, seed, folder)
        members = list(dict.fromkeys(member for entry in entries for member in entry.members))
        self.shelf.tell(f"{name}, {case}: {n_runs} runs of {len(members)} policies")
        found = outcomes_of(
            scenario, members, attribute, n_runs, seed, "auto", self.workers, folder, self.on_done
        )
        named = {entry.label: _names(entry) for entry in entries}
        content = {
            "kind": "evaluation", "scenario": name, "case": case, "shift": list(shift), "attribute": attribute,
            "groups": list(choice.groups.names), "left_out": list(choice.groups.left_out), "pair": list(choice.pair),
            "rival": choice.rival, "tuned": dict(choice.tuned), "tau": tau_of(scenario), "runs": n_runs, "seed": seed,
            "entries": named, "learned": [entry.label for entry in learned if entry in entries],
            "margin": self.protocol.margin, "scenario_hash": scenario_hash(scenario),
        }  # fmt: skip

        def write(folder: Path) -> None:
            write_parquet(_compact(entries, named, found, attribute), folder / OUTCOMES)

        self.shelf.keep(self.shelf.place("evaluation", name, case), content, began, write)

    def _playing(
        self, name: str, case: str, wanted: Sequence[Entry], rival: str, seed: int, folder: Path
    ) -> list[Entry]:
        """Entries all of whose members can be run in a case; the others are kept as failed there."""
        members = [member for entry in wanted for member in entry.members]
        wrong = refused(self.protocol, name, case, members, seed, folder, self.workers)
        for entry in wanted:
            why = next((wrong[member] for member in entry.members if member in wrong), "")
            if why and entry.label == rival:
                raise UsageError(f"{name}, {case}: the rule to beat, {rival}, cannot be run: {why}")
            if why:
                self.shelf.fail(name, entry.label, why, case)
        return [entry for entry in wanted if not any(member in wrong for member in entry.members)]


def _as_written(members: Sequence[str]) -> str:
    """Return a hash of checkpoints with the times at which they were written.

    For replications it is enough what was learned (`Parts.home`). Here a policy that was trained again after the choice
    is another one, though it be equal to the bit.
    """
    digest = hashlib.sha256()
    for member in members:
        folder = Path(member[len(CHECKPOINT) :])
        for path in sorted(path for path in folder.iterdir() if path.suffix in (".json", ".npz")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


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
