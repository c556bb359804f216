"""The façade's verbs: experiments in memory, without run folders."""

from __future__ import annotations

from collections.abc import Sequence

from fairward.sweeps import grid
from policies.answer import Answer
from policies.experiment import experiment
from scenarios.loader import load
from scenarios.scenario import Scenario
from sim.replications import Workers


def run(
    scenario: Scenario | str,
    policy: str = "neutral",
    replications: int | None = None,
    seed: int = 1,
    jobs: int = 1,
    engine: str = "auto",
) -> Answer:
    """Run a scenario (or the name of one) under one policy."""
    return compare(scenario, [policy], replications, seed, jobs, engine)


def compare(
    scenario: Scenario | str,
    policies: Sequence[str],
    replications: int | None = None,
    seed: int = 1,
    jobs: int = 1,
    engine: str = "auto",
) -> Answer:
    """Run a scenario under several policies on the same patients; the first is the reference.

    With `jobs` above 1 the caller's script needs `if __name__ == "__main__":`.
    """
    whole = load(scenario) if isinstance(scenario, str) else scenario
    with Workers(jobs) as workers:
        return experiment(whole, policies, replications, seed, engine, workers)


def sweep(
    scenario: str,
    set_over: Sequence[str],
    policy: str = "neutral",
    replications: int | None = None,
    seed: int = 1,
    jobs: int = 1,
    engine: str = "auto",
) -> list[tuple[dict[str, str], Answer]]:
    """Run a scenario at every combination of settings such as `hospitals.north.beds.icu.count=8,10,12`."""
    with Workers(jobs) as workers:
        return [
            (
                setting,
                experiment(
                    load(scenario, [f"{key}={value}" for key, value in setting.items()]),
                    [policy], replications, seed, engine, workers,
                ),
            )
            for setting in grid(set_over)
        ]  # fmt: skip
