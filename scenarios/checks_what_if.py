"""Checks of what is uncertain, of what things cost, and of a counterfactual."""

from collections.abc import Iterable

from pydantic import ValidationError

from scenarios.complaints import complaints
from scenarios.conditions import Conditions
from scenarios.counterfactual import Counterfactual
from scenarios.errors import Problem, ScenarioError
from scenarios.overrides import overridden
from scenarios.report import Report
from scenarios.scenario import Scenario
from scenarios.tree import Node, Path, plain, stamped
from scenarios.uncertain import Uncertain
from scenarios.variation import changes, extremes

NOT_FIGURES = ("uncertain", "costs", "counterfactual", "name", "fairward")
"""Parts of a scenario that are not figures of the model."""


def check_what_if(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    """Check the parts that are about other worlds than the one written."""
    _check_uncertain(scenario, report)
    _check_costs(scenario, report)
    _check_counterfactual(scenario, conditions, report)


def _check_uncertain(scenario: Scenario, report: Report) -> None:
    if not scenario.uncertain or not report.sound:
        return
    written = report.root.value
    entries = (
        {key: child for key, child in written.items() if key != "uncertain"}
        if isinstance(written, dict)
        else {}
    )
    root = Node(entries, report.root.place)
    for name, uncertain in scenario.uncertain.items():
        path: Path = ("uncertain", name)
        outside = [
            text for text in uncertain.paths if text.strip().split(".")[0].split("[")[0] in NOT_FIGURES
        ]
        for text in outside:
            report.add((*path, "paths"), "a figure of the model", f'"{text}"')
        for problem in [] if outside else _problems(root, uncertain):
            got = f"{problem.got} at {problem.path}" if problem.expected else f"{problem.path}: {problem.got}"
            report.add((*path, "paths"), problem.expected, got, problem.remedy)


def _problems(root: Node, uncertain: Uncertain) -> list[Problem]:
    """What goes wrong when the scenario takes values that it may well have; of the first that does."""
    for value in extremes(uncertain):
        try:
            changed = stamped(overridden(root, changes(uncertain, value)))
        except ScenarioError as error:
            return list(error.problems)
        except Exception as refusal:
            # A path that cannot be read is refused before it is a change.
            return [Problem("uncertain", None, None, "", *_words(refusal))]
        try:
            Scenario.model_validate(plain(changed))
        except ValidationError as error:
            return [complaint.problem for complaint in complaints(error, changed)][:1]
    return []


def _words(refusal: Exception) -> tuple[str, str, str]:
    parts = getattr(refusal, "parts", ("", "a place as after --set", "something else", ""))
    return parts[1], parts[2], parts[3]


def _check_costs(scenario: Scenario, report: Report) -> None:
    costs = scenario.costs
    if costs is None:
        return
    hospitals = scenario.hospitals.values()
    roles = [role for hospital in hospitals for role in hospital.staff]
    known: dict[str, tuple[str, Iterable[str], Path]] = {
        "bed_day": ("a unit of beds of any hospital", [b for h in hospitals for b in h.beds], ("hospitals",)),
        "staff_hour": ("a role of any hospital", roles, ("hospitals",)),
        "equipment_hour": ("a machine of any hospital", [e for h in hospitals for e in h.equipment], ("hospitals",)),
        "call_in": ("a role of any hospital", roles, ("hospitals",)),
        "dose": ("a product of `vaccine`", scenario.vaccine.products if scenario.vaccine else (), ("vaccine",)),
        "step": (
            "a step, as pathway.step",
            [f"{name}.{step}" for name, pathway in scenario.pathways.items() for step in pathway.steps],
            ("pathways",),
        ),
    }  # fmt: skip
    for key, (what, names, home) in known.items():
        unique = list(dict.fromkeys(names))
        for name in getattr(costs, key):
            if name not in unique:
                report.unknown(("costs", key, name), name, what, unique, defined_at=[home])
    if costs.transfer is None and not any(getattr(costs, key) for key in known):
        remedy = "Leave `costs` out, or add for example `bed_day`."
        report.add(("costs",), "at least one unit cost", "none", remedy)


def _check_counterfactual(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    for i, flip in enumerate(scenario.counterfactual or ()):
        _check_flip(("counterfactual", i), flip, conditions, report)
    if scenario.counterfactual and scenario.population is not None:
        message = (
            "the people of a `population` have attributes in exact shares, so that one cannot change alone"
        )
        remedy = "Counterfactuals are for patients of `arrivals` and of a given epidemic curve."
        report.add(("counterfactual",), "", message, remedy)


def _check_flip(path: Path, flip: Counterfactual, conditions: Conditions, report: Report) -> None:
    if conditions.category((*path, "attribute"), flip.attribute):
        for key in ("was", "instead"):
            conditions.value((*path, key), flip.attribute, getattr(flip, key))
    if (flip.stream is None) != (flip.number is None):
        report.add(path, "both stream and number, for one patient, or neither", "one of them")
    if flip.stream is not None:
        conditions.value_of_built_in((*path, "stream"), "source", flip.stream)
