"""The menu of free class weights on the queue of which c-mu is known to be the best order."""

from pathlib import Path

from policies.learning.offer import class_weights
from scenarios.loader import load
from sim.network import compile_network

FILE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "three-classes.yaml"


def test_c_mu_and_its_like_are_not_on_the_menu_and_every_weak_order_is():
    rules = class_weights(compile_network(load(FILE))).queue_rules

    assert {rule.name for rule in rules} == {"accumulating-priority"}
    assert len(rules) == 13
