"""One honest sentence about an experiment: the effect with its interval, and who pays for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10, nan

import pandas as pd
from scipy import stats

from scenarios.scenario import Scenario
from sim.outcomes import METRICS

FEWEST = 10
"""Groups with fewer patients a run are not mentioned."""

MOST_NAMED = 3
"""Groups named in a sentence."""

PRICES = (
    "untreated_hours", "within_target", "left_share", "died_share", "cancelled_share", "diverted_share", "coverage",
    "waste_share", "throughput_per_day",
)  # fmt: skip
"""Outcomes that the sentence mentions when they get clearly worse."""

OVERALL = ("", "all")
"""How the frames of `sim.inference` write `everybody`."""


@dataclass(frozen=True)
class Estimate:
    """A mean or a paired difference over replications, with its 95 % interval."""

    attribute: str
    group: str
    value: float
    low: float
    high: float
    n: float
    """Patients a run."""
    n_runs: int = 0

    @property
    def bounded(self) -> bool:
        """Whether there is an interval; one run gives none."""
        return isfinite(self.low) and isfinite(self.high)

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.bounded and (self.low > 0 or self.high < 0)

    @property
    def p_value(self) -> float:
        """Of no difference, by the t test that the interval comes from; 1 where there is no interval."""
        if not self.bounded or self.n_runs < 2:
            return 1.0
        half = (self.high - self.low) / 2
        if half == 0:
            return float(self.value == 0)
        degrees = self.n_runs - 1
        statistic = abs(self.value) / half * stats.t.ppf(0.975, degrees)
        return float(2 * stats.t.sf(statistic, degrees))


def standing(looked_at: Sequence[Estimate]) -> list[Estimate]:
    """Return the differences that stand after Holm's correction for all that were looked at, 5 % in all."""
    ranked = sorted(looked_at, key=lambda e: e.p_value)
    kept = 0
    while kept < len(ranked) and ranked[kept].p_value <= 0.05 / (len(ranked) - kept):
        kept += 1
    return [e for e in looked_at if e in ranked[:kept]]


def headline_metric(scenario: Scenario, summary: pd.DataFrame) -> str:
    """Return what the sentence is about: admissions where there is vaccine against an epidemic among our people,
    coverage where there is vaccine and no one else to treat, else the wait."""
    doses = [any(s.dose for s in p.steps.values()) for p in scenario.pathways.values()]
    measured = set(summary["metric"])
    if any(doses) and "admissions_per_1000" in measured:
        return "admissions_per_1000"
    if doses and all(doses) and "coverage" in measured:
        return "coverage"
    return "untreated_hours"


def comparison(
    scenario: Scenario,
    policies: Sequence[str],
    summaries: Mapping[str, pd.DataFrame],
    differences: Mapping[str, pd.DataFrame],
    n_runs: int,
    seed: int,
) -> str:
    """Return the answer: for one policy its level, for several what each changes against the first."""
    metric = headline_metric(scenario, summaries[policies[0]])
    if len(policies) == 1:
        return _level(scenario, policies[0], summaries[policies[0]], metric, n_runs, seed)
    runs = f"{counted(n_runs, 'paired run')}, seed {seed}, against {policies[0]}"
    parts = [_change(scenario, policy, differences[policy], metric, runs) for policy in policies[1:]]
    return ". ".join(part[:1].upper() + part[1:] if i else part for i, part in enumerate(parts)) + "."


def _level(
    scenario: Scenario, policy: str, summary: pd.DataFrame, metric: str, n_runs: int, seed: int
) -> str:
    overall = everybody(summary, metric)
    said = f"under {policy} the {spoken(metric)} is {shown(overall, metric)} ({counted(n_runs, 'run')}, seed {seed})"
    groups = [g for g in by_group(scenario, summary, metric) if g.n >= FEWEST]
    if len({round(g.value, 9) for g in groups}) > 1:
        lower = METRICS[metric].better == "lower"
        worst = (max if lower else min)(groups, key=lambda g: g.value)
        said += f"; worst off: {named(scenario, worst)}, {shown(worst, metric)}"
    return said + "."


def _change(scenario: Scenario, policy: str, difference: pd.DataFrame, metric: str, runs: str) -> str:
    overall = everybody(difference, metric)
    what = f"the {spoken(metric)}"
    if not overall.bounded:
        said = f"{policy} changes {what} by {shown(overall, metric, sign=True)} in this run; one run cannot say more"
        return f"{said} ({runs})"
    if overall.low == overall.high == 0:
        said = f"{policy} changes nothing: {what} is the same in every run"
    elif not overall.clear:
        said = f"no clear change: {policy} changes {what} by {shown(overall, metric, sign=True)}"
    else:
        verb = "cuts" if overall.value < 0 else "raises"
        said = f"{policy} {verb} {what} by {shown(_flipped(overall), metric)}"
    parts = [f"{said} ({runs})", _who_loses(scenario, difference, metric), *_what_worsens(difference, metric)]
    return "; ".join(parts)


def _what_worsens(difference: pd.DataFrame, headline: str) -> list[str]:
    """What else gets clearly worse for everybody together, so that the sentence does not hide the price."""
    worse = []
    for metric in PRICES:
        overall = everybody(difference, metric)
        if (
            metric != headline
            and overall.clear
            and (overall.value > 0) == (METRICS[metric].better == "lower")
        ):
            worse.append(f"{spoken(metric)} {shown(overall, metric, sign=True)}")
    return [f"what gets worse: {', '.join(worse)}"] if worse else []


def _who_loses(scenario: Scenario, difference: pd.DataFrame, metric: str) -> str:
    """Who pays; where everybody together pays, who gains."""
    lower = METRICS[metric].better == "lower"
    looked_at = [g for g in by_group(scenario, difference, metric) if g.n >= FEWEST and g.bounded]
    longer, less = ("who waits longer", "who waits less") if lower else ("who gets less", "who gets more")
    if metric == "admissions_per_1000":
        longer, less = "who is admitted more often", "who is admitted less often"
    if not looked_at:
        return f"{longer}: no group is large enough to say"
    clear = sorted(standing(looked_at), key=lambda g: -abs(g.value))
    losers = [g for g in clear if (g.value > 0) == lower]
    gainers = [g for g in clear if (g.value > 0) != lower]
    said = f"{longer}: {_list(scenario, losers, metric, len(looked_at))}"
    overall = everybody(difference, metric)
    if overall.clear and (overall.value > 0) == lower:
        said += f"; {less}: {_list(scenario, gainers, metric, len(looked_at))}"
    return said


def _list(scenario: Scenario, groups: list[Estimate], metric: str, n_looked_at: int) -> str:
    if not groups:
        return f"no group clearly (of {n_looked_at} looked at)"
    more = len(groups) - MOST_NAMED
    parts = [f"{named(scenario, g)} {shown(g, metric, sign=True)}" for g in groups[:MOST_NAMED]]
    return ", ".join(parts) + (f", and {counted(more, 'more group')}" if more > 0 else "")


def everybody(frame: pd.DataFrame, metric: str) -> Estimate:
    """Return the estimate over all patients."""
    return next(
        (e for e in estimates(frame, metric) if not e.attribute), Estimate("", "", nan, nan, nan, nan)
    )


def by_group(scenario: Scenario, frame: pd.DataFrame, metric: str) -> list[Estimate]:
    """Return the estimates of the acuities and of the groups that the scenario compares, in their order."""
    wanted = dict.fromkeys(("acuity", *scenario.equity.groups))
    found = list(estimates(frame, metric))
    return [e for attribute in wanted for e in found if e.attribute == attribute and isfinite(e.value)]


def estimates(frame: pd.DataFrame, metric: str) -> Iterator[Estimate]:
    """Yield everything that a frame of `sim.inference` says about a metric for the network as a whole."""
    for row in frame[frame["metric"] == metric].to_dict("records"):
        if _whole(row.get("hospital")):
            yield Estimate(
                attribute=_text(row.get("attribute")),
                group=_text(row.get("group")),
                value=float(row["mean"]),
                low=float(row["low"]),
                high=float(row["high"]),
                n=float(row.get("n_mean", nan)),
                n_runs=int(row["n_runs"]),
            )


def named(scenario: Scenario, estimate: Estimate) -> str:
    """Return a group in words: `standard acuity`, `remote (where they live)`."""
    if estimate.attribute == "acuity":
        return f"{estimate.group} acuity"
    title = attribute_title(scenario, estimate.attribute)
    title = title if title[:2].isupper() else title[:1].lower() + title[1:]
    return f"{estimate.group} ({title})"


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with columns as wide as their widest cell.

    >>> print(aligned(["", "beds"], [["north", "12"], ["sea", "4"]]))
           beds
    north  12
    sea    4
    """
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def attribute_title(scenario: Scenario, attribute: str) -> str:
    """Return what an attribute is called in tables."""
    spec = scenario.attributes.get(attribute)
    return spec.title if spec is not None and spec.title else attribute.replace("_", " ")


def shown(estimate: Estimate, metric: str, sign: bool = False) -> str:
    """Return `1.4 h [1.1, 1.7]`, shares in per cent, rounded to what is known."""
    factor, unit = SHOWN_AS.get(METRICS[metric].unit, (1.0, METRICS[metric].unit))
    if sign and unit == "%":
        unit = "points"
    value, low, high = (x * factor for x in (estimate.value, estimate.low, estimate.high))
    if not isfinite(value):
        return "not known"
    places = decimals(value, low, high)
    plus = "+" if sign else ""
    text = f"{value:{plus}z.{places}f} {unit}".rstrip()
    return f"{text} [{low:z.{places}f}, {high:z.{places}f}]" if estimate.bounded else text


SHOWN_AS = {"hours": (1.0, "h"), "h": (1.0, "h"), "share": (100.0, "%"), "": (1.0, "")}
"""By the unit of a metric: the factor and the unit that is written."""


def decimals(value: float, low: float, high: float) -> int:
    """Return the decimals of two figures of the half-width, at most 3; without an interval three figures.

    >>> decimals(1.4213, 1.1, 1.7), decimals(84.0, 82.8, 85.2)
    (2, 1)
    """
    half = (high - low) / 2
    size, figures = (half, 2) if isfinite(half) and half > 0 else (abs(value), 3)
    return min(max(figures - 1 - floor(log10(size)), 0), 3) if size > 0 else 1


def spoken(metric: str) -> str:
    """Return what a metric is called in the middle of a sentence: `mean untreated time`."""
    title = METRICS[metric].title
    title = title if title[:2].isupper() else title[:1].lower() + title[1:]
    return f"mean {title}" if METRICS[metric].unit == "h" else title


def counted(n: int, what: str) -> str:
    """Return `1 run`, `30 runs`."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _flipped(e: Estimate) -> Estimate:
    """The size of a change, as a positive number with its interval."""
    if e.value >= 0:
        return e
    return Estimate(e.attribute, e.group, -e.value, -e.high, -e.low, e.n)


def _whole(value: object) -> bool:
    return _text(value) == ""


def _text(value: object) -> str:
    return "" if value is None or value != value or str(value) in OVERALL else str(value)
