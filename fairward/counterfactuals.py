"""From `fairward counterfactual` to a run folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from fairward.progress import progress
from fairward.runs import partial
from fairward.studies import publish_study, resumable
from policies.counterfactual.contributions import contributions, switches
from policies.counterfactual.effects import effects
from policies.counterfactual.flip import parse_flip
from policies.counterfactual.telling import tell_contributions, tell_effects, tell_one
from policies.counterfactual.worlds import BothWorlds
from policies.experiment import check_policies
from policies.objective import attributes_of, parse_objective
from policies.told import Told
from policies.variants import study_hash
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.network import compile_network
from sim.replications import Workers, replicate


def flip_told(
    name: str,
    written: str,
    patient: int | None,
    replication: int,
    one_each: bool,
    policy: str,
    replications: int | None,
    seed: int,
    jobs: int | None,
    engine: str,
    overrides: Sequence[str],
    out: Path,
    quiet: bool,
    began: float,
) -> tuple[Told, Path]:
    """Run both worlds and return what they tell, with the run folder."""
    scenario = load(name, overrides)
    check_policies(scenario, [policy], seed)
    flip = parse_flip(written, scenario)
    wanted = scenario.replications if replications is None else replications
    numbers = [replication] if patient is not None else list(range(1, wanted + 1))
    task = BothWorlds(scenario, flip, policy, seed, engine, patient, one_each)
    n_done = 0
    with Workers(jobs) as workers, progress(f"{scenario.name}, both worlds", quiet) as tell:

        def on_done(number: int, newest: object) -> None:
            nonlocal n_done
            n_done += 1
            tell(n_done, len(numbers), newest)

        done = replicate(task, numbers, on_done=on_done, workers=workers)
    worlds = list(done.values())
    if not any(world.n_flipped for world in worlds):
        raise UsageError(f"--flip: nobody had {flip.attribute} {flip.was} in {len(worlds)} runs.")
    if patient is not None:
        told = tell_one(scenario, flip, worlds[0], patient, policy, seed)
    else:
        found = effects(worlds, flip, compile_network(scenario), seed)
        told = tell_effects(scenario, flip, found, policy, seed, one_each)
    arguments = {"scenario": name, "flip": written, "patient": patient, "replication": replication,
                 "one_each": one_each, "policy": policy, "reps": replications, "seed": seed,
                 "set": list(overrides)}  # fmt: skip
    identity = f"{study_hash(scenario, (), seed, engine)}:{arguments}"
    with partial(out, hashlib.sha256(identity.encode()).hexdigest()) as parts:
        folder = publish_study(
            told,
            scenario,
            "counterfactual",
            arguments,
            [policy],
            seed,
            len(numbers),
            identity,
            parts,
            out,
            began,
        )
    return told, folder


def contributions_told(
    name: str,
    written: str,
    by_row: bool,
    policy: str,
    replications: int | None,
    seed: int,
    jobs: int | None,
    engine: str,
    overrides: Sequence[str],
    out: Path,
    quiet: bool,
    began: float,
) -> tuple[Told, Path]:
    """Switch the disparities off in all combinations; interrupted, it goes on from what is finished."""
    scenario = load(name, overrides)
    check_policies(scenario, [policy], seed)
    objective = parse_objective(written, directed=False)
    wanted = scenario.replications if replications is None else replications
    if not switches(scenario):
        raise UsageError(f"{name} has no `disparities`, so there is nothing to switch off.")
    identity = study_hash(scenario, attributes_of([objective], scenario), seed, engine)
    arguments = {"scenario": name, "contributions": written, "by_row": by_row, "policy": policy,
                 "reps": replications, "seed": seed, "set": list(overrides)}  # fmt: skip
    with partial(out, identity) as parts:
        with (
            resumable(parts),
            Workers(jobs) as workers,
            progress(f"{scenario.name}, disparities on and off", quiet) as tell,
        ):
            found = contributions(
                scenario, objective, policy, wanted, seed, engine, by_row, workers=workers, folder=parts.folder,
                on_done=tell,
            )  # fmt: skip
        told = tell_contributions(scenario, found, policy, seed)
        folder = publish_study(
            told, scenario, "counterfactual", arguments, [policy], seed, wanted, f"{identity}:{arguments}", parts,
            out, began,
        )  # fmt: skip
    return told, folder
