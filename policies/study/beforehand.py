"""What must be true before anything is told: seeds of different purposes never meet, and what was judged was fixed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from policies.evaluation.seeds import purpose_of, simulation_seed
from policies.learning.demand_change import LATER
from policies.study.kept import Kept
from policies.study.protocol import Protocol
from scenarios.errors import UsageError

FIXED = ("attribute", "groups", "left_out", "pair", "rival", "tuned")
"""What the evaluation takes over from the choice on the tuning seed."""

LIVE_TUNING, LIVE_JUDGED = 1_000, 2_000
"""Training seeds of the live lambda begin here: those that choose a fixed lambda, those on which all are judged."""


def live_seeds(protocol: Protocol) -> dict[str, range]:
    """Return the numbers of the training seeds of the live lambda, by what they are for."""
    if protocol.live is None:
        return {}
    return {
        "tuning": range(LIVE_TUNING + 1, LIVE_TUNING + 1 + protocol.live.tuning_seeds),
        "judged": range(LIVE_JUDGED + 1, LIVE_JUDGED + 1 + protocol.live.seeds),
    }


def seeds_of(protocol: Protocol) -> dict[str, list[int]]:
    """Return the seeds of the simulation by what they are for."""
    trained = range(1, protocol.training.seeds + 1) if protocol.learned else range(0)
    return {
        "training": [simulation_seed("training", seed) for seed in trained],
        "tuning": [simulation_seed("tuning", protocol.tuning.seed)],
        "evaluation": [simulation_seed("evaluation", protocol.evaluation.seed)],
        **{
            f"training, live {what}": [
                simulation_seed("training", seed + more) for seed in seeds for more in (0, LATER)
            ]
            for what, seeds in live_seeds(protocol).items()
        },
    }


def check_apart(seeds: Mapping[str, Collection[int]]) -> None:
    """Raise `UsageError` if a seed is used for two purposes, or is of the range of another one."""
    problems, owner = [], dict[int, str]()
    for purpose, numbers in seeds.items():
        for seed in numbers:
            wanted, range_of = purpose.partition(",")[0], purpose_of(seed)
            if range_of != wanted:
                problems.append(
                    f"seed {seed}: expected a {wanted} seed, got one for {range_of or 'nothing'}."
                )
            if owner.setdefault(seed, purpose) != purpose:
                problems.append(f"seed {seed} is for {owner[seed]} and for {purpose}.")
    if problems:
        raise UsageError("\n".join([*problems, "Give every purpose seeds of its own."]))


def check_kept(kept: Sequence[Kept]) -> None:
    """Raise `UsageError` if parts were run on seeds that meet, or were judged otherwise than was fixed."""
    seeds: dict[str, set[int]] = {}
    for one in kept:
        if one.kind in ("tuning", "evaluation"):
            seeds.setdefault(one.kind, set()).add(int(one.manifest["seed"]))
        elif one.kind in ("training", "live"):
            purpose = "training" if one.kind == "training" else f"training, live {one.manifest['purpose']}"
            seeds.setdefault(purpose, set()).add(simulation_seed("training", int(one.manifest["seed"])))
    check_apart(seeds)
    fixed = {one.scenario: one.manifest for one in kept if one.kind == "tuning"}
    problems = []
    for one in kept:
        if one.kind != "evaluation":
            continue
        if one.scenario not in fixed:
            problems.append(f"{one.folder.name}: nothing was fixed on the tuning seed for {one.scenario}.")
            continue
        changed = [key for key in FIXED if one.manifest[key] != fixed[one.scenario][key]]
        if changed:
            problems.append(
                f"{one.folder.name}: {', '.join(changed)} are not what was fixed on the tuning seed."
            )
    if problems:
        raise UsageError("\n".join(problems))
