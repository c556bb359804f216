"""Explanations as tasks for a worker: in go a scenario and a policy, out come exhibits ready to be shown."""

from __future__ import annotations

import json
from dataclasses import dataclass

from dashboards.app.asked_page import Found
from dashboards.report.contributions import explanation_drawings
from dashboards.report.ink import Drawing
from dashboards.report.leaflet import exhibits
from policies.explain.asking import Asking, ask
from policies.explain.moved import journey
from policies.explain.telling_moves import tell_journey
from policies.told import Told
from scenarios.scenario import Scenario


@dataclass(frozen=True)
class Question:
    """What is asked, picklable."""

    scenario: str
    """As JSON."""
    policy: str
    called: str
    """What the page calls it: where a learned policy lies is nobody's business."""
    seed: int
    runs: int
    ranks: bool
    """Whether who goes first is explained, not what is ordered."""
    patient: int | None
    """The patient of run 1 whose way is followed; None: the policy's choices are explained."""


def explain(question: Question) -> Found:
    """Return the explanation. Raises `FairwardError` for what cannot be asked."""
    scenario = Scenario.model_validate(json.loads(question.scenario))
    if question.patient is not None:
        found = journey(scenario, question.policy, question.seed, 1, question.patient)
        return _shown(tell_journey(scenario, question.called, question.seed, found), {})
    asking = Asking(
        question.policy, question.runs, question.seed, "ranks" if question.ranks else None,
        n_rows=100, n_background=60, called=question.called,
    )  # fmt: skip
    told, explained, words = ask(scenario, asking)
    return _shown(told, explanation_drawings(explained, words))


def _shown(told: Told, drawings: dict[str, Drawing]) -> Found:
    return Found(told.question, told.sentence, tuple(exhibits(told, drawings)), told.notes)
