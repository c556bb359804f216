"""What a study does when everything is judged: it explains the winners, and follows a live lambda."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from fairward.study_making import EXPLORING, Makers
from fairward.study_shelf import Shelf
from fairward.study_training import Arm, LiveTask, Outcome
from policies.evaluation.entries import Entry
from policies.evaluation.seeds import simulation_seed
from policies.study.beforehand import live_seeds
from policies.study.choosing import Choice
from policies.study.kept import EXPLANATION, HISTORY
from policies.study.live import arm
from policies.study.protocol import BASE
from policies.study.results import judged
from policies.study.winners import winners
from scenarios.errors import FairwardError, MissingExtra
from scenarios.loader import scenario_hash
from sim.replications import Workers, replicate


def explain_winners(
    shelf: Shelf, makers: Makers, name: str, learned: Sequence[Entry], choice: Choice
) -> None:
    """Explain the winners of the base scenario; of a learner its first training seed."""
    how = shelf.protocol.explained
    if how is None:
        return
    scenario, members = shelf.protocol.scenario(name), {one.label: one.members[0] for one in learned}
    for label in winners(judged(shelf.read("evaluation", name, BASE))):
        if shelf.has("explanation", name, label) or shelf.has("failed", name, label, "explanation"):
            continue
        began, policy = time.time(), members.get(label, choice.tuned.get(label, label))
        shelf.tell(f"{name}: explaining {label}")
        try:
            found = makers.explain(scenario, policy, how)
        except MissingExtra:
            raise
        except FairwardError as error:
            shelf.fail(name, label, str(error).replace(policy, label), "explanation")
            continue
        # No paths of this machine.
        text = json.dumps(found, indent=1, allow_nan=False).replace(policy, label)
        content = {
            "kind": "explanation", "scenario": name, "label": label, "runs": how.runs,
            "seed": simulation_seed("exploring", EXPLORING), "scenario_hash": scenario_hash(scenario),
        }  # fmt: skip

        def write(folder: Path, text: str = text) -> None:
            (folder / EXPLANATION).write_text(text + "\n", encoding="utf-8")

        shelf.keep(shelf.place("explanation", name, label), content, began, write)


def follow_live(shelf: Shelf, makers: Makers, workers: Workers) -> None:
    """Train the live lambda and the fixed ones while demand changes."""
    if (live := shelf.protocol.live) is None:
        return
    wanted = [
        Arm(purpose, lam, seed)
        for purpose, seeds in live_seeds(shelf.protocol).items()
        for lam in (*([None] if purpose == "judged" else []), *live.fixed)
        for seed in seeds
    ]
    words = {one: ("live", live.scenario, arm(one.lam), f"seed-{one.seed}") for one in wanted}
    missing = tuple(one for one in wanted if not shelf.has(*words[one]))
    if missing:
        shelf.tell(f"{live.scenario}: {len(missing)} trainings of the live lambda, {workers.jobs} at a time")

    def keep(number: int, done: Outcome) -> None:
        one, history = missing[number], done.history
        assert history is not None
        content = {
            "kind": "live", "scenario": live.scenario, "shift": live.shift, "label": arm(one.lam),
            "purpose": one.purpose, "seed": one.seed, "target": live.target, "before": live.before,
            "settings": dict(live.settings), "scenario_hash": scenario_hash(shelf.protocol.scenario(live.scenario)),
        }  # fmt: skip
        shelf.keep(
            shelf.place(*words[one]), content, time.time() - done.seconds,
            lambda folder: history.to_csv(folder / HISTORY, index=False, lineterminator="\n"),
        )  # fmt: skip

    replicate(
        LiveTask(shelf.protocol, missing, makers.follow), range(len(missing)), on_done=keep, workers=workers
    )
