"""Whether a run began empty or full no longer matters after the warm-up."""

import numpy as np
import pytest
from validation_measures import Task, replication

from scenarios.loader import load


@pytest.mark.slow
@pytest.mark.stats
def test_an_empty_and_a_full_start_agree_after_the_warm_up():
    empty = [Task("erlang-c-10-9", 5)(number) for number in range(12)]
    full = [Task("full-start", 5)(number) for number in range(12)]

    for figure in ("waits", "mean wait", "busy"):
        differences = np.array([b[figure] - a[figure] for a, b in zip(empty, full, strict=True)])
        spread = np.std([a[figure] for a in empty], ddof=1) / np.sqrt(12)
        assert abs(differences.mean()) < spread


def test_a_full_start_does_matter_before():
    overrides = ("horizon=20 h", "warm_up=0")
    _, empty = replication(load("validation/erlang-c-10-9", overrides), 5, 0)
    _, full = replication(load("validation/full-start", overrides), 5, 0)

    assert full.steps["queued_for"].mean() > 2 * empty.steps["queued_for"].mean()
