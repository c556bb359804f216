"""Checks of pathways: their steps, where they lead, and what they name."""

from collections.abc import Iterable, Mapping

from scenarios.conditions import Conditions, check_sum
from scenarios.pathways import Pathway, RouteCase, Step
from scenarios.report import Report
from scenarios.scenario import OUTCOMES, Scenario
from scenarios.shape import listing
from scenarios.tree import Path


def check_pathways(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    """Check what happens to patients."""
    outcomes = [*OUTCOMES, *scenario.outcomes]
    for name in scenario.outcomes:
        if name in OUTCOMES:
            report.add(("outcomes", name), "", f'the outcome "{name}" exists already', "Leave it out.")
    for name, pathway in scenario.pathways.items():
        path: Path = ("pathways", name)
        if pathway.first is not None:
            _check_routes((*path, "first"), pathway.first, pathway, outcomes, conditions, report)
        for step_name, step in pathway.steps.items():
            place = (*path, "steps", step_name)
            if step_name in outcomes:
                report.add(
                    place, "", f'"{step_name}" is an outcome and cannot be a step too', "Rename the step."
                )
            _check_step(place, step, outcomes, conditions, report)
            _check_routes((*place, "next"), step.next, pathway, outcomes, conditions, report)
        _check_flow(path, pathway, outcomes, report)
    _check_hazards(scenario, conditions, report)


def _check_routes(
    path: Path,
    cases: tuple[RouteCase, ...],
    pathway: Pathway,
    outcomes: list[str],
    conditions: Conditions,
    report: Report,
) -> None:
    conditions.cases(path, [case.when for case in cases])
    for i, case in enumerate(cases):
        check_sum(report, (*path, i, "to"), case.to, "probabilities")
        for target in case.to:
            if target not in pathway.steps and target not in outcomes:
                known = [*pathway.steps, *outcomes]
                homes: list[Path] = [("outcomes",), (*path[:2], "steps")]
                report.unknown(
                    (*path, i, "to", target), target, "a step of this pathway", known, defined_at=homes
                )


def _check_step(path: Path, step: Step, outcomes: list[str], conditions: Conditions, report: Report) -> None:
    conditions.cases((*path, "duration"), [case.when for case in step.duration])
    if step.patience is not None:
        conditions.cases((*path, "patience", "time"), [case.when for case in step.patience.time])
        _check_outcome((*path, "patience", "outcome"), step.patience.outcome, outcomes, report)
    _check_outcome((*path, "full_outcome"), step.full_outcome, outcomes, report)
    for name in step.scale_by:
        conditions.number((*path, "scale_by", step.scale_by.index(name)), name)
    for i, factor in enumerate(step.factors):
        conditions.when((*path, "factors", i, "when"), factor.when)
    conditions.acuities((*path, "acuity_factor"), step.acuity_factor)
    for key in ("queue_limit", "balking"):
        cases = getattr(step, key)
        conditions.cases((*path, key), [case.when for case in cases], covering=False)
    for i, balking in enumerate(step.balking):
        _check_outcome((*path, "balking", i, "outcome"), balking.outcome, outcomes, report)


def _check_outcome(path: Path, outcome: str, outcomes: list[str], report: Report) -> None:
    if outcome not in outcomes:
        report.unknown(path, outcome, "an outcome of this scenario", outcomes, defined_at=[("outcomes",)])


def targets(cases: Iterable[RouteCase]) -> list[str]:
    """Return where some patients go, in the order written."""
    return list(dict.fromkeys(name for case in cases for name, share in case.to.items() if share > 0))


def reachable(pathway: Pathway, start: Iterable[str] | None = None) -> list[str]:
    """Return the steps that can be reached from `start`, or from where the pathway begins, in the order written."""
    if start is None:
        start = targets(pathway.first) if pathway.first else [next(iter(pathway.steps))]
    found: set[str] = set()
    waiting = [name for name in start if name in pathway.steps]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [target for target in targets(pathway.steps[name].next) if target in pathway.steps]
    return [name for name in pathway.steps if name in found]


def _check_flow(path: Path, pathway: Pathway, outcomes: list[str], report: Report) -> None:
    """Report steps that nobody reaches, and steps that nobody leaves."""
    routes = (pathway.first or (), *(step.next for step in pathway.steps.values()))
    named = [target for cases in routes for target in targets(cases)]
    if any(target not in pathway.steps and target not in outcomes for target in named):
        return  # The unknown name may stand for the step that seems out of reach.
    found = reachable(pathway)
    for name in pathway.steps:
        if name not in found:
            remedy = "Name it in `first` or in the `next` of another step, or remove it."
            report.add(
                (*path, "steps", name), "", f'nobody can reach the step "{name}"', remedy, within=[path]
            )
    stuck = [name for name in found if name not in _with_exit(pathway.steps, outcomes)]
    if stuck:
        message = f"no outcome can be reached from {listing(stuck)}: whoever comes here never leaves"
        report.add(
            (*path, "steps", stuck[0], "next"),
            "",
            message,
            "Let one of these steps lead to an outcome.",
            within=[path],
        )


def _with_exit(steps: Mapping[str, Step], outcomes: list[str]) -> set[str]:
    leaving = {
        name for name, step in steps.items() if any(target in outcomes for target in targets(step.next))
    }
    while True:
        more = {name for name, step in steps.items() if leaving.intersection(targets(step.next))} - leaving
        if not more:
            return leaving
        leaving |= more


def _check_hazards(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    for cause in ("leave", "deteriorate", "die"):
        for i, hazard in enumerate(getattr(scenario.hazards, cause)):
            path: Path = ("hazards", cause, i)
            conditions.when((*path, "when"), hazard.when)
            if hazard.times is not None:
                conditions.number((*path, "times"), hazard.times)
            if not hazard.during:
                report.add(
                    (*path, "during"), "at least one place", "none", "Remove the hazard if it never applies."
                )
