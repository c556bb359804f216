"""A small problem that all tests of the thresholds share: episodes at the planted risks, and their chain."""

import pytest

from agents.risk.cohort import planted_risk, synthetic_cohort
from agents.risk.histories import Plan, Simulator
from policies.thresholds.chain import count_chain
from policies.thresholds.moves import INDEX
from policies.thresholds.settings_file import SHIPPED

VERBOSITY = 0.01


@pytest.fixture(scope="session")
def simulator():
    cohort = synthetic_cohort(300, 4)
    return Simulator(cohort, planted_risk(cohort.features), Plan())


@pytest.fixture(scope="session")
def chain(simulator):
    return count_chain([simulator.episodes(1, "counting", copy) for copy in range(60)], VERBOSITY, 1)


@pytest.fixture(scope="session")
def start():
    return INDEX[SHIPPED]
