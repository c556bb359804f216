"""From a file of patients to thresholds: the risk model, the learning, the exact answers, the judgement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from agents.risk.assessment import Assessment, assess
from agents.risk.features import HeartPatients
from agents.risk.histories import Plan, Simulator
from agents.risk.model import RiskModel, cross_fitted, fit, split
from policies.thresholds.chain import Chain, count_chain, optimum, value_of
from policies.thresholds.evaluation import FIXED, Worth, best_fixed, settles_at, worth
from policies.thresholds.learning import Learned, Recipe, learn
from policies.thresholds.moves import Floats
from policies.thresholds.search import BestOfForm, best_of_form

COUNTED = 100
"""Episodes of each patient in which the chain is counted."""
TRIED = 10
"""Episodes of each patient by which every fixed setting is tried."""


@dataclass(frozen=True)
class Question:
    """What is asked for; the seed names every stream."""

    seed: int = 1
    held_out: float = 0.3
    """The share of patients by which the thresholds are judged and nothing else is done."""
    verbosity: float = 0.01
    """What each reason given costs at a visit, where a right band earns 1 (assumed)."""
    plan: Plan = field(default_factory=Plan)
    recipe: Recipe = field(default_factory=Recipe)


@dataclass(frozen=True)
class Ground:
    """What all learners share: the patients' risks and the problem that they make."""

    model: RiskModel
    """Fitted to the patients to learn from."""
    assessment: Assessment
    """Of that way of fitting, by cross-validation among the patients to learn from."""
    judged_assessment: Assessment
    """Of the model, for the patients who were held out."""
    learning: Simulator
    """Episodes of the patients to learn from, at risks by models that did not see them."""
    judging: Simulator
    """Episodes of the held-out patients."""
    chain: Chain


@dataclass(frozen=True)
class Run:
    """One learner, valued exactly by the chain (expected reward of an episode)."""

    seed: int
    last: tuple[int, ...]
    """The greedy policy of the table at the end."""
    last_value: float
    kept: tuple[int, ...]
    """The one of the second half's greedy policies that the chain values most."""
    kept_value: float
    n_candidates: int
    """How many there were to choose from."""
    table: Floats
    """levels x actions: the table of the kept policy."""
    curve: Floats
    """rounds: the mean reward a visit while learning."""


@dataclass(frozen=True)
class Answers:
    """What is known exactly of the chain (expected reward of an episode from the starting setting)."""

    shipped: float
    """The starting setting, left alone."""
    form: BestOfForm
    """The best of all policies with one action for each level."""
    full: float
    """The best of all policies that see the setting too (value iteration)."""


@dataclass(frozen=True)
class Judgement:
    """Held-out patients under four controllers."""

    shipped: Worth
    table: Worth
    tuned: Worth
    exhaustive: Worth


@dataclass(frozen=True)
class Tuned:
    """The outcome: settings by their index."""

    start: int
    best: Run
    """The run whose kept policy the chain values most."""
    setting: int
    """Where that policy takes the thresholds over a stream of patients."""
    agreement: float
    """The share of orders of the patients in which it ends there."""
    exhaustive: int
    """The fixed setting that does best for the patients to learn from."""
    judgement: Judgement


def prepare(patients: HeartPatients, question: Question) -> Ground:
    """Split the patients, fit the risk model and count the chain."""
    seed = question.seed
    learned_from, judged = split(patients, question.held_out, seed)
    mine, others = patients.only(learned_from), patients.only(judged)
    model = fit(mine, seed)
    risk, judged_risk = cross_fitted(mine, seed), model.predict(others.features)
    learning = Simulator(mine, risk, question.plan)
    episodes = [learning.episodes(seed, "counting", copy) for copy in range(COUNTED)]
    return Ground(
        model=model,
        assessment=assess(risk, mine.outcomes(), seed),
        judged_assessment=assess(judged_risk, others.outcomes(), seed),
        learning=learning,
        judging=Simulator(others, judged_risk, question.plan),
        chain=count_chain(episodes, question.verbosity, seed),
    )


def answers(ground: Ground, start: int, seed: int) -> Answers:
    """Solve the chain exactly."""
    value, _ = optimum(ground.chain)
    return Answers(
        shipped=value_of(ground.chain, FIXED, start),
        form=best_of_form(ground.chain, start, seed),
        full=float(ground.chain.first @ value[:, start]),
    )


def run_learner(
    ground: Ground,
    question: Question,
    start: int,
    seed: int,
    on_round: Callable[[int, int], None] | None = None,
) -> Run:
    """Let one learner learn, and keep the best of what it believed on the way."""
    learned = learn(ground.learning, question.recipe, start, question.verbosity, seed, on_round)
    return _kept(ground.chain, learned, start, seed)


def _kept(chain: Chain, learned: Learned, start: int, seed: int) -> Run:
    value = {policy: value_of(chain, policy, start) for policy in learned.candidates}
    kept = max(value, key=lambda policy: (value[policy], policy))
    return Run(
        seed=seed,
        last=learned.policy,
        last_value=value[learned.policy],
        kept=kept,
        kept_value=value[kept],
        n_candidates=len(value),
        table=learned.candidates[kept],
        curve=learned.curve,
    )


def judge(ground: Ground, question: Question, start: int, runs: list[Run]) -> Tuned:
    """Take the best run, let its thresholds settle, and judge them by the held-out patients."""
    seed, price = question.seed, question.verbosity
    best = max(runs, key=lambda run: (run.kept_value, -run.seed))
    setting, agreement = settles_at(ground.learning, best.kept, start, seed)
    exhaustive = best_fixed(ground.learning, price, seed, TRIED)
    judgement = Judgement(
        shipped=worth(ground.judging, FIXED, start, price, seed),
        table=worth(ground.judging, best.kept, start, price, seed),
        tuned=worth(ground.judging, FIXED, setting, price, seed),
        exhaustive=worth(ground.judging, FIXED, exhaustive, price, seed),
    )
    return Tuned(start, best, setting, agreement, exhaustive, judgement)


def smoothed(curve: Floats, window: int) -> Floats:
    """Return the means of `window` rounds one after another; what is left over at the end is dropped."""
    whole = len(curve) // window * window
    return np.asarray(curve[:whole].reshape(-1, window).mean(axis=1), dtype=np.float64)
