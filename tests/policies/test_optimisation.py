"""The policy `lp`: its plan is the best there is on networks small enough to try everything."""

import importlib
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from agents.build import build_engine
from policies.optimisation.fluid_plan import Asked, FluidPlan, finishing, present, remaining
from policies.optimisation.patient_flow import patient_flow
from policies.optimisation.vials import WASTE, VialPlan
from policies.registry import build_policy
from scenarios.errors import UsageError
from scenarios.loader import load_text
from sim.network import compile_network
from sim.protocol import run

TINY = """
fairward: 1
name: two hospitals
horizon: 2 days
decide_every: 4 h
pathways: {care: {steps: {ward: {needs: {bed: 1, nurse: 1}, duration: {exponential: 20 h}, if_full: overflow}}}}
classes: {ill: {pathway: care}}
hospitals:
  east: {beds: {bed: 3}, staff: {nurse: {count: 1, call_in: 2}}, ambulances: 2}
  west: {beds: {bed: {count: 2, flex: {count: 1, delay: 4 h}}}, staff: {nurse: 3}}
transfers: {travel: {east: {west: 1 h}}}
arrivals: {east: {hospital: east, classes: ill, poisson: 0.05 per hour}}
"""


@pytest.fixture
def scenes(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("scenes")


def plan_and_asked(rng, exact=True):
    network = compile_network(load_text(TINY))
    plan = FluidPlan(network, patient_flow(network), 2, 4.0, exact)
    waiting = rng.integers(0, 4, (2, 1)).astype(float)
    inflow = np.zeros((2, 1, 2))
    inflow[:, :, 0] = waiting
    inflow += rng.random((2, 1, 2))
    beds, nurses = rng.integers(0, 4, 2), rng.integers(0, 4, 2)
    room = np.stack([np.stack([[b, b], [n, n]]) for b, n in zip(beds, nurses, strict=True)]).astype(float)
    asked = Asked(
        inflow=inflow, room=room, price=1.0 + 3 * rng.random((2, 1)), doses=np.zeros((2, 0)),
        movable=np.array([waiting[h, k] for h, _, k in plan.moves]), ambulances=np.array([2.0, np.inf]),
        lendable=np.stack([[0, n] for n in nurses]).astype(float), callable=np.array([2.0]),
        flexible=np.array([1.0]),
    )  # fmt: skip
    return plan, asked


def tried(plan, asked, moves, loans, calls, flex):
    """The cost of the best plan under given orders; infinite if they are not allowed."""
    given = np.array([*moves, *loans, *calls, *flex], dtype=float)
    cost, upper, low, high = plan.program(asked)
    lower = np.zeros(len(upper))
    lower[-len(given) :] = upper[-len(given) :] = given
    found = milp(cost, bounds=Bounds(lower, upper), constraints=LinearConstraint(plan.rows, low, high))
    return np.inf if found.x is None else found.fun


@pytest.mark.parametrize("case", range(4))
def test_no_other_orders_are_better_on_a_network_where_all_can_be_tried(seed, case):
    plan, asked = plan_and_asked(np.random.default_rng([seed, case]))

    found = plan.solve(asked)
    every = product(
        product(*(range(int(most) + 1) for most in asked.movable)),
        product(*(range(int(asked.lendable[h, p]) + 1) for h, p, _ in plan.loans)),
        product(range(3)),
        product(range(2)),
    )
    best = min(tried(plan, asked, *orders) for orders in every)
    own = tried(plan, asked, found.moves, found.loans, found.calls, found.flex)

    assert found.cost == pytest.approx(best, rel=1e-6)
    assert own == pytest.approx(best, rel=1e-6)


def test_rounded_orders_are_near_the_optimum_and_never_below_it(seed):
    quick, exact = [], []
    for case in range(20):
        plan, asked = plan_and_asked(np.random.default_rng([seed, case]))
        exact.append(plan.solve(asked).cost)
        found = plan_and_asked(np.random.default_rng([seed, case]), exact=False)[0].solve(asked)
        quick.append(tried(plan, asked, found.moves, found.loans, found.calls, found.flex))

    assert np.all(np.array(quick) >= np.array(exact) - 1e-6)
    assert sum(quick) < 1.1 * sum(exact)


def test_a_crowded_hospital_sends_patients_to_an_empty_one_and_never_back(seed):
    plan, asked = plan_and_asked(np.random.default_rng(seed))
    inflow = np.zeros_like(asked.inflow)
    inflow[0, 0, 0] = 2.0
    full = np.zeros_like(asked.room)
    full[1] = 2.0
    moves = np.array([2.0 if h == 0 else 0.0 for h, _, _ in plan.moves])

    found = plan.solve(
        Asked(inflow, full, np.ones((2, 1)), asked.doses, moves, asked.ambulances, asked.lendable,
              asked.callable, asked.flexible)
    )  # fmt: skip

    assert [n for (h, _, _), n in zip(plan.moves, found.moves, strict=True) if h == 0] == [2]


@pytest.mark.parametrize(("stay", "hours"), [(0.1, 4.0), (4.0, 4.0), (80.0, 4.0)])
def test_nobody_is_lost_in_care(stay, hours):
    finished = np.cumsum([finishing(stay, hours, later) for later in range(400)])

    assert finished[0] + present(stay, hours, 0) == pytest.approx(1.0)
    assert finished[-1] == pytest.approx(1.0, abs=1e-6)
    hours_in_care = hours * sum(remaining(stay, hours, later) for later in range(400))
    assert hours_in_care == pytest.approx(stay, rel=1e-6)


def test_mean_patients_are_those_of_the_scenario(scenes):
    network = scenes.network_of()
    flow = patient_flow(network)
    wards = [k for k, (step, _) in enumerate(flow.cells) if network.steps[step].name == scenes.WARD]

    assert flow.begins[0, wards] == pytest.approx([0.3, 0.7])
    assert flow.stay[wards] == pytest.approx([6.0, 6.0])
    assert flow.leaves[wards] == pytest.approx([0.1, 0.1])
    assert flow.visits[wards].sum() == pytest.approx(1.1)


def test_vials_go_where_all_ways_to_share_them_show_most_doses_given(scenes):
    network = scenes.network_of()
    plan = VialPlan(network.scenario, network, np.random.default_rng(1), {})
    decision = scenes.decision(
        network, depot=4, north=scenes.empty_view(network, "north", stock=(scenes.lot(10),))
    )
    views = [view for view in decision.hospitals if view.name in plan.fridges]
    gains = [plan.gains(decision, view, "shot", 4) for view in views]

    shared = plan.share(decision, views, "shot", 4, [4, 4])
    every = [(n, m) for n in range(5) for m in range(5) if n + m <= 4]
    value = {both: sum(gains[i][:n].sum() for i, n in enumerate(both)) for both in every}

    assert value[tuple(shared)] == pytest.approx(max(value.values()))
    assert all(np.all(np.diff(gain) < 1e-9) for gain in gains)
    assert WASTE < 1


def test_nothing_that_it_orders_is_refused(scenes):
    network = scenes.network_of("hospitals.north.ambulances=1", "arrivals.north.scale=3")

    result = run(
        build_engine(network.scenario, 1, 1),
        build_policy("lp", network.scenario, network, np.random.default_rng(1)),
    )

    ordered = [
        order for order in result.orders if order.part in ("moves", "lend", "call_in", "flex", "vaccine")
    ]
    assert ordered
    assert not [order for order in ordered if order.refused]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("lp:horizon=3", "lp:horizon: "),
        ("lp:horizon=30 days", "at most 14 days"),
        ("lp:criticl=2", 'Did you mean "critical"?'),
        ("lp:far=-1", "lp:far: expected a number of at least 0"),
    ],
)
def test_what_is_miswritten_is_said_of_the_plan(scenes, written, said):
    network = scenes.network_of()

    with pytest.raises(UsageError) as error:
        build_policy(written, network.scenario, network, np.random.default_rng(1))

    assert said in str(error.value)
