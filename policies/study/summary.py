"""What published studies found, a line a scenario: for the README, made from their manifests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from policies.audit.wording import figure
from policies.evaluation.comparing import gap_level, level, scaled
from policies.evaluation.measures import COST
from policies.study.kept import MANIFESTS, Kept, read_kept
from policies.study.protocol import BASE, Protocol, read_protocol
from policies.study.results import Judged, goals, judged
from policies.study.winners import winners

COLUMNS = (
    "study, scenario", "paired runs, training seeds", "rule to beat: cost, gap", "least cost of all",
    "learner with the least cost", "its cost less the rule's", "its gap less the rule's", "learners with the goal",
)  # fmt: skip


def summary_table(results: Path) -> str:
    """Return a Markdown table of all studies in a folder: `NAME.yaml` beside `NAME/manifests`."""
    lines = [COLUMNS, tuple("---" for _ in COLUMNS)]
    for path in sorted(results.glob("*.yaml")):
        manifests = results / path.stem / MANIFESTS
        if manifests.is_dir():
            lines += _rows(read_protocol(path), read_kept(manifests))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _rows(protocol: Protocol, kept: Sequence[Kept]) -> Iterator[tuple[str, ...]]:
    bases = {one.scenario: one for one in kept if one.kind == "evaluation" and one.manifest["case"] == BASE}
    for name in protocol.scenarios:
        if name in bases:
            yield _row(protocol, name, judged(bases[name], protocol.labels))


def _row(protocol: Protocol, name: str, case: Judged) -> tuple[str, ...]:
    by_label = {one.entry.label: one for one in case.entries}
    best, learner = winners(case)[0], winners(case)[-1]
    label = case.rival.entry.label
    called = label if case.rule == label else f"{label} ({case.rule.split('+')[0]})"
    rule = f"{called}: {figure(level(case.rival, COST.name), 'h')}"
    gap = figure(gap_level(case.rival, COST.name, case.pair), "h", sign=True)
    least = best if best == label else f"{best}: {figure(level(by_label[best], COST.name), 'h')}"
    head = f"[{protocol.name}](docs/results/{protocol.name}/index.md), {name}"
    n_seeds = max((len(by_label[label].entry.members) for label in case.learned), default=0)
    runs = f"{case.kept.manifest['runs']}, {n_seeds}"
    if learner not in case.learned:
        return head, runs, f"{rule}, {gap}", least, "none was trained", "", "", ""
    change = next(one for one in case.changes if one.entry.label == learner)
    found = goals(case)
    return (
        head, runs, f"{rule}, {gap}", least, learner, figure(scaled(change.cost_part, 100), "per cent", sign=True),
        figure(change.gap.difference, "h", sign=True), f"{sum(goal.reached for goal in found)} of {len(found)}",
    )  # fmt: skip
