"""V4: the treatment centre against its published simulation, and without the two bugs of others."""

import numpy as np
import pytest
from validation_cases import CASES, run_case
from validation_measures import Task

from scenarios.loader import load
from sim.distributions import mean
from sim.network import compile_network
from sim.workload import Workload

NAME = "validation/treatment-centre"
RATES = (
    2.367, 2.8, 8.833, 10.433, 14.8, 26.267, 31.4, 18.067, 16.467, 12.033, 11.6, 28.867, 18.033, 11.5, 5.3, 4.067,
    2.2, 2.1, 2.367,
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.stats
def test_mean_waits_overlap_the_published_intervals():
    rows = run_case(CASES["treatment-centre"])

    for row in rows:
        if row.published_half_width is None:
            assert abs(row.got - row.expected) < 4 * row.standard_error
        else:
            assert abs(row.got - row.expected) <= row.half_width + row.published_half_width
            assert row.half_width <= row.published_half_width


@pytest.mark.stats
def test_arrivals_of_every_hour_follow_the_table_and_the_nineteenth_hour_repeats_the_first():
    network = compile_network(load(NAME))
    n_days = 400
    counts = np.zeros(19)
    for day in range(n_days):
        counts += np.histogram(Workload(network, 4, day).patients.time, bins=np.arange(20))[0]

    expected = np.array(RATES) * n_days
    assert np.abs(counts - expected).max() <= 4 * np.sqrt(expected).max()
    assert (np.abs(counts - expected) < 4 * np.sqrt(expected)).all()


@pytest.mark.stats
def test_every_step_draws_from_its_own_distribution():
    network = compile_network(load(NAME))
    drawn: dict[str, list[float]] = {step.name: [] for step in network.steps}
    for day in range(100):
        workload = Workload(network, 4, day)
        pathway = np.array(network.class_pathway)[workload.patients.cls]
        for step in network.steps:
            hours = np.array(workload.durations(step.index, 0))
            drawn[step.name].extend(hours[pathway == step.pathway])

    for step in network.steps:
        hours = np.array(drawn[step.name])
        error = hours.std(ddof=1) / np.sqrt(len(hours))
        assert abs(hours.mean() - mean(step.spec.duration[0])) < 4 * error, step.name


@pytest.mark.slow
@pytest.mark.stats
@pytest.mark.parametrize(
    ("pool", "count", "step", "base"),
    [
        ("triage-bay", 2, "triage", 30.8),
        ("examination-room", 4, "examine", 25.5),
        ("cubicle", 2, "treat", 134.9),
    ],
)
def test_one_server_more_takes_nearly_the_whole_queue_away(pool, count, step, base):
    task = Task("treatment-centre", 4, (f"hospitals.centre.beds.{pool}={count}",))

    waits = [task(number)[f"wait {step}"] for number in range(40)]

    assert np.mean(waits) < 0.1 * base
