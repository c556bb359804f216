"""Run as a program: trains on the cluster at ADDRESS into FOLDER with so many env runners for so many iterations.

Prints iteration, decisions and healthy env runners.
"""

import sys
from pathlib import Path

from policies.learning.settings import TrainSettings
from policies.rllib.cluster import Cluster
from policies.rllib.training import train_on_ray
from scenarios.loader import load


def main(address, folder, env_runners, iterations, *more):
    train_on_ray(
        load("urban", ["decide_every=2 h", "horizon=4 days", "warm_up=0 h"]),
        TrainSettings(
            steps=4,
            copies=2,
            epochs=1,
            minibatch=64,
            hidden=(8,),
            iterations=int(iterations),
            checkpoint_every=2,
        ),
        Path(folder),
        Cluster(address, env_runners=int(env_runners)),
        lambda done, _, row: print(done, int(row["decisions"]), int(row["env runners"]), flush=True),
        resume="resume" in more,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
