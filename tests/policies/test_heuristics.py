"""What each heuristic orders, and how policies are written and combined."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from policies.apportionment import apportion
from policies.combined import Combined
from policies.registry import build_policy
from policies.vaccine_demand import dose_demand
from scenarios.errors import UsageError
from scenarios.rules import EquityWeighted
from sim.protocol import Directive, Orders


@pytest.fixture
def scenes(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("scenes")


def ordered(name, network, decision):
    return build_policy(name, network.scenario, network, np.random.default_rng(1)).decide(decision).orders


def test_neutral_orders_nothing(scenes):
    network = scenes.network_of()

    orders = ordered("neutral", network, scenes.decision(network))

    assert all(one == Orders() for one in orders.values())


@pytest.mark.parametrize(
    "name",
    ["first-come", "acuity", "longest-wait", "c-mu", "c-mu-theta", "max-weight", "accumulating-priority",
     "equity-weighted"],
)  # fmt: skip
def test_a_queue_policy_orders_the_rule_of_its_name_everywhere(scenes, name):
    network = scenes.network_of()

    orders = ordered(name, network, scenes.decision(network))

    assert {one.queue_rule.name for one in orders.values()} == {name}
    assert set(orders) == {"north", "south", "islet"}


@pytest.mark.parametrize("name", ["nearest", "least-loaded"])
def test_an_overflow_policy_orders_the_rule_of_its_name(scenes, name):
    network = scenes.network_of()

    orders = ordered(f"{name}:within=90 min", network, scenes.decision(network))

    assert {one.overflow_rule.name for one in orders.values()} == {name}
    assert orders["north"].overflow_rule.law.within == 1.5


def test_costs_double_towards_urgent_unless_they_are_named(scenes):
    network = scenes.network_of()

    plain = ordered("c-mu", network, scenes.decision(network))["north"]
    named = ordered("c-mu:critical=10", network, scenes.decision(network))["north"]

    assert plain.queue_rule.law.cost == {"critical": 2.0, "standard": 1.0}
    assert named.queue_rule.law.cost == {"critical": 10.0, "standard": 1.0}


def test_longest_wait_needs_targets(scenes):
    network = scenes.network_of("targets={critical: 30 min}")

    with pytest.raises(UsageError, match="target time for every acuity, got none for standard"):
        ordered("longest-wait", network, scenes.decision(network))


def test_equity_weights_favour_whom_a_disparity_names(scenes):
    network = scenes.network_of()

    law = ordered("equity-weighted", network, scenes.decision(network))["south"].queue_rule.law

    assert isinstance(law, EquityWeighted)
    assert (law.attribute, law.weights) == ("home", {"far": 2.0})


def test_equity_weights_may_not_look_at_what_is_protected(scenes):
    network = scenes.network_of("group_blind=true", "attributes.home.protected=true")

    with pytest.raises(UsageError, match="protected and the scenario is group_blind"):
        ordered("equity-weighted:attribute=home:far=3", network, scenes.decision(network))
    with pytest.raises(UsageError, match="that a policy may see"):
        ordered("equity-weighted", network, scenes.decision(network))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("acuty", 'policy "acuty" is not known. Did you mean "acuity"?'),
        ("acuity+neerest", 'policy "neerest" is not known. Did you mean "nearest"?'),
        ("c-mu:critcal=2", "c-mu: critcal is not a parameter. Did you mean"),
        ("c-mu:critical=much", "c-mu:critical: expected a number of at least 0, got 'much'"),
        ("c-mu:critical", "expected name:key=value"),
        ("nearest:within=90", "nearest:within: "),
        ("nearest:withn=90 min", 'withn is not a parameter. Did you mean "within"?'),
        ("acuity:a=1", "acuity takes no parameters"),
        ("equity-weighted:attribute=hme", 'hme is not a category of this scenario. Did you mean "home"?'),
        ("", 'policy "" is not known'),
    ],
)
def test_what_is_miswritten_is_said(scenes, written, said):
    network = scenes.network_of()

    with pytest.raises(UsageError) as error:
        ordered(written, network, scenes.decision(network))

    assert said in str(error.value)


def test_combined_policies_merge_and_the_later_wins(scenes):
    network = scenes.network_of()

    both = ordered("acuity+nearest", network, scenes.decision(network))["north"]
    conflict = ordered("acuity+first-come+neutral", network, scenes.decision(network))["north"]

    assert (both.queue_rule.name, both.overflow_rule.name) == ("acuity", "nearest")
    assert conflict.queue_rule.name == "first-come"


def test_combined_tables_merge_entry_by_entry():
    class Says:
        def __init__(self, orders):
            self.orders = orders

        def decide(self, decision):
            return Directive({"north": self.orders})

    first = Says(Orders(moves={1: "south", 2: "south"}, vaccine={"shot": 3}))
    second = Says(Orders(moves={2: "islet"}))

    merged = Combined([first, second]).decide(None).orders["north"]

    assert merged.moves == {1: "south", 2: "islet"}
    assert merged.vaccine == {"shot": 3}


def test_staff_go_from_slack_to_the_queue_that_lacks_only_them(scenes):
    network = scenes.network_of()
    short = scenes.empty_view(
        network, "south", in_use=scenes.pools(network, nurse=8), queue=scenes.queue(network, scenes.DOSE, 2)
    )

    orders = ordered("staff-balancing", network, scenes.decision(network, south=short))

    assert orders == {"north": Orders(lend={("nurse", "south"): 2})}


def test_staff_are_not_lent_where_beds_are_lacking(scenes):
    network = scenes.network_of()
    no_bed = scenes.empty_view(
        network,
        "south",
        in_use=scenes.pools(network, bed=2, nurse=8),
        queue=scenes.queue(network, scenes.WARD, 2),
    )

    assert ordered("staff-balancing", network, scenes.decision(network, south=no_bed)) == {}


def test_a_loan_that_is_in_use_is_made_again(scenes):
    network = scenes.network_of()
    lender = scenes.empty_view(
        network,
        "north",
        capacity=scenes.pools(network, bed=4, nurse=8),
        borrowed=scenes.pools(network, nurse=-2),
    )
    borrower = scenes.empty_view(
        network,
        "south",
        capacity=scenes.pools(network, bed=2, nurse=16),
        in_use=scenes.pools(network, nurse=16),
        borrowed=scenes.pools(network, nurse=2),
    )

    orders = ordered("staff-balancing", network, scenes.decision(network, north=lender, south=borrower))

    assert orders == {"north": Orders(lend={("nurse", "south"): 2})}


def test_a_hospital_with_its_own_queue_lends_nobody(scenes):
    network = scenes.network_of()
    views = {
        name: scenes.empty_view(
            network, name, in_use=scenes.pools(network, nurse=4), queue=scenes.queue(network, scenes.DOSE, 30)
        )
        for name in ("north", "south", "islet")
    }

    assert ordered("staff-balancing", network, scenes.decision(network, **views)) == {}


def test_population_shares_out_by_head_within_the_fridge(scenes):
    network = scenes.network_of()

    orders = ordered("vaccine-population", network, scenes.decision(network, depot=12))

    assert {name: one.vaccine for name, one in orders.items()} == {"north": {"shot": 9}, "south": {"shot": 3}}


def test_a_full_fridge_gets_no_more(scenes):
    network = scenes.network_of()
    full = scenes.empty_view(network, "south", stock=(scenes.lot(46),))

    orders = ordered("vaccine-population", network, scenes.decision(network, depot=40, south=full))

    assert orders["south"].vaccine == {}
    assert orders["north"].vaccine == {"shot": 30}


def test_risk_sends_vials_where_the_first_open_tier_is_expected(scenes):
    network = scenes.network_of()

    orders = ordered("vaccine-risk", network, scenes.decision(network, time=8.0, depot=17))

    # 0.9 elderly an hour at north, 0.8 at south; the others are not eligible yet.
    assert {name: one.vaccine["shot"] for name, one in orders.items()} == {"north": 9, "south": 8}
    assert orders["north"].tiers == ("elderly", "others")


def test_need_counts_the_queue_and_what_is_there(scenes):
    network = scenes.network_of()
    waiting = scenes.empty_view(network, "south", queue=scenes.queue(network, scenes.DOSE, 20, acuity=1))
    stocked = scenes.empty_view(network, "north", stock=(scenes.lot(140),))

    orders = ordered(
        "vaccine-need", network, scenes.decision(network, depot=40, north=stocked, south=waiting)
    )

    assert orders["north"].vaccine == {}
    # 20 wait; 8 h x 0.8 an hour are expected, and 1.28 root of it for safety: 29.6 doses, 6 vials of 5.
    assert orders["south"].vaccine == {"shot": 6}


def test_demand_follows_conditional_attributes(scenes):
    demand = dose_demand(scenes.scenario("vaccine.tiers={remote: {when: {home: far}}, others: {}}"))

    # far: 0.7 x 0.1 + 0.3 x 0.5 = 0.22 of 3 an hour; at south 0.2 x 0.1 + 0.8 x 0.5 = 0.42 of 1.
    assert demand["north", "shot", "remote"] == pytest.approx(0.66)
    assert demand["south", "shot", "remote"] == pytest.approx(0.42)


def test_nothing_is_lost_in_sharing_out():
    assert apportion(7, [1.0, 1.0, 1.0], [9, 9, 9]) == [3, 2, 2]
    assert apportion(100, [1.0, 2.0, 0.0], [5, 9, 9]) == [5, 9, 0]
    assert apportion(0, [1.0], [5]) == [0]
    assert apportion(3, [0.0, 0.0], [5, 5]) == [0, 0]
