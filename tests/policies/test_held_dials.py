"""A setting of the menu that is held: what a learner must beat before it may say that it learned something."""

import numpy as np
import pytest

from policies.registry import build_policy
from policies.replication import simulate
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.network import compile_network

RURAL = ["horizon=8 days", "warm_up=0 h"]


def test_a_rule_that_is_held_as_a_dial_is_the_rule():
    scenario = load("rural", RURAL)

    held = simulate(scenario, "dials:queue rule=max-weight:overflow rule=nearest", 3, 1)
    rules = simulate(scenario, "max-weight+nearest", 3, 1)

    assert held.log.fingerprint() == rules.log.fingerprint()


def test_what_is_not_possible_just_now_is_neutral_and_what_is_possible_is_done():
    scenario = load("rural", RURAL)

    called = simulate(scenario, "dials:call in ed-nurse=1:early discharge emergency.ward=all", 3, 1)
    neutral = simulate(scenario, "neutral", 3, 1)

    assert called.log.fingerprint() != neutral.log.fingerprint()


def test_every_strange_dial_and_option_is_named_at_once():
    scenario = load("rural", RURAL)

    with pytest.raises(UsageError) as error:
        build_policy(
            "dials:queue rul=acuity:overflow rule=farthest", scenario, compile_network(scenario),
            np.random.default_rng(1),
        )  # fmt: skip

    assert "queue rul is not a dial here" in str(error.value)
    assert "farthest is not an option" in str(error.value)
