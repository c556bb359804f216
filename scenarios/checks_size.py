"""Checks that a run is not larger than a computer can hold."""

import math

from scenarios.checks_people import MINUTE, SECOND, mean_is_below
from scenarios.checks_population import people_of
from scenarios.distributions import Distribution
from scenarios.people import Arrivals, Poisson
from scenarios.report import Report
from scenarios.scenario import Scenario

MOST_PATIENTS = 50_000_000
"""Patients in one run, expected; each takes some hundred bytes."""


def check_size(scenario: Scenario, report: Report) -> None:
    """Refuse streams that bring more patients than a run can hold."""
    expected = {
        name: expected_patients(stream, scenario.horizon) for name, stream in scenario.arrivals.items()
    }
    if scenario.population is not None:
        people = sum(
            people_of(scenario, name) for name in scenario.population.catchments if name in scenario.hospitals
        )
        least = min(scenario.population.presenting.at_no_risk, scenario.population.presenting.at_full_risk)
        if people * least * scenario.horizon > MOST_PATIENTS:
            got = f"at least {people * least * scenario.horizon:.2g} from the population"
            report.add(
                ("population", "presenting"),
                f"at most {MOST_PATIENTS // 10**6} million patients in one run",
                got,
                "Check the rates and the numbers of people, or shorten the horizon.",
                within=[("horizon",), ("hospitals",)],
            )
    limit = f"at most {MOST_PATIENTS // 10**6} million patients in one run"
    remedy = "Check the units and the counts, or shorten the horizon."
    too_many = [name for name, n in expected.items() if n > MOST_PATIENTS]
    for name in too_many:
        got = f"about {expected[name]:.2g} from this stream"
        report.add(("arrivals", name), limit, got, remedy, within=[("horizon",)])
    total = sum(expected.values())
    if total > MOST_PATIENTS and not too_many:
        report.add(("arrivals",), limit, f"about {total:.2g}", remedy, within=[("horizon",)])


def expected_patients(stream: Arrivals, horizon: float) -> float:
    """Return about how many patients a stream brings, those who do not show up included."""
    end = horizon if stream.ends is None else min(stream.ends, horizon)
    hours = max(end - stream.begins, 0.0)
    batch = 1.0 if stream.batch is None else mean(stream.batch)
    if stream.poisson is not None:
        return mean_rate(stream.poisson) * stream.scale * hours * batch
    if stream.renewal is not None:
        gap = stream.renewal.gap
        return (
            0.0 if mean_is_below(gap, SECOND) else hours / mean(gap) * batch
        )  # shorter gaps are refused elsewhere
    assert stream.schedule is not None
    every = stream.schedule.every
    if every is not None and every < MINUTE:
        return 0.0
    rounds = 1.0 if every is None else horizon / every + 1
    return len(stream.schedule.at) * stream.schedule.each * rounds * batch


def mean_rate(poisson: Poisson) -> float:
    """Return the mean of the rate, per hour."""
    table = poisson.table
    if table is None:
        return poisson.rate or 0.0
    if table.breakpoints is None or len(table.breakpoints) != len(table.rates) or table.period <= 0:
        return sum(table.rates) / len(table.rates)
    ends = (*table.breakpoints[1:], table.period)
    pieces = zip(table.rates, table.breakpoints, ends, strict=True)
    return sum(rate * max(end - begin, 0.0) for rate, begin, end in pieces) / table.period


def mean(distribution: Distribution[float]) -> float:
    """Return the mean of a distribution; of a normal, the larger of its mean and the mean of what is above 0."""
    law = distribution.law
    match distribution.kind:
        case "constant":
            return float(law.value)
        case "weibull":
            return float(law.scale * math.gamma(1 + 1 / law.shape))
        case "uniform":
            return float(law.low + law.high) / 2
        case "triangular":
            return float(law.low + law.mode + law.high) / 3
        case "empirical":
            weights = law.weights or (1.0,) * len(law.values)
            return float(sum(w * v for w, v in zip(weights, law.values, strict=True)) / sum(weights))
        case "normal":
            return float(max(law.mean, 0.4 * law.sd))
        case _:
            return float(law.mean)
