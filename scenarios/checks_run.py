"""Checks of the run itself: times, targets, rules, equity."""

from collections import Counter

from scenarios.conditions import Conditions
from scenarios.report import Report
from scenarios.scenario import Scenario
from scenarios.tree import Path
from scenarios.units import format_duration

LONGEST_HORIZON = 100 * 365.25 * 24
MINUTE = 1 / 60
WEIGHTS = ("cost", "rates", "start")
"""The keys of queue rules that are weights by acuity."""


def check_run(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    """Check what is simulated and how it is decided."""
    if "/" in scenario.name or scenario.name.startswith("."):
        report.add(("name",), 'a name without "/" that does not begin with "."', f'"{scenario.name}"')
    _check_times(scenario, report)
    if not (scenario.arrivals or scenario.population or scenario.epidemic):
        expected = "`arrivals` (who comes where and when)"
        report.add(
            ("arrivals",),
            expected,
            "nothing",
            "Add `arrivals`.",
            names=("arrivals", "population", "epidemic"),
        )
    for name, n in Counter(scenario.acuities).items():
        if n > 1:
            report.add(("acuities",), "different acuities", f'"{name}" {n} times', "Keep one of them.")
    conditions.acuities(("targets",), scenario.targets)
    for name, target in scenario.targets.items():
        if target == 0:
            report.add(("targets", name), "a target above 0", "0")
    _check_queue_rule(scenario, conditions, report)
    for i, name in enumerate(scenario.equity.groups):
        conditions.category(("equity", "groups", i), name)
    for name, value in scenario.equity.reference.items():
        path: Path = ("equity", "reference", name)
        if conditions.category(path, name):
            conditions.value(path, name, value)


def _check_times(scenario: Scenario, report: Report) -> None:
    if not 0 < scenario.horizon <= LONGEST_HORIZON:
        got = format_duration(scenario.horizon)
        report.add(("horizon",), "a horizon above 0 and of at most 100 years", got)
    elif scenario.warm_up >= scenario.horizon:
        expected = f"a warm-up shorter than the horizon ({format_duration(scenario.horizon)})"
        remedy = "The horizon includes the warm-up."
        report.add(("warm_up",), expected, format_duration(scenario.warm_up), remedy, within=[("horizon",)])
    if scenario.tau == 0:
        report.add(("tau",), "more than 0", "0")
    if 0 < scenario.decide_every < MINUTE:
        got = format_duration(scenario.decide_every)
        report.add(("decide_every",), "at least 1 min, or 0 for no regular decisions", got)


def _check_queue_rule(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    rule, law = scenario.queue_rule, scenario.queue_rule.law
    path: Path = ("queue_rule", rule.name)
    for key in WEIGHTS:
        conditions.acuities((*path, key), getattr(law, key, {}))
    if rule.longest_wait is not None:
        missing = [name for name in scenario.acuities if name not in scenario.targets]
        if missing:
            got = f"none for {', '.join(missing)}"
            report.add(path, "a target for every acuity", got, "Add to `targets`.", within=[("targets",)])
    if rule.equity_weighted is not None:
        attribute = rule.equity_weighted.attribute
        if conditions.category((*path, "attribute"), attribute):
            for value in rule.equity_weighted.weights:
                conditions.value((*path, "weights", value), attribute, value)
