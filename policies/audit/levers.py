"""Recommendations that were tested: each lever is simulated on the same patients, and ranked by what it did.

A lever is written as changes of the scenario in the language of `--set`, several joined by `;` (moving a bed is
taking it here and adding it there), and may name another policy: `policy=c-mu`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from policies.audit.analyzer import Settings, attributes_of, audited, plan_of, references_of
from policies.audit.compared import mean_of
from policies.audit.findings import FairnessReport, Recommendation, Tried
from policies.audit.hiding import hidden_groups
from policies.audit.results import Results
from policies.experiment import check_policies
from policies.replication import dump_json, simulate
from scenarios.errors import ScenarioError, UsageError
from scenarios.loader import dump_yaml, load_text
from scenarios.scenario import Scenario
from sim.evidence.estimated import Estimated
from sim.evidence.replication_tests import holm, paired_t
from sim.fairness.by_group import Measured, Plan, groups_of, measure, parts_of
from sim.fairness.disparity import BEST, OVERALL
from sim.fairness.stacked import Panel, Stacked
from sim.network import compile_network
from sim.replications import Workers, replicate
from sim.tables import Tables

OnDone = Callable[[int, int, Any], None]


@dataclass(frozen=True)
class Lever:
    """A change to be tried."""

    written: str
    scenario: Scenario
    policy: str


@dataclass(frozen=True)
class _Run:
    """A picklable task: one replication under a lever, measured; with the hash of its patients."""

    scenario: str
    policy: str
    seed: int
    engine: str
    metrics: tuple[str, ...]
    attributes: tuple[str, ...]

    def __call__(self, number: int) -> tuple[Measured, str]:
        result = simulate(_scenario(self.scenario), self.policy, self.seed, number, self.engine)
        network = result.network
        chosen = tuple(metric for metric in audited(network) if metric.name in self.metrics)
        plan = Plan(chosen, self.attributes)
        return measure(Tables(result).visits, network, plan, with_patients=False), result.workload_hash


def read_levers(written: Sequence[str], results: Results) -> list[Lever]:
    """Return levers, every one loaded and checked before anything is run."""
    twice = sorted({text for text in written if list(written).count(text) > 1})
    if twice:
        raise UsageError(f"--try: {twice[0]!r} is given twice. Keep one of them.")
    text = dump_yaml(results.scenario)
    levers, problems, used = [], [], []
    for lever in written:
        changes = [part.strip() for part in lever.split(";") if part.strip()]
        policies = [c.partition("=")[2].strip() for c in changes if c.partition("=")[0].strip() == "policy"]
        overrides = [c for c in changes if c.partition("=")[0].strip() != "policy"]
        if not changes or len(policies) > 1:
            used.append(f"--try: expected changes such as hospitals.north.beds.icu.count+=1, got {lever!r}.")
            continue
        try:
            scenario = load_text(text, overrides, file=f"--try {lever}")
        except ScenarioError as error:
            problems += [
                replace(p, file=f"--try {lever}") if p.file.startswith("--set") else p for p in error.problems
            ]
            continue
        policy = policies[0] if policies else results.policy
        check_policies(scenario, [policy], results.seed)
        levers.append(Lever(lever, scenario, policy))
    if used:
        raise UsageError("\n".join(used))
    if problems:
        raise ScenarioError(problems)
    return levers


def try_levers(
    report: FairnessReport,
    results: Results,
    levers: Sequence[Lever],
    settings: Settings,
    metric: str,
    same_source: bool,
    workers: Workers,
    on_done: OnDone | None = None,
) -> Recommendation:
    """Return every lever's effect on the gap between the worst-off group and its reference, the best first.

    Who is worst off is read from the run as it was, and kept. Where the program has changed since (`same_source` is
    false), the run as it was is simulated again, so that nothing but the lever differs.
    """
    network = compile_network(results.scenario)
    asked = attributes_of(settings, network)
    references = references_of(settings, network, asked)
    plan = plan_of(settings, network, asked)
    base = Stacked(
        {n: measure(v, network, plan, with_patients=False) for n, v in results.visits.items()}, network, plan
    )
    attribute, group, reference = _worst(base, metric, asked, references, settings)
    numbers = list(base.numbers)
    planned = Plan(
        tuple(m for m in plan.metrics if m.name == metric),
        tuple(dict.fromkeys((*parts_of(attribute), attribute))),
    )
    wanted = [(lever.written, lever.scenario, lever.policy) for lever in levers]
    if not same_source:
        wanted.insert(0, ("", results.scenario, results.policy))
    panels: dict[str, Panel] = {}
    patients: dict[str, list[str]] = {}
    for i, (written, scenario, policy) in enumerate(wanted):
        task = _Run(dump_json(scenario), policy, results.seed, results.engine, (metric,), planned.attributes)
        done = replicate(
            task,
            numbers,
            workers=workers,
            on_done=None
            if on_done is None
            else _telling(on_done, i * len(numbers), len(wanted) * len(numbers)),
        )
        there = compile_network(scenario)
        if groups_of(there, attribute) != groups_of(network, attribute):
            raise UsageError(
                f"--try {written}: it changes the groups of {attribute}, so they cannot be compared."
            )
        stacked = Stacked({n: measured for n, (measured, _) in done.items()}, there, planned)
        panels[written] = stacked.panel(metric, attribute)
        patients[written] = [workload for _, workload in done.values()]
    before = panels.pop("", base.panel(metric, attribute))
    expected = patients.pop("", list(results.provenance.get("workloads", ())))
    tried = [
        _tried(
            lever.written,
            before,
            panels[lever.written],
            group,
            reference,
            patients[lever.written] == expected,
            max(settings.smallest.patients, settings.smallest.a_run * len(numbers)),
        )
        for lever in levers
    ]
    return Recommendation(metric, attribute, group, reference, tuple(_ranked(tried)))


def _worst(
    base: Stacked, metric: str, asked: Sequence[str], references: dict[str, str], settings: Settings
) -> tuple[str, str, str]:
    """The group farthest on the worse side of its reference, over all attributes; everybody stands for the best-off."""
    hidden = hidden_groups(base, settings.smallest)
    found: list[tuple[float, str, str, str]] = []
    for attribute in asked:
        panel = base.panel(metric, attribute)
        reference = references[attribute] if references[attribute] != BEST else OVERALL
        if reference != OVERALL and hidden[metric, attribute][panel.groups.index(reference)]:
            continue
        sign = -1.0 if panel.better == "higher" else 1.0
        for g, group in enumerate(panel.groups):
            if hidden[metric, attribute][g] or group == reference:
                continue
            gap = mean_of(_gap(panel, group, reference)).value
            if np.isfinite(gap):
                found.append((sign * gap, attribute, group, reference))
    if not found:
        raise UsageError("--try: no group is large enough to be compared, so there is no gap to narrow.")
    return max(found, key=lambda one: one[0])[1:]


def _gap(panel: Panel, group: str, reference: str) -> np.ndarray:
    base = panel.overall if reference == OVERALL else panel.value[:, panel.groups.index(reference)]
    return np.asarray(panel.value[:, panel.groups.index(group)] - base)


def _tried(
    written: str,
    before: Panel,
    after: Panel,
    group: str,
    reference: str,
    same_patients: bool,
    fewest: int,
) -> tuple[Tried, float | None]:
    g = before.groups.index(group)
    if after.n[:, g].sum() < fewest:
        few = Estimated(np.nan, why="too few of the group come under this lever to be shown")
        return Tried(written, few, few, mean_of(after.overall - before.overall), None, same_patients), None
    sign = 1.0 if float(np.nanmean(_gap(before, group, reference))) >= 0 else -1.0
    narrower = sign * (_gap(after, group, reference) - _gap(before, group, reference))
    p_value = paired_t(narrower[np.isfinite(narrower)]).p_value
    tried = Tried(
        written,
        mean_of(narrower),
        mean_of(after.value[:, g] - before.value[:, g]),
        mean_of(after.overall - before.overall),
        None,
        same_patients,
    )
    return tried, p_value


def _ranked(tried: Sequence[tuple[Tried, float | None]]) -> list[Tried]:
    known = [(i, p) for i, (_, p) in enumerate(tried) if p is not None]
    corrected = dict(zip([i for i, _ in known], holm([p for _, p in known]), strict=True))
    done = [replace(one, p_value=corrected.get(i)) for i, (one, _) in enumerate(tried)]
    return sorted(done, key=lambda one: one.gap.value if one.gap.known else np.inf)


def _telling(on_done: OnDone, before: int, of: int) -> Callable[[int, Any], None]:
    state = [before]

    def tell(number: int, newest: Any) -> None:
        state[0] += 1
        on_done(state[0], of, newest)

    return tell


@lru_cache(maxsize=4)
def _scenario(text: str) -> Scenario:
    """Read it once a worker, not once a replication."""
    return Scenario.model_validate(json.loads(text))
