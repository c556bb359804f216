"""The audit as one HTML file that opens offline: gates, groups, gaps, deaths, what turns, what was tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dashboards.report.dot_rows import DotRow, dot_figure
from dashboards.report.exhibit import Cell, Exhibit, Panel, Section, Table, row, words
from dashboards.report.ink import Drawing, inline_svg
from dashboards.report.page import fill, write_page
from dashboards.report.wording import Estimate, mid_sentence, sentence_case, unit
from policies.audit.findings import FairnessReport, GapTests, GateResult
from policies.audit.text import (
    HOW_TESTED,
    TESTED,
    columns_of,
    gap_of,
    groups_shown,
    level_of,
    level_words,
    reversal_lines,
    tested_row,
    together_words,
)
from policies.audit.wording import attribute_words, figure, p_text, reference_words
from sim.evidence.estimated import Estimated
from sim.outcomes import METRICS

VERDICTS = {"kept": "kept", "undecided": "undecided", "breached": "breached"}

GLOSSARY = (
    (
        "95 % interval",
        "From the spread between runs. Patients of one run wait for the same beds, so they do not count as "
        "independent.",
    ),
    (
        "Reference",
        "Whom a group is compared with: everybody, the best-off, or a group that was named.",
    ),
    (
        "Within hospital and acuity",
        "Groups are compared among patients who came to the same hospital with the same urgency (Mantel- "
        "Haenszel weights). What remains is not explained by where people come and how ill they are.",
    ),
    (
        "O/E",
        "Deaths seen over deaths expected if everybody with the same urgency and class died alike: 1 is as "
        "expected.",
    ),
    (
        "Largest less smallest",
        "The gap between the groups that are worst and best. It is above 0 even by chance; the permutation "
        "test says whether it is more.",
    ),
    (
        "Generalised entropy",
        "How unequal the groups are, 0 when equal (half the squared coefficient of variation of the groups' "
        "means, weighted by patients).",
    ),
    (
        "GGF",
        "Generalised Gini welfare on the scale of the outcome: groups ranked from the worst, each weighing "
        "half as much as the one before. It lies between the worst group and the mean of the groups.",
    ),
    (
        "Gate",
        "A rule. Kept when the whole interval complies, breached when none of it does, else undecided. "
        "Intervals are widened for the number of groups that a gate looks at.",
    ),
)


def write_audit(report: FairnessReport, path: Path) -> Path:
    """Write the page and return its path; the same report gives the same bytes."""
    return write_page(render_audit(report), path)


def render_audit(report: FairnessReport) -> str:
    """Return the page as text."""
    scenario = report.scenario
    used = [METRICS[name] for name in report.titles if name in METRICS]
    return fill(
        "audit.html.jinja",
        title=scenario.title or sentence_case(scenario.name),
        sentence=report.sentence,
        facts=[
            ("Data", "synthetic"), ("Policy", report.policy), ("Runs", str(report.n_runs)), ("Seed", str(report.seed)),
            ("Run", report.run or "in memory"),
            ("Scenario hash", str(report.provenance.get("scenario_hash", "not recorded"))[:12]),
        ],
        sections=list(sections(report)),
        limits=report.notes,
        glossary=[*GLOSSARY, *((metric.title, metric.definition) for metric in used)],
    )  # fmt: skip


def sections(report: FairnessReport) -> Iterator[Section]:
    """Yield what the page shows, from the rules to who gets in."""
    if report.gates:
        yield Section("gates", "Which rules are kept?", (_gates(report),))
    if report.recommendation is not None:
        yield Section("tried", "What was tried?", (_tried(report),))
    groups = tuple(_group_exhibit(report, attribute) for attribute in report.attributes)
    yield Section("groups", "Who is worse off?", groups)
    if report.reversals:
        sentence = "\n".join(line.strip() for line in reversal_lines(report))
        method = "The difference over all patients, and within hospital and acuity; both corrected by Holm."
        exhibit = Exhibit("like", "Does the answer change when like is compared with like?", method, sentence)
        yield Section("like-with-like", "Like with like", (exhibit,))
    spread = _spread_exhibit(report)
    if spread is not None:
        yield Section("inequality", "How unequal is it?", (spread,))
    tests = tuple(_tests(report, attribute) for attribute in report.attributes if _tested(report, attribute))
    if tests:
        yield Section("tests", "Which tests say so?", tests)
    if report.mortality:
        yield Section("deaths", "Who dies?", (_deaths(report),))
    if report.decisions or report.per_head:
        exhibits = (
            _decisions(report) if report.decisions else None,
            _heads(report) if report.per_head else None,
        )
        yield Section("access", "Who gets in?", tuple(e for e in exhibits if e is not None))


def _gates(report: FairnessReport) -> Exhibit:
    rows = []
    for gate in report.gates:
        rows.append(row(Cell(gate.name, gate.rule), _verdict(gate), "", ""))
        for line in gate.lines:
            who = f"{line.group} ({attribute_words(report.scenario, line.attribute)})"
            shown = figure(line.estimate, gate.unit, sign=gate.signed)
            rows.append(row(f"– {who}", line.verdict, shown, line.why))
    failing = [gate.name for gate in report.gates if gate.fails]
    said = f"Not passed: {', '.join(failing)}." if failing else "No gate fails."
    return Exhibit(
        "gate-table",
        "Is any rule broken?",
        "Decided on intervals over runs, widened for the number of groups; undecided when the interval holds both.",
        said,
        table=words("Gates", ("Gate or group", "Decision", "Figure", "Note"), rows),
    )


def _verdict(gate: GateResult) -> str:
    return VERDICTS[gate.verdict] + (
        " (fails: to be shown beyond doubt)" if gate.fails and gate.verdict != "breached" else ""
    )


def _group_exhibit(report: FairnessReport, attribute: str) -> Exhibit:
    metrics = columns_of(report)
    title = attribute_words(report.scenario, attribute)
    name = "by-" + attribute.replace("*", "-and-").replace(" ", "-")
    shown = groups_shown(report, attribute)
    reference = report.references[attribute]
    method = (
        f"Mean over runs with 95 % interval; compared with {reference_words(reference)}, corrected by Holm."
    )
    question = f"Who is worse off, by {mid_sentence(title)}?"
    if not shown or not metrics:
        return Exhibit(name, question, method, "No group is large enough to be shown.")
    rows = []
    for group in shown:
        found = [level_of(report, metric, attribute, group) for metric in metrics]
        n = next((level.n for level in found if level is not None), 0)
        cells = []
        for metric, level in zip(metrics, found, strict=True):
            symbol = report.titles[metric][1]
            gap = gap_of(report, metric, attribute, group)
            below = (
                figure(gap.difference, symbol, sign=True) + f", {p_text(gap.p_value)}"
                if gap is not None
                else ""
            )
            tag = "differs" if gap is not None and gap.stands else ""
            cells.append(
                Cell(level_words(report, level), below, tag) if level is not None else Cell("hidden")
            )
        rows.append(
            row(Cell(f"{group} (reference)" if group == reference else group, f"{n} at risk"), *cells)
        )
    return Exhibit(
        name,
        question,
        method,
        _worst_said(report, attribute, metrics),
        panels=tuple(
            _panel(report, metric, attribute, name)
            for metric in metrics
            if any((level.metric, level.attribute) == (metric, attribute) for level in report.levels)
        ),
        table=Table(
            "Mean and 95 % interval; below it the difference",
            ("Group", *(report.titles[m][0] for m in metrics)),
            tuple(rows),
        ),
    )


def _panel(report: FairnessReport, metric: str, attribute: str, name: str) -> Panel:
    title, symbol, _ = report.titles[metric]
    scale = unit(symbol)
    levels = [
        level
        for group in groups_shown(report, attribute)
        if (level := level_of(report, metric, attribute, group)) is not None
    ]
    rows = [DotRow(level.group, ((0, _drawn(level.estimate).times(scale.factor)),)) for level in levels]
    said = ", ".join(f"{level.group} {figure(level.estimate, symbol)}" for level in levels)
    drawing = Drawing(dot_figure(rows, f"{scale.axis}, from 0"), f"{title}: {said}")
    return Panel(title, inline_svg(drawing, f"{name}-{metric}"))


def _worst_said(report: FairnessReport, attribute: str, metrics: tuple[str, ...]) -> str:
    lines = []
    for spread in report.spreads:
        if spread.attribute != attribute or spread.metric not in metrics:
            continue
        title, symbol, _ = report.titles[spread.metric]
        again = (
            f" (again in {100 * spread.worst_again:.0f} % of resamples)"
            if spread.worst_again is not None
            else ""
        )
        worst = f"worst off is {spread.worst}{again}" if spread.worst else "all groups are alike"
        lines.append(
            f"{title}: {worst}; largest less smallest {figure(spread.largest_gap, symbol, sign=True)}; "
            f"a gap beyond chance within hospital and acuity: {p_text(spread.permutation.p_value)}."
        )
    test = report.waits_test[attribute]
    lines.append(
        f"Waits differ (log-rank, clustered by run): {p_text(test.p_value)}{f', {test.why}' if test.why else ''}."
    )
    return "\n".join(lines)


def _spread_exhibit(report: FairnessReport) -> Exhibit | None:
    rows = [
        row(
            Cell(report.titles[s.metric][0], attribute_words(report.scenario, s.attribute)),
            figure(s.largest_gap, report.titles[s.metric][1], sign=True),
            figure(s.min_max),
            figure(s.entropy),
            figure(s.ggf, report.titles[s.metric][1]),
            p_text(s.permutation.p_value),
            p_text(s.ranks.p_value),
        )
        for s in report.spreads
    ]
    if not rows:
        return None
    columns = (
        "Outcome",
        "Largest less smallest",
        "Smallest / largest",
        "Entropy",
        "GGF",
        "Permutation",
        "Ranks",
    )
    return Exhibit(
        "spread",
        "How unequal are the groups?",
        "Bootstrap over runs: percentile where a rank or an extreme is chosen, else BCa. Ranks: Friedman over runs.",
        "A gap between the largest and the smallest is always above 0: read the permutation test beside it.",
        table=Table("All outcomes and attributes", columns, tuple(rows)),
    )


def _tested(report: FairnessReport, attribute: str) -> list[GapTests]:
    return [one for one in report.gap_tests if one.attribute == attribute]


def _tests(report: FairnessReport, attribute: str) -> Exhibit:
    rows = []
    for one in _tested(report, attribute):
        first, *others = tested_row(report, one)
        rows.append(row(Cell(first, report.titles[one.metric][0]), *others))
    said = [
        f"{report.titles[one.metric][0]}, {together_words(report, one)}."
        for one in report.group_tests
        if one.attribute == attribute
    ]
    title = attribute_words(report.scenario, attribute)
    return Exhibit(
        "tests-" + attribute.replace("*", "-and-").replace(" ", "-"),
        f"Every test, by {mid_sentence(title)}",
        HOW_TESTED,
        "\n".join(said),
        table=words("Tests", TESTED, rows),
    )


def _deaths(report: FairnessReport) -> Exhibit:
    rows = [
        row(
            Cell(m.group, attribute_words(report.scenario, m.attribute)),
            f"{m.deaths} of {m.n}",
            figure(m.crude, "share"),
            Cell(
                figure(m.direct, "share") if m.direct.known else m.direct.why,
                f"of {100 * m.support:.0f} % of everybody's mix" if m.support < 1 else "",
            ),
            figure(m.o_over_e) if m.o_over_e.known else m.o_over_e.why,
            figure(m.mantel_haenszel) if m.mantel_haenszel.bounded else m.mantel_haenszel.why,
        )
        for m in report.mortality
    ]
    return Exhibit(
        "mortality",
        "Do more die than their illness explains?",
        "Deaths by acuity and class, weighted for those who could not be followed; bootstrap over runs (BCa).",
        "Crude shares mix illness with care. Standardised, every group has everybody's mix of cases.",
        table=Table(
            "Deaths",
            ("Group", "Deaths", "Crude", "Standardised", "O/E", "Risk ratio (Mantel-Haenszel)"),
            tuple(rows),
        ),
    )


def _decisions(report: FairnessReport) -> Exhibit:
    rows = [
        row(
            attribute_words(report.scenario, d.attribute),
            figure(d.parity_difference, "share", sign=True),
            figure(d.parity_ratio),
            figure(d.odds_difference, "share", sign=True)
            if d.odds_difference.known
            else d.odds_difference.why,
        )
        for d in report.decisions
    ]
    should = next((d.should for d in report.decisions if d.should), "")
    return Exhibit(
        "parity",
        "Is treatment in time given alike?",
        "Treated within the target, seen by the horizon; the largest less the smallest share between groups, which is "
        "above 0 even by chance.",
        f"Should be treated in time, as declared: {should}."
        if should
        else "Who should be treated is not declared.",
        table=Table("Yes-or-no", ("By", "Parity difference", "Parity ratio", "Odds difference"), tuple(rows)),
    )


def _heads(report: FairnessReport) -> Exhibit:
    rows = [
        row(
            Cell(
                h.group if h.attribute else "everybody",
                f"{attribute_words(report.scenario, h.attribute)}, {h.people} people"
                if h.attribute
                else f"{h.people} people",
            ),
            *(figure(e) if e.known else "hidden" for e in (h.came, h.treated, h.died)),
        )
        for h in report.per_head
    ]
    return Exhibit(
        "per-head",
        "And per head of population?",
        "Per 1000 people of the group in the catchment, in the whole observation.",
        "Who never comes is invisible in figures per patient.",
        table=Table("Per 1000 people", ("Group", "Came", "Treated", "Died"), tuple(rows)),
    )


def _tried(report: FairnessReport) -> Exhibit:
    found = report.recommendation
    assert found is not None
    title, symbol, _ = report.titles[found.metric]
    rows = [
        row(
            one.lever,
            Cell(figure(one.gap, symbol, sign=True), "" if one.p_value is None else p_text(one.p_value)),
            figure(one.worst, symbol, sign=True),
            figure(one.everybody, symbol, sign=True),
        )
        for one in found.tried
    ]
    who = attribute_words(report.scenario, found.attribute)
    return Exhibit(
        "levers",
        f"What narrows the gap in {title.lower()}?",
        f"Each lever simulated on the same patients; the gap is between {found.group} and "
        f"{reference_words(found.reference)} ({who}). p values corrected by Holm for the levers.",
        "Only what was simulated is listed, best first. Below 0 the gap is narrower.",
        table=Table(
            "Levers",
            ("Lever", "Change of the gap", f"Change for {found.group}", "For everybody"),
            tuple(rows),
        ),
    )


def _drawn(estimate: Estimated) -> Estimate:
    return Estimate(estimate.value, estimate.low, estimate.high)
