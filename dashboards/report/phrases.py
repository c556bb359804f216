"""Pieces of a scenario in words: distributions, conditions, arrivals, rules, capacities, disparities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.report.wording import counted, listed, tidy
from scenarios.distributions import Distribution, DurationCase
from scenarios.hospitals import Beds, Equipment, Staff
from scenarios.pathways import RouteCase, Step
from scenarios.people import Arrivals
from scenarios.quantities import Spec, When
from scenarios.scenario import Scenario
from scenarios.units import format_duration

SHOWN_VALUES = 6


def law(spec: Distribution[float], hours: bool = True) -> str:
    """Return `lognormal, mean 8 h, sd 4 h`."""

    def said(value: float) -> str:
        return format_duration(value, digits=3) if hours else f"{value:g}"

    parameters = spec.law
    if spec.kind == "constant":
        return said(parameters.value)
    if spec.kind == "empirical":
        values = [said(v) for v in parameters.values[:SHOWN_VALUES]]
        more = len(parameters.values) - len(values)
        return f"observed values {', '.join(values)}{f' and {more} more' if more else ''}"
    plain = {"k", "shape", "below_zero"}
    parts = [
        f"{name.replace('_', ' ')} {value if name in plain else said(value)}"
        for name, value in ((n, getattr(parameters, n)) for n in type(parameters).model_fields)
        if name != "below_zero"
    ]
    return f"{spec.kind}, {', '.join(parts)}"


def when(condition: When) -> str:
    """Return `acuity critical, and deprivation most or second`; `everybody else` when empty."""
    said = [f"{tidy(name)} {listed([str(v) for v in values], 'or')}" for name, values in condition.items()]
    return listed(said, "and") or "everybody else"


def durations(cases: Sequence[DurationCase]) -> str:
    """Return one law, or every case with its condition."""
    if len(cases) == 1:
        return law(cases[0])
    return "; ".join(f"{when(case.when)}: {law(case)}" for case in cases)


def percent(share: float) -> str:
    """Return `12.5 %`."""
    return f"{100 * share:.3g}\N{NO-BREAK SPACE}%"


def mixture(shares: Mapping[str, float]) -> str:
    """Return `adult 70 %, child 30 %`, or the one name there is."""
    if len(shares) == 1:
        return tidy(next(iter(shares)))
    return ", ".join(f"{tidy(name)} {percent(share)}" for name, share in shares.items())


def routes(cases: Sequence[RouteCase]) -> str:
    """Return where patients go next."""

    if len(cases) == 1:
        return mixture(cases[0].to)
    return "; ".join(f"{when(case.when)}: {mixture(case.to)}" for case in cases)


def needs(step: Step) -> str:
    """Return what a step seizes, with its alternatives."""
    if not step.needs:
        return "nothing"
    own = listed([f"{amount} {tidy(pool)}" for pool, amount in step.needs.items()])
    others = [listed([f"{a} {tidy(p)}" for p, a in option.needs.items()]) for option in step.alternatives]
    return own + "".join(f", or else {other}" for other in others)


def waiting(step: Step) -> str:
    """Return what a step does to those who cannot start at once."""
    said = {
        "wait": "wait",
        "leave": f"leave at once ({tidy(step.full_outcome)})",
        "overflow": "go by the overflow rule",
    }
    parts = [said[step.if_full]]
    if step.patience:
        parts.append(
            f"patience {durations(step.patience.time)} per {step.patience.scope}, then {tidy(step.patience.outcome)}"
        )
    if step.queue_limit:
        parts.append("limited queue")
    if step.balking:
        parts.append("some do not join")
    if step.hold:
        parts.append("keeps its place until the next step starts (boarding)")
    return "; ".join(parts)


def arrivals(stream: Arrivals) -> str:
    """Return the process of an arrival stream."""
    said = ""
    if stream.poisson is not None:
        p = stream.poisson
        if p.rate is not None:
            said = f"Poisson, {p.rate * 24 * stream.scale:.4g} a day"
        else:
            assert p.table is not None
            mean = sum(p.table.rates) / len(p.table.rates) * 24 * stream.scale
            said = f"Poisson by a table of {len(p.table.rates)} rates" + (
                f", {mean:.4g} a day on average" if p.table.breakpoints is None else ""
            )
        shapes = [word for word, given in (("hour", p.hourly), ("weekday", p.weekday)) if given]
        said += f", varying by {listed(shapes)}" if shapes else ""
    elif stream.renewal is not None:
        said = f"independent gaps: {law(stream.renewal.gap)}"
    elif stream.schedule is not None:
        s = stream.schedule
        said = f"scheduled, {counted(len(s.at) * s.each, 'patient')}"
        said += f" every {format_duration(s.every, digits=3)}" if s.every else " once"
        said += f", {percent(s.no_show)} do not come" if s.no_show else ""
    if stream.batch is not None:
        said += f", in batches of {law(stream.batch, hours=False)}"
    if stream.begins:
        said += f", from {format_duration(stream.begins, digits=3)}"
    if stream.ends is not None:
        said += f", until {format_duration(stream.ends, digits=3)}"
    return said


def capacity(pool: Beds | Staff | Equipment) -> str:
    """Return how much of a pool a hospital has."""
    if isinstance(pool, Staff) and pool.roster:
        said = ", ".join(
            f"{shift.count} from {shift.begins} to {shift.ends}{_days(shift.days)}" for shift in pool.roster
        )
    else:
        said = "no limit" if pool.count == "unlimited" else str(pool.count)
    if isinstance(pool, Beds) and pool.flex:
        said += f", {pool.flex.count} more on order"
    if isinstance(pool, Beds) and pool.cleaning:
        said += f", cleaning {law(pool.cleaning)}"
    if isinstance(pool, Staff) and pool.sickness:
        said += f", {percent(pool.sickness)} sick"
    if isinstance(pool, Staff) and pool.call_in:
        said += f", {pool.call_in} can be called in"
    return said


def _days(days: Sequence[str]) -> str:
    return "" if len(days) == 7 else f" ({listed(list(days))})"


def rule(spec: Any) -> str:
    """Return a queue or overflow rule with the parameters that were given."""
    parameters = {name: value for name in spec.law.model_fields_set if (value := getattr(spec.law, name))}
    said = ", ".join(f"{tidy(name)} {_parameter(value)}" for name, value in sorted(parameters.items()))
    return f"{spec.name}{f' ({said})' if said else ''}"


def _parameter(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number:g}" for name, number in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def disparities(scenario: Scenario) -> list[tuple[str, str, str, str]]:
    """Return (what, for whom, how much, source) of every difference between groups that the model contains."""
    found = []
    for kind in type(scenario.disparities).model_fields:
        for entry in getattr(scenario.disparities, kind):
            size = "; ".join(
                f"{tidy(name)} {_size(name, value)}"
                for name in type(entry).model_fields
                if name not in ("when", "source") and (value := getattr(entry, name)) not in ((), 0.0, None)
            )
            found.append((tidy(kind), when(entry.when), size, entry.source))
    return found


def _size(name: str, value: Any) -> str:
    if isinstance(value, Distribution):
        return law(value)
    if isinstance(value, tuple):
        return listed([tidy(str(v)) for v in value])
    if name == "extra":
        return format_duration(value, digits=3)
    if name in ("probability", "worse"):
        return percent(value)
    return f"× {value:g}" if name == "factor" else str(value)


def sources(scenario: Scenario) -> list[tuple[str, str]]:
    """Return (where, source) of everything in a scenario that names one, `assumed` left out."""
    found: list[tuple[str, str]] = []

    def visit(thing: Any, path: str) -> None:
        if isinstance(thing, Spec):
            said = str(getattr(thing, "source", "")).strip()
            if said and said.lower().rstrip(".") != "assumed":
                found.append((path or "scenario", said))
            for name in type(thing).model_fields:
                visit(getattr(thing, name), f"{path}.{name}" if path else name)
        elif isinstance(thing, dict):
            for name, value in thing.items():
                visit(value, f"{path}.{name}" if path else str(name))
        elif isinstance(thing, tuple | list):
            for k, value in enumerate(thing):
                visit(value, f"{path}[{k}]")

    visit(scenario, "")
    return found
