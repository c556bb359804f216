"""Decision trees that imitate a policy, in the manner of VIPER: small enough to read, and able to act.

The tree decides, the policy says what it would have done there, and the tree learns from all states together (Ross,
Gordon & Bagnell 2011), states where much hangs on the choice weighing more (Bastani, Pu & Solar-Lezama 2018). Where a
policy has no scores all states weigh the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from policies.environments.encoding import Encoding
from policies.explain.attribution import EXTRA
from policies.explain.scorer import Choices, Floats, Masks, Scorer, Tree
from scenarios.errors import MissingExtra
from sim.network import Network
from sim.protocol import Decision, Directive, Policy

DEPTH, FEWEST = 5, 10
"""Questions on the way to a leaf at most; states in a leaf at least."""


class Language(Protocol):
    """How choices become orders."""

    def masks(self, decision: Decision) -> Masks:
        """Return H x M: what each hospital may choose now."""
        ...

    def directive(self, decision: Decision, choices: Choices) -> Directive:
        """Return the orders of choices (H x K) that the masks allow."""
        ...


@dataclass(frozen=True, eq=False)
class Lesson:
    """States and what the policy chose in them."""

    rows: Floats
    """N x D."""
    masks: Masks
    """N x M."""
    choices: Choices
    """N x K."""
    weights: Floats
    """N: how much hangs on the choice."""
    run: NDArray[np.int64]
    """N."""


@dataclass(frozen=True, eq=False)
class Imitation:
    """One tree a dial; None where the policy always chose the same."""

    trees: tuple[Any, ...]
    constant: tuple[int, ...]
    """K: what was chosen most."""
    sizes: tuple[int, ...]
    """K: options."""

    def logits(self, rows: NDArray[Any], masks: Masks) -> Floats:
        """Return N x M: the logarithm of the share of each option in the leaf, one state of each added."""
        return np.concatenate([tree(rows) for tree in self.scores], axis=1)

    def choices(self, rows: NDArray[Any], masks: Masks) -> Choices:
        """Return N x K: the likeliest option that the mask (N x M) allows."""
        logits = np.where(masks > 0, self.logits(rows, masks), -np.inf)
        found = [part.argmax(axis=1) for part in np.split(logits, np.cumsum(self.sizes)[:-1], axis=1)]
        return np.stack(found, axis=1).astype(np.int64)

    @cached_property
    def scores(self) -> tuple[Tree, ...]:
        """K: every dial's logits as a tree."""
        return tuple(self._scores(k) for k in range(len(self.trees)))

    def _scores(self, dial: int) -> Tree:
        tree, n_options = self.trees[dial], self.sizes[dial]
        if tree is None:
            shares = np.zeros((1, n_options))
            shares[:, self.constant[dial]] = 1.0
            return Tree(None, np.log((shares + 1e-3) / (1 + 1e-3 * n_options)))
        counts = tree.tree_.weighted_n_node_samples[:, None]
        shares = np.zeros((len(counts), n_options))
        shares[:, tree.classes_] = tree.tree_.value[:, 0]
        return Tree(tree.tree_, np.log((shares * counts + 1) / (counts + n_options)))


def learn(lesson: Lesson, sizes: Sequence[int], depth: int = DEPTH) -> Imitation:
    """Return the trees that follow a lesson best; the same lesson gives the same trees."""
    try:
        from sklearn.tree import DecisionTreeClassifier
    except ModuleNotFoundError:
        raise MissingExtra(EXTRA, "a tree that imitates a policy") from None

    rows = lesson.rows.astype(np.float32)
    trees: list[Any] = []
    constant = []
    for chosen, n_options in zip(lesson.choices.T, sizes, strict=True):
        counts = np.bincount(chosen, minlength=n_options)
        constant.append(int(counts.argmax()))
        if (counts > 0).sum() < 2:
            trees.append(None)
            continue
        tree = DecisionTreeClassifier(
            max_depth=depth, min_samples_leaf=min(FEWEST, max(1, len(chosen) // 10)), random_state=0
        )
        trees.append(tree.fit(rows, chosen, sample_weight=lesson.weights))
    return Imitation(tuple(trees), tuple(constant), tuple(int(n) for n in sizes))


def together(lessons: Sequence[Lesson]) -> Lesson:
    """Return several lessons as one."""
    return Lesson(
        *(
            np.concatenate([getattr(one, name) for one in lessons])
            for name in ("rows", "masks", "choices", "weights", "run")
        )
    )


def at_stake(scorer: Scorer, rows: NDArray[Any], masks: Masks) -> Floats:
    """Return N: how much worse the worst legal options are than the best, summed over dials; mean 1."""
    logits = np.where(masks > 0, scorer.logits(rows, masks), np.nan)
    total = np.zeros(len(rows))
    for k in range(len(scorer.dials)):
        part = logits[:, scorer.place(k)]
        total += np.nanmax(part, axis=1) - np.nanmin(part, axis=1)
    mean = total.mean()
    return total / mean if mean > 0 else np.ones(len(rows))


class TreePolicy:
    """The trees as a policy."""

    def __init__(self, network: Network, imitation: Imitation, language: Language) -> None:
        self._encoding, self._imitation, self._language = Encoding(network), imitation, language

    def decide(self, decision: Decision) -> Directive:
        """Return the orders of the trees' choices."""
        masks = self._language.masks(decision)
        choices = self._imitation.choices(self._encoding.observe(decision), masks)
        return self._language.directive(decision, choices)


class Taught:
    """The tree decides and the policy is asked what it would have ordered."""

    def __init__(self, pupil: Policy, teacher: Policy) -> None:
        self._pupil, self._teacher = pupil, teacher
        self.would: list[Directive] = []
        """What the teacher would have ordered, decision by decision."""

    def decide(self, decision: Decision) -> Directive:
        """Return the pupil's orders."""
        self.would.append(self._teacher.decide(decision))
        return self._pupil.decide(decision)


def fidelity(imitation: Imitation, lesson: Lesson) -> Floats:
    """Return K: the share of states in which the tree chooses as the policy does."""
    return np.asarray((imitation.choices(lesson.rows, lesson.masks) == lesson.choices).mean(axis=0))


def usual(lesson: Lesson, imitation: Imitation) -> Floats:
    """Return K: what always choosing the commonest option would reach."""
    return np.asarray((lesson.choices == np.array(imitation.constant)).mean(axis=0))


def tree_text(tree: Any, labels: Sequence[str], options: Sequence[str]) -> str:
    """Return a tree as indented questions."""
    from sklearn.tree import export_text

    names = [options[int(code)] for code in tree.classes_]
    return str(export_text(tree, feature_names=list(labels), class_names=names, decimals=2))
