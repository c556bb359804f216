"""The results page of a study: who wins, scenario by scenario, told from the manifests alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from policies.evaluation.blocks import (
    changes_block,
    efficiency_block,
    groups_block,
    levels_block,
    measure_block,
    seeds_block,
)
from policies.evaluation.curves import Curve, curves_block, curves_of
from policies.evaluation.fronts import front_blocks, front_of
from policies.evaluation.measures import COST, MORTALITY, UNTREATED
from policies.evaluation.seeds import simulation_seed
from policies.sentence import counted
from policies.study.beforehand import check_kept
from policies.study.explained import explained_block
from policies.study.kept import Kept
from policies.study.live import Followed, followed, live_block
from policies.study.profiles import Profile, profile_block, profiles_of
from policies.study.protocol import BASE, Protocol
from policies.study.results import Judged, goals, judged
from policies.study.tables import (
    compute_block,
    failed_block,
    goal_block,
    rivals_block,
    shifts_block,
    tuning_block,
)
from policies.told import Block, Told
from policies.tradeoffs.front import Front
from sim.evidence.crossed import crossed

ASKED = 2
"""Scenarios in which the goal is asked for."""


@dataclass(frozen=True)
class Page:
    """What is told, and what charts are drawn from; all by the names of their blocks."""

    told: Told
    fronts: Mapping[str, Front]
    curves: Mapping[str, Sequence[Curve]]
    profiles: Mapping[str, Sequence[Profile]]
    live: Followed | None
    """The block `live`."""
    learned: tuple[str, ...]
    """Labels of learners."""


def tell_study(protocol: Protocol, kept: Sequence[Kept]) -> Page:
    """Return the page of the parts that were kept; scenarios in the order of the protocol.

    Raises `UsageError` if seeds of two purposes meet, or something was judged otherwise than was fixed.
    """
    check_kept(kept)
    seed = simulation_seed("evaluation", protocol.evaluation.seed)
    cases = {
        name: sorted(
            (
                judged(one, protocol.labels)
                for one in kept
                if one.kind == "evaluation" and one.scenario == name
            ),
            key=lambda case: protocol.cases(name).index(case.case),
        )
        for name in protocol.scenarios
    }
    whole = {name: found for name, found in cases.items() if found and found[0].case == BASE}
    fronts = {_key(name, "front"): front_of(found[0].entries, seed) for name, found in whole.items()}
    curves = {_key(name, "curves"): curves_of(_histories(kept, name)) for name in protocol.scenarios}
    everything = [case for found in whole.values() for case in found]
    profiles = {
        name: profiles_of(everything, seed, worst)
        for name, worst in (("profile", False), ("profile-worst", True))
        if everything
    }
    live = followed(kept)
    blocks = [
        block
        for name, found in whole.items()
        for block in _scenario(name, found, fronts[_key(name, "front")], kept, protocol.labels)
    ]
    blocks += [
        _of(name, block)
        for name in protocol.scenarios
        if (block := curves_block(curves[_key(name, "curves")]))
    ]
    blocks += [profile_block(found, len(everything), name != "profile") for name, found in profiles.items()]
    blocks += [] if live is None else [live_block(live)]
    blocks += [tuning_block(one) for one in kept if one.kind == "tuning"]
    blocks += [compute_block(kept)]
    blocks += [failed] if (failed := failed_block(kept)) else []
    told = Told(
        title=protocol.title,
        question=protocol.question,
        sentence=" ".join(_sentences(protocol, whole)),
        facts=tuple(_facts(protocol, kept, whole)),
        blocks=tuple(blocks),
        notes=tuple(_notes(protocol, whole)),
    )
    return Page(told, fronts, curves, profiles, live, tuple(protocol.learned))


def _histories(kept: Sequence[Kept], name: str) -> dict[str, list[pd.DataFrame]]:
    found: dict[str, list[pd.DataFrame]] = {}
    for one in kept:
        if one.kind == "training" and one.scenario == name:
            found.setdefault(str(one.manifest["label"]), []).append(one.history())
    return found


def _sentences(protocol: Protocol, whole: Mapping[str, Sequence[Judged]]) -> Iterator[str]:
    """The verdict on the goal, then who wins in every scenario; first of all what is not finished."""
    if undone := _unfinished(protocol, whole):
        yield f"This study is not finished: {'; '.join(undone)}."
    with_learners = {name: goals(found[0]) for name, found in whole.items() if found[0].learned}
    if with_learners:
        reached = [name for name, found in with_learners.items() if any(goal.reached for goal in found)]
        done = "The goal is reached" if len(reached) >= ASKED else "The goal is not reached"
        asked = f"it asks for {ASKED} scenarios, and a learner does all of it in"
        if reached and len(protocol.scenarios) < ASKED:
            n_scenarios = counted(len(protocol.scenarios), "scenario")
            done = f"The goal is not reached by this study alone, which has {n_scenarios}"
        yield f"{done}: {asked} {len(reached)} of {len(with_learners)}{': ' if reached else ''}{', '.join(reached)}."
    for name, found in whole.items():
        yield _verdict(name, found[0])


def _unfinished(protocol: Protocol, whole: Mapping[str, Sequence[Judged]]) -> list[str]:
    done = {name: {case.case for case in found} for name, found in whole.items()}
    missing = [name for name in protocol.scenarios if name not in done]
    return missing + [
        f"{name}, {case}" for name in done for case in protocol.cases(name) if case not in done[name]
    ]


def _verdict(name: str, case: Judged) -> str:
    """Who wins, plainly."""
    found = goals(case)
    rival = case.rival.entry.label
    if not found:
        return f"{name}: no learner was judged; the rule to beat is {rival}."
    reached = [goal for goal in found if goal.reached]
    if reached:
        best = max(reached, key=lambda goal: goal.smaller.value)
        return (
            f"{name}: learning wins. {best.label} has a gap {100 * best.smaller.value:.1f} % smaller than {rival}'s on "
            f"average, at no loss of efficiency; {len(reached)} of {len(found)} learners reach the whole goal."
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
    mean = {one.entry.label: crossed(one.of(COST.name)).mean for one in case.entries}
    parts.append(f"the least mean cost of all: {min(mean, key=lambda label: mean[label])}")
    return "; ".join(parts) + "."


def _cheaper_rules(case: Judged) -> str:
    mean = {one.entry.label: crossed(one.of(COST.name)).mean for one in case.entries}
    least = min(mean[label] for label in case.learned)
    return ", ".join(label for label in mean if mean[label] < least and label not in case.learned) or "none"


def _named(labels: Sequence[str]) -> str:
    return ", ".join(labels) if labels else "no learner"


def _scenario(
    name: str, found: Sequence[Judged], front: Front, kept: Sequence[Kept], labels: Mapping[str, str]
) -> Iterator[Block]:
    base, label = found[0], found[0].rival.entry.label
    compared = base.changes
    if goal := goal_block(goals(base), label, base):
        yield _of(name, goal)
    if rivals := rivals_block(base):
        yield _of(name, rivals)
    yield _of(name, levels_block(base.entries, base.pair))
    yield _of(name, changes_block(compared, label, base.pair))
    yield _of(name, efficiency_block(compared, label, base.margin))
    yield _of(name, groups_block(compared, base.groups.names, label))
    yield _of(name, measure_block(base.entries, UNTREATED))
    yield _of(name, measure_block(base.entries, MORTALITY))
    for block in front_blocks(front):
        yield _of(name, block)
    if seeds := seeds_block(base.entries, base.pair, int(base.kept.manifest["seed"])):
        yield _of(name, seeds)
    if len(found) > 1:
        yield _of(name, shifts_block(found[1:], label))
    explained = [one for one in kept if one.kind == "explanation" and one.scenario == name]
    if why := explained_block(explained, labels):
        yield _of(name, why)


def _of(name: str, block: Block) -> Block:
    return replace(block, name=_key(name, block.name), title=f"{name}: {block.title}")


def _key(scenario: str, block: str) -> str:
    """Return a name for a block that a file and a link can have, whatever its scenario is called.

    >>> _key("rural +30 %", "front")
    'rural-30-front'
    """
    return f"{re.sub(r'[^A-Za-z0-9.]+', '-', scenario).strip('-')}-{block}"


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
    for name, found in whole.items():
        if found[0].groups.left_out:
            yield f"{name}: groups with too few patients are left out: {', '.join(found[0].groups.left_out)}."
        if protocol.scenarios[name].changes:
            yield f"{name} was changed before freezing: {'; '.join(protocol.scenarios[name].changes)}."
    yield from (f"{label} stands for {written}." for label, written in protocol.names.items())
    yield from protocol.limits
    yield from protocol.findings
    written = {rule for name in protocol.scenarios for rule in protocol.rules_in(name)}
    rules, learners = counted(len(written), "rule"), counted(len(protocol.learned), "learner")
    yield f"{rules} and {learners} were in the protocol."
