"""Tables of a study: who reaches the goal, what holds in shifts, what was fixed, what it took and what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from policies.audit.wording import figure
from policies.evaluation.blocks import verdict
from policies.evaluation.comparing import scaled
from policies.study.kept import Kept
from policies.study.results import SMALLER, Goal, Judged, goals
from policies.told import Block


def goal_block(found: Sequence[Goal], rival: str, case: Judged) -> Block | None:
    """Return how far every learner gets; None without learners."""
    if not found:
        return None
    rows = [
        (
            goal.label,
            f"{100 * goal.smaller:.0f} %",
            "yes" if goal.gap_closes else "not shown",
            "yes" if goal.worst_better else "not shown",
            f"{goal.pays_most[0]}: at most {100 * goal.pays_most[1]:+.1f} %"
            if isfinite(goal.pays_most[1])
            else f"{goal.pays_most[0]}: who did not wait before",
            "yes" if goal.efficient else "not shown",
            "reached" if goal.reached else "not reached",
        )
        for goal in found
    ]
    margin = f"{100 * case.margin:g} %"
    return Block(
        "goal", f"Does learning beat {rival}?",
        f"{rival} had the smallest gap on the tuning seed among rules within {margin} of the cheapest. The goal, fixed "
        f"before: a gap at least {100 * SMALLER:.0f} % smaller and clearly so, the worst off better off, no group more "
        f"than {margin} worse (upper bound), efficiency kept within {margin}.",
        ("learner", "gap smaller by", "clearly", "worst off better", "who may pay most", "efficiency", "goal"),
        tuple(rows),
    )  # fmt: skip


def rivals_block(case: Judged) -> Block | None:
    """Return how far learners would get against every other rule; None without learners or other rules."""
    rules = [one for one in case.entries if one.entry.label not in (*case.learned, case.rival.entry.label)]
    if not case.learned or not rules:
        return None
    rows = []
    for rule in rules:
        found = goals(replace(case, rival=rule))
        nearest = min(found, key=lambda goal: len(_missing(goal)))
        reached = sum(not _missing(goal) for goal in found)
        short = ", ".join(_missing(nearest)) or "nothing"
        rows.append((rule.entry.label, f"{reached} of {len(found)}", nearest.label, short))
    return Block(
        "rivals", "What if another rule were the one to beat?",
        "Looked at afterwards and no part of the verdict: the goal against every other rule, each with Holm's "
        "correction of its own; how many learners reach it, which shows most of it, and what that one does not show.",
        ("rule", "learners with the goal", "shows most", "does not show"), tuple(rows),
    )  # fmt: skip


def _missing(goal: Goal) -> list[str]:
    """Return the parts of the goal that are not shown."""
    shown = (
        ("gap", goal.smaller >= SMALLER and goal.gap_closes),
        ("worst off", goal.worst_better),
        (f"{goal.pays_most[0]} pays", goal.pays_most[1] <= goal.margin),
        ("efficiency", goal.efficient),
    )
    return [part for part, whether in shown if not whether]


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
                    "not inferior" if change.efficient else "not shown",
                )
            )  # fmt: skip
    return Block(
        "shifts", f"What holds where nobody was trained or tuned, against {rival}?",
        "Held-out shifts, each with its own paired runs and Holm's correction of its own; the pair of groups and the "
        "rival are those fixed on the tuning seed of the unshifted scenario.",
        ("shift", "policy", "gap", "reading", "cost", "efficiency"), tuple(rows),
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
    """Return the wall time of every kind of part."""
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
    return Block(
        "compute", "What did it take?",
        f"Wall seconds of the parts as they ran, other work on the machine included: {total:.0f} s in all.",
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
