"""The audit in words: the sentence, the notes, and figures with their intervals."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from policies.audit.findings import FairnessReport, Gap, Level, Reversal, Spread
from policies.audit.results import Results
from policies.sentence import SHOWN_AS, attribute_title, counted, decimals
from scenarios.scenario import Scenario
from sim.evidence.estimated import Estimated
from sim.fairness.access import DaysToCoverage
from sim.fairness.by_group import OTHERS
from sim.fairness.disparity import BEST, OVERALL
from sim.fairness.suppression import Smallest


def figure(estimate: Estimated, unit: str = "", sign: bool = False) -> str:
    """Return `1.4 h [1.1, 1.7]`, shares in per cent, differences of shares in points; or that it is not known.

    >>> figure(Estimated(0.052, 0.04, 0.064), "share", sign=True)
    '+5.2 points [4.0, 6.4]'
    """
    if not estimate.known:
        return "not known"
    factor, shown = SHOWN_AS.get(unit, (1.0, unit))
    if sign and shown == "%":
        shown = "points"
    value, low, high = (x * factor for x in (estimate.value, estimate.low, estimate.high))
    places = decimals(value, low, high)
    plus = "+" if sign else ""
    text = f"{value:{plus}z.{places}f} {shown}".rstrip()
    return f"{text} [{low:z.{places}f}, {high:z.{places}f}]" if estimate.bounded else text


def p_text(p_value: float | None) -> str:
    """Return `p = 0.03`; an en dash where there is no test.

    >>> p_text(0.0004), p_text(0.0312), p_text(None)
    ('p < 0.001', 'p = 0.031', '–')
    """
    if p_value is None:
        return "–"
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def attribute_words(scenario: Scenario, attribute: str) -> str:
    """Return what an attribute or a crossing is called."""
    if not attribute:
        return "everybody"
    return " and ".join(attribute_title(scenario, part) for part in attribute.split("*"))


def reference_words(reference: str) -> str:
    """Return what the others are compared with."""
    return {OVERALL: "everybody", BEST: "the best-off"}.get(reference, reference)


def audit_sentence(report: FairnessReport, headline: str) -> str:
    """Return one sentence: the widest gap that stands in the headline outcome, or that none does; and the gates."""
    title, unit, better = report.titles[headline]
    title = title[:1].lower() + title[1:]
    said = [f"Under {report.policy} ({counted(report.n_runs, 'run')}, seed {report.seed})"]
    gaps = [gap for gap in report.gaps if gap.metric == headline]
    worse = [g for g in gaps if g.stands and (g.difference.value > 0) == (better == "lower")]
    if worse:
        widest = max(worse, key=lambda gap: abs(gap.difference.value))
        more = f"; {counted(len(worse) - 1, 'more group')} worse off too" if len(worse) > 1 else ""
        less = "waits longer" if headline == "untreated_hours" else "is worse off"
        said.append(
            f"{_group(report, widest)} {less} than {reference_words(widest.reference)}: {title} "
            f"{figure(widest.difference, unit, sign=True)}{more}"
        )
    elif not gaps:
        said.append("there are not two groups to compare")
    elif report.n_runs == 1:
        said.append("one run cannot tell a gap from chance")
    elif any(gap.reference == BEST for gap in gaps):
        said.append(_by_permutation([s for s in report.spreads if s.metric == headline], title))
    else:
        said.append(f"no group is clearly worse off in {title} (of {len(gaps)} compared)")
    turned = [one for one in report.reversals if one.metric == headline]
    if turned:
        largest = max(turned, key=lambda one: abs(one.adjusted.value))
        more = f" ({counted(len(turned) - 1, 'more group')} too)" if len(turned) > 1 else ""
        said.append(
            f"but within hospital and acuity {_group(report, largest)} less {reference_words(largest.reference)} is "
            f"{figure(largest.adjusted, unit, sign=True)}, which the figures over all patients do not show{more}"
        )
    breached = [gate for gate in report.gates if gate.fails]
    if report.gates:
        n = len(report.gates)
        said.append(
            f"{len(breached)} of {counted(n, 'gate')} {'fails' if len(breached) == 1 else 'fail'} "
            f"({', '.join(g.name for g in breached)})"
            if breached
            else f"none of {counted(n, 'gate')} fails"
            + (", some undecided" if any(g.verdict == "undecided" for g in report.gates) else "")
        )
    return f"{said[0]} {'; '.join(said[1:])}."


def notes_of(
    report: FairnessReport, results: Results, smallest: Smallest, with_people: bool
) -> Iterator[str]:
    """Yield what is not shown, what was assumed, and what to bear in mind."""
    yield "The patients are synthetic: nothing here is a finding about real people."
    if results.changed:
        yield (
            f"Changed since the run was made: {', '.join(results.changed)}. The audit is of the files as they are now."
        )
    if report.n_runs == 1:
        yield "One run has no interval and no test: nothing is decided."
    else:
        yield (
            f"Intervals are 95 % over {report.n_runs} runs, each by itself; patients of one run do not count as "
            "independent. Differences are corrected for their number by Holm, outcome by outcome."
        )
    if any(reference == OVERALL for reference in report.references.values()):
        yield "Where everybody is the reference, the group itself is part of it, so a large group lies nearer to it."
    if report.pooled:
        told = "; ".join(
            f"{attribute_words(report.scenario, a)}: {', '.join(g)}" for a, g in report.pooled.items()
        )
        yield (
            f"Pooled as {OTHERS}: {told}. Groups under {smallest.patients} patients in all or {smallest.a_run} a run, "
            f"and the next smallest where it takes them; the {OTHERS} need not be alike."
        )
    if report.withheld:
        yield (
            f"Not shown at all: {', '.join(report.titles[name][0].lower() for name in report.withheld)}. "
            "Only some patients count there, and how many would give a hidden group away."
        )
    hidden = [(a, groups) for a, groups in report.hidden.items() if groups]
    if hidden:
        told = "; ".join(f"{attribute_words(report.scenario, a)}: {', '.join(g)}" for a, g in hidden)
        yield (
            f"Not shown: {told}. Groups under {smallest.patients} patients in all or {smallest.a_run} a run are "
            "hidden, and others with them where they could be worked out by subtraction."
        )
    yield from _rare(report, smallest)
    if any(level.n_runs < report.n_runs for level in report.levels):
        yield "Some groups have nobody at risk in some runs; their figures are over the other runs."
    if any(level.metric.startswith(DaysToCoverage.prefix) for level in report.levels):
        yield (
            "A coverage that a run does not reach counts as reached on its last day, so the time to it is at least "
            "what is told."
        )
    if not with_people:
        yield "Per head of population by group: not shown, since the people of each group are not known (--people)."
    if report.decisions and not any(decision.should for decision in report.decisions):
        yield (
            "Equalised odds: not shown, since who should be treated in time is not declared (--should). Parity of "
            "treatment within the target is."
        )
    single = [a for a in report.attributes if not any(s.attribute == a for s in report.spreads)]
    if single:
        said = ", ".join(attribute_words(report.scenario, a) for a in single)
        yield f"Nothing to compare by {said}: fewer than two groups are shown."


def _rare(report: FairnessReport, smallest: Smallest) -> Iterator[str]:
    rare = [
        level
        for level in report.levels
        if not level.attribute and level.events is not None and level.events < smallest.events
    ]
    none = [report.titles[level.metric][0].lower() for level in rare if not level.events]
    few = [report.titles[level.metric][0].lower() for level in rare if level.events]
    if none:
        yield f"Not seen in any run, which does not prove that it never happens: {', '.join(none)}."
    if few:
        yield f"Not compared by group, fewer than {smallest.events} in all runs together: {', '.join(few)}."
    partly = sorted(
        {
            report.titles[metric][0].lower()
            for metric in {level.metric for level in report.levels if level.events is not None}
            if _has_gaps_in(report, metric) and metric not in {level.metric for level in rare}
        }
    )
    if partly:
        yield (
            f"Some groups are left out of {', '.join(partly)}: fewer than {smallest.events} cases, or they would give "
            "such a group away."
        )


def _has_gaps_in(report: FairnessReport, metric: str) -> bool:
    """Whether groups that are shown for another outcome are not for this one."""
    shown = {(level.attribute, level.group) for level in report.levels if level.metric == metric}
    return any((level.attribute, level.group) not in shown for level in report.levels)


def _group(report: FairnessReport, found: Gap | Level | Reversal) -> str:
    return f"{found.group} ({attribute_words(report.scenario, found.attribute)})"


def _by_permutation(spreads: list[Spread], title: str) -> str:
    p_values = [s.permutation.p_value for s in spreads if s.permutation.p_value is not None]
    least = min(p_values, default=1.0) * max(len(p_values), 1)
    if least <= 0.05 and isfinite(least):
        return f"groups differ in {title} ({p_text(least)} by permutation, Bonferroni)"
    return f"no clear gap in {title} ({p_text(min(least, 1.0))} by permutation, Bonferroni)"
