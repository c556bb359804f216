"""Run as a program: trains with two learners, then copy by copy, then a sweep, on a cluster of its own, into FOLDER.

Prints a JSON object: the last iteration of each, how far apart the weights of its learners are, and the trials.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from policies.learning.checkpoint import Ground
from policies.learning.settings import TrainSettings
from policies.rllib.cluster import Cluster, joined
from policies.rllib.task import Task
from policies.rllib.training import keep, row_of
from policies.rllib.tuning import tune
from scenarios.loader import load

SETTINGS = TrainSettings(steps=8, copies=2, epochs=2, minibatch=8, hidden=(8,), iterations=2)


def main(folder):
    scenario = load("urban", ["decide_every=2 h", "horizon=4 days", "warm_up=0 h"])
    two = Cluster(learners=2)
    with joined(two):
        told = {
            "two learners": trained(Task(scenario, SETTINGS), two, Path(folder) / "two"),
            "copy by copy": trained(
                Task(scenario, SETTINGS, lockstep=False), Cluster(), Path(folder) / "copies"
            ),
        }
        heard = []
        trials = tune(
            scenario, replace(SETTINGS, iterations=1), [0.0, 1.0], [1e-3], Path(folder) / "tuned",
            Cluster(env_runners=2), lambda done, wanted, row: heard.append((done, wanted)),
        )  # fmt: skip
    told["sweep"] = {"trials": trials.to_dict("records"), "heard": heard}
    print(json.dumps(told))


def trained(task, cluster, place):
    from policies.rllib.configuration import config_of

    algorithm = config_of(task, cluster).build_algo()
    rows = [row_of(algorithm.train(), algorithm) for _ in range(task.settings.iterations)]
    every = [flat(found.get()) for found in algorithm.learner_group.foreach_learner(weights)]
    apart = [float(np.abs(one - every[0]).max()) for one in every]
    checkpoint = keep(algorithm, Ground.of(task.scenario, task.offer), place)
    algorithm.stop()
    return {**rows[-1], "checkpoint": str(checkpoint), "apart": apart}


def weights(learner, **more):
    return learner.get_state(components="rl_module")["rl_module"]


def flat(state):
    """Return the arrays in nested dicts as one vector."""
    if isinstance(state, dict):
        return np.concatenate([flat(one) for one in state.values()])
    return np.asarray(state, dtype=np.float64).ravel()


if __name__ == "__main__":
    main(*sys.argv[1:])
