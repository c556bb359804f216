"""L = lambda W on every queue of every library scenario, over the whole run, those still there counted."""

import numpy as np
import pytest
from validation_measures import replication

from scenarios.loader import library_names, load
from sim.eventlog import Row

SCENARIOS = [name for name in library_names() if not name.startswith("validation/")]
SMALL = ("treatment-centre", "erlang-a-030", "erlang-b-10-9", "jackson-two-stations", "mg-infinity")


def numbers_from_the_log(log, horizon, up, down, key):
    """Mean number over time of each key, from its ups and downs in the log."""
    found: dict[object, float] = {}
    for kinds, sign in ((up, 1.0), (down, -1.0)):
        rows = np.flatnonzero(np.isin(log.kind, kinds))
        for row in rows:
            found[key(log, row)] = found.get(key(log, row), 0.0) + sign * (horizon - log.time[row]) / horizon
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SCENARIOS, *(f"validation/{name}" for name in SMALL)])
def test_little_holds_on_every_queue(name):
    scenario = load(name)
    horizon = scenario.horizon
    result, table = replication(scenario, seed=11, number=0)
    network = result.network

    in_queue = numbers_from_the_log(
        result.log, horizon, (Row.QUEUED,), (Row.STARTED, Row.QUIT),
        lambda log, row: (network.hospitals[log.hospital[row]], network.steps[log.item[row]].name),
    )  # fmt: skip

    assert in_queue
    queues = table.steps.groupby(["hospital", "step"], observed=True)["queued_for"]
    for (hospital, step), waits in queues:
        arrival_rate, mean_wait = len(waits) / horizon, waits.mean()
        assert in_queue[hospital, step] == pytest.approx(arrival_rate * mean_wait, rel=1e-9, abs=1e-9)
    assert len(in_queue) == queues.ngroups


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_little_holds_for_the_whole_network(name):
    scenario = load(name)
    result, table = replication(scenario, seed=12, number=0)

    in_system = numbers_from_the_log(
        result.log, scenario.horizon, (Row.PRESENTED,), (Row.LEFT_NETWORK,), lambda log, row: "all"
    )

    visits = table.visits[table.visits["outcome"] != "declined"]
    stays = visits["left_network"].fillna(scenario.horizon) - visits["presented"]
    assert in_system["all"] == pytest.approx(len(stays) / scenario.horizon * stays.mean(), rel=1e-9)
