"""What training costs: environment steps per second of every environment and trainer, in one run, in turn.

python benchmarks/training.py             about eight minutes
python benchmarks/training.py --rounds 1  about three

All run the eight hospitals of `region` with hourly decisions. A step is one decision of all eight. Contenders take
turns, round after round, so that what the machine does besides disturbs all; ratios are of the same round. Environments
are timed by processor time of one process, without the choice of actions, over whole episodes, beginnings included.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import trainers  # noqa: E402

REGION = ("region", ["decide_every=1 h", "horizon=5 days", "warm_up=0 h"])
GOAL_LOCKSTEP, GOAL_LEAN = 15.0, 10.0
"""Times the reference environment; times RLlib: issue 6."""

Steps = Iterator[tuple[int, float]]
"""(environment steps, seconds) again and again, as long as somebody asks."""


@dataclass
class Contender:
    """Something that takes steps, and how many a second it took in each round."""

    name: str
    steps: Steps
    rates: list[float] = field(default_factory=list)

    def take_turn(self) -> None:
        """Run an episode, of all its copies."""
        n, seconds = next(self.steps)
        self.rates.append(n / seconds)


def timed(action: Callable[[], Any]) -> tuple[Any, float]:
    """Return what an action returns and the processor seconds that it took."""
    began = time.process_time()
    result = action()
    return result, time.process_time() - began


# Environments.


def legal(menu: Any, masks: Any, draw: np.random.Generator) -> Any:
    """Draw a legal option for every dial: ... x K from masks ... x M, all as likely."""
    chance = draw.random(masks.shape) * masks
    parts = np.split(chance, menu.starts[1:], axis=-1)
    return np.stack([part.argmax(axis=-1) for part in parts], axis=-1)


def one_copy(engine: str, random: bool) -> Steps:
    """The PettingZoo environment on one engine."""
    from policies.environments.episodes import Replications
    from policies.environments.registry import make
    from scenarios.loader import load

    env = make("hospital_network_v0", scenario=Replications(load(*REGION), engine))
    draw = np.random.default_rng(1)
    while True:
        (seen, _), spent = timed(env.reset)
        n = 0
        while env.agents:
            masks = np.stack([seen[name]["action_mask"] for name in env.agents])
            chosen = (
                legal(env.menu, masks, draw) if random else np.zeros((len(masks), len(env.menu.dials)), int)
            )
            actions = dict(zip(env.agents, chosen, strict=True))
            (seen, *_), seconds = timed(partial(env.step, actions))
            n, spent = n + 1, spent + seconds
        yield n, spent


def lockstep(copies: int, random: bool) -> Steps:
    """The environment in lockstep."""
    from policies.environments.lockstep import LockstepNetwork
    from scenarios.loader import load

    env = LockstepNetwork(load(*REGION), copies)
    draw = np.random.default_rng(1)
    seen, shape = env.reset(), (copies, len(env.hospitals), len(env.menu.dials))
    n, spent = 0, 0.0
    while True:
        actions = legal(env.menu, seen.mask, draw) if random else np.zeros(shape, dtype=np.int64)
        stepped, seconds = timed(partial(env.step, actions))
        seen, n, spent = stepped.seen, n + copies, spent + seconds
        if stepped.over.all():  # The next episodes of all have begun, in this step.
            yield n, spent
            n, spent = 0, 0.0


def spread() -> Steps:
    """PettingZoo's simple_spread: three agents, no hospital, for scale. Needs the package mpe2."""
    from mpe2 import simple_spread_v3

    env = simple_spread_v3.parallel_env(N=3, max_cycles=120)
    while True:
        _, spent = timed(env.reset)
        n = 0
        while env.agents:
            actions = {name: env.action_space(name).sample() for name in env.agents}
            _, seconds = timed(partial(env.step, actions))
            n, spent = n + 1, spent + seconds
        yield n, spent


def environments(random: bool) -> Iterator[Contender]:
    """The reference first: ratios are to it."""
    yield Contender("reference (simpy), PettingZoo", one_copy("simpy", random))
    yield Contender("fast, PettingZoo", one_copy("fast", random))
    for copies in (1, 16, 64):
        yield Contender(
            f"lockstep, {copies} copies" if copies > 1 else "lockstep, 1 copy", lockstep(copies, random)
        )
    if random:
        try:
            import mpe2  # noqa: F401
        except ImportError:
            print("simple_spread is left out: PettingZoo has moved it to mpe2. Install it: pip install mpe2")
        else:
            yield Contender("simple_spread, PettingZoo", spread())


# The tables.


def compare(title: str, contenders: list[Contender], rounds: int) -> list[Contender]:
    """Let all take turns and print a table; the first is what ratios are to."""
    for contender in contenders:
        contender.take_turn()  # for caches and compiled code
        contender.rates.clear()
    for _ in range(rounds):
        for contender in contenders:
            contender.take_turn()
    show(title, contenders)
    return contenders


def show(title: str, contenders: list[Contender]) -> None:
    rounds = len(contenders[0].rates)
    print(
        f"\n{title}: steps per second, median of {rounds} rounds; ratio to the first, median (least to greatest)"
    )
    for contender in contenders:
        if np.isnan(contender.rates).any():
            print(f"  {contender.name:34} failed", flush=True)
            continue
        ratios = np.array(contender.rates) / np.array(contenders[0].rates)
        print(
            f"  {contender.name:34}{np.median(contender.rates):9.0f}{np.median(ratios):9.1f}"
            f"  ({ratios.min():.1f} to {ratios.max():.1f})",
            flush=True,
        )


def goal(what: str, ratio: float, least: float) -> None:
    print(f"  goal: {what}: {ratio:.1f} ({'met' if ratio >= least else 'NOT met'}, at least {least:g})")


def ratio(contender: Contender, to: Contender) -> float:
    return float(np.median(np.array(contender.rates) / np.array(to.rates)))


def beside_rllib(rounds: int) -> None:
    """Print the trainers' tables, RLlib without runners and without lockstep first."""
    if absent := trainers.missing():
        print(f"\nTrainers are left out: {absent} is missing.")
        return
    clocks = ("by the wall", "by the processor time of all processes")
    every = [[Contender(name, iter(())) for name in trainers.TRAINERS] for _ in clocks]
    for _ in range(rounds):
        for k, name in enumerate(trainers.TRAINERS):
            for contenders, rate in zip(every, trainers.rate(name), strict=True):
                contenders[k].rates.append(rate)
    for clock, (lean, plain, *others) in zip(clocks, every, strict=True):
        show(f"Trainers, end to end, {clock}", [plain, lean, *others])
        goal("lean trainer, times RLlib without runners", ratio(lean, plain), GOAL_LEAN)
        one, with_lockstep, one_with_lockstep, _ = others
        print(
            f"  RLlib with the lockstep runner, times RLlib without: {ratio(with_lockstep, plain):.1f} (0 runners), "
            f"{ratio(one_with_lockstep, one):.1f} (1 runner)"
        )


def machine() -> str:
    """Say what it runs on, and which commit this is."""
    try:
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        model = None
    git = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    return (
        f"{model[1] if model else platform.processor()}, {len(os.sched_getaffinity(0))} of {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, commit {commit}, load {os.getloadavg()[0]:.1f} at the beginning"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="of environments; trainers have one less")
    rounds = max(1, parser.parse_args().rounds)
    print(machine())
    for random in (False, True):
        title = "Environments, random legal actions" if random else "Environments, neutral actions"
        done = compare(title, list(environments(random)), rounds)
        best = max(done[2:5], key=lambda one: np.median(one.rates))
        goal(f"{best.name}, times the reference environment", ratio(best, done[0]), GOAL_LOCKSTEP)
    beside_rllib(max(1, rounds - 1))
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
