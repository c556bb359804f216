import math

import numpy as np
import pandas as pd
import pytest

from sim.eventlog import Row
from sim.little import littles_law
from sim.tables import Tables, occupancy_distribution
from tests.sim.handmade import ED, NORTH, SEE, need, network_of, patients_of, result_of, story

NAN = math.nan


@pytest.fixture(scope="module")
def made() -> Tables:
    return Tables(story())


def column(frame: pd.DataFrame, name: str) -> list:
    return frame[name].astype(object).where(frame[name].notna(), None).tolist()


def test_every_patient_is_a_row_with_the_times_of_the_journey(made):
    visits = made.visits

    assert visits["patient"].tolist() == list(range(9))
    np.testing.assert_array_equal(visits["treated"], [1, 2.5, NAN, 6, NAN, 8.25, NAN, NAN, NAN])
    np.testing.assert_array_equal(visits["left_network"], [5, 6.5, 5, 10, 7, 8.5, 8.5, 10, NAN])
    np.testing.assert_array_equal(visits["dosed"], [NAN] * 5 + [8.25] + [NAN] * 3)
    assert visits["in_warm_up"].tolist() == [True] + [False] * 8


def test_outcomes_have_names_and_kinds_and_those_in_the_system_have_one_too(made):
    kinds = ["discharged", "discharged", "died", "discharged", "declined", "discharged", "ineligible", "left"]

    assert column(made.visits, "outcome_kind") == [*kinds, "in system"]
    assert column(made.visits, "outcome") == [*kinds, "in system"]


def test_a_scenarios_own_outcome_keeps_its_name_beside_its_kind():
    network = network_of(outcomes={"too late": "cancelled"})
    outcome = network.outcomes.index("too late")
    rows = [(3.0, Row.PRESENTED, 0, NORTH, ED, 0.0), (3.0, Row.LEFT_NETWORK, 0, NORTH, outcome, 0.0)]

    visits = Tables(result_of(network, patients_of(network, [3.0]), rows)).visits

    assert visits[["outcome", "outcome_kind"]].values.tolist() == [["too late", "cancelled"]]


def test_visits_say_where_a_patient_went(made):
    moved = made.visits.iloc[3]

    assert (moved["hospital"], moved["last_hospital"], moved["n_transfers"], moved["n_steps"]) == (
        "south",
        "north",
        1,
        1,
    )
    assert made.visits["n_transfers"].sum() == 1
    assert made.visits["n_steps"].tolist() == [1, 1, 0, 1, 0, 1, 0, 0, 0]


def test_attributes_are_columns_and_one_that_is_named_like_a_column_keeps_out_of_its_way(made):
    assert column(made.visits, "area")[:3] == ["city", "city", "country"]
    assert made.visits["frailty"].tolist() == [1.0] * 9
    assert made.visits["attribute treated"].cat.categories.tolist() == ["once", "never"]


def test_steps_have_a_row_for_every_queue_joined_in_the_order_of_the_log(made):
    steps = made.steps

    assert steps["patient"].tolist() == [0, 1, 2, 3, 3, 5, 6, 7, 8]
    assert column(steps, "hospital") == ["north", "north", "north", "south", *["north"] * 5]
    np.testing.assert_array_equal(steps["started"], [1, 2.5, NAN, NAN, 6, 8.25, NAN, NAN, NAN])
    np.testing.assert_array_equal(steps["ended"], [5, 6.5, NAN, NAN, 10, 8.5, NAN, NAN, NAN])
    np.testing.assert_array_equal(steps["quit"], [NAN, NAN, 5, 4, NAN, NAN, 8.5, 10, NAN])
    np.testing.assert_array_equal(steps["wait"], [0, 0.5, NAN, NAN, 1, 0.25, NAN, NAN, NAN])
    np.testing.assert_array_equal(steps["queued_for"], [0, 0.5, 2, 0, 1, 0.25, 0, 1, 1.5])
    np.testing.assert_array_equal(steps["stayed"], [4, 4, NAN, NAN, 4, 0.25, NAN, NAN, NAN])


def test_steps_name_what_was_seized_and_why_a_patient_quit(made):
    assert column(made.steps, "need")[:3] == ["1 bay + 1/4 nurse"] * 2 + [None]
    quits = [None, None, "died", "moved", None, None, "ineligible", "lost patience", None]
    assert column(made.steps, "quit_reason") == quits
    assert column(made.steps, "ending")[:3] == ["finished", "finished", None]


def test_a_step_cut_short_without_an_end_lasts_until_the_next_queue_or_the_horizon():
    network = network_of()
    seized = need(network, SEE)
    rows = [(float(t), Row.PRESENTED, p, NORTH, ED, 0.0) for p, t in enumerate((3, 4))]
    for patient, start in ((0, 3.0), (1, 4.0)):
        rows += [
            (start, Row.QUEUED, patient, NORTH, SEE, 0),
            (start, Row.STARTED, patient, NORTH, SEE, seized),
        ]
    rows += [(6.0, Row.QUEUED, 0, NORTH, SEE, 1.0)]

    steps = Tables(result_of(network, patients_of(network, [3, 4]), rows)).steps

    np.testing.assert_array_equal(steps["stayed"], [3, 20, NAN])
    assert steps["visit"].tolist() == [0, 0, 1]


def test_a_patient_without_a_queue_does_not_lend_the_end_of_the_journey_to_another():
    network = network_of()
    diverted = network.outcomes.index("diverted")
    rows = [
        (3.0, Row.QUEUED, 0, NORTH, SEE, 0.0),
        (3.0, Row.STARTED, 0, NORTH, SEE, need(network, SEE)),
        (4.0, Row.LEFT_NETWORK, 1, NORTH, diverted, 0.0),
    ]

    steps = Tables(result_of(network, patients_of(network, [3, 4]), rows)).steps

    np.testing.assert_array_equal(steps["stayed"], [21])


def test_the_census_sees_every_whole_hour_just_before_it(made):
    bay = made.census.query("hospital == 'north' and pool == 'bay'").set_index("time")

    assert bay.index.tolist() == list(range(1, 25))
    assert bay["in_use"].loc[[1, 2, 3, 5, 6, 7, 10, 11]].tolist() == [0, 1, 2, 2, 1, 1, 1, 0]
    assert bay["mean_in_use"].loc[[1, 2, 3, 5, 6, 7, 10, 11]].tolist() == [0, 1, 1.5, 2, 1, 1.5, 1, 0]
    assert bay["reserved"].loc[[4, 5, 6]].tolist() == [0, 1, 0]
    assert bay["cleaning"].tolist() == [0] * 24  # from 5 to 5.5 only
    assert bay["understaffed"].loc[[4, 5, 6]].tolist() == [0, 1, 0]


def test_the_census_counts_staff_in_whole_people_and_knows_no_limit_of_an_unlimited_pool(made):
    nurse = made.census.query("hospital == 'north' and pool == 'nurse'").set_index("time")
    lounge = made.census.query("pool == 'lounge'")

    assert nurse["capacity"].loc[[6, 7, 8]].tolist() == [1, 0, 1]
    assert nurse["in_use"].loc[[5, 6, 7]].tolist() == [0.5, 0.25, 0.25]
    assert nurse["understaffed"].loc[7] == 0.25
    assert lounge["hospital"].unique().tolist() == ["north"]
    assert lounge["capacity"].isna().all()
    assert (lounge["understaffed"] == 0).all()


def test_queues_are_seen_just_before_every_whole_hour(made):
    see = made.queues.query("hospital == 'north' and step == 'ed.see'").set_index("time")["waiting"]

    assert see.loc[[2, 3, 4, 5, 6, 7, 22, 23, 24]].tolist() == [0, 0, 1, 1, 1, 0, 0, 1, 1]


def test_pool_hours_are_exact_integrals_after_the_warm_up(made):
    pools = made.pools.set_index(["hospital", "pool"])

    bay = pools.loc[("north", "bay")]
    assert bay.tolist() == [44, 11, 0.5, 1, 1]
    assert pools.loc[("north", "nurse")].tolist() == [21, 11.25 / 4, 0, 0.25, 0.375]
    assert math.isnan(pools.loc[("north", "lounge"), "capacity_hours"])
    assert pools.loc[("south", "bay")].tolist() == [22, 0, 0, 0, 0]


def test_the_occupancy_distribution_weighs_by_time():
    distribution = occupancy_distribution(story(), "north", "bay")

    assert distribution["occupancy"].tolist() == [0, 1, 2]
    assert distribution["probability"].tolist() == [14 / 22, 5 / 22, 3 / 22]


def test_the_occupancy_distribution_of_shared_staff_goes_in_parts_of_a_person():
    distribution = occupancy_distribution(story(), "north", "nurse")

    assert distribution["occupancy"].tolist() == [0, 0.25, 0.5]
    assert distribution["probability"].sum() == pytest.approx(1, abs=1e-15)


def test_the_occupancy_distribution_of_a_pool_that_a_hospital_lacks_is_refused():
    with pytest.raises(ValueError, match=r"^expected a pool of south, got 'lounge'$"):
        occupancy_distribution(story(), "south", "lounge")


def test_decisions_and_doses_are_tables_too(made):
    assert made.decisions.values.tolist() == [[0, 4.0, "regular", "north", "queue_rule", "acuity", ""]]
    assert column(made.doses, "event") == ["received", "given", "received", "wasted"]
    assert column(made.doses, "reason") == [None, None, None, "expired"]
    assert made.doses["doses"].tolist() == [10, 1, 1, 3]


def test_a_run_in_which_nothing_happens_has_empty_tables_of_the_same_shape(made):
    network = network_of()
    empty = Tables(result_of(network, patients_of(network, []), []))

    for name in Tables.NAMES:
        before, now = getattr(made, name), getattr(empty, name)
        assert list(now.columns) == list(before.columns), name
        assert [str(t) for t in now.dtypes] == [str(t) for t in before.dtypes], name
    assert len(empty.census) == len(made.census)
    assert len(empty.visits) == len(empty.steps) == 0


def test_little_holds_to_the_last_bit_with_the_waiting_counted():
    law = littles_law(story()).set_index(["hospital", "step"])

    assert law["hours_by_count"].tolist() == law["hours_by_patient"].tolist()
    assert law.loc[("north", "ed.see"), "hours_by_count"] == 5.0
    assert law.loc[("north", "jab.dose"), "length"] == 1.25 / 24
    assert law.loc[("south", "ed.see"), "wait"] == 0
    assert law["length"].tolist() == pytest.approx((law["rate"] * law["wait"]).tolist(), rel=1e-15)
