"""A counterfactual in words, tables and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from policies.audit.wording import figure
from policies.counterfactual.contributions import Contributions
from policies.counterfactual.effects import Effect, Effects
from policies.counterfactual.flip import Flip, descendants
from policies.counterfactual.worlds import OUTCOMES, Worlds, tau_of
from policies.sentence import attribute_title, counted
from policies.told import Block, Dot, Told, as_estimated, plain
from scenarios.scenario import Scenario
from sim.evidence.estimated import Estimated
from sim.inference import Interval
from sim.network import compile_network
from sim.outcomes import METRICS

SCHEMA = "fairward.counterfactual/1"
SYNTHETIC = (
    "The patients are synthetic: this is what follows from the model, and no finding about real people."
)


def tell_effects(
    scenario: Scenario, flip: Flip, effects: Effects, policy: str, seed: int, one_each: bool = False
) -> Told:
    """Return what a flip of everybody, or of one patient in each run, does."""
    who = f"one patient with {_value(scenario, flip, flip.was)} in each run" if one_each else (
        f"everybody with {_value(scenario, flip, flip.was)}"
    )  # fmt: skip
    change = effects.flipped.change["untreated_hours"]
    said = f"If {who} had {flip.instead} instead, with the same luck, their untreated time would "
    said += (
        _change_words(change) + f" ({counted(effects.n_runs, 'paired run')}, seed {seed}, policy {policy})"
    )
    said += f"; that of the others beside them: {_words(effects.others.change['untreated_hours'])}"
    if effects.gaps is not None:
        owed = as_estimated(effects.gaps.relative)
        said += (
            f"; owed to having {flip.was}, beside those with {flip.instead}: {figure(owed, 'h', sign=True)}"
        )
    said += "."
    if effects.n_same == effects.n_runs:
        said = (
            f"Nothing at all changes if {who} had {flip.instead}: every event is the same ({_runs(effects)})."
        )
    blocks = [_effect_block(effects, one_each)]
    if one_each:
        blocks.append(_total_block(effects))
    if effects.gaps is not None:
        blocks.append(_gap_block(scenario, flip, effects))
    known, _ = descendants(scenario, flip.attribute)
    return Told(
        title=scenario.title or scenario.name,
        question=f"what if {flip.attribute} {flip.was} were {flip.instead}?",
        sentence=said,
        facts=_facts(policy, effects.n_runs, seed),
        blocks=(*blocks, *_dependence_blocks(scenario, flip, effects.changed)),
        notes=(
            SYNTHETIC,
            f"All uniforms are kept: only what goes by {', '.join(known)} takes another quantile of the same uniform.",
            "Beds are shared, so a flip moves others too: what they gain or lose is shown apart from the flipped.",
            f"Untreated time is counted to {tau_of(compile_network(scenario)):g} h; {effects.n_unfollowed:.0f} "
            "patients a run are left out, who came too late to be followed so long.",
            _interval_note(effects.n_runs),
            f"Groups of fewer than 10 others a run are not shown; unchanged: {effects.n_same} of {_runs(effects)}.",
        ),
        content={
            "schema": SCHEMA, "scenario": scenario.name, "policy": policy, "seed": seed, "runs": effects.n_runs,
            "flip": [flip.attribute, flip.was, flip.instead], "one_each": one_each,
            "flipped": _plain_effect(effects.flipped), "others": _plain_effect(effects.others),
            "by_value": [_plain_effect(e) for e in effects.by_value],
            "own_sum": {k: plain(v) for k, v in effects.own.items()},
            "total_sum": {k: plain(v) for k, v in effects.total.items()},
            "gaps": None if effects.gaps is None else {
                "crude": plain(effects.gaps.crude), "adjusted": plain(effects.gaps.adjusted),
                "causal": plain(effects.gaps.causal), "relative": plain(effects.gaps.relative),
                "overlap": effects.gaps.overlap,
            },
            "unchanged_runs": effects.n_same, "changed": effects.changed, "drawn_anew": list(known),
        },
    )  # fmt: skip


def tell_one(scenario: Scenario, flip: Flip, worlds: Worlds, patient: int, policy: str, seed: int) -> Told:
    """Return what the flip of one patient does in one world: exact there, and without an interval."""
    assert worlds.one is not None
    before, after = worlds.one
    rows = [
        (
            name,
            _cell(before[name]),
            _cell(after[name]),
            "changed" if _cell(before[name]) != _cell(after[name]) else "",
        )
        for name in before
        if name not in ("patient", "source", "in_warm_up") and (_cell(before[name]) or _cell(after[name]))
    ]
    others = worlds.patients[~worlds.patients["flipped"]]
    change = others["untreated_hours_b"] - others["untreated_hours_a"]
    n_changed, hours = int((change != 0).sum()), float(change.sum())
    spill = (
        f"{n_changed} of {len(others)} others wait longer or shorter, {hours:+.2f} h in all; "
        f"deaths among them {_sum_change(others, 'died_share'):+.0f}, leavings {_sum_change(others, 'left_share'):+.0f}"
    )
    said = f"Patient {patient} of replication {worlds.replication} as {flip.instead} instead of {flip.was}: "
    said += "nothing at all changes." if worlds.same_log else f"{_own(before, after)}; {spill}."
    known, _ = descendants(scenario, flip.attribute)
    return Told(
        title=scenario.title or scenario.name,
        question=f"what if patient {patient} were {flip.instead}, not {flip.was}?",
        sentence=said,
        facts=_facts(policy, 1, seed),
        blocks=(
            Block(
                "patient", "What happens to the patient?", "The same patient and the same luck in both worlds.",
                ("", "as it is", "flipped", ""), tuple(rows),
            ),
            *_dependence_blocks(scenario, flip, {}),
        ),
        notes=(
            SYNTHETIC,
            f"This is exact in this one world (seed {seed}, replication {worlds.replication}) and has no interval: in "
            "another the same flip does something else. For an average with intervals: --one-each.",
            f"All uniforms are kept: only what goes by {', '.join(known)} takes another quantile of the same uniform.",
        ),
        content={
            "schema": SCHEMA, "scenario": scenario.name, "policy": policy, "seed": seed, "patient": patient,
            "replication": worlds.replication, "flip": [flip.attribute, flip.was, flip.instead],
            "before": {k: _json(v) for k, v in before.items()}, "after": {k: _json(v) for k, v in after.items()},
            "others": {"n": len(others), "n_changed": n_changed, "hours": hours}, "unchanged": worlds.same_log,
        },
    )  # fmt: skip


def tell_contributions(scenario: Scenario, found: Contributions, policy: str, seed: int) -> Told:
    """Return what each modelled disparity contributes."""
    factor, unit = found.objective.unit
    name = METRICS[found.objective.metric].unit
    rows = [
        (
            part.name,
            figure(Estimated(part.value, part.low, part.high), name, sign=True),
            _clear(part.low, part.high),
        )
        for part in found.parts
    ]
    rows += [
        ("sum: with all less without any", figure(as_estimated(found.difference), name, sign=True), ""),
        ("left without any of them", figure(as_estimated(found.nothing), name, sign=True), ""),
        ("as it is", figure(as_estimated(found.whole), name, sign=True), ""),
    ]
    how = (
        f"exactly over all {found.n_subsets} subsets"
        if found.n_orders is None
        else f"over {found.n_orders} drawn orders ({found.n_subsets} subsets)"
    )
    largest = max(found.parts, key=lambda part: abs(part.value))
    size = figure(Estimated(largest.value, largest.low, largest.high), name, sign=True)
    return Told(
        title=scenario.title or scenario.name,
        question=f"which modelled disparity makes {found.objective.title[:1].lower()}{found.objective.title[1:]}?",
        sentence=f"Of {figure(as_estimated(found.whole), name, sign=True)} the modelled disparities make "
        f"{figure(as_estimated(found.difference), name, sign=True)}, the largest part {largest.name} with {size}"
        f"{'' if _clear(largest.low, largest.high) == '' else ' (no clear part)'} "
        f"({counted(found.n_runs, 'paired run')} of each subset, seed {seed}, policy {policy}).",
        facts=_facts(policy, found.n_runs, seed),
        blocks=(
            Block(
                "contributions", "What does each disparity contribute?",
                f"Shapley averages {how} of {len(found.names)} disparities, under the same random numbers.",
                ("", "contribution", ""), tuple(rows),
                dots=tuple(
                    Dot(p.name, Estimated(p.value * factor, p.low * factor, p.high * factor)) for p in found.parts
                ),
                axis=f"contribution, {unit}",
            ),
        ),
        notes=(
            SYNTHETIC,
            "In every run the contributions sum to the gap with all disparities less that without any; what is left "
            "without any comes from who the groups are and where they live.",
            "Only the rows of `disparities` are switched off. Shares of attributes, pathways and hazards that go by a "
            "group stay as they are.",
            _interval_note(found.n_runs),
            *(["Left out as too small: " + ", ".join(found.left_out) + "."] if found.left_out else []),
        ),
        content={
            "schema": SCHEMA, "scenario": scenario.name, "policy": policy, "seed": seed, "runs": found.n_runs,
            "objective": found.objective.written, "subsets": found.n_subsets, "orders": found.n_orders,
            "contributions": {
                p.name: plain(Estimated(p.value, p.low, p.high)) for p in found.parts
            },
            "whole": plain(found.whole), "without": plain(found.nothing), "sum": plain(found.difference),
        },
    )  # fmt: skip


def _effect_block(effects: Effects, one_each: bool) -> Block:
    shown = [effects.flipped, effects.others, *([] if one_each else effects.by_value)]
    columns = ("", "patients a run", *(METRICS[name].title for name in OUTCOMES))
    rows = [
        (
            effect.who if i < 2 else f"  {effect.who}",
            f"{effect.n:.0f}",
            *(figure(as_estimated(effect.change[name]), METRICS[name].unit, sign=True) for name in OUTCOMES),
        )
        for i, effect in enumerate(shown)
    ]
    return Block(
        "effect", "What changes, and for whom?",
        "Flipped world less the world as it is, the same patients with the same luck: mean of the changes over runs.",
        columns, tuple(rows),
        dots=tuple(Dot(e.who, as_estimated(e.change["untreated_hours"]), int(i > 0)) for i, e in enumerate(shown)),
        axis="change of untreated time, hours",
    )  # fmt: skip


def _total_block(effects: Effects) -> Block:
    rows = [
        (
            title,
            figure(as_estimated(sums["untreated_hours"]), "h", sign=True),
            f"{sums['died_share'].mean:+.2f}",
            f"{sums['left_share'].mean:+.2f}",
        )
        for title, sums in (("the patient's own", effects.own), ("everybody's together", effects.total))
    ]
    return Block(
        "sums", "Own effect and spillover", "Sums over patients, by run; what the lines differ by falls on others.",
        ("", "untreated hours", "deaths", "leavings"), tuple(rows),
    )  # fmt: skip


def _gap_block(scenario: Scenario, flip: Flip, effects: Effects) -> Block:
    assert effects.gaps is not None
    gaps = effects.gaps
    lines = (
        ("crude: the groups as they are", gaps.crude),
        ("adjusted: hospital and acuity", gaps.adjusted),
        ("causal: the same people", as_estimated(gaps.causal)),
        (f"causal, beside those with {flip.instead}", as_estimated(gaps.relative)),
    )
    reverses = (
        gaps.crude.bounded and gaps.adjusted.bounded and gaps.crude.excludes(0) and gaps.adjusted.excludes(0)
        and (gaps.crude.value > 0) != (gaps.adjusted.value > 0)
    )  # fmt: skip
    said = (
        "The crude gap points the other way than the adjusted one (Simpson's paradox): do not read it as an effect."
        if reverses
        else ""
    )
    return Block(
        "gaps", f"Untreated time of {flip.was} less {flip.instead}, three ways",
        f"Adjusted by Mantel-Haenszel weights; {100 * gaps.overlap:.0f} % of both groups have counterparts. "
        "Adjusting removes where people come and how ill they are, so it also removes what the attribute does through "
        "them; the causal lines keep that: the same people as they are less as they would be, and, in the last, less "
        "the change of those who always had the other value, which takes off what the flip does by way of the beds.",
        ("", "gap"), tuple((name, figure(e, "h", sign=True)) for name, e in lines), said,
        dots=tuple(Dot(name, e, i) for i, (name, e) in enumerate(lines)), axis="gap, hours",
    )  # fmt: skip


def _dependence_blocks(scenario: Scenario, flip: Flip, changed: Mapping[str, float]) -> tuple[Block, ...]:
    known, places = descendants(scenario, flip.attribute)
    direct = [place for place in places if set(place.by) & {flip.attribute, *known} - {"acuity", "triage"}]
    more = len(places) - len(direct)
    rows = tuple((place.path, ", ".join(place.by)) for place in direct)
    if more:
        rows += ((f"and {more} places that go by acuity or triage", "acuity, triage"),)
    blocks = [
        Block(
            "dependence", f"What goes by {attribute_title(scenario, flip.attribute)}?",
            "Places of the scenario that take another quantile of the same uniform after the flip.",
            ("place", "by"), rows or (("nothing in the scenario", ""),),
        )
    ]  # fmt: skip
    if changed:
        blocks.append(
            Block(
                "changed", "What is drawn anew?", "Patients a run whose value changed, by column.",
                ("column", "patients a run"),
                tuple((name.replace("codes.", ""), f"{n:.1f}") for name, n in changed.items()),
            )
        )  # fmt: skip
    return tuple(blocks)


def _facts(policy: str, n_runs: int, seed: int) -> tuple[tuple[str, str], ...]:
    return ("Data", "synthetic"), ("Policy", policy), ("Paired runs", str(n_runs)), ("Seed", str(seed))


def _value(scenario: Scenario, flip: Flip, value: str) -> str:
    title = attribute_title(scenario, flip.attribute)
    return f"{title[:1].lower()}{title[1:]} {value}"


def _runs(effects: Effects) -> str:
    return counted(effects.n_runs, "run")


def _interval_note(n_runs: int) -> str:
    if n_runs == 1:
        return "One run has no interval. Use --reps 20 or more."
    return f"Intervals are 95 % over {n_runs} paired runs (t), each by itself and not corrected for their number."


def _clear(low: float, high: float) -> str:
    if low == high == 0:
        return "no part"
    return "no clear part" if isfinite(low) and low <= 0 <= high else ""


def _change_words(change: Interval) -> str:
    if not isfinite(change.low):
        return f"change by {figure(as_estimated(change), 'h', sign=True)}"
    if change.low <= 0 <= change.high:
        return f"not clearly change: {figure(as_estimated(change), 'h', sign=True)}"
    return f"{'rise' if change.mean > 0 else 'fall'} by {figure(_size(change), 'h')}"


def _size(change: Interval) -> Estimated:
    return as_estimated(change) if change.mean > 0 else Estimated(-change.mean, -change.high, -change.low)


def _words(change: Interval) -> str:
    text = figure(as_estimated(change), "h", sign=True)
    return f"{text}, no clear change" if isfinite(change.low) and change.low <= 0 <= change.high else text


def _own(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    waits = [_hours(one["presented"], one["treated"]) for one in (before, after)]
    ends = [str(one["outcome"]) for one in (before, after)]
    wait = (
        f"wait to treatment {waits[0]} becomes {waits[1]}"
        if waits[0] != waits[1]
        else f"the same wait ({waits[0]})"
    )
    end = f"{ends[0]} becomes {ends[1]}" if ends[0] != ends[1] else f"the same end ({ends[0]})"
    return f"{wait}, {end}"


def _hours(begin: object, end: object) -> str:
    wait = float(end) - float(begin)  # type: ignore[arg-type]
    return f"{wait:.2f} h" if isfinite(wait) else "never"


def _sum_change(frame: Any, name: str) -> float:
    return float((frame[f"{name}_b"] - frame[f"{name}_a"]).sum())


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if isfinite(value) else ""
    return str(value)


def _json(value: object) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, bool | int | str) or value is None:
        return value
    item = getattr(value, "item", None)
    return _json(item()) if item is not None else str(value)


def _plain_effect(effect: Effect) -> dict[str, Any]:
    return {
        "who": effect.who,
        "patients": effect.n,
        **{name: plain(found) for name, found in effect.change.items()},
    }
