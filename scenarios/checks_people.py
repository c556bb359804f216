"""Checks of attributes, classes, arrival streams and disparities."""

from itertools import pairwise

from scenarios.checks_population import say_acuity
from scenarios.conditions import BEFORE_ACUITY, BEFORE_TRIAGE, BUILT_IN, Conditions, check_sum
from scenarios.distributions import Distribution
from scenarios.people import Arrivals, RateTable, ShareCase
from scenarios.report import Report
from scenarios.scenario import Scenario
from scenarios.tree import Path

SECOND = 1 / 3600
MINUTE = 1 / 60


def check_people(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    """Check who comes."""
    _check_attributes(scenario, conditions, report)
    for name, spec in scenario.classes.items():
        path: Path = ("classes", name)
        if spec.pathway not in scenario.pathways:
            report.unknown(
                (*path, "pathway"),
                spec.pathway,
                "a pathway of this scenario",
                scenario.pathways,
                defined_at=[("pathways",)],
            )
        if spec.acuity is not None:
            _check_acuity((*path, "acuity"), spec.acuity, conditions, report)
        elif len(scenario.acuities) > 1 and not _streams_say_acuity(scenario, name):
            levels = ", ".join(scenario.acuities)
            report.add(
                path, f"shares of the acuities {levels}", "no `acuity`", "Add `acuity` with its shares."
            )
    for name, stream in scenario.arrivals.items():
        _check_stream(("arrivals", name), stream, scenario, conditions, report)
    _check_disparities(scenario, conditions, report)


def _check_attributes(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    above: list[str] = []
    for name, attribute in scenario.attributes.items():
        path: Path = ("attributes", name)
        if name in BUILT_IN:
            report.add(path, "", f'every patient has "{name}" anyway', "Choose another name.")
        if attribute.share is not None:
            _check_shares((*path, "share"), attribute.share, conditions, report, above)
        above.append(name)


def _check_shares(
    path: Path, cases: tuple[ShareCase, ...], conditions: Conditions, report: Report, above: list[str] | None
) -> None:
    conditions.cases(path, [case.when for case in cases], BEFORE_ACUITY, above)
    for i, case in enumerate(cases):
        check_sum(report, (*path, i, "share"), case.share)


def _check_acuity(path: Path, cases: tuple[ShareCase, ...], conditions: Conditions, report: Report) -> None:
    _check_shares(path, cases, conditions, report, None)
    for i, case in enumerate(cases):
        conditions.acuities((*path, i, "share"), case.share)


def _streams_say_acuity(scenario: Scenario, name: str) -> bool:
    streams = [stream for stream in scenario.arrivals.values() if name in stream.classes]
    said = [*(stream.acuity is not None for stream in streams), *say_acuity(scenario, name)]
    return bool(said) and all(said)


def _check_stream(
    path: Path, stream: Arrivals, scenario: Scenario, conditions: Conditions, report: Report
) -> None:
    conditions.value_of_built_in((*path, "hospital"), "hospital", stream.hospital)
    for name in stream.classes:
        conditions.value_of_built_in((*path, "classes", name), "class", name)
    check_sum(report, (*path, "classes"), stream.classes)
    attributes = list(scenario.attributes)
    for name, cases in stream.attributes.items():
        place = (*path, "attributes", name)
        if conditions.category(place, name):
            _check_shares(place, cases, conditions, report, attributes[: attributes.index(name)])
            for i, case in enumerate(cases):
                for value in case.share:
                    conditions.value((*place, i, "share", value), name, value)
    if stream.acuity is not None:
        _check_acuity((*path, "acuity"), stream.acuity, conditions, report)
    if stream.ends is not None and stream.ends <= stream.begins:
        report.add((*path, "ends"), "a time after `begins`", "one not after it")
    _check_times(path, stream, report)


def _check_times(path: Path, stream: Arrivals, report: Report) -> None:
    if stream.renewal is not None and mean_is_below(stream.renewal.gap, SECOND):
        remedy = "Nobody could ever stop coming; write `batch` for several at once."
        report.add((*path, "renewal", "gap"), "a mean gap of at least 1 s", "a shorter one", remedy)
    if stream.schedule is not None and stream.schedule.every is not None and stream.schedule.every < MINUTE:
        report.add((*path, "schedule", "every"), "at least 1 min", "less", "Leave it out for once only.")
    if stream.poisson is not None and stream.poisson.table is not None:
        _check_table((*path, "poisson", "table"), stream.poisson.table, report)


def _check_table(path: Path, table: RateTable, report: Report) -> None:
    if table.period < MINUTE:
        report.add((*path, "period"), "at least 1 min", "less")
    points = table.breakpoints
    if points is None:
        return
    place = (*path, "breakpoints")
    if len(points) != len(table.rates):
        report.add(place, f"one breakpoint a rate ({len(table.rates)})", str(len(points)))
    elif points[0] != 0:
        report.add(
            place, "0 as the first breakpoint", "another", "Use `origin` to say when the table begins."
        )
    elif any(later <= earlier for earlier, later in pairwise(points)):
        report.add(place, "breakpoints that rise", "some that do not")
    elif points[-1] >= table.period:
        report.add(place, "breakpoints before the end of the period", "one after it")


def mean_is_below(distribution: Distribution[float], limit: float) -> bool:
    """Return whether a distribution's mean is below a limit, where that is plain from its parameters."""
    law = distribution.law
    match distribution.kind:
        case "constant":
            return bool(law.value < limit)
        case "weibull":
            return bool(law.scale < limit)
        case "uniform" | "triangular":
            return bool(law.high < limit)
        case "empirical":
            weights = law.weights or (1.0,) * len(law.values)
            return bool(sum(w * v for w, v in zip(weights, law.values, strict=True)) < limit * sum(weights))
        case "normal":
            return bool(law.mean < limit and law.sd < limit)
        case _:
            return bool(law.mean < limit)


def _check_disparities(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    pairs = [(name, step) for name, pathway in scenario.pathways.items() for step in pathway.steps]
    steps = list(dict.fromkeys([*(step for _, step in pairs), *(f"{name}.{step}" for name, step in pairs)]))
    early = {"under_triage": BEFORE_TRIAGE, "late_presentation": BEFORE_TRIAGE}
    for kind in type(scenario.disparities).model_fields:
        for i, disparity in enumerate(getattr(scenario.disparities, kind)):
            conditions.when(("disparities", kind, i, "when"), disparity.when, early.get(kind, BUILT_IN))
    for i, extra in enumerate(scenario.disparities.extra_time):
        for j, step in enumerate(extra.steps):
            if step not in steps:
                path: Path = ("disparities", "extra_time", i, "steps", j)
                report.unknown(path, step, "a step of any pathway", steps, within=[("pathways",)])
    for i, uptake in enumerate(scenario.disparities.uptake):
        for j, name in enumerate(uptake.classes):
            conditions.value_of_built_in(("disparities", "uptake", i, "classes", j), "class", name)
