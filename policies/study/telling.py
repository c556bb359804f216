"""The results page of a study: who wins, scenario by scenario, told from the manifests alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from policies.audit.wording import figure
from policies.evaluation.blocks import (
    changes_block,
    efficiency_block,
    groups_block,
    levels_block,
    seeds_block,
    verdict,
)
from policies.evaluation.comparing import scaled
from policies.evaluation.curves import Curve, curves_block, curves_of
from policies.evaluation.fronts import front_of
from policies.evaluation.measures import COST
from policies.evaluation.seeds import simulation_seed
from policies.sentence import counted
from policies.study.kept import Kept
from policies.study.profiles import profile_block
from policies.study.protocol import BASE, Protocol
from policies.study.results import SMALLER, Goal, Judged, goals, judged
from policies.told import Block, Told
from policies.tradeoffs.front import Front
from policies.tradeoffs.telling import tell_front
from sim.evidence.crossed import crossed


@dataclass(frozen=True)
class Page:
    """What is told, and what charts are drawn from."""

    told: Told
    fronts: Mapping[str, Front]
    """By the name of their block."""
    curves: Mapping[str, Sequence[Curve]]
    """By the name of their block."""


def tell_study(protocol: Protocol, kept: Sequence[Kept]) -> Page:
    """Return the page of the parts that were kept; scenarios in the order of the protocol."""
    cases = {
        name: sorted(
            (judged(one) for one in kept if one.kind == "evaluation" and one.scenario == name),
            key=lambda case: protocol.cases(name).index(case.case),
        )
        for name in protocol.scenarios
    }
    whole = {name: found for name, found in cases.items() if found and found[0].case == BASE}
    fronts = {
        f"{name}-front": front_of(found[0].entries, simulation_seed("evaluation", protocol.evaluation.seed))
        for name, found in whole.items()
    }
    curves = {f"{name}-curves": curves_of(_histories(kept, name)) for name in protocol.scenarios}
    blocks = [
        block for name, found in whole.items() for block in _scenario(name, found, fronts[f"{name}-front"])
    ]
    blocks += [
        _of(name, block) for name in protocol.scenarios if (block := curves_block(curves[f"{name}-curves"]))
    ]
    everything = [case for found in whole.values() for case in found]
    seed = simulation_seed("evaluation", protocol.evaluation.seed)
    blocks += [profile] if everything and (profile := profile_block(everything, seed)) else []
    blocks += [_tuning_block(one) for one in kept if one.kind == "tuning"]
    blocks += [_compute_block(kept)]
    blocks += [failed] if (failed := _failed_block(kept)) else []
    told = Told(
        title=protocol.title,
        question=protocol.question,
        sentence=" ".join(_verdict(name, found[0]) for name, found in whole.items()),
        facts=tuple(_facts(protocol, kept, whole)),
        blocks=tuple(blocks),
        notes=tuple(_notes(protocol, whole)),
    )
    return Page(told, fronts, curves)


def _histories(kept: Sequence[Kept], name: str) -> dict[str, list[pd.DataFrame]]:
    found: dict[str, list[pd.DataFrame]] = {}
    for one in kept:
        if one.kind == "training" and one.scenario == name:
            found.setdefault(str(one.manifest["label"]), []).append(one.history())
    return found


def _verdict(name: str, case: Judged) -> str:
    """Who wins, plainly."""
    found = goals(case)
    rival = case.rival.entry.label
    if not found:
        return f"{name}: no learner was judged; the rule to beat is {rival}."
    reached = [goal for goal in found if goal.reached]
    if reached:
        best = max(reached, key=lambda goal: goal.smaller)
        return (
            f"{name}: learning wins. {best.label} has a gap {100 * best.smaller:.0f} % smaller than {rival}, at no "
            f"loss of efficiency; {len(reached)} of {len(found)} learners reach the whole goal."
        )
    efficient = [goal.label for goal in found if goal.efficient]
    fairer = [goal.label for goal in found if goal.gap_closes]
    dearer = [c.entry.label for c in case.changes if c.entry.label in case.learned and c.cost.low > 0]
    cheaper = [c.entry.label for c in case.changes if c.entry.label in case.learned and c.cost.high < 0]
    parts = [f"{name}: the goal is not reached; {rival} stays the rule to beat"]
    parts.append(f"cost clearly below {rival}'s: {_named(cheaper)}; clearly above: {_named(dearer)}")
    parts.append(f"efficiency within {100 * case.margin:g} % shown: {_named(efficient)}")
    spared = [goal.label for goal in found if goal.pays_most[1] <= goal.margin]
    parts.append(
        f"a gap clearly smaller: {_named(fairer)}; of them without a group that pays: "
        f"{_named([label for label in fairer if label in spared])}"
    )
    parts.append(f"rules whose mean cost is below every learner's: {_cheaper_rules(case)}")
    return "; ".join(parts) + "."


def _cheaper_rules(case: Judged) -> str:
    mean = {one.entry.label: crossed(one.of(COST.name)).mean for one in case.entries}
    least = min(mean[label] for label in case.learned)
    return ", ".join(label for label in mean if mean[label] < least and label not in case.learned) or "none"


def _named(labels: Sequence[str]) -> str:
    return ", ".join(labels) if labels else "no learner"


def _scenario(name: str, found: Sequence[Judged], front: Front) -> Iterator[Block]:
    base, label = found[0], found[0].rival.entry.label
    compared = base.changes
    if goal := _goal_block(goals(base), label, base):
        yield _of(name, goal)
    yield _of(name, levels_block(base.entries, base.pair))
    yield _of(name, changes_block(compared, label, base.pair))
    yield _of(name, efficiency_block(compared, label))
    yield _of(name, groups_block(compared, base.groups.names, label))
    for block in tell_front(front, name, "").blocks:
        yield _of(name, block)
    if seeds := seeds_block(base.entries, base.pair, int(base.kept.manifest["seed"])):
        yield _of(name, seeds)
    if len(found) > 1:
        yield _of(name, _shifts_block(found[1:], label))


def _of(name: str, block: Block) -> Block:
    return replace(block, name=f"{name}-{block.name}", title=f"{name}: {block.title}")


def _goal_block(found: Sequence[Goal], rival: str, case: Judged) -> Block | None:
    if not found:
        return None
    rows = [
        (
            goal.label,
            f"{100 * goal.smaller:.0f} %",
            "yes" if goal.gap_closes else "not shown",
            "yes" if goal.worst_better else "not shown",
            f"{goal.pays_most[0]}: at most {100 * goal.pays_most[1]:+.1f} %",
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


def _shifts_block(cases: Sequence[Judged], rival: str) -> Block:
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


def _tuning_block(kept: Kept) -> Block:
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
        f"{content['pair'][1]}; written down before anything was judged. Means, h a patient.",
        ("policy", "runs", "decisions", "cost", "gap", "role"), tuple(rows),
    )  # fmt: skip


def _compute_block(kept: Sequence[Kept]) -> Block:
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


def _failed_block(kept: Sequence[Kept]) -> Block | None:
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


def _facts(
    protocol: Protocol, kept: Sequence[Kept], whole: Mapping[str, Sequence[Judged]]
) -> Iterator[tuple[str, str]]:
    yield "Data", "synthetic"
    yield "Protocol", protocol.fingerprint()[:12]
    yield "Scenarios", ", ".join(protocol.scenarios)
    yield (
        "Training seeds",
        str(protocol.training.seeds) if protocol.learned else "no learner in this protocol",
    )
    yield "Tuning seed", str(simulation_seed("tuning", protocol.tuning.seed))
    yield "Evaluation seed", str(simulation_seed("evaluation", protocol.evaluation.seed))
    runs = f"{protocol.evaluation.runs}"
    if any(len(found) > 1 for found in whole.values()):
        runs += f", {protocol.evaluation.shift_runs} of each shift"
    yield "Paired runs", runs
    yield "Source", ", ".join(sorted({str(one.manifest["source_hash"])[:12] for one in kept}))


def _notes(protocol: Protocol, whole: Mapping[str, Sequence[Judged]]) -> Iterator[str]:
    yield "The patients are synthetic: this is what follows from the models, and no finding about real people."
    yield (
        "Intervals are 95 %, by t over runs, over training seeds x runs for learners (two-way random effects); "
        "p values are corrected by Holm within each table of a case, not across scenarios."
    )
    missing = [name for name in protocol.scenarios if name not in whole]
    if missing:
        yield f"Not finished: {', '.join(missing)}."
    for name, found in whole.items():
        done = {case.case for case in found}
        if undone := [case for case in protocol.cases(name) if case not in done]:
            yield f"{name}: not finished: {', '.join(undone)}."
        if found[0].groups.left_out:
            yield f"{name}: groups with too few patients are left out: {', '.join(found[0].groups.left_out)}."
        if protocol.scenarios[name].changes:
            yield f"{name} was changed before freezing: {'; '.join(protocol.scenarios[name].changes)}."
    yield from protocol.limits
    yield from protocol.findings
    rules, learners = counted(len(protocol.policies), "rule"), counted(len(protocol.learned), "learner")
    yield f"{rules} and {learners} were in the protocol."
