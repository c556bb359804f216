"""On an M/M/1 queue with linear costs a learner that is not offered c-mu comes within 2 % of it."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from agents.build import build_engine
from policies.environments.costs import prices_of
from policies.learning.settings import TrainSettings
from policies.learning.training import train
from policies.registry import build_policy
from scenarios.loader import load
from sim.inference import interval
from sim.network import compile_network

SCENARIO = load(Path(__file__).resolve().parents[3] / "docs" / "examples" / "two-classes.yaml")
COSTS = {"long": 2.0, "short": 1.0}
JUDGED = 2_000_778
"""Of the range for judging; the settings below were chosen on 1 000 123 and 1 000 124, of the range for choosing."""


def costs_of(policy):
    """Return the waiting costs of 60 replications, on patients that no training run meets."""
    network, prices = compile_network(SCENARIO), prices_of(SCENARIO)
    weights = np.array([COSTS[name] for name in network.groups])
    found = []
    for number in range(1, 61):
        engine = build_engine(SCENARIO, JUDGED, number)
        decider = build_policy(policy, SCENARIO, network, np.random.default_rng(1))
        total = 0.0
        while (decision := engine.next_decision()) is not None:
            total += prices.of(decision.since).sum(axis=0) @ weights
            engine.answer(decider.decide(decision))
        found.append(total + prices.of(engine.result().since).sum(axis=0) @ weights)
    return np.array(found)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_what_is_learned_costs_at_most_two_percent_more_than_c_mu(tmp_path):
    settings = TrainSettings(
        algo="ppo", menu="class-weights", cost_by_group=COSTS, iterations=120, copies=16, steps=120, seed=1, lr=1e-2,
        keep=0.34, gamma=0.8, trace=0.5, entropy=0.0, epochs=4, minibatch=128, target_kl=0.2, hidden=(16,),
        checkpoint_every=120,
    )  # fmt: skip
    trained = train(SCENARIO, settings, tmp_path / "run")

    best, learned = costs_of("c-mu:long=2:short=1"), costs_of(f"ckpt:{trained.folder}")
    first_come, dearest_first = costs_of("first-come"), costs_of("acuity")

    assert interval(first_come - 1.3 * best).low > 0  # there is something to learn
    assert interval(dearest_first - 1.3 * best).low > 0
    assert interval(learned - 1.02 * best).high < 0
