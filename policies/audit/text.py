"""The audit as a page of text: the sentence, the gates, who is worse off by how much, what turns, what was tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

from policies.audit.findings import FairnessReport, Gap, GapTests, GateResult, GroupTests, Level
from policies.audit.wording import attribute_words, figure, p_text, reference_words
from policies.sentence import aligned
from sim.evidence.estimated import Estimated
from sim.fairness.access import DaysToCoverage

COLUMNS = (
    "untreated_hours",
    "within_target",
    "coverage",
    "left_share",
    "died_share",
    "transfers_per_patient",
)
"""Outcomes of the table by group, as far as they are there; all are in the JSON and in the HTML."""

DAYS_TO = DaysToCoverage.prefix

WIDEST = 4
"""Columns of outcomes."""

FIRST_ATTRIBUTES = 4
"""Attributes with a table unless all are asked for."""


def report_text(report: FairnessReport, all_groups: bool = False, tests: bool = False) -> str:
    """Return the report for a terminal; `tests` adds every test of every gap in the tables."""
    scenario = report.scenario
    blocks = [f"Fairness audit: {scenario.title or scenario.name}", report.sentence]
    if report.gates:
        blocks.append("\n".join(line for gate in report.gates for line in _gate(report, gate)))
    shown = report.attributes if all_groups else report.attributes[:FIRST_ATTRIBUTES]
    blocks += [_table(report, attribute) for attribute in shown]
    if more := report.attributes[len(shown) :]:
        said = ", ".join(attribute_words(scenario, attribute) for attribute in more)
        blocks.append(f"Not shown here: by {said}. See the HTML, or use --all-groups.")
    if tests:
        blocks += [*(_tests(report, attribute) for attribute in shown), HOW_TESTED]
    if report.per_head:
        blocks.append(_per_head(report, ("", "hospital", *shown)))
    if report.reversals:
        blocks.append("\n".join(["Like with like, the answer changes:", *_reversals(report)]))
    if report.recommendation is not None:
        blocks.append("\n".join(_tried(report)))
    blocks.append("\n".join(f"- {note}" for note in report.notes))
    return "\n\n".join(blocks)


def columns_of(report: FairnessReport) -> tuple[str, ...]:
    """Return the outcomes of the tables by group: those that some group is shown for; days to a coverage beside it."""
    shown = {level.metric for level in report.levels if level.attribute}
    days = [name for name in report.titles if name.startswith(DAYS_TO)]
    wanted = [name for metric in COLUMNS for name in (metric, *(days if metric == "coverage" else ()))]
    return tuple(metric for metric in wanted if metric in shown)[:WIDEST]


def groups_shown(report: FairnessReport, attribute: str) -> list[str]:
    """Return the groups of an attribute that are shown for any outcome, in the scenario's order."""
    return list(dict.fromkeys(level.group for level in report.levels if level.attribute == attribute))


def level_of(report: FairnessReport, metric: str, attribute: str, group: str) -> Level | None:
    """Return one figure, None where it is hidden."""
    return next(
        (v for v in report.levels if (v.metric, v.attribute, v.group) == (metric, attribute, group)), None
    )


def level_words(report: FairnessReport, level: Level) -> str:
    """Return a figure in words; of a coverage that no run reached, that, since the last day would be a false answer."""
    run = report.scenario
    if level.metric.startswith(DAYS_TO) and level.estimate.value >= (run.horizon - run.warm_up) / 24 - 1e-9:
        return "not reached"
    return figure(level.estimate, report.titles[level.metric][1])


def gap_of(report: FairnessReport, metric: str, attribute: str, group: str) -> Gap | None:
    """Return one gap, None where it is hidden or the group is the reference."""
    return next(
        (g for g in report.gaps if (g.metric, g.attribute, g.group) == (metric, attribute, group)), None
    )


def reversal_lines(report: FairnessReport) -> list[str]:
    """Return each reversal as a sentence."""
    return list(_reversals(report))


def _gate(report: FairnessReport, gate: GateResult) -> Iterator[str]:
    mark = {"kept": "kept", "undecided": "UNDECIDED", "breached": "BREACHED"}[gate.verdict]
    failing = " (fails: to be shown beyond doubt)" if gate.fails and gate.verdict != "breached" else ""
    yield f"Gate {mark}{failing}: {gate.name}. {gate.rule}."
    worst = [line for line in gate.lines if line.verdict == gate.verdict and gate.verdict != "kept"]
    for line in worst[:3]:
        why = f" ({line.why})" if line.why else ""
        yield (
            f"  {line.group} ({attribute_words(report.scenario, line.attribute)}): "
            f"{figure(line.estimate, gate.unit, sign=gate.signed)}{why}"
        )
    if len(worst) > 3:
        yield f"  and {len(worst) - 3} more, in the JSON"


def _table(report: FairnessReport, attribute: str) -> str:
    metrics = columns_of(report)
    reference = report.references[attribute]
    title = attribute_words(report.scenario, attribute)
    header = [f"By {title}", "at risk", *(report.titles[m][0] for m in metrics)]
    rows = []
    for group in groups_shown(report, attribute):
        found = [level_of(report, metric, attribute, group) for metric in metrics]
        n = next((level.n for level in found if level is not None), None)
        mark = " (reference)" if group == reference else ""
        rows.append(
            [f"  {group}{mark}", str(n) if n is not None else "hidden",
             *(_cell(report, level, metric, attribute, group) for level, metric in zip(found, metrics, strict=True))]
        )  # fmt: skip
    table = aligned(header, rows) if rows else f"By {title}: no group is large enough to be shown."
    if not metrics or not rows:
        return table
    lines = [table]
    spread = next((s for s in report.spreads if (s.metric, s.attribute) == (metrics[0], attribute)), None)
    if spread is not None:
        unit = report.titles[metrics[0]][1]
        again = (
            f", again in {100 * spread.worst_again:.0f} % of resamples"
            if spread.worst_again is not None
            else ""
        )
        worst = f"worst off {spread.worst}{again}; " if spread.worst else "all alike; "
        lines.append(
            f"  {report.titles[metrics[0]][0]}: {worst}"
            f"largest less smallest {figure(spread.largest_gap, unit, sign=True)}; "
            f"within hospital and acuity {p_text(spread.permutation.p_value)}"
        )
    if spread is None:
        return table
    lines.append(
        f"  * differs from {reference_words(reference)} after Holm's correction; "
        f"clustered log-rank of the waits {p_text(report.waits_test[attribute].p_value)}"
    )
    return "\n".join(lines)


TESTED = ("Gap", "Runs", "Paired t", "Signed ranks", "Cliff's delta", "Cohen's d", "Alike within")
"""Columns of the tests of a gap."""


def tested_row(report: FairnessReport, one: GapTests) -> list[str]:
    """Return the tests of one gap in words, in the order of `TESTED`; what could not be tested is a dash."""
    return [
        f"{one.group} less {reference_words(one.reference)}",
        str(one.n_runs),
        p_text(one.paired.p_value),
        p_text(one.ranks.p_value),
        f"{one.cliffs_delta:+z.2f}" if isfinite(one.cliffs_delta) else "–",
        f"{one.cohens_d:+z.2f}" if isfinite(one.cohens_d) else "–",
        _alike(report, one),
    ]


def together_words(report: FairnessReport, one: GroupTests) -> str:
    """Return the tests of all groups together in words."""
    why = one.friedman.why or one.kruskal_wallis.why
    return (
        f"{one.n_groups} groups in {one.n_runs} runs: Friedman {p_text(one.friedman.p_value)}, "
        f"Kruskal-Wallis {p_text(one.kruskal_wallis.p_value)}{f' ({why})' if why else ''}"
    )


HOW_TESTED = (
    "One number a run and group, never patients. Paired t and Wilcoxon's signed ranks of the differences by run, and "
    "two one-sided tests within the margin that was stated (--margin): each corrected by Holm within the outcome. Not "
    "shown to be alike does not mean different, nor the other way round. Cliff's delta and Cohen's d say how far apart "
    "runs lie, not how far patients do. Friedman ranks groups within each run; Kruskal-Wallis takes them as if they "
    "came from different runs, which they did not: where the two disagree, Friedman holds."
)


def _alike(report: FairnessReport, one: GapTests) -> str:
    if one.margin is None:
        return "no margin stated"
    within = figure(Estimated(one.margin), report.titles[one.metric][1], sign=True).replace("+", "±")
    if one.equivalence.p_value is None:
        return f"{within}: not tested, {one.equivalence.why}"
    verdict = "shown" if one.equivalence.p_value <= 0.05 else "not shown"
    return f"{within}: {verdict}, {p_text(one.equivalence.p_value)}"


def _tests(report: FairnessReport, attribute: str) -> str:
    lines = [f"Tests by {attribute_words(report.scenario, attribute)}"]
    for metric in columns_of(report):
        found = [one for one in report.gap_tests if (one.metric, one.attribute) == (metric, attribute)]
        together = [one for one in report.group_tests if (one.metric, one.attribute) == (metric, attribute)]
        if found:
            title = report.titles[metric][0]
            lines.append(aligned([f"  {title}", *TESTED[1:]], [_indented(report, one) for one in found]))
        lines += [f"    {together_words(report, one)}" for one in together]
    if len(lines) == 1:
        return f"{lines[0]}: none, since nothing is compared with a group or everybody."
    return "\n".join(lines)


def _indented(report: FairnessReport, one: GapTests) -> list[str]:
    first, *others = tested_row(report, one)
    return [f"    {first}", *others]


def _per_head(report: FairnessReport, shown: Sequence[str]) -> str:
    rows = [
        [f"  {one.group} ({attribute_words(report.scenario, one.attribute)})" if one.attribute else "  everybody",
         f"{one.people}", *(figure(e) if e.known else "hidden" for e in (one.came, one.treated, one.died))]
        for one in report.per_head
        if one.attribute in shown
    ]  # fmt: skip
    return aligned(["Per 1000 people of the catchment", "people", "Came", "Treated", "Died"], rows)


def _cell(report: FairnessReport, level: Level | None, metric: str, attribute: str, group: str) -> str:
    if level is None:
        return "hidden"
    gap = gap_of(report, metric, attribute, group)
    star = " *" if gap is not None and gap.stands else ""
    return level_words(report, level) + star


def _reversals(report: FairnessReport) -> Iterator[str]:
    for one in report.reversals:
        title, unit, _ = report.titles[one.metric]
        said = (
            "the sign turns within hospital and acuity"
            if one.kind == "turns"
            else "not clear over all after Holm's correction, clear within hospital and acuity"
        )
        yield (
            f"  {title}, {one.group} less {reference_words(one.reference)} "
            f"({attribute_words(report.scenario, one.attribute)}): {figure(one.crude, unit, sign=True)} over all, "
            f"{figure(one.adjusted, unit, sign=True)} within: {said}"
        )


def _tried(report: FairnessReport) -> Iterator[str]:
    found = report.recommendation
    assert found is not None
    title, unit, _ = report.titles[found.metric]
    yield (
        f"Tried on the same patients, {title.lower()}: gap between {found.group} and "
        f"{reference_words(found.reference)} ({attribute_words(report.scenario, found.attribute)}), best first"
    )
    rows = [
        [f"  {tried.lever}", figure(tried.gap, unit, sign=True),
         p_text(tried.p_value) if tried.p_value is None or tried.p_value <= 0.05 else "no clear change",
         figure(tried.worst, unit, sign=True), figure(tried.everybody, unit, sign=True)]
        for tried in found.tried
    ]  # fmt: skip
    yield aligned(
        ["  Lever", "Change of the gap", "Holm", f"Change for {found.group}", "For everybody"], rows
    )
    if any(not tried.same_patients for tried in found.tried):
        yield "  Some levers change who comes: there the patients are not the same, only their random numbers."
