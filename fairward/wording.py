"""An answer as text for a terminal: the sentence, the table, the groups, what is not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

from policies.answer import Answer
from policies.sentence import (
    FEWEST,
    Estimate,
    aligned,
    attribute_title,
    by_group,
    estimates,
    everybody,
    headline_metric,
    shown,
)
from sim.outcomes import METRICS

HEADLINES = (
    "untreated_hours", "wait_hours_served", "within_target", "left_share", "died_share", "cancelled_share",
    "diverted_share", "length_of_stay_hours", "transfers_per_patient", "throughput_per_day", "coverage", "days_to_dose",
    "ineligible_share", "waste_share", "understaffed_hours",
)  # fmt: skip
"""Metrics of the table for everybody; those that are 0 in every run are left out."""


FIRST_ATTRIBUTES = 2
"""Attributes with a table of their own unless all are asked for."""


BY_PART = ("step_wait_hours", "utilisation")
"""Metrics with a table by step or pool."""


MOST_PARTS = 15
"""Rows of such a table."""


WIDEST = 125
"""Characters in a line of a table."""


def answer_text(answer: Answer, all_groups: bool = False) -> str:
    """Return the answer for people: by acuity and by the scenario's first attribute, or by all."""
    scenario = answer.scenario
    blocks = [f"{scenario.title or scenario.name}" + (f": {scenario.question}" if scenario.question else "")]
    blocks.append(_capital(answer.sentence).replace("]. ", "].\n").replace("looked at). ", "looked at).\n"))
    blocks.append(_table(answer, "Everybody", list(_overall_rows(answer))))
    groups = dict(_group_blocks(answer))
    kept = len(groups) if all_groups else FIRST_ATTRIBUTES
    blocks += list(groups.values())[:kept]
    if more := list(groups)[kept:]:
        blocks.append(f"Not shown here: by {', '.join(more)}. See the report, or use --all-groups.")
    blocks += _flow_blocks(answer)
    blocks.append("\n".join(f"- {note}" for note in answer.notes))
    return "\n\n".join(blocks)


def _table(answer: Answer, title: str, rows: list[list[str]]) -> str:
    """Levels with the differences beside them, or below them where that would be too wide."""
    reference, n = answer.policies[0], len(answer.policies)
    changes = [f"{policy} less {reference}" for policy in answer.policies[1:]]
    whole = aligned([title, *answer.policies, *changes], rows)
    if max(map(len, whole.splitlines())) <= WIDEST:
        return whole
    levels = aligned([title, *answer.policies], [row[: n + 1] for row in rows])
    below = aligned([f"Less {reference}", *answer.policies[1:]], [[row[0], *row[n + 1 :]] for row in rows])
    return f"{levels}\n\n{below}"


def _overall_rows(answer: Answer) -> Iterator[list[str]]:
    for metric in HEADLINES:
        levels = [everybody(answer.summaries[policy], metric) for policy in answer.policies]
        if not any(isfinite(level.value) for level in levels) or all(level.value == 0 for level in levels):
            continue
        changes = [everybody(answer.differences[policy], metric) for policy in answer.policies[1:]]
        yield [METRICS[metric].title, *_cells(levels, changes, metric)]


def _group_blocks(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield the title of an attribute and its table."""
    metric = headline_metric(answer.scenario, answer.summaries[answer.policies[0]])
    levels = [by_group(answer.scenario, answer.summaries[policy], metric) for policy in answer.policies]
    changes = [
        by_group(answer.scenario, answer.differences[policy], metric) for policy in answer.policies[1:]
    ]
    groups = list(dict.fromkeys((e.attribute, e.group) for level in levels for e in level))
    for attribute in dict.fromkeys(attribute for attribute, _ in groups):
        rows, n_hidden = [], 0
        for group in (g for g in groups if g[0] == attribute):
            found = [_find(level, group) for level in levels]
            if min(e.n for e in found) < FEWEST:
                n_hidden += 1
                continue
            rows.append(
                [f"  {group[1]}", *_cells(found, [_find(change, group) for change in changes], metric)]
            )
        if len(rows) < 2 and not n_hidden:
            continue
        title = attribute_title(answer.scenario, attribute)
        if n_hidden:
            rows.append(
                [f"  ({n_hidden} hidden, under {FEWEST} patients a run)", *[""] * (2 * len(levels) - 1)]
            )
        yield title, _table(answer, f"{METRICS[metric].title} by {title}", rows)


def _flow_blocks(answer: Answer) -> Iterator[str]:
    """Yield the wait of each step and the utilisation of each pool, where one policy has steps to tell apart."""
    several = any(len(pathway.steps) > 1 for pathway in answer.scenario.pathways.values())
    if not several:
        return
    if len(answer.policies) > 1:
        yield "Waits by step and utilisation by pool are in the report and in answer.json."
        return
    for metric in BY_PART:
        found = [e for e in estimates(answer.summaries[answer.policies[0]], metric) if isfinite(e.value)]
        rows = [[f"  {e.group}", shown(e, metric)] for e in found[:MOST_PARTS]]
        if more := len(found) - MOST_PARTS:
            rows += [[f"  ({more} more in answer.json)", ""]] if more > 0 else []
        if rows:
            yield aligned([METRICS[metric].title, answer.policies[0]], rows)


def _find(found: Sequence[Estimate], group: tuple[str, str]) -> Estimate:
    nan = float("nan")
    missing = Estimate(*group, nan, nan, nan, 0.0)
    return next((e for e in found if (e.attribute, e.group) == group), missing)


def _cells(levels: Sequence[Estimate], changes: Sequence[Estimate], metric: str) -> list[str]:
    cells = [shown(level, metric) for level in levels]
    for change in changes:
        unclear = change.bounded and not change.clear and (change.low, change.high) != (0.0, 0.0)
        cells.append(shown(change, metric, sign=True) + (" no clear change" if unclear else ""))
    return cells


def _capital(sentence: str) -> str:
    """A first capital, unless the sentence begins with the name of a policy."""
    first = sentence.split(" ", 1)[0]
    return sentence[:1].upper() + sentence[1:] if first in ("under", "no") else sentence
