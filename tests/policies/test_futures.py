"""What if one order had been another: nothing but the order differs, and everybody is accounted for."""

import numpy as np
import pytest

from policies import registry
from policies.changes import Given, Instead, MovedTo, Without, WithoutMove
from policies.environments.costs import prices_of
from policies.futures import futures
from policies.replication import simulate
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.protocol import Directive, Orders
from tests.policies.scenes import scenario as three_hospitals

ORDERED = Directive({"north": Orders(moves={7: "south", 9: "south"}, divert=True), "south": Orders()})


CLOSED = Given("north", {"divert": True})


def small(*overrides):
    """Three hospitals; half of those of the north come by ambulance."""
    return three_hospitals("arrivals.north.ambulance=0.5", *overrides)


def with_people():
    return load("surge-epidemic", ("horizon=6 days", "warm_up=0"))


@pytest.mark.parametrize("make", [small, with_people])
@pytest.mark.parametrize("policy", ["acuity", "staff-balancing+least-loaded"])
def test_one_future_is_the_run_as_it_was(make, policy):
    scenario = make()
    hospital = next(iter(scenario.hospitals))

    both = futures(scenario, policy, 3, 2, 4, Given(hospital, {"divert": True}), lasting=True)

    alone = simulate(scenario, policy, 3, 2)
    assert both.as_it_was.result.log.fingerprint() == alone.log.fingerprint()
    assert both.as_it_was.result.orders == alone.orders
    assert both.if_changed.result.log.fingerprint() != alone.log.fingerprint()


def test_the_other_future_shares_the_past_and_is_the_run_under_the_other_orders(monkeypatch):
    class ClosedOnce:
        """Diverts from the north at the fifth decision only."""

        def __init__(self):
            self.n = 0

        def decide(self, decision):
            self.n += 1
            return Directive({"north": Orders(divert=True)} if self.n == 5 else {})

    monkeypatch.setitem(registry.POLICIES, "closed-once", lambda *_: ClosedOnce())
    scenario = small()

    both = futures(scenario, "neutral", 3, 2, 4, CLOSED)
    back = futures(scenario, "closed-once", 3, 2, 4, Without("north", "divert"))

    other = simulate(scenario, "closed-once", 3, 2)
    assert both.if_changed.result.log.fingerprint() == other.log.fingerprint()
    assert back.if_changed.result.log.fingerprint() == both.as_it_was.result.log.fingerprint()
    before = other.log.time < both.decision.time
    assert before.any()
    for name, column in both.as_it_was.result.log.columns().items():
        assert np.array_equal(column[: before.sum()], other.log.columns()[name][before])


def test_a_patient_is_moved_in_one_future_and_waits_in_the_other():
    scenario = small("arrivals.north.poisson=1.6 per hour")
    at = "24 h"
    plain = futures(scenario, "neutral", 5, 1, at, Given("south", {"divert": True}))
    patient = next(w.patient for w in plain.decision.waiting if w.hospital == 0 and w.step == "care.ward")

    both = futures(scenario, "neutral", 5, 1, at, Given("north", {"moves": {patient: "islet"}}))

    row = both.of(patient)
    assert row["n_transfers_if_changed"] == row["n_transfers_as_it_was"] + 1
    assert row["last_hospital_if_changed"] == "islet"
    assert bool(row["differs"])
    assert both.decision.time == 24.0


def test_the_changes_of_all_patients_add_up_to_the_difference_of_the_bill():
    scenario = small()
    price = prices_of(scenario, wait=1.0, death=1e6, left=1e6)

    both = futures(scenario, "acuity", 1, 1, 3, CLOSED)

    hours = []
    for future in (both.as_it_was, both.if_changed):
        visits = future.tables.visits[~future.result.patients.declined]
        ends = visits[["treated", "left_network"]].min(axis=1).fillna(scenario.horizon)
        hours.append((ends - visits["presented"]).sum())
    assert price.wait * both.patients["change"].sum() == pytest.approx(hours[1] - hours[0], abs=1e-6)
    assert both.patients["change"].abs().sum() > 0
    assert not both.patients.loc[~both.patients["differs"], "change"].any()


def test_what_lasts_holds_at_every_later_decision():
    scenario = small()

    once = futures(scenario, "neutral", 1, 1, 3, CLOSED)
    always = futures(scenario, "neutral", 1, 1, 3, CLOSED, lasting=True)

    def diverted(both):
        orders = both.if_changed.result.orders
        return sum(order.part == "divert" for order in orders)

    assert diverted(once) == 1
    assert diverted(always) == int(scenario.horizon / scenario.decide_every) - 3


def test_orders_are_left_out_one_by_one():
    assert WithoutMove(7)(ORDERED).orders["north"] == Orders(moves={9: "south"}, divert=True)
    assert Without("north", "moves")(ORDERED).orders["north"] == Orders(divert=True)
    assert MovedTo(9, "islet")(ORDERED).orders["north"].moves == {7: "south", 9: "islet"}
    assert Instead(Directive())(ORDERED) == Directive()
    assert Given("islet", {"divert": True})(ORDERED).orders["islet"].divert
    assert WithoutMove(7)(ORDERED).orders["south"] is ORDERED.orders["south"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (WithoutMove(8), "patient 8 was not ordered to move at this decision. Moved were: 7, 9."),
        (Without("south", "divert"), "south was not ordered divert"),
        (Without("north", "moves", 8), r"north was not ordered moves\[8\]"),
        (Without("north", "move"), '"move" is not a part of orders. Did you mean "moves"'),
        (Given("north", {"diverts": True}), '"diverts" is not a part of orders. Did you mean "divert"'),
    ],
)
def test_a_change_of_nothing_is_refused(change, said):
    with pytest.raises(UsageError, match=said):
        change(ORDERED)


def test_a_decision_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="there is no decision 500: the run has 18, numbered from 0"):
        futures(small(), "neutral", 1, 1, 500, CLOSED)
    with pytest.raises(UsageError, match="decision 0: the change leaves the orders as they were"):
        futures(small(), "neutral", 1, 1, 0, Given("north", {"divert": False}))
