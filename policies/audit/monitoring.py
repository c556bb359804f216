"""Successive runs of one network on control charts: is a group's share drifting, or is it chance?

Each run folder is a point in time, in the order in which they are given. A p-chart shows the share seen among those
at risk in each run, with three-sigma limits widened for patients who are not independent; a CUSUM adds up small
shifts. The centre comes from the first runs, the baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.audit.hiding import hidden_groups
from policies.audit.results import Results
from policies.audit.wording import attribute_words
from scenarios.errors import UsageError
from sim.evidence.control_charts import (
    ALLOWANCE,
    IN_CONTROL_LENGTH,
    Cusum,
    PChart,
    cusum,
    p_chart,
    run_length,
)
from sim.evidence.proportions import design_effect
from sim.fairness.by_group import Plan, groups_of, measure, parts_of
from sim.fairness.stacked import Stacked
from sim.fairness.suppression import Smallest
from sim.metric import PatientMetric
from sim.network import compile_network

SCHEMA = "fairward.monitor/1"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Chart:
    """One group over successive runs."""

    attribute: str
    group: str
    n: Floats
    p: PChart
    cusum: Cusum
    deff: float

    @property
    def signals(self) -> bool:
        """Whether a point after the baseline is outside, or the CUSUM alarms."""
        return bool(self.p.outside.any()) or self.cusum.alarm is not None


@dataclass(frozen=True)
class Monitoring:
    """Charts of one share by group, and what is not shown."""

    metric: str
    title: str
    runs: tuple[str, ...]
    n_baseline: int
    charts: tuple[Chart, ...]
    notes: tuple[str, ...]
    words: dict[str, str]
    """Attribute -> what it is called."""

    @property
    def signals(self) -> bool:
        """Whether any chart signals."""
        return any(chart.signals for chart in self.charts)


def monitor(
    runs: Sequence[Results],
    metric: PatientMetric,
    attributes: Sequence[str],
    n_baseline: int | None = None,
    smallest: Smallest | None = None,
) -> Monitoring:
    """Return control charts over runs in the order of time; half of them are the baseline when not said."""
    smallest = smallest if smallest is not None else Smallest()
    if len(runs) < 3:
        raise UsageError(f"monitoring: expected at least 3 successive runs, got {len(runs)}.")
    base = len(runs) // 2 if n_baseline is None else n_baseline
    if not 0 < base < len(runs):
        raise UsageError(f"--baseline: expected 1 to {len(runs) - 1} of {len(runs)} runs, got {base}.")
    stacks = [_stack(run, metric, attributes) for run in runs]
    if any(stacked.panel(metric.name, "").events is None for stacked in stacks):
        raise UsageError(
            f"monitoring: {metric.name} is not a share. Choose within_target, left_share or died_share."
        )
    hidden = [hidden_groups(stacked, smallest) for stacked in stacks]
    charts, notes = [], list(_notes(runs, base))
    for attribute in ("", *attributes):
        network = stacks[0].network
        groups = groups_of(network, attribute) if attribute else ("all",)
        for stacked, run in zip(stacks, runs, strict=True):
            there = groups_of(stacked.network, attribute) if attribute else ("all",)
            if there != groups:
                raise UsageError(
                    f"monitoring: {run.name} has other groups of {attribute} than {runs[0].name}."
                )
        for g, group in enumerate(groups):
            # Cases are counted in the baseline only: a share that falls to nothing must raise an alarm, not vanish.
            few = any(run["" if attribute else metric.name, attribute][g] for run in hidden)
            if few or (attribute and any(run[metric.name, attribute][g] for run in hidden[:base])):
                notes.append(f"Not shown: {group}, too few in some run, or it would give such a group away.")
                continue
            chart = _chart(stacks, metric.name, attribute, group, g, base, smallest)
            if isinstance(chart, Chart):
                charts.append(chart)
            elif chart:
                notes.append(chart)
    words = {attribute: attribute_words(runs[0].scenario, attribute) for attribute in attributes}
    return Monitoring(
        metric.name, metric.title, tuple(run.name for run in runs), base, tuple(charts), tuple(notes), words
    )


def monitoring_text(found: Monitoring) -> str:
    """Return the charts as lines for a terminal; an alarm names the run."""
    lines = [f"{found.title} over {len(found.runs)} runs, the first {found.n_baseline} as baseline"]
    for chart in found.charts:
        outside = [found.runs[i] for i in np.flatnonzero(chart.p.outside)]
        shares = " ".join(f"{100 * share:.1f}" for share in chart.p.share)
        who = f"{chart.group} ({found.words[chart.attribute]})" if chart.attribute else "everybody"
        said = [f"outside the limits: {', '.join(outside)}"] if outside else []
        if chart.cusum.alarm is not None:
            said.append(f"CUSUM alarms at {found.runs[chart.cusum.alarm]}")
        lines.append(
            f"  {who}: {shares} % about {100 * chart.p.centre:.1f} %; {'; '.join(said) or 'no signal'}"
        )
    shift = run_length(found.charts[0].cusum.limit, 2 * ALLOWANCE) if found.charts else np.nan
    if found.charts:
        lines.append(
            f"  p-chart: one point in {IN_CONTROL_LENGTH:.0f} is outside by chance. CUSUM (k = {ALLOWANCE:g}, "
            f"h = {found.charts[0].cusum.limit:.2f}): a false alarm every {IN_CONTROL_LENGTH:.0f} runs on average, a "
            f"shift of {2 * ALLOWANCE:g} standard error found after {shift:.1f}; shorter while the baseline is small."
        )
        lines.append(
            f"  That is of each chart by itself: with {len(found.charts)} charts some false alarm comes up to "
            f"{len(found.charts)} times as often."
        )
    return "\n".join([*lines, "", *(f"- {note}" for note in found.notes)])


def monitoring_json(found: Monitoring) -> dict[str, Any]:
    """Return the charts as one versioned object."""
    return {
        "schema": SCHEMA,
        "outcome": found.metric,
        "runs": list(found.runs),
        "n_baseline": found.n_baseline,
        "signals": found.signals,
        "charts": [
            {
                "attribute": chart.attribute,
                "group": chart.group,
                "n": chart.n.astype(int).tolist(),
                "share": _finite(chart.p.share),
                "centre": chart.p.centre,
                "low": _finite(chart.p.low),
                "high": _finite(chart.p.high),
                "outside": chart.p.outside.tolist(),
                "design_effect": chart.deff,
                "cusum_up": _finite(chart.cusum.up),
                "cusum_down": _finite(chart.cusum.down),
                "cusum_limit": chart.cusum.limit,
                "cusum_alarm": chart.cusum.alarm,
                "in_control_run_length": chart.cusum.in_control_length,
            }
            for chart in found.charts
        ],
        "notes": list(found.notes),
    }


def _stack(run: Results, metric: PatientMetric, attributes: Sequence[str]) -> Stacked:
    network = compile_network(run.scenario)
    single = tuple(dict.fromkeys(part for a in attributes for part in (*parts_of(a), a)))
    plan = Plan((metric,), single)
    return Stacked(
        {n: measure(v, network, plan, with_patients=False) for n, v in run.visits.items()}, network, plan
    )


def _chart(
    stacks: Sequence[Stacked], metric: str, attribute: str, group: str, g: int, base: int, smallest: Smallest
) -> Chart | str:
    panels = [stacked.panel(metric, attribute) for stacked in stacks]
    n = np.array([panel.n[:, g].sum() for panel in panels])
    events = np.array([panel.events[:, g].sum() for panel in panels if panel.events is not None])
    if not n.any():
        return ""
    if n.min() < smallest.patients or events[:base].sum() < smallest.events:
        few = f"under {smallest.patients} patients in a run or {smallest.events} cases in the baseline"
        return f"Not charted: {group}, {few}."
    centre = float(events[:base].sum() / n[:base].sum())
    if centre == 1.0:
        return f"Not charted: {group}, without a single exception in the baseline, so there is no spread to judge by."
    effects = [design_effect(p.events[:, g], p.n[:, g]) for p in panels[:base] if p.events is not None]
    deff = float(np.mean(effects))
    chart = p_chart(events, n, centre, deff)
    after = np.arange(len(n)) >= base
    spread = np.sqrt(centre * (1 - centre) * deff * (1 / n + 1 / n[:base].sum()))
    z = np.where(after, (chart.share - centre) / spread, 0.0)
    within = PChart(chart.share, chart.centre, chart.low, chart.high, chart.outside & after)
    return Chart(attribute, group, n, within, cusum(z), deff)


def _notes(runs: Sequence[Results], base: int) -> list[str]:
    notes = ["The patients are synthetic: nothing here is a finding about real people."]
    seen: dict[tuple[object, ...], str] = {}
    for run in runs:
        key = (run.provenance.get("results_hash"), run.policy, tuple(run.visits))
        if key in seen and key[0] is not None:
            notes.append(
                f"{run.name} repeats {seen[key]}: same scenario, seed and policy, so it adds nothing."
            )
        seen.setdefault(key, run.name)
    if base < 5:
        notes.append(
            f"The centre is from {base} runs only, so false alarms are more frequent than stated. (20 are usual.)"
        )
    notes.append(
        "Shares are those seen among patients at risk; who is still in the system counts as not yet."
    )
    return notes


def _finite(values: Floats) -> list[float | None]:
    return [float(value) if isfinite(value) else None for value in values]
