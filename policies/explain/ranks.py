"""Why one waiting patient is ahead of another: the queue rule's own index, explained exactly.

The index is the function that both engines rank by (`sim/rules.py`). Its inputs are what the rule takes; what it does
not take (an attribute, for all rules but one) stands beside them and gets exactly nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.explain.attribution import Attribution, interventional
from policies.explain.case import Case, sample
from policies.explain.scorer import Floats, Margin
from policies.explain.visited import VisitedRun
from scenarios.errors import UsageError
from scenarios.rules import CMuTheta, QueueRule
from sim.network import Network, attribute_values
from sim.protocol import Directive, Waiting
from sim.result import Result
from sim.rules import QueueRanking

STEP, URGENCY, HOURS, ALIKE = range(4)
INPUTS = ("step waited for", "urgency", "hours waited", "number waiting alike")


@dataclass(frozen=True, eq=False)
class Ranks:
    """A queue rule as a score of waiting patients: D = 4 + the attributes of the equity groups and of the rule."""

    rule: QueueRule
    network: Network
    ranking: QueueRanking
    attributes: tuple[str, ...]
    margin: Margin

    @property
    def labels(self) -> tuple[str, ...]:
        """What the inputs are."""
        return (*INPUTS, *self.attributes)

    def rows(self, result: Result, waiting: Sequence[Waiting]) -> Floats:
        """Return N x D of those who wait at one decision."""
        places = {step.name: step.index for step in self.network.steps}
        codes = [result.patients.codes[name] for name in self.attributes]
        own = self.ranking.attribute
        by = result.patients.codes[own] if own is not None else None
        cells = [(w.hospital, w.step, w.acuity, int(by[w.patient]) if by is not None else 0) for w in waiting]
        alike = Counter(cells)
        return np.array(
            [
                [places[w.step], w.acuity, w.hours, alike[cell], *(int(code[w.patient]) for code in codes)]
                for w, cell in zip(waiting, cells, strict=True)
            ],
            dtype=np.float64,
        ).reshape(len(waiting), len(self.labels))

    def words(self, label: str, value: float) -> str:
        """Return an input in words."""
        if label == INPUTS[STEP]:
            return self.network.steps[int(value)].name
        if label == INPUTS[URGENCY]:
            return self.network.acuities[int(value)]
        if label in self.attributes:
            return attribute_values(self.network.scenario, label)[int(value)]
        return f"{value:.3g}"


def ranks_of(rule: QueueRule, network: Network) -> Ranks:
    """Return a queue rule as a score. Raises `UsageError` for a clock that a decision does not show."""
    if getattr(rule.law, "clock", "journey") == "step":
        raise UsageError(
            f"{rule.name}: with clock: step the wait counts from joining the queue, which a decision does not show."
        )
    scenario = network.scenario
    own = getattr(rule.law, "attribute", None)
    attributes = tuple(dict.fromkeys([*scenario.equity.groups, *([own] if own else [])]))
    attributes = tuple(name for name in attributes if scenario.attributes[name].share is not None)
    ranking = QueueRanking(rule, network, lambda name: ())
    column = 4 + attributes.index(own) if own else None
    coded = {STEP: len(network.steps) - 1, URGENCY: len(network.acuities) - 1}
    if own is not None and column is not None:
        coded[column] = len(attribute_values(scenario, own)) - 1
    squashed = isinstance(rule.law, CMuTheta)

    def of(rows: Floats) -> Floats:
        # LIME draws between the codes of steps, acuities and values: the nearest one is meant.
        rows = rows.copy()
        for j, most in coded.items():
            rows[:, j] = np.clip(np.rint(rows[:, j]), 0, most)
        codes = np.zeros(len(rows)) if column is None else rows[:, column]
        inputs = zip(rows[:, STEP], rows[:, URGENCY], codes, rows[:, HOURS], rows[:, ALIKE], strict=True)
        found = [ranking.index(int(step), int(a), int(c), h, int(n)) for step, a, c, h, n in inputs]
        values = np.array(found, dtype=np.float64)
        if squashed:
            # The index of those who never lose patience is infinite; so is every contribution to it.
            return np.asarray(
                np.where(np.isinf(values), 1.0, values / (1.0 + np.where(np.isinf(values), 0, values)))
            )
        return values

    title = f"index of {rule.name}" + (", as index / (1 + index)" if squashed else "")
    used = np.array([STEP, URGENCY, HOURS, ALIKE, *([] if column is None else [column])], dtype=np.int64)
    return Ranks(rule, network, ranking, attributes, Margin(title, of, used))


def rule_in_force(network: Network, directive: Directive, hospital: str) -> QueueRule:
    """Return the queue rule that holds at a hospital after a directive."""
    orders = directive.orders.get(hospital)
    return orders.queue_rule if orders is not None and orders.queue_rule else network.scenario.queue_rule


def rank_case(ranks: Ranks, runs: Sequence[VisitedRun], n_rows: int, n_background: int, seed: int) -> Case:
    """Return the case of all who waited at the decisions of some runs."""
    scenario = ranks.network.scenario
    rows, run, who, patients = [], [], [], []
    for each in runs:
        for time, waiting, directive in zip(
            each.watched.times, each.watched.waiting, each.watched.directives, strict=True
        ):
            here = [
                w
                for w in waiting
                if rule_in_force(ranks.network, directive, ranks.network.hospitals[w.hospital]) == ranks.rule
            ]
            if not here:
                continue
            rows.append(ranks.rows(each.result, here))
            run += [each.replication] * len(here)
            patients += [(each, w.patient) for w in here]
            who += [
                f"patient {w.patient} at {ranks.network.hospitals[w.hospital]}, run {each.replication}, {time:g} h"
                for w in here
            ]
    if not rows:
        raise UsageError(f"{scenario.name}: nobody waited at a decision, so no rank can be explained.")
    every, number = np.concatenate(rows), np.array(run)
    picked = sample(len(every), n_rows, number, seed)
    behind = sample(len(every), n_background, number, seed + 1)
    values = {name: attribute_values(scenario, name) for name in ranks.attributes}
    groups = {
        name: np.array([values[name][int(code)] for code in every[picked, 4 + j]])
        for j, name in enumerate(ranks.attributes)
    }
    scores = ranks.margin.of(every[picked])
    return Case(
        question=f"{ranks.rule.name}: who goes first?",
        labels=ranks.labels,
        rows=every[picked],
        run=number[picked],
        who=tuple(who[i] for i in picked),
        groups=groups,
        margins=((ranks.margin, np.arange(len(picked))),),
        background=every[behind],
        local=int(np.argmax(scores)),
    )


@dataclass(frozen=True, eq=False)
class Ahead:
    """A patient ahead of the one asked about, and why."""

    patient: int
    score: float
    own_score: float
    row: NDArray[np.float64]
    why: Attribution
    """Of the difference of the scores: base is the score of the one asked about."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where a patient stands in the queue for a step at a decision."""

    patient: int
    time: float
    hospital: str
    step: str
    place: int
    """From 1."""
    n_waiting: int
    ranks: Ranks
    row: NDArray[np.float64]
    ahead: tuple[Ahead, ...]
    """Those just before, the next first."""


def place_of(network: Network, run: VisitedRun, patient: int, most: int = 3) -> Place | None:
    """Return where a patient stood when first seen waiting at a decision; None: never seen waiting."""
    for time, waiting, directive in zip(
        run.watched.times, run.watched.waiting, run.watched.directives, strict=True
    ):
        mine = next((w for w in waiting if w.patient == patient), None)
        if mine is None:
            continue
        hospital = network.hospitals[mine.hospital]
        ranks = ranks_of(rule_in_force(network, directive, hospital), network)
        queue = [w for w in waiting if w.hospital == mine.hospital and w.step == mine.step]
        rows = ranks.rows(run.result, queue)
        scores = ranks.margin.of(rows)
        order = sorted(range(len(queue)), key=lambda i: (-scores[i], -queue[i].hours, queue[i].patient))
        at = order.index(queue.index(mine))
        own = order[at]
        ahead = tuple(
            Ahead(
                queue[i].patient, float(scores[i]), float(scores[own]), rows[i],
                interventional(ranks.margin, rows[i : i + 1], rows[own : own + 1], method="exact"),
            )
            for i in reversed(order[max(0, at - most) : at])
        )  # fmt: skip
        return Place(patient, time, hospital, mine.step, at + 1, len(queue), ranks, rows[own], ahead)
    return None
