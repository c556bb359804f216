"""The policy that is explained: watched for some runs, then as a scorer of its own or of a tree that imitates it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.environments.encoding import Encoding
from policies.environments.menu import Menu
from policies.explain.imitation import (
    Imitation,
    Language,
    Lesson,
    Taught,
    TreePolicy,
    at_stake,
    fidelity,
    learn,
    together,
    usual,
)
from policies.explain.ranks import rule_in_force
from policies.explain.scorer import Floats, Layers, Scorer
from policies.explain.visited import Visited, VisitedRun, stacked, watch, watch_policy
from policies.explain.vocabulary import Ordered, ordered
from policies.learning.checkpoint import Checkpoint, read_checkpoint
from policies.learning.offer import Offer
from policies.parameters import PATH, parse
from policies.registry import build_policy
from policies.replication import policy_stream
from scenarios.errors import UsageError
from scenarios.rules import QueueRule
from scenarios.scenario import Scenario
from sim.inference import Interval, interval
from sim.network import Network, compile_network

ROUNDS = 2
"""Times that the tree acts and is taught; the second tree has seen what the first one did to the hospitals."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A policy and the runs in which it was watched."""

    scenario: Scenario
    network: Network
    policy: str
    seed: int
    runs: tuple[VisitedRun, ...]
    visited: Visited
    learned: Scorer | None
    """Of a checkpoint."""
    menu: Menu | None
    vocabulary: Ordered | None
    """Of any other policy: the dials that it used; none when it always ordered the same."""

    @property
    def rules(self) -> list[QueueRule]:
        """The queue rules that were in force, the commonest first."""
        counts: Counter[str] = Counter()
        by_text: dict[str, QueueRule] = {}
        for run in self.runs:
            for directive in run.watched.directives:
                for hospital in self.network.hospitals:
                    rule = rule_in_force(self.network, directive, hospital)
                    text = rule.model_dump_json()
                    counts[text] += 1
                    by_text[text] = rule
        return [by_text[text] for text, _ in counts.most_common()]


def watch_subject(
    scenario: Scenario, policy: str, runs: Sequence[int], seed: int, tell: Callable[[str], None] = lambda _: None
) -> Subject:  # fmt: skip
    """Watch a policy by name for some replications."""
    network = compile_network(scenario)
    learned, menu = _checkpoint(policy, network)
    done = []
    for number in runs:
        tell(f"run {number} of {len(runs)}")
        done.append(watch_policy(scenario, network, policy, seed, number, menu))
    vocabulary = None
    if learned is None:
        every = [directive for run in done for directive in run.watched.directives]
        vocabulary = ordered(network.hospitals, every)
        if not _varies(vocabulary, every):
            vocabulary = None
    visited = stacked(done, len(network.hospitals))
    if vocabulary is not None:
        visited = replace(visited, masks=vocabulary.seen[visited.hospital])
    return Subject(scenario, network, policy, seed, tuple(done), visited, learned, menu, vocabulary)


@dataclass(frozen=True, eq=False)
class Imitated:
    """The tree that imitates a policy, and what it is worth."""

    imitation: Imitation
    dials: tuple[tuple[str, tuple[str, ...]], ...]
    fidelity: Floats
    """K: share of the held-out states, met by the policy itself, in which the tree chooses the same."""
    usual: Floats
    """K: what always choosing the commonest option would reach there."""
    own: Interval
    """What a held-out run comes to under the policy."""
    tree: Interval
    """And under the tree."""
    difference: Interval
    """Tree less policy, paired by run: what is lost by following the tree."""
    n_learned: int
    """Runs to learn from."""
    not_imitated: bool
    """Whether the policy also orders moves, which the tree does not."""
    held_out: tuple[int, ...]
    """The runs that it was judged by."""
    measure: str = "cost"
    meaning: str = "hours untreated, deaths, departures"


def imitate(subject: Subject, tell: Callable[[str], None] = lambda _: None) -> Imitated:
    """Learn a tree from three quarters of the runs, teach it while it acts there, and judge it on the others.

    Raises `UsageError` if the policy always orders the same.
    """
    dials, language = _dials(subject)
    n_learned = max(1, len(subject.runs) * 3 // 4)
    if n_learned == len(subject.runs):
        raise UsageError(f"--runs: expected at least 2 to judge a tree, got {len(subject.runs)}.")
    early, late = subject.runs[:n_learned], subject.runs[n_learned:]
    sizes = [len(options) for _, options in dials]
    lessons = [_lesson(subject, early)]
    tree = learn(lessons[0], sizes)
    for _ in range(ROUNDS - 1):
        for run in early:
            tell(f"the tree acts, run {run.replication}")
            lessons.append(_taught(subject, tree, language, run.replication))
        tree = learn(together(lessons), sizes)
    costs = []
    for run in late:
        tell(f"the tree alone, run {run.replication}")
        pupil = TreePolicy(subject.network, tree, language)
        own = watch(subject.scenario, subject.network, pupil, subject.seed, run.replication, None)
        costs.append((run.watched.cost, own.watched.cost))
    cost, tree_cost = np.array(costs).T
    judged = _lesson(subject, late)
    moves = any(
        orders.moves for run in subject.runs for d in run.watched.directives for orders in d.orders.values()
    )
    return Imitated(
        tree, dials, fidelity(tree, judged), usual(judged, tree), interval(cost), interval(tree_cost),
        interval(tree_cost - cost), n_learned, moves and subject.learned is None,
        tuple(run.replication for run in late),
    )  # fmt: skip


def scorer_of(subject: Subject, imitated: Imitated | None) -> Scorer:
    """Return the policy's own scores, or those of the tree that stands for it."""
    if subject.learned is not None:
        return subject.learned
    assert imitated is not None
    return Scorer(
        name=f"a tree that imitates {subject.policy}",
        labels=Encoding(subject.network).labels,
        dials=imitated.dials,
        logits=imitated.imitation.logits,
        trees=imitated.imitation.scores,
        stands_for=subject.policy,
    )


def scorer_of_checkpoint(checkpoint: Checkpoint, menu: Menu, network: Network) -> Scorer:
    """Return a learned policy's logits."""
    return Scorer(
        name=f"ckpt:{checkpoint.folder.name}",
        labels=Encoding(network).labels,
        dials=tuple((dial.name, dial.options) for dial in menu.dials),
        logits=checkpoint.logits,
        layers=Layers(checkpoint.layers, lambda rows: checkpoint.normaliser(rows).astype(np.float64)),
    )


def _checkpoint(policy: str, network: Network) -> tuple[Scorer | None, Menu | None]:
    parsed = parse(policy)
    if len(parsed) > 1 or PATH not in parsed[0][1]:
        return None, None
    checkpoint = read_checkpoint(Path(parsed[0][1][PATH]))
    checkpoint.check(network)
    menu = Offer.of_plain(checkpoint.about["offer"]).menu(network)
    return scorer_of_checkpoint(checkpoint, menu, network), menu


def _varies(vocabulary: Ordered, directives: Sequence[Any]) -> bool:
    """Whether anything but one constant directive was ever ordered."""
    if not vocabulary.dials:
        return False
    first = vocabulary.read(directives[0])
    return any((vocabulary.read(each) != first).any() for each in directives)


def _dials(subject: Subject) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], Language]:
    if subject.learned is not None:
        assert subject.menu is not None
        return subject.learned.dials, subject.menu
    vocabulary = subject.vocabulary
    if vocabulary is None:
        raise UsageError(
            f"{subject.policy} ordered the same at every decision, so there is nothing to imitate. "
            "Its queue rule is explained exactly: leave --dial away."
        )
    return tuple((dial.name, dial.options) for dial in vocabulary.dials), vocabulary


def _with_masks(subject: Subject, visited: Visited) -> Visited:
    """Return visited states with the masks of the vocabulary, where there is no menu."""
    if subject.vocabulary is None:
        return visited
    return replace(visited, masks=subject.vocabulary.seen[visited.hospital])


def _lesson(subject: Subject, runs: Sequence[VisitedRun]) -> Lesson:
    visited = _with_masks(subject, stacked(runs, len(subject.network.hospitals)))
    if subject.learned is not None:
        choices = subject.learned.choices(visited.rows, visited.masks)
        weights = at_stake(subject.learned, visited.rows, visited.masks)
        return Lesson(visited.rows, visited.masks, choices, weights, visited.run)
    assert subject.vocabulary is not None
    choices = _read(subject.vocabulary, [d for run in runs for d in run.watched.directives])
    return Lesson(visited.rows, visited.masks, choices, np.ones(len(visited.rows)), visited.run)


def _taught(subject: Subject, tree: Imitation, language: Language, replication: int) -> Lesson:
    pupil = TreePolicy(subject.network, tree, language)
    if subject.learned is not None:
        run = watch(subject.scenario, subject.network, pupil, subject.seed, replication, subject.menu)
        return _lesson(subject, [run])
    teacher = build_policy(
        subject.policy, subject.scenario, subject.network, policy_stream(subject.policy, subject.seed, replication)
    )  # fmt: skip
    taught = Taught(pupil, teacher)
    run = watch(subject.scenario, subject.network, taught, subject.seed, replication, None)
    visited = _with_masks(subject, stacked([run], len(subject.network.hospitals)))
    assert subject.vocabulary is not None
    would = _read(subject.vocabulary, taught.would)
    return Lesson(visited.rows, visited.masks, would, np.ones(len(visited.rows)), visited.run)


def _read(vocabulary: Ordered, directives: Sequence[Any]) -> NDArray[np.int64]:
    return np.concatenate([vocabulary.read(directive) for directive in directives])
