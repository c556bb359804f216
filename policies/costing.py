"""Costs of an experiment: by line of the bill, per outcome, and what a further outcome costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import pandas as pd

from policies.answer import Answer
from policies.audit.wording import figure
from policies.sentence import aligned
from policies.told import as_estimated, plain
from scenarios.costs import Costs, UnitCost
from sim.evidence.bootstrap import bootstrap, resamples, weighted_means
from sim.evidence.estimated import Estimated
from sim.inference import interval
from sim.metric import Floats
from sim.ratios import ratio_of_means

COST = "cost_per_day"
Runs = Mapping[tuple[str, str, str], Floats]
"""(metric, attribute, group) -> value by run, of the network."""


@dataclass(frozen=True)
class CostRow:
    """One line, by policy; `changes` are those of the policies after the first less the first."""

    label: str
    levels: tuple[Estimated, ...]
    changes: tuple[Estimated, ...]


@dataclass(frozen=True)
class CostReport:
    """What an experiment cost."""

    currency: str
    policies: tuple[str, ...]
    a_day: tuple[CostRow, ...]
    """The sum and every line of the bill, a day: t intervals, paired differences."""
    per_outcome: tuple[CostRow, ...]
    """Ratios of means: Fieller's intervals; their differences by a bootstrap over paired runs."""
    further: tuple[Estimated, ...]
    """For each policy after the first: extra cost over extra patients discharged (Fieller)."""
    sources: tuple[tuple[str, str], ...]
    n_runs: int
    seed: int


def cost_report(answer: Answer) -> CostReport | None:
    """Return the costs of an experiment; None where the scenario has no unit costs."""
    costs = answer.scenario.costs
    if costs is None:
        return None
    runs = {policy: _by_run(answer.outcomes[policy]) for policy in answer.policies}
    days = (answer.scenario.horizon - answer.scenario.warm_up) / 24.0
    first = runs[answer.policies[0]]
    items = [group for metric, _, group in first if metric == COST and group != "all"]
    keys = [("all counted", (COST, "", "all")), *((item, (COST, "cost", item)) for item in items)]
    a_day = [
        CostRow(
            label,
            tuple(as_estimated(interval(run[key])) for run in runs.values()),
            tuple(as_estimated(interval(run[key] - first[key])) for run in list(runs.values())[1:]),
        )
        for label, key in keys
    ]
    per_outcome = []
    for label, denominator in _denominators(first, days):
        pairs = [(run[COST, "", "all"], denominator(run)) for run in runs.values()]
        if not any(below.any() for _, below in pairs):
            continue
        per_outcome.append(
            CostRow(
                label,
                tuple(ratio_of_means(*pair) for pair in pairs),
                tuple(_ratio_change(pairs[0], pair, answer.seed) for pair in pairs[1:]),
            )
        )
    discharged = ("throughput_per_day", "", "all")
    further = tuple(
        ratio_of_means(run[COST, "", "all"] - first[COST, "", "all"], run[discharged] - first[discharged])
        for run in list(runs.values())[1:]
    )
    return CostReport(
        costs.currency, answer.policies, tuple(a_day), tuple(per_outcome), further, tuple(_sources(costs)),
        len(answer.replications), answer.seed,
    )  # fmt: skip


def cost_text(report: CostReport) -> str:
    """Return the costs for a terminal."""
    first = report.policies[0]
    header = [*report.policies, *(f"{policy} less {first}" for policy in report.policies[1:])]
    parts = [
        aligned([f"Cost a day, {report.currency}", *header], [_cells(row) for row in report.a_day]),
        aligned(
            [f"Cost per outcome, {report.currency}", *header], [_cells(row) for row in report.per_outcome]
        ),
    ]
    for policy, extra in zip(report.policies[1:], report.further, strict=True):
        words = (
            f"{figure(extra)} {report.currency}"
            if extra.bounded and isfinite(extra.low)
            else "not known: how many more are discharged may be none"
        )
        parts.append(f"Extra cost per further patient discharged, {policy} against {first}: {words}.")
    notes = [
        f"{report.n_runs} runs, seed {report.seed}; 95 % intervals: a day by t over runs, per outcome the ratio of "
        "means with Fieller's interval, differences of ratios by a bootstrap over paired runs.",
        "Only what is listed is counted: "
        + "; ".join(f"{name} ({source})" for name, source in report.sources)
        + ". All else costs nothing here, the time of patients included.",
    ]
    return "\n\n".join([*parts, "\n".join(f"- {note}" for note in notes)])


def cost_json(report: CostReport) -> dict[str, object]:
    """Return the costs for JSON."""

    def rows(found: Sequence[CostRow]) -> list[dict[str, object]]:
        return [
            {
                "what": row.label,
                "levels": dict(zip(report.policies, map(plain, row.levels), strict=True)),
                "changes": dict(zip(report.policies[1:], map(plain, row.changes), strict=True)),
            }
            for row in found
        ]

    return {
        "currency": report.currency, "a_day": rows(report.a_day), "per_outcome": rows(report.per_outcome),
        "per_further_discharge": dict(zip(report.policies[1:], map(plain, report.further), strict=True)),
        "sources": dict(report.sources),
    }  # fmt: skip


def _by_run(outcomes: pd.DataFrame) -> Runs:
    """Return what costs are about; `dosed` are the patients who had a dose."""
    wanted = outcomes[
        outcomes["metric"].isin((COST, "throughput_per_day", "arrivals", "coverage"))
        & (outcomes["hospital"] == "")
    ]
    found = {}
    for (metric, attribute, group), rows in wanted.groupby(["metric", "attribute", "group"], sort=False):
        ordered = rows.sort_values("replication")
        found[metric, attribute, group] = ordered["value"].to_numpy(dtype=np.float64)
        if (metric, attribute) == ("coverage", ""):
            found["dosed", "", "all"] = ordered["value"].to_numpy() * ordered["n"].to_numpy()
    return found


def _denominators(run: Runs, days: float) -> Iterator[tuple[str, Callable[[Runs], Floats]]]:
    """Yield (label, function of a policy's runs) of what a cost a day is divided by."""
    yield "per patient who came", lambda one: one["arrivals", "", "all"] / days
    yield "per patient discharged", lambda one: one["throughput_per_day", "", "all"]
    if ("dosed", "", "all") in run:
        yield "per patient vaccinated", lambda one: one["dosed", "", "all"] / days


def _ratio_change(first: tuple[Floats, Floats], other: tuple[Floats, Floats], seed: int) -> Estimated:
    columns = np.stack([*first, *other], axis=1)

    def change(weights: Floats) -> Floats:
        a, b, c, d = weighted_means(weights, columns).T
        return np.asarray((c / d - a / b)[:, None])

    return bootstrap(change, resamples(seed, len(columns), name=("costs", "bootstrap")))[0]


def _cells(row: CostRow) -> list[str]:
    return [
        f"  {row.label}",
        *(figure(level) for level in row.levels),
        *(figure(change, sign=True) for change in row.changes),
    ]


def _sources(costs: Costs) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key in type(costs).model_fields:
        value = getattr(costs, key)
        named = {"": value} if isinstance(value, UnitCost) else value if isinstance(value, dict) else {}
        for name, one in named.items():
            words = [key.replace("_", "-"), *([name] if name else []), f"{one.amount:g}"]
            found.append((" ".join(words), one.source))
    return found
