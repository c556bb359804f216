"""A judged run of surge, as studies make it, beside the same run with decisions, noted orders and all metrics.

python benchmarks/judging.py    half a minute; processor time of one core, the two in turn
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from policies.environments.encoding import Encoding  # noqa: E402 - the path is set above
from policies.learning.checkpoint import Ground, write_checkpoint  # noqa: E402
from policies.learning.normalising import Normaliser  # noqa: E402
from policies.learning.offer import Offer  # noqa: E402
from policies.replication import simulate  # noqa: E402
from scenarios.loader import load  # noqa: E402
from scenarios.scenario import Scenario  # noqa: E402
from sim.network import compile_network  # noqa: E402
from sim.outcomes import outcomes  # noqa: E402
from sim.tables import Tables  # noqa: E402

RULES = "max-weight+least-loaded+dials:call in ed-nurse=1:early discharge emergency.ward=all:move to=west:flex ward=4/4"
NEEDED = ("untreated_hours", "died_share")
ROUNDS = 15


def untrained(scenario: Scenario, folder: Path) -> str:
    """Return a learned policy of the usual size whose weights were drawn."""
    network, random = compile_network(scenario), np.random.default_rng(1)
    widths = [len(Encoding(network).labels), 64, 64, int(Offer().menu(network).sizes.sum())]
    weights = {
        f"actor.{2 * i}.{what}": random.normal(0, 0.1, shape).astype(np.float32)
        for i, (n_in, n_out) in enumerate(pairwise(widths))
        for what, shape in (("weight", (n_out, n_in)), ("bias", n_out))
    }
    ground = Ground.of(scenario, Offer())
    return f"ckpt:{write_checkpoint(folder / 'iteration-000001', ground, weights, Normaliser(widths[0]), {})}"


def noted(scenario: Scenario, policy: str, number: int) -> None:
    """Run as `fairward run` does."""
    result = simulate(scenario, policy, 1, number)
    made = Tables(result)
    for name in Tables.NAMES:
        getattr(made, name)
    outcomes(made, result.network)


def judged(scenario: Scenario, policy: str, number: int) -> None:
    """Run as a study does."""
    result = simulate(scenario, policy, 1, number, noted=False)
    outcomes(Tables(result), result.network, (), NEEDED)


def main() -> int:
    """Print milliseconds a run and their ratio."""
    scenario = load("surge")
    with tempfile.TemporaryDirectory() as folder:
        policies = {"rules with levers": RULES, "learned, 64 x 64": untrained(scenario, Path(folder))}
        print(f"surge, {ROUNDS} runs, ms of processor time a run: the median")
        for name, policy in policies.items():
            took: dict[Callable[[Scenario, str, int], None], list[float]] = {noted: [], judged: []}
            for number in range(1, ROUNDS + 2):
                for way, times in took.items():
                    begun = time.process_time()
                    way(scenario, policy, number)
                    times.append(1000 * (time.process_time() - begun))
            whole, needed = (float(np.median(times[1:])) for times in took.values())
            print(f"  {name:20} noted {whole:6.0f}   judged {needed:6.0f}   ratio {whole / needed:.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
