"""An evaluation in words, tables and JSON."""

from __future__ import annotations

from collections.abc import Sequence

from policies.audit.wording import figure
from policies.evaluation.blocks import (
    changes_block,
    efficiency_block,
    groups_block,
    levels_block,
    seeds_block,
)
from policies.evaluation.comparing import MARGIN, Change, changes, gap_level, level
from policies.evaluation.evaluating import Evaluation
from policies.evaluation.fronts import front_blocks
from policies.evaluation.measures import MEASURES
from policies.evaluation.seeds import simulation_seed
from policies.sentence import counted
from policies.told import Block, Told, plain
from policies.tradeoffs.front import Front
from policies.tradeoffs.telling import tell_front

SCHEMA = "fairward.evaluation/1"


def tell_evaluation(found: Evaluation, front: Front, curves: Block | None = None) -> Told:
    """Return all that is said; `curves`: the block of the learning curves where there are histories."""
    reference = found.measured[0]
    compared = changes(found.measured, reference, found.pair)
    label = reference.entry.label
    title = found.scenario.title or found.scenario.name
    on_front = front_blocks(front)
    seeds = seeds_block(found.measured, found.pair, simulation_seed("evaluation", found.seed))
    return Told(
        title=title,
        question=f"which policy is fairer by {found.groups.attribute}, and at what cost?",
        sentence=_sentence(found, compared),
        facts=(
            ("Data", "synthetic"), ("Policies", str(len(found.entries))), ("Paired runs", str(found.n_runs)),
            ("Evaluation seed", str(simulation_seed("evaluation", found.seed))),
            ("Tuning seed", str(simulation_seed("tuning", found.seed))),
        ),
        blocks=tuple(
            block
            for block in (
                levels_block(found.measured, found.pair),
                changes_block(compared, label, found.pair),
                efficiency_block(compared, label),
                groups_block(compared, found.groups.names, label),
                *on_front,
                seeds,
                curves,
            )
            if block is not None
        ),
        notes=tuple(_notes(found)),
        content=_content(found, compared, front),
    )  # fmt: skip


def _sentence(found: Evaluation, compared: Sequence[Change]) -> str:
    label = found.entries[0].label
    fairer = [c for c in compared if c.gap.stands and c.gap.difference.value < 0]
    both = [c for c in fairer if c.efficient]
    runs = (
        f"{counted(found.n_runs, 'paired run')}, against {label}, gap of {found.pair[0]} less {found.pair[1]}"
    )
    if both:
        best = min(both, key=lambda c: c.gap.difference.value)
        return (
            f"{best.entry.label} narrows the gap most among those that keep efficiency within {100 * MARGIN:g} %: by "
            f"{figure(best.gap.difference, 'h', sign=True)} of cost of delay ({runs}); {len(both)} of {len(compared)} "
            "policies do both."
        )
    if fairer:
        named = ", ".join(c.entry.label for c in fairer)
        return f"{named}: a narrower gap, but none keeps efficiency within {100 * MARGIN:g} % for certain ({runs})."
    return f"No policy narrows the gap for certain ({runs}; {len(compared)} compared)."


def _notes(found: Evaluation) -> list[str]:
    notes = [
        "The patients are synthetic: nothing here is a finding about real people.",
        f"Evaluation and tuning seeds are of other ranges than training seeds, so no policy has met these patients. "
        f"The pair of groups comes from {counted(found.n_tuning_runs, 'run')} of {found.entries[0].label} on the "
        "tuning seed.",
        "Intervals are 95 %, by t over runs; over training seeds x runs where an algorithm was trained with several "
        "(two-way random effects). One training seed says nothing about luck in training.",
        "A gap between groups of this model follows from the disparities written into its scenario.",
    ]
    if found.groups.left_out:
        notes.append(f"Groups with too few patients are left out: {', '.join(found.groups.left_out)}.")
    return notes


def _content(found: Evaluation, compared: Sequence[Change], front: Front) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "scenario": found.scenario.name,
        "attribute": found.groups.attribute,
        "groups": list(found.groups.names),
        "pair": list(found.pair),
        "seeds": {purpose: simulation_seed(purpose, found.seed) for purpose in ("tuning", "evaluation")},
        "runs": found.n_runs,
        "margin": MARGIN,
        "policies": [
            {
                "policy": one.entry.label,
                "members": list(one.entry.members),
                "levels": {
                    name: {
                        "everybody": plain(level(one, name)),
                        "gap": plain(gap_level(one, name, found.pair)),
                        "groups": {g: plain(level(one, name, g)) for g in found.groups.names},
                    }
                    for name in MEASURES
                },
            }
            for one in found.measured
        ],
        "changes": [change_json(change, found.groups.names) for change in compared],
        "front": tell_front(front, "", "").content,
    }


def change_json(change: Change, groups: Sequence[str]) -> dict[str, object]:
    """Return a change for JSON."""
    return {
        "policy": change.entry.label,
        "gap": {**plain(change.gap.difference), "p_holm": change.gap.corrected},
        "worst": {**plain(change.worst.difference), "p_holm": change.worst.corrected},
        "cost": plain(change.cost),
        "cost_part": plain(change.cost_part),
        "non_inferior": {"p_holm": change.not_worse.corrected, "shown": change.efficient},
        "groups": dict(zip(groups, map(plain, change.groups), strict=True)),
        "died": plain(change.died),
    }
