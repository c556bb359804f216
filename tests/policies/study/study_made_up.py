"""Makers of a study that learn and explain nothing; in a module of their own, for processes that are spawned."""

import numpy as np
import pandas as pd

from policies.environments.encoding import Encoding
from policies.learning.checkpoint import Ground, write_checkpoint
from policies.learning.normalising import Normaliser
from policies.learning.offer import Offer
from sim.network import compile_network
from tests.policies.scenes import drawn_weights


def untrained(scenario, settings, seed, folder):
    """A trainer that learns nothing: a checkpoint with weights of its seed. It refuses a negative lambda."""
    if settings["lam"] < 0:
        raise ValueError("lambda: expected a number from 0 to 1, got -1.")
    network = compile_network(scenario)
    checkpoint = write_checkpoint(
        folder / "iteration-000001",
        Ground.of(scenario, Offer()),
        drawn_weights(network, np.random.Generator(np.random.Philox(seed)), 4),
        Normaliser(len(Encoding(network).labels)),
        dict(settings),
    )
    return checkpoint, pd.DataFrame(
        {"decisions": [10, 20], "mean": [1.0, 0.8 + seed / 10], "gap": [0.5, 0.4]}
    )


def not_learned(before, after, settings, changes_at):
    """A course that no learner had: the gap leaves its target when demand changes, less so where lambda adapts."""
    assert before.name == after.name
    adapts = settings.get("target_gap") is not None
    n, seed = settings["iterations"], settings["seed"]
    changed = np.arange(n) >= changes_at
    gap = 0.2 + changed * (0.01 if adapts else 0.1 * settings["lam"]) + seed % 7 / 1000
    return pd.DataFrame(
        {"gap": gap, "mean": 0.5, "lambda": 0.9 if adapts else settings["lam"], "changed": changed}
    )


def not_explained(scenario, policy, how):
    """An explanation as `fairward explain --json` says it, of one input; it names the policy where it lies."""
    value = {"value": 0.5, "low": 0.25, "high": None}
    checks = ("deletion_gain", "insertion_gain", "rank_correlation")
    return {
        "policy": policy, "explained": "the network's logits", "question": f"which option under {policy}?",
        "runs": list(range(how.runs)), "importance": [{"input": "waiting", "size": value}],
        "trust": dict.fromkeys(checks, value), "tree": None,
    }  # fmt: skip
