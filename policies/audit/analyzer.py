"""The fairness analyser: from the visits of a run to a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from policies.audit.compared import corrected, gaps_of, levels_of, spread_of
from policies.audit.findings import FairnessReport, Gap, GapTests, GroupTests, Level, Reversal, Spread
from policies.audit.gate_file import Gate
from policies.audit.gates import decide
from policies.audit.hiding import hidden_groups, hidden_heads
from policies.audit.people import people_of_scenario
from policies.audit.pooling import pooled_groups
from policies.audit.results import Results
from policies.audit.standardised import DIED, decision_of, mortality_of, per_head_of
from policies.audit.tested import all_corrected, gap_tests, group_tests
from policies.audit.wording import audit_sentence, notes_of
from policies.parameters import suggestion
from policies.sentence import headline_metric
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.evidence.bootstrap import resamples
from sim.evidence.estimated import Tested
from sim.evidence.log_rank import log_rank
from sim.fairness.access import DaysToCoverage
from sim.fairness.by_group import HOSPITAL, OTHERS, Plan, categories, groups_of, measure, parts_of
from sim.fairness.disparity import BEST, OVERALL
from sim.fairness.stacked import Stacked
from sim.fairness.suppression import Smallest
from sim.metric import PatientMetric
from sim.network import Network, compile_network
from sim.outcomes import METRICS

AUDITED = (
    "untreated_hours", "within_target", "left_share", "died_share", "cancelled_share", "diverted_share",
    "length_of_stay_hours", "transfers_per_patient", "coverage", "days_to_dose",
)  # fmt: skip
"""Outcomes of an audit, where the scenario has them; beside the coverage, the days until a share is covered."""

HALF = 0.5
"""The coverage of which an audit tells the day when nothing else is asked: the middle person's, no medical target."""


@dataclass(frozen=True)
class Settings:
    """What to look at, and how."""

    by: tuple[str, ...] = ()
    """Attributes, and crossings such as `deprivation*ethnicity`; empty: the groups of the scenario."""
    reference: str = ""
    """`overall`, `best`, or `attribute=group` by commas; empty: the scenario's, and everybody where it names none."""
    gates: tuple[Gate, ...] = ()
    smallest: Smallest = field(default_factory=Smallest)
    small: Literal["hide", "pool"] = "hide"
    """What is done with small groups: hidden, or pooled as others (what stays small is hidden)."""
    people: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Attribute -> group -> people in the catchment, beside or instead of what the scenario says of itself."""
    margins: Mapping[str, float] = field(default_factory=dict)
    """Outcome -> difference up to which groups count as alike, in the unit of the outcome; for equivalence."""
    coverage: float = HALF
    """Share of the eligible by whose day groups are compared."""
    should: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Declared Y: who should be treated in time."""


class FairnessAnalyzer:
    """Says who is worse off in a run, how sure that is, and which rules are broken."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings if settings is not None else Settings()

    def generate_fairness_report(self, results: Results) -> FairnessReport:
        """Return the report of a run; the same run and settings give the same report."""
        settings, scenario = self.settings, results.scenario
        network = compile_network(scenario)
        asked = attributes_of(settings, network)
        references = references_of(settings, network, asked)
        plan = plan_of(settings, network, asked)
        if settings.small == "pool":
            plan = replace(
                plan, pooled=pooled_groups(stack(results, network, plan, False), settings.smallest)
            )
            _check_references(references, plan)
        stacked = stack(results, network, plan)
        hidden = hidden_groups(stacked, settings.smallest)
        weights = resamples(results.seed, stacked.n_runs)
        levels: list[Level] = []
        found: list[tuple[Gap, Tested, Tested]] = []
        spreads: list[Spread] = []
        tests: list[GapTests] = []
        together: list[GroupTests] = []
        for metric in audited(network, settings.coverage):
            overall = stacked.panel(metric.name, "")
            if hidden[metric.name, ""][0]:
                continue  # said in the notes
            levels += levels_of(overall, np.zeros(1, dtype=np.bool_))
            if overall.events is not None and overall.events.sum() < settings.smallest.events:
                continue  # too few in all: said in the notes
            for attribute in asked:
                panel, mask = stacked.panel(metric.name, attribute), hidden[metric.name, attribute]
                levels += levels_of(panel, mask)
                found += gaps_of(stacked, panel, mask, references[attribute], weights)
                spread = spread_of(stacked, panel, mask, weights, results.seed)
                spreads += [spread] if spread is not None else []
                tests += gap_tests(panel, mask, references[attribute], settings.margins.get(metric.name))
                of_all = group_tests(panel, mask)
                together += [of_all] if of_all is not None else []
        gaps = corrected(found)
        deaths = stacked.panel(DIED, "").events
        enough_deaths = deaths is not None and deaths.sum() >= settings.smallest.events
        decisions = [
            decision_of(
                stacked, a, hidden["within_target", a], settings.should, weights, settings.smallest.patients
            )
            for a in asked
            if "within_target" in stacked.metrics and not hidden["within_target", ""][0]
        ]
        heads = hidden_heads(stacked, settings.smallest, hidden)
        people = {**people_of_scenario(results.scenario, asked), **settings.people}
        report = FairnessReport(
            scenario=scenario,
            policy=results.policy,
            run=results.name,
            seed=results.seed,
            n_runs=stacked.n_runs,
            attributes=asked,
            references=references,
            sentence="",
            levels=tuple(levels),
            hidden={
                a: tuple(g for g, small in zip(stacked.groups(a), hidden["", a], strict=True) if small)
                for a in asked
            },
            gaps=tuple(gaps),
            spreads=tuple(spreads),
            mortality=tuple(
                row
                for a in asked
                if enough_deaths
                for row in mortality_of(stacked, a, hidden[DIED, a], references[a], weights)
            ),
            waits_test={a: log_rank(stacked.log_rank(a)[:, _kept(stacked, hidden["", a], a)]) for a in asked},
            decisions=tuple(decision for decision in decisions if decision is not None),
            per_head=tuple(
                row
                for a in ("", *asked, HOSPITAL)
                for row in per_head_of(stacked, a, heads[a], people.get(a, {}))
            ),
            gap_tests=all_corrected(tests),
            group_tests=tuple(together),
            pooled=plan.pooled,
            withheld=tuple(m.name for m in plan.metrics if hidden[m.name, ""][0]),
            reversals=tuple(_reversals(gaps)),
            gates=decide(settings.gates, stacked, hidden, asked, results.seed),
            titles={m.name: (m.title, m.unit, m.better) for m in plan.metrics},
            provenance=results.provenance,
        )
        return _said(
            report,
            headline_of(report),
            notes_of(report, results, settings.smallest, any(people.get(a) for a in asked)),
        )


def headline_of(report: FairnessReport) -> str:
    """Return the outcome that the sentence and the levers are about."""
    return headline_metric(report.scenario, pd.DataFrame({"metric": list(report.titles)}))


def attributes_of(settings: Settings, network: Network) -> tuple[str, ...]:
    """Return the attributes to audit. Raises `UsageError` for one that the scenario does not have."""
    asked = settings.by or network.scenario.equity.groups or ("acuity",)
    known = categories(network)
    problems = []
    for attribute in asked:
        parts = parts_of(attribute)
        problems += [
            f"--by: {part} is not a category of this scenario. {suggestion(part, known)}"
            for part in parts
            if part not in known
        ]
        if len(parts) > 2 or len(set(parts)) < len(parts):
            problems.append(f"--by: expected at most two different attributes crossed, got {attribute}.")
    if problems:
        raise UsageError("\n".join(problems))
    return tuple(dict.fromkeys("*".join(parts_of(attribute)) for attribute in asked))


def references_of(settings: Settings, network: Network, asked: Sequence[str]) -> dict[str, str]:
    """Return the reference of every attribute: as asked, as the scenario names it, or everybody."""
    named = network.scenario.equity.reference
    found = {attribute: named.get(attribute, OVERALL) for attribute in asked}
    problems = []
    for text in (part.strip() for part in settings.reference.split(",") if part.strip()):
        attribute, equals, group = (part.strip() for part in text.partition("="))
        if not equals and attribute in (OVERALL, BEST):
            found = dict.fromkeys(found, attribute)
        elif attribute not in found or not equals:
            known = [OVERALL, BEST, *(f"{name}=..." for name in found)]
            problems.append(
                f"--reference: {text!r} names no attribute of this audit. Known: {', '.join(known)}."
            )
        else:
            groups = [OVERALL, BEST, *groups_of(network, attribute)]
            if group not in groups:
                problems.append(f"--reference: {attribute} has no {group!r}. {suggestion(group, groups)}")
            found[attribute] = group
    if problems:
        raise UsageError("\n".join(problems))
    return found


def audited(network: Network, coverage: float = HALF) -> list[PatientMetric]:
    """Return the outcomes of an audit that the scenario has."""
    chosen = [*(METRICS[name] for name in AUDITED), DaysToCoverage(coverage)]
    return [metric for metric in chosen if isinstance(metric, PatientMetric) and metric.applies(network)]


def plan_of(settings: Settings, network: Network, asked: Sequence[str]) -> Plan:
    """Return what to measure: also the attributes and outcomes of gates, and both sides of every crossing."""
    wanted = [*asked, *(attribute for gate in settings.gates for attribute in gate.by)]
    single = [part for attribute in wanted for part in parts_of(attribute)]
    metrics = {metric.name: metric for metric in audited(network, settings.coverage)}
    metrics |= {gate.metric.name: gate.metric for gate in settings.gates if gate.metric is not None}
    return Plan(
        tuple(metrics.values()),
        tuple(dict.fromkeys([*single, *("*".join(parts_of(a)) for a in wanted)])),
        should=settings.should,
    )


def stack(results: Results, network: Network, plan: Plan, with_patients: bool = True) -> Stacked:
    """Return the measured replications."""
    measured = {n: measure(visits, network, plan, with_patients) for n, visits in results.visits.items()}
    return Stacked(measured, network, plan)


def _check_references(references: Mapping[str, str], plan: Plan) -> None:
    problems = [
        f"--reference: {reference} ({attribute}) has too few patients and is pooled as {OTHERS}. Name another, "
        "or --small hide."
        for attribute, reference in references.items()
        if reference in plan.pooled.get(attribute, ())
    ]
    if problems:
        raise UsageError("\n".join(problems))


def declared(text: str, scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Read Y: `acuity=critical|urgent`, by commas; all must hold."""
    network, should = compile_network(scenario), {}
    known = categories(network)
    for part in (one.strip() for one in text.split(",") if one.strip()):
        name, equals, values = (one.strip() for one in part.partition("="))
        chosen = tuple(value.strip() for value in values.split("|") if value.strip())
        if not equals or not chosen:
            raise UsageError(f"--should: expected attribute=value|value, got {part!r}.")
        if name not in known:
            raise UsageError(
                f"--should: {name} is not a category of this scenario. {suggestion(name, known)}"
            )
        groups = groups_of(network, name)
        for value in chosen:
            if value not in groups:
                raise UsageError(f"--should: {name} has no {value!r}. {suggestion(value, groups)}")
        should[name] = chosen
    return should


def _kept(stacked: Stacked, hidden: np.ndarray, attribute: str) -> np.ndarray:
    return np.flatnonzero(~hidden & (stacked.heads(attribute)[:, 0].sum(axis=0) > 0))


def _reversals(gaps: Sequence[Gap]) -> Iterator[Reversal]:
    """Yield gaps that stand within hospital and acuity but turn, or do not show, over all patients together."""
    for gap in gaps:
        if gap.adjusted_p is None or gap.adjusted_p > 0.05 or gap.p_value is None:
            continue
        same = (gap.difference.value > 0) == (gap.adjusted.value > 0)
        if not (gap.stands and same):
            kind: Literal["turns", "hidden"] = "turns" if gap.stands else "hidden"
            yield Reversal(
                gap.metric, gap.attribute, gap.group, gap.reference, gap.difference, gap.adjusted, kind
            )


def _said(report: FairnessReport, headline: str, notes: Iterable[str]) -> FairnessReport:
    return replace(report, sentence=audit_sentence(report, headline), notes=tuple(notes))
