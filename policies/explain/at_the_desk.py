"""The desk's network explained by its Q-values: the value of admitting a patient less that of declining.

A run is a cohort; every patient decided about is a state. The same is explained in all states, admit rather than
decline, so that contributions of patients can be compared: above 0 speaks for admitting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.desk.q_network import QNetwork
from policies.desk.rules import Choose, rewards, seed_of
from policies.desk.training import DeskSetting
from policies.environments.cohorts import People
from policies.environments.hospital_desk import ADMIT, DECLINE, HospitalDesk
from policies.explain.case import Case, sample
from policies.explain.explanation import Explanation, explanation
from policies.explain.imitation import Imitation, Lesson, at_stake, fidelity, learn, together, usual
from policies.explain.scorer import Contrast, Floats, Layers, Scorer, margin_of
from policies.explain.subject import Imitated
from policies.explain.telling import About, tell_explanation
from policies.told import Told
from scenarios.errors import UsageError
from sim.inference import interval

FEWEST_COHORTS = 4
OLDEST = 105.0
"""Years that an age of 1 stands for: `hospital_desk`."""
NOTES = (
    "The margin is the network's Q-value of admitting less that of declining: the rewards that it expects until the "
    "cohort is over. It is what the network has learned, and not what would come.",
    "A run is a cohort. Shown by itself is the closest call: the patient with the smallest difference.",
    "Inputs are shares: severity, priority and what was met from 0 to 1; tables show counts and years.",
)


@dataclass(frozen=True, eq=False)
class Decided:
    """N patients about whom was decided."""

    rows: Floats
    """N x D."""
    run: NDArray[np.int64]
    """N: the cohort."""
    place: NDArray[np.int64]
    """N: which patient of the cohort, from 1."""
    earned: Floats
    """By cohort."""


def explain_desk(
    network: QNetwork,
    people: People,
    name: str,
    n_cohorts: int,
    seed: int,
    n_rows: int = 200,
    n_background: int = 100,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Told, Explanation, Callable[[str, float], str]]:
    """Return what is told of a network, what it is told from, and how values are put in words.

    Raises `UsageError` for fewer than 4 cohorts, or people of other groups than it was trained on.
    """
    if n_cohorts < FEWEST_COHORTS:
        raise UsageError(f"--cohorts: expected at least {FEWEST_COHORTS}, to judge a tree, got {n_cohorts}.")
    setting = DeskSetting(**network.about["desk"])
    desk = setting.desk(people)
    network.check_labels(desk)
    fresh = seed_of("explaining", seed)
    say("cohorts")
    decided = decide(desk, network.choose, fresh, range(1, n_cohorts + 1))
    say("a tree that imitates it")
    imitated = _imitate(desk, network, decided, fresh)
    words = _words(setting)
    case = _case(network, desk, setting, decided, n_rows, n_background, seed, words)
    found = explanation(case, seed, say)
    about = About(
        f"The desk: {setting.n_units} {setting.resource} for {setting.n_patients} patients", "desk", name, seed,
        tuple(range(1, n_cohorts + 1)), "the network's Q-values", False, NOTES,
    )  # fmt: skip
    return tell_explanation(about, found, imitated, 0, words), found, words


def decide(desk: HospitalDesk, choose: Choose, seed: int, cohorts: Iterable[int]) -> Decided:
    """Play cohorts and return all patients about whom was decided."""
    rows: list[NDArray[np.float32]] = []
    run: list[int] = []
    place: list[int] = []
    earned = []
    for number in cohorts:
        before = len(rows)

        def look(observation: NDArray[np.float32]) -> int:
            rows.append(observation)
            return choose(observation)

        earned.append(rewards(desk, look, seed, [number])[0])
        run += [number] * (len(rows) - before)
        place += range(1, len(rows) - before + 1)
    return Decided(np.array(rows, dtype=np.float64), np.array(run), np.array(place), np.array(earned))


def scorer_of_network(network: QNetwork) -> Scorer:
    """Return the Q-values as a score of both actions."""
    return Scorer(
        name="the desk",
        labels=tuple(network.about["labels"]),
        dials=(("admit", ("decline", "admit")),),
        logits=lambda rows, masks: network(rows),
        layers=Layers(network.layers, lambda rows: rows, "relu"),
    )


def _case(
    network: QNetwork,
    desk: HospitalDesk,
    setting: DeskSetting,
    decided: Decided,
    n_rows: int,
    n_background: int,
    seed: int,
    words: Callable[[str, float], str],
) -> Case:
    margin = margin_of(scorer_of_network(network), Contrast(0, ADMIT, DECLINE))
    picked = sample(len(decided.rows), n_rows, decided.run, seed)
    rows, labels = decided.rows[picked], desk.labels
    columns = [labels.index(f"is {group}") for group in desk.groups]
    groups = np.array(desk.groups)[rows[:, columns].argmax(axis=1)]
    severity = labels.index("severity")
    return Case(
        question="admit or decline: by how much is admitting worth more?",
        labels=labels,
        rows=rows,
        run=decided.run[picked],
        who=tuple(
            f"patient {decided.place[i]} of cohort {decided.run[i]}, {group}, severity "
            f"{words('severity', decided.rows[i, severity])}"
            for i, group in zip(picked, groups, strict=True)
        ),
        groups={setting.grouping: groups},
        margins=((margin, np.arange(len(picked))),),
        background=decided.rows[sample(len(decided.rows), n_background, decided.run, seed + 1)],
        local=int(np.argmin(np.abs(margin.of(rows)))),
    )


def _imitate(desk: HospitalDesk, network: QNetwork, decided: Decided, seed: int) -> Imitated:
    """Learn a tree from three quarters of the cohorts, teach it while it decides there, and judge it on the others."""
    scorer = scorer_of_network(network)
    cohorts = np.unique(decided.run)
    early, late = np.split(cohorts, [len(cohorts) * 3 // 4])
    first = _lesson(scorer, decided, early)
    acted = decide(desk, _chooser(learn(first, [2])), seed, early.tolist())
    tree = learn(together([first, _lesson(scorer, acted, early)]), [2])
    judged = _lesson(scorer, decided, late)
    own = decided.earned[np.isin(cohorts, late)]
    trees = rewards(desk, _chooser(tree), seed, late.tolist())
    return Imitated(
        tree, scorer.dials, fidelity(tree, judged), usual(judged, tree), interval(own), interval(trees),
        interval(trees - own), len(early), False, tuple(late.tolist()), "reward",
        "need that is met, less what lambda makes of the gap between groups",
    )  # fmt: skip


def _lesson(scorer: Scorer, decided: Decided, cohorts: NDArray[np.int64]) -> Lesson:
    own = np.isin(decided.run, cohorts)
    rows, masks = decided.rows[own], np.ones((int(own.sum()), 2), dtype=np.int8)
    return Lesson(rows, masks, scorer.choices(rows, masks), at_stake(scorer, rows, masks), decided.run[own])


def _chooser(tree: Imitation) -> Choose:
    legal = np.ones((1, 2), dtype=np.int8)
    return lambda observation: int(tree.choices(observation[None], legal)[0, 0])


def _words(setting: DeskSetting) -> Callable[[str, float], str]:
    counts = {"units left": setting.n_units, "patients to come": setting.n_patients, "age": OLDEST}

    def words(label: str, value: float) -> str:
        if label.startswith("is "):
            return "yes" if value else "no"
        return f"{value * counts.get(label, 1):.3g}"

    return words
