"""Tables of a study: who reaches the goal, what holds in shifts, what was fixed, what it took and what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from policies.audit.wording import figure
from policies.evaluation.blocks import efficiency, verdict
from policies.evaluation.comparing import scaled
from policies.study.kept import Kept
from policies.study.results import SMALLER, Goal, Judged, goals, pays_most
from policies.told import Block


def goal_block(found: Sequence[Goal], rival: str, case: Judged) -> Block | None:
    """Return how far every learner gets; None without learners."""
    if not found:
        return None
    rows = [
        (
            goal.label,
            figure(scaled(goal.smaller, 100), "%"),
            "yes" if goal.gap_closes else "not shown",
            "yes" if goal.worst_better else "not shown",
            _paying(goal.pays_most),
            "yes" if goal.efficient else "not shown",
            "reached" if goal.reached else "not reached",
        )
        for goal in found
    ]
    meaning = "" if case.rule == rival else f" ({case.rule})"
    margin, part = f"{100 * case.margin:g} %", f"{100 * SMALLER:.0f} %"
    return Block(
        "goal", f"Does learning beat {rival}?",
        f"{rival}{meaning} had the smallest gap on the tuning seed among rules within {margin} of the cheapest. "
        f"The goal, fixed before: a mean gap at least {part} smaller and clearly smaller (not: clearly by {part}), the "
        f"worst off better off, no group more than {margin} worse (upper bound), efficiency kept within {margin}.",
        ("learner", "gap smaller by", "clearly smaller", "worst off better", "who may pay most", "efficiency", "goal"),
        tuple(rows),
    )  # fmt: skip


def _paying(most: tuple[str, float]) -> str:
    group, part = most
    return f"{group}: at most {100 * part:+.1f} %" if isfinite(part) else f"{group}: who did not wait before"


def rivals_block(case: Judged) -> Block | None:
    """Return how far learners would get against every other rule; None without learners or other rules."""
    rules = [one for one in case.entries if one.entry.label not in (*case.learned, case.rival.entry.label)]
    if not case.learned or not rules:
        return None
    rows = []
    for rule in rules:
        found = goals(replace(case, rival=rule))
        nearest = min(found, key=lambda goal: len(goal.missing))
        reached = sum(goal.reached for goal in found)
        short = ", ".join(nearest.missing) or "nothing"
        rows.append((rule.entry.label, f"{reached} of {len(found)}", nearest.label, short))
    return Block(
        "rivals", "What if another rule were the one to beat?",
        "Looked at afterwards and no part of the verdict: the goal against every other rule, each with Holm's "
        "correction of its own; how many learners reach it, which shows most of it, and what that one does not show.",
        ("rule", "learners with the goal", "shows most", "does not show"), tuple(rows),
    )  # fmt: skip


def shifts_block(cases: Sequence[Judged], rival: str) -> Block:
    """Return what holds in held-out shifts."""
    rows = []
    for case in cases:
        for change in case.changes:
            rows.append(
                (
                    case.case, change.entry.label, figure(change.gap.difference, "h", sign=True),
                    verdict(change.gap, "smaller", "larger"),
                    figure(scaled(change.cost_part, 100), "per cent", sign=True),
                    efficiency(change), _paying(pays_most(case, change)),
                )
            )  # fmt: skip
    return Block(
        "shifts", f"What holds where nobody was trained or tuned, against {rival}?",
        "Held-out shifts, each with its own paired runs and Holm's correction of its own; the pair of groups and the "
        "rival are those fixed on the tuning seed of the unshifted scenario.",
        ("shift", "policy", "gap", "reading", "cost", "efficiency", "who may pay most"), tuple(rows),
    )  # fmt: skip


def tuning_block(kept: Kept) -> Block:
    """Return what was fixed on the tuning seed."""
    content = kept.manifest
    chosen = {policy: label for label, policy in content["tuned"].items()}
    rows = []
    for policy, (cost, gap) in content["levels"].items():
        role = "rule to beat" if policy == content["rival"] or chosen.get(policy) == content["rival"] else ""
        if policy in chosen:
            role = ", ".join(part for part in (f"chosen as {chosen[policy]}", role) if part)
        decisions = content["runs"][policy] * content["decisions_per_run"]
        rows.append(
            (policy, str(content["runs"][policy]), f"{decisions:.0f}", f"{cost:.2f}", f"{gap:+.2f}", role)
        )
    return Block(
        f"{kept.scenario}-tuning", f"{kept.scenario}: what was fixed on the tuning seed?",
        f"Seed {content['seed']}, groups by {content['attribute']}, gap of {content['pair'][0]} less "
        f"{content['pair'][1]}; written down before anything was judged. Means, h a patient.{_limit(content)}",
        ("policy", "runs", "decisions", "cost", "gap", "role"), tuple(rows),
    )  # fmt: skip


def _limit(content: Mapping[str, Any]) -> str:
    """Say what was compared, where one limit held for all choices."""
    if "alike" not in content:
        return ""
    cheapest = min(content["alike"], key=lambda policy: float(content["alike"][policy][0]))
    return (
        f" One limit held for all choices, above the cheapest of all that was tried ({cheapest}); who has played fewer "
        "runs was compared as if they had played the most."
    )


def compute_block(kept: Sequence[Kept]) -> Block:
    """Return the wall time of every kind of part, and the machines."""
    seconds: dict[tuple[str, str], list[float]] = {}
    for one in kept:
        if one.kind != "failed":
            what = str(one.manifest.get("label", one.manifest.get("case", "")))
            seconds.setdefault((one.scenario, f"{one.kind} {what}".strip()), []).append(
                float(one.manifest["wall_seconds"])
            )
    rows = [
        (name, what, str(len(values)), f"{sum(values):.0f} s") for (name, what), values in seconds.items()
    ]
    total = sum(sum(values) for values in seconds.values())
    machines = {tuple(map(str, one.manifest["machine"].values())) for one in kept if one.kind != "failed"}
    on = "; ".join(f"{cores} cores ({processor}, {system})" for system, processor, cores in sorted(machines))
    return Block(
        "compute", "What did it take?",
        f"Wall seconds of the parts as they ran, other work on the machine included: {total:.0f} s in all, as many at "
        f"a time as there were processes, on {on}.",
        ("scenario", "part", "times", "together"), tuple(rows),
    )  # fmt: skip


def failed_block(kept: Sequence[Kept]) -> Block | None:
    """Return what was left out, and why; None where nothing was."""
    rows = [
        (
            one.scenario,
            ", ".join([str(one.manifest["label"]), *one.manifest["detail"]]),
            str(one.manifest["why"]),
        )
        for one in kept
        if one.kind == "failed"
    ]
    if not rows:
        return None
    return Block(
        "failed", "What was tried and failed?", "Left out of the tables above, with the reason.",
        ("scenario", "what", "why"), tuple((a, b, " ".join(c.split())) for a, b, c in rows),
    )  # fmt: skip
