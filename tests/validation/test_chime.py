"""V7: Penn CHIME's deterministic SIR and hospital census."""

import numpy as np
import pytest

from agents.epidemic.admissions import expected_admissions
from agents.epidemic.chime import Region, project
from scenarios.epidemic import Epidemic

REGION = Region(
    population=500_000, in_hospital=100, admitted=0.05, stay=7, doubling_days=6, infectious_days=14,
    market_share=0.05, contact_reduction=0.15,
)  # fmt: skip


@pytest.fixture(scope="module")
def projection():
    return project(REGION, 60)


def test_the_epidemic_so_far_is_chimes(projection):
    assert projection.first == 43
    assert projection.infected_now == pytest.approx(45_810, abs=0.5)
    assert projection.r_t == pytest.approx(2.307298, abs=5e-7)
    assert projection.doubling_days == pytest.approx(7.764406, abs=5e-7)


@pytest.mark.parametrize(
    ("share", "stay", "now", "after_30_days", "peak", "on_day"),
    [
        (0.05, 7, 96.49, 128.45, 164.94, 18),
        (0.02, 9, 45.80, 68.51, 84.38, 19),
        (0.01, 10, 24.45, 38.70, 46.73, 20),
    ],
    ids=["hospital", "ICU", "ventilator"],
)
def test_the_census_is_chimes(projection, share, stay, now, after_30_days, peak, on_day):
    census = projection.census(share, stay)
    today = projection.first

    assert census[today] == pytest.approx(now, abs=0.005)
    assert census[today + 30] == pytest.approx(after_30_days, abs=0.005)
    assert census.max() == pytest.approx(peak, abs=0.005)
    assert int(np.argmax(census)) - today == on_day


def test_the_scenarios_sir_sends_the_admissions_of_which_the_census_is_made(projection):
    epidemic = Epidemic.model_validate(
        {
            "sir": {
                "population": 500000, "in_hospital": 100, "market_share": "5 %", "doubling_time": "6 days",
                "infectious": "14 days", "contact_reduction": "15 %", "admitted": "5 %", "stay": "7 days",
            },
            "hospitals": {"north": 1},
            "classes": "covid",
        }
    )  # fmt: skip

    admissions = expected_admissions(epidemic, 30)

    grown = projection.census(0.05, 7)[projection.first + 7 : projection.first + 31]
    assert [admissions[day - 7 : day].sum() for day in range(7, 31)] == pytest.approx(grown.tolist())
