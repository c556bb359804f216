"""Vaccine: lots, vials, deliveries, breaches, tiers."""

import pytest

from sim.eventlog import Row, Waste
from sim.protocol import Orders
from tests.sim.telling import tell

CLINIC = """
horizon: {horizon}
decide_every: 1 h
attributes: {{age: {{share: {{old: 0.5, young: 0.5}}}}}}
classes: {{p: {{pathway: p}}}}
pathways: {{p: {{steps: {{jab: {{needs: {needs}, dose: vax, duration: 5 min, if_full: {if_full}}}}}}}}}
hospitals: {{h: {{staff: {{nurse: 1}}}}}}
vaccine:
  products: {{vax: {product}}}
  fridges: {{h: {fridge}}}
  lead_time: 30 min
{more}
arrivals:
{arrivals}
"""


def clinic(plan=None, **words):
    defaults = {
        "horizon": "30 h", "needs": "nurse", "if_full": "wait", "product": "{}", "more": "",
        "fridge": "{vials: 10, stock: {vax: 2}}",
        "arrivals": "  all: {hospital: h, classes: p, schedule: {at: [10 min, 20 min, 30 min]}}",
    }  # fmt: skip
    return tell(CLINIC.format(**(defaults | words)), plan)


def wasted(told):
    return [(minute, Waste(int(item) % 8), value) for minute, item, value in _wastes(told)]


def _wastes(told):
    log = told.result.log
    rows = log.kind == Row.WASTED
    minutes = (log.time[rows] * 60).round().astype(int).tolist()
    return list(zip(minutes, log.item[rows].tolist(), log.value[rows].tolist(), strict=True))


def test_a_dose_must_be_at_hand_and_who_finds_none_waits():
    assert clinic().when(Row.DOSED) == [(10, 0), (20, 1)]
    assert clinic(if_full="leave").when(Row.LEFT_NETWORK, "cancelled") == [(30, 2)]


def test_a_dose_needs_no_pool():
    assert clinic(needs="{}").when(Row.DOSED) == [(10, 0), (20, 1)]


def test_an_open_vial_is_used_first_and_what_is_left_after_its_limit_is_discarded():
    told = clinic(product="{doses_per_vial: 5, open_limit: 15 min}")

    # Opened at 10: two doses until 25 min, three discarded. Opened at 30: one dose, four discarded at 45.
    assert told.when(Row.DOSED) == [(10, 0), (20, 1), (30, 2)]
    assert wasted(told) == [(25, Waste.OPEN, 3.0), (45, Waste.OPEN, 4.0)]


def test_first_expired_is_first_out_and_lots_expire_on_their_hour():
    told = clinic(
        product="{thawed_life: 20 h}",
        more="  shipments: [{product: vax, vials: 2, shelf_life: 3 h}]",
        plan={0: {"h": Orders(vaccine={"vax": 2})}},
        arrivals="  all: {hospital: h, classes: p, schedule: {at: [40 min]}}",
    )
    # The delivery of 30 min expires at 180, the stock at 1200: a dose of the delivery is used.
    assert wasted(told) == [(180, Waste.EXPIRED, 1.0), (1200, Waste.EXPIRED, 2.0)]


def test_thawed_life_never_outlasts_the_printed_expiry():
    told = clinic(
        product="{thawed_life: 2 h}", fridge="{vials: 10}",
        more="  shipments: [{product: vax, vials: 4, shelf_life: 5 h}]",
        plan={0: {"h": Orders(vaccine={"vax": 2})}, 240: {"h": Orders(vaccine={"vax": 2})}},
        arrivals="  all: {hospital: h, classes: p, schedule: {at: [29 h]}}",
    )  # fmt: skip
    assert wasted(told) == [(150, Waste.EXPIRED, 2.0), (300, Waste.EXPIRED, 2.0)]


def test_what_does_not_fit_the_fridge_is_discarded_and_the_depot_gives_what_it_has():
    told = clinic(
        fridge="{vials: 3, stock: {vax: 2}}",
        more="  shipments: [{product: vax, vials: 4, shelf_life: 100 h}]",
        plan={0: {"h": Orders(vaccine={"vax": 9})}},
        arrivals="  all: {hospital: h, classes: p, schedule: {at: [29 h]}}",
    )
    assert wasted(told) == [(30, Waste.OVERFLOW, 3.0)]
    assert told.refusals() == [("h", "vaccine 9 vials of vax", "the depot had 4")]


def test_without_orders_the_fridge_is_filled_up_to_its_level_at_regular_decisions():
    told = clinic(
        fridge="{vials: 10, stock: {vax: 2}, order_up_to: {vax: 3}}",
        more="  shipments: [{product: vax, vials: 9, shelf_life: 100 h}]",
    )
    # One is ordered at 0 for 30 min; three are given by then, so that three are ordered at 60 for 90 min.
    received = [(minute, value) for minute, _, value in told.rows(Row.VIALS, hospital="h")]
    assert received == [(0, 2.0), (30, 1.0), (90, 3.0)]
    assert told.when(Row.DOSED) == [(10, 0), (20, 1), (30, 2)]


def test_a_delivery_wakes_those_who_wait_for_a_dose():
    told = clinic(
        fridge="{vials: 10}", more="  shipments: [{product: vax, vials: 3, shelf_life: 100 h}]",
        plan={60: {"h": Orders(vaccine={"vax": 2})}},
    )  # fmt: skip
    assert told.when(Row.DOSED) == [(90, 0), (95, 1)]


def test_who_is_of_no_open_tier_is_turned_away():
    more = "  tiers: {first: {when: {age: old}}, later: {when: {age: young}, opens: 15 min}}"
    told = clinic(
        fridge="{vials: 10, stock: {vax: 9}}", more=more,
        arrivals="""
  young: {hospital: h, classes: p, attributes: {age: {young: 1}}, schedule: {at: [5 min, 16 min]}}
  old: {hospital: h, classes: p, attributes: {age: {old: 1}}, schedule: {at: [6 min]}}
""",
    )  # fmt: skip
    assert told.when(Row.LEFT_NETWORK, "ineligible") == [(5, 0)]
    assert told.when(Row.DOSED) == [(6, 1), (16, 2)]


def test_priority_groups_go_first_in_the_order_that_is_given():
    more = "  tiers: {first: {when: {age: old}}, later: {when: {age: young}}}"
    arrivals = """
  young: {hospital: h, classes: p, attributes: {age: {young: 1}}, schedule: {at: [0, 1 min, 2 min]}}
  old: {hospital: h, classes: p, attributes: {age: {old: 1}}, schedule: {at: [3 min, 4 min]}}
"""
    same = {"fridge": "{vials: 10, stock: {vax: 9}}", "more": more, "arrivals": arrivals}

    def order(tiers):
        return [number for _, number in clinic({0: {"h": Orders(tiers=tiers)}}, **same).when(Row.DOSED)]

    assert order(()) == [0, 1, 2, 3, 4]
    assert order(("first", "later")) == order(("first",)) == [0, 3, 4, 1, 2]
    assert order(("later", "first")) == [0, 1, 2, 3, 4]


def test_a_breach_discards_open_and_closed_vials_alike(seed):
    told = tell(
        CLINIC.format(
            horizon="200 h", needs="nurse", if_full="wait", product="{doses_per_vial: 4, open_limit: 150 h}",
            fridge="{vials: 9, stock: {vax: 5}, breach_rate: 1 per 50 h}", more="",
            arrivals="  all: {hospital: h, classes: p, schedule: {at: [1 min]}}",
        ).replace("decide_every: 1 h", "decide_every: 0"),
        seed=seed,
    )  # fmt: skip
    log = told.result.log
    rows = (log.kind == Row.WASTED) & (log.item % 8 == Waste.BREACH)
    assert log.value[rows].tolist() == [3.0, 16.0]
    assert len(set(log.time[rows].tolist())) == 1


@pytest.mark.parametrize("share", [0, 1])
def test_a_spoilt_delivery_is_received_and_discarded(share):
    told = clinic(
        fridge="{vials: 10}", plan={0: {"h": Orders(vaccine={"vax": 2})}},
        more=f"  shipment_breach: {share}\n  shipments: [{{product: vax, vials: 3, shelf_life: 100 h}}]",
    )  # fmt: skip
    assert wasted(told) == ([(30, Waste.BREACH, 2.0)] if share else [])
    assert len(told.when(Row.DOSED)) == (0 if share else 2)
