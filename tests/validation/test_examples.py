"""The four models of docs/examples/: written as scenario files alone, and right."""

from pathlib import Path

import numpy as np
import pytest
from validation_estimation import mean
from validation_measures import hours_at_level, replication

from scenarios.loader import load
from sim.analytic import erlang_a, erlang_b, erlang_c, erlang_c_wait
from sim.jackson import jackson_network

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


def runs_of(name):
    """Every replication of an example: its scenario, its tables."""
    scenario = load(EXAMPLES / f"{name}.yaml")
    return scenario, [replication(scenario, 2025, number)[1] for number in range(scenario.replications)]


def counted(scenario, table):
    return table.steps[table.steps["queued"] >= scenario.warm_up]


def agrees(values, expected):
    estimate = mean(values)
    return (
        abs(estimate.value - expected) < 4 * estimate.standard_error and estimate.half_width < 0.1 * expected
    )


def test_every_example_begins_with_a_comment_that_says_what_it_is():
    for path in sorted(EXAMPLES.glob("*.yaml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# ")
        assert any("fairward " in line for line in lines[:6])


@pytest.mark.slow
@pytest.mark.stats
def test_mmc_waits_as_erlang_says():
    """M/M/4 with 1.6 arrivals an hour and 2 h of service: Erlang C gives the wait and the chance of one."""
    scenario, runs = runs_of("mmc")

    assert agrees([counted(scenario, t)["queued_for"].mean() for t in runs], erlang_c_wait(1.6, 0.5, 4))
    assert agrees([(counted(scenario, t)["queued_for"] > 0).mean() for t in runs], erlang_c(3.2, 4))


@pytest.mark.slow
@pytest.mark.stats
def test_the_clinic_is_a_jackson_network_with_a_skip_and_a_loop():
    """Traffic equations: nurse .6 x 6 = 3.6 an hour; doctors d = 6 + .3 d = 8.571; X-ray .3 d = 2.571.

    Each station is an M/M/c queue of its own (Jackson 1957), which gives the mean number at each; the mean time in
    the clinic follows by Little's law from 6 patients an hour. By hand: X-ray room, load 2.571 / 6 = .4286, mean
    number .4286 / (1 - .4286) = .75; nurse, load .6, mean number 1.5; doctors, load r = 8.571 / 5 = 1.7143 on two,
    mean number r / (1 - (r / 2)^2) = 6.462; together 8.712, so a visit lasts 8.712 / 6 = 1.452 h.
    """
    stations = ("assessment", "consultation", "x-ray")
    exact = jackson_network([3.6, 2.4, 0.0], [[0, 1, 0], [0, 0, 0.3], [0, 1, 0]], [6.0, 5.0, 6.0], [1, 2, 1])
    by_hand = (1.5, 6.462, 0.75)

    scenario, runs = runs_of("clinic")

    for station, result, number in zip(stations, exact.stations, by_hand, strict=True):
        assert result.mean_in_system == pytest.approx(number, abs=0.001)
        found = []
        for table in runs:
            mine = table.steps[table.steps["step"] == f"visit.{station}"]
            ends = mine["ended"].fillna(np.inf).to_numpy()
            hours = hours_at_level(mine["queued"].to_numpy(), ends, scenario.warm_up, scenario.horizon)
            found.append(float(hours @ np.arange(len(hours)) / hours.sum()))
        assert agrees(found, result.mean_in_system)
    visits = [t.visits[t.visits["presented"].between(scenario.warm_up, scenario.horizon - 50)] for t in runs]
    assert agrees([(v["left_network"] - v["presented"]).mean() for v in visits], 1.452)
    skipped = [1 - (t.steps["step"] == "visit.assessment").sum() / len(t.visits) for t in runs]
    assert agrees(skipped, 0.4)


@pytest.mark.slow
@pytest.mark.stats
def test_the_icu_turns_away_what_erlang_b_says():
    """A loss system is insensitive: only the mean time for which a patient takes a bed counts, cleaning included.

    Load = 2 a day x (4 days + 1 h) + 1 a day x (2 days + 1 h) = 8.0833 + 2.0417 = 10.125 beds. Arrivals of both
    kinds are Poisson, so both find all twelve beds taken with the same probability, Erlang B(10.125, 12) = .1245.
    """
    scenario, runs = runs_of("icu")

    turned_away = erlang_b(2 * (4 + 1 / 24) + (2 + 1 / 24), 12)

    assert turned_away == pytest.approx(0.1245, abs=5e-5)
    for step in ("planned.stay", "unplanned.stay"):
        shares = []
        for table in runs:
            mine = counted(scenario, table)
            mine = mine[mine["step"] == step]
            shares.append((mine["quit_reason"] == "full").mean())
        assert agrees(shares, turned_away)


@pytest.mark.slow
@pytest.mark.stats
def test_callers_hang_up_as_erlang_a_says():
    """M/M/10 + M with 150 calls an hour, 12 an hour and nurse, patience 4 min: Erlang A."""
    scenario, runs = runs_of("callcentre")
    exact = erlang_a(150, 12, 10, 15)

    assert exact.abandon_probability > 1 - 10 / 12.5
    lost = [(counted(scenario, t)["quit_reason"] == "lost patience").mean() for t in runs]
    assert agrees(lost, exact.abandon_probability)
    assert agrees([counted(scenario, t)["queued_for"].mean() for t in runs], exact.mean_wait)
