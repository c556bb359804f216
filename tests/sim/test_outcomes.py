import math
from hashlib import blake2b

import numpy as np
import pandas as pd
import pytest

from sim.eventlog import Row
from sim.metric import FollowUp
from sim.outcomes import KEYS, METRICS, outcomes
from sim.patient_metrics import RestrictedMean
from sim.tables import Tables
from tests.sim.handmade import ED, JAB, NORTH, SEE, URGENT, need, network_of, patients_of, result_of, story


@pytest.fixture(scope="module")
def told() -> pd.Series:
    result = story()
    return indexed(outcomes(Tables(result), result.network))


def indexed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index(KEYS)


def value(frame, metric, attribute="", group="all", hospital=""):
    return frame.loc[(metric, attribute, group, hospital), "value"]


def outcomes_of(network, patients, rows):
    return indexed(outcomes(Tables(result_of(network, patients, rows)), network))


# Of the story, patients 1, 2, 3, 5, 7 and 8 are in need; 0 is warm-up, 4 declined and 6 is not eligible.


def test_arrivals_count_those_who_came_after_the_warm_up(told):
    assert value(told, "arrivals") == 7
    assert value(told, "arrivals", hospital="north") == 6
    assert value(told, "arrivals", "area", "country") == 3
    assert value(told, "arrivals", "area", "country", "south") == 1
    assert value(told, "arrivals", "class", "jab") == 3
    assert value(told, "arrivals", "acuity", "urgent") == 1


def test_the_wait_of_those_served_leaves_out_all_others(told):
    assert value(told, "wait_hours_served") == pytest.approx((0.5 + 2 + 0.25) / 3)
    assert (
        value(told, "wait_hours_served", hospital="south") == 2
    )  # the clock runs from presentation, not arrival
    assert told.loc[("wait_hours_served", "", "all", ""), "n"] == 3


def test_untreated_time_lets_the_dead_and_the_gone_wait_to_tau(told):
    # In order: treated .25, treated .5, left 1, censored 1.5, died 2, treated 2. Before the censoring each weighs
    # 1/6, after it 1/4. Treatment saves 7.75, 7.5 and 6 of 8 hours.
    assert value(told, "untreated_hours") == pytest.approx(8 - (7.75 + 7.5) / 6 - 6 / 4)
    assert value(told, "untreated_hours", "area", "country") == pytest.approx((8 + 8 + 2) / 3)


def test_untreated_time_is_missing_where_too_little_was_followed(told):
    # city: treated .25, treated .5, then one of three is censored.
    assert math.isnan(value(told, "untreated_hours", "area", "city"))
    assert told.loc[("untreated_hours", "", "all", ""), "n"] == 6


@pytest.mark.parametrize("n", [3, 1000, 12_345])
def test_untreated_time_is_exactly_zero_where_nobody_waits(n):
    at_once = FollowUp(np.zeros(n), np.ones(n, dtype=bool), np.zeros(n, dtype=bool))

    hours = RestrictedMean(at_once, 24.0)(np.arange(n) % 3, 3)

    assert hours.tolist() == [0, 0, 0]


def test_tau_is_no_longer_than_the_observation():
    network = network_of(tau="48 h")
    died = network.outcomes.index("died")
    rows = [(2.0, Row.QUEUED, 0, NORTH, SEE, 0), (3.0, Row.QUIT, 0, NORTH, SEE, 2)]
    rows += [(3.0, Row.LEFT_NETWORK, 0, NORTH, died, 0)]

    told = outcomes_of(network, patients_of(network, [2]), rows)

    assert value(told, "untreated_hours") == 22


def test_one_discharged_without_needing_treatment_waited_until_the_discharge():
    network = network_of()
    discharged = network.outcomes.index("discharged")
    rows = [(3.0, Row.PRESENTED, 0, NORTH, ED, 0), (5.0, Row.LEFT_NETWORK, 0, NORTH, discharged, 0)]

    told = outcomes_of(network, patients_of(network, [3]), rows)

    assert value(told, "untreated_hours") == 2
    assert value(told, "within_target") == 1
    assert math.isnan(value(told, "wait_hours_served"))


def test_within_target_weighs_the_incidence_of_each_acuity(told):
    # urgent: 1 of 1. standard, target 4 h: treated .25, left 1, censored 1.5, died 2, treated 2 -> .2 + .3.
    assert value(told, "within_target", "acuity", "urgent") == 1
    assert value(told, "within_target", "acuity", "standard") == pytest.approx(0.5)
    assert value(told, "within_target") == pytest.approx((1 * 1 + 5 * 0.5) / 6)


def test_within_target_counts_treatment_at_exactly_the_target():
    network = network_of()
    seized = need(network, SEE)
    rows = []
    for patient, wait in ((0, 1.0), (1, 1.5)):
        rows += [
            (3.0, Row.QUEUED, patient, NORTH, SEE, 0),
            (3 + wait, Row.STARTED, patient, NORTH, SEE, seized),
        ]
        rows += [(3 + wait, Row.TREATED, patient, NORTH, SEE, 0)]

    told = outcomes_of(network, patients_of(network, [3, 3], acuity=[URGENT, URGENT]), rows)

    assert value(told, "within_target") == 0.5


def test_within_target_is_left_out_of_a_scenario_without_targets():
    network = network_of(targets={})

    told = outcomes_of(network, patients_of(network, [3]), [])

    assert "within_target" not in told.index.get_level_values("metric")


def test_shares_of_ends_pass_the_weight_of_those_in_the_system_on(told):
    # Journeys: .5, left 1, censored 1.5, died 2, 4.5, 6: 1/6 each before the censoring and 2/9 after it.
    assert value(told, "left_share") == pytest.approx(1 / 6)
    assert value(told, "died_share") == pytest.approx(2 / 9)
    assert value(told, "cancelled_share") == value(told, "diverted_share") == 0
    assert value(told, "in_system_share") == pytest.approx(1 / 7)
    assert value(told, "ineligible_share") == pytest.approx(1 / 7)


def test_shares_of_ends_are_plain_shares_when_nobody_is_in_the_system(told):
    assert value(told, "died_share", "area", "country") == pytest.approx(1 / 3)
    assert value(told, "left_share", "area", "country") == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("end", "metric"), [("cancelled", "cancelled_share"), ("diverted", "diverted_share")]
)
def test_every_end_has_its_share(end, metric):
    network = network_of()
    rows = [(4.0, Row.LEFT_NETWORK, 0, NORTH, network.outcomes.index(end), 0)]
    rows += [(4.0, Row.LEFT_NETWORK, 1, NORTH, network.outcomes.index("discharged"), 0)]

    told = outcomes_of(network, patients_of(network, [3, 3]), rows)

    assert value(told, metric) == 0.5


def test_length_of_stay_is_that_of_the_treated_who_are_gone(told):
    assert value(told, "length_of_stay_hours") == pytest.approx((4.5 + 6 + 0.5) / 3)


def test_transfers_are_counted_per_patient(told):
    assert value(told, "transfers_per_patient") == pytest.approx(1 / 6)
    assert value(told, "transfers_per_patient", hospital="south") == 1


def test_throughput_counts_discharges_after_the_warm_up_whenever_they_came(told):
    assert value(told, "throughput_per_day") == pytest.approx(4 * 24 / 22)


def test_coverage_counts_those_who_declined_and_not_the_ineligible(told):
    assert value(told, "coverage") == pytest.approx(1 / 3)
    assert value(told, "coverage", "area", "city") == 0.5
    assert math.isnan(value(told, "coverage", "class", "ed"))
    assert value(told, "days_to_dose") == pytest.approx(0.25 / 24)


def test_waste_is_a_share_of_what_was_used_up(told):
    assert value(told, "waste_share") == 3 / 4
    assert value(told, "waste_share", "product", "serum", "north") == 3 / 4
    assert math.isnan(value(told, "waste_share", hospital="south"))


def test_waste_at_the_depot_counts_for_the_network_alone():
    network = network_of()
    rows = [
        (3.0, Row.WASTED, -1, -1, 0, 2.0),
        (4.0, Row.DOSED, 0, NORTH, 0, 1),
        (1.0, Row.WASTED, -1, NORTH, 0, 9.0),
    ]

    told = outcomes_of(network, patients_of(network, [3], cls=[JAB]), rows)

    assert value(told, "waste_share") == pytest.approx(2 / 3)
    assert value(told, "waste_share", hospital="north") == 0


def test_outcomes_per_head_know_the_catchment(told):
    assert value(told, "arrivals_per_1000") == pytest.approx(7 / 3)
    assert value(told, "arrivals_per_1000", hospital="south") == 0.5
    assert value(told, "treated_per_1000", hospital="north") == 2
    assert value(told, "deaths_per_1000", hospital="north") == 1


def test_outcomes_per_head_of_the_network_need_the_catchment_of_every_hospital():
    hospitals = network_of().scenario.model_dump(by_alias=True, exclude_none=True)["hospitals"]
    hospitals["south"].pop("population")
    network = network_of(hospitals=hospitals)

    told = outcomes_of(network, patients_of(network, [3]), [])

    assert value(told, "arrivals_per_1000", hospital="north") == 1
    assert math.isnan(value(told, "arrivals_per_1000"))


def test_the_wait_for_a_step_is_that_of_those_who_started_and_the_others_are_counted(told):
    assert value(told, "step_wait_hours", "step", "ed.see") == (0.5 + 1) / 2
    assert value(told, "step_censored_share", "step", "ed.see") == 1 / 5
    assert value(told, "step_quit_share", "step", "ed.see") == 2 / 5
    assert value(told, "step_quit_share", "step", "ed.see", "south") == 1
    assert math.isnan(value(told, "step_wait_hours", "step", "ed.see", "south"))


def test_time_averages_of_steps_run_from_the_warm_up_to_the_horizon(told):
    assert value(told, "step_occupancy", "step", "ed.see") == 11 / 22
    assert value(told, "queue_length", "step", "ed.see", "north") == 5 / 22
    assert value(told, "queue_length") == pytest.approx(6.25 / 22)
    assert value(told, "queue_length", "step", "ed.see", "south") == 0
    assert told.loc[("queue_length", "", "all", ""), "n"] == 22


def test_utilisation_is_hours_in_use_over_hours_open(told):
    assert value(told, "utilisation", "pool", "bay", "north") == 11 / 44
    assert value(told, "utilisation", "pool", "bay") == 11 / 66
    assert value(told, "utilisation", "pool", "nurse", "north") == pytest.approx(11.25 / 4 / 21)
    assert math.isnan(value(told, "utilisation", "pool", "lounge"))
    assert value(told, "occupancy", "pool", "bay") == 0.5
    assert value(told, "occupancy", "pool", "lounge") == 0
    assert math.isnan(value(told, "occupancy", "pool", "lounge", "south"))


def test_understaffed_hours_add_up_what_was_missing(told):
    assert value(told, "understaffed_hours", "pool", "nurse") == 0.375
    assert value(told, "understaffed_hours", "pool", "bay", "north") == 1


def test_the_rows_are_the_same_for_every_replication():
    result = story()
    network = result.network
    full = outcomes(Tables(result), network)
    empty = outcomes(Tables(result_of(network, patients_of(network, []), [])), network)

    pd.testing.assert_frame_equal(full[KEYS], empty[KEYS])
    assert not full.duplicated(KEYS).any()
    assert list(full.columns) == [*KEYS, "n", "value"]
    assert [str(t) for t in full.dtypes] == ["str"] * 4 + ["int64", "float64"]
    assert empty.loc[empty["metric"] == "arrivals", "value"].eq(0).all()
    assert empty.loc[empty["metric"] == "untreated_hours", "value"].isna().all()


def test_any_category_can_be_asked_for_even_one_named_like_a_column():
    result = story()

    told = indexed(outcomes(Tables(result), result.network, by=("treated", "area")))

    assert value(told, "arrivals", "treated", "once") == 7
    assert value(told, "arrivals", "area", "city") == 4


@pytest.mark.parametrize("name", ["frailty", "aera"])
def test_an_attribute_that_is_no_category_is_refused(name):
    result = story()

    with pytest.raises(
        ValueError, match=rf"^expected an attribute with categories \(one of area, treated\), got '{name}'$"
    ):
        outcomes(Tables(result), result.network, by=(name,))


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_metric_says_what_it_is(metric, told):
    assert metric.applies(story().network) == (metric.name in told.index.get_level_values("metric"))
    assert metric.unit
    assert metric.title
    assert len(metric.definition) > 40
    assert metric.definition.endswith(".")
    assert metric.better in ("lower", "higher", "")


def test_metrics_that_are_named_are_all_there_is_and_strange_ones_are_refused():
    result = story()
    made = Tables(result)
    full = outcomes(made, result.network)

    some = outcomes(made, result.network, (), ("died_share",))
    expected = full[full["metric"] == "died_share"].reset_index(drop=True)

    pd.testing.assert_frame_equal(some, expected)
    assert list(outcomes(made, result.network, (), ("cost_per_day",)).columns) == list(full.columns)
    with pytest.raises(ValueError, match=r"expected metrics among arrivals, .*, got died"):
        outcomes(made, result.network, (), ("died",))


def test_the_order_of_patients_does_not_matter():
    result = story()
    made = Tables(result)
    known = {name: getattr(made, name) for name in Tables.NAMES}
    shuffled = Tables.of(**{**known, "steps": made.steps.iloc[::-1].reset_index(drop=True)})

    pd.testing.assert_frame_equal(outcomes(made, result.network), outcomes(shuffled, result.network))


def test_large_random_replication_agrees_with_plain_definitions(request):
    network = network_of(horizon="2000 h", warm_up="0 h", tau="2000 h", targets={})
    rng = np.random.default_rng(
        int.from_bytes(blake2b(request.node.name.encode(), digest_size=8).digest(), "big")
    )
    n = 300
    time = np.sort(rng.integers(0, 1000 * 8, n)) / 8
    seized, discharged, left = (
        need(network, SEE),
        network.outcomes.index("discharged"),
        network.outcomes.index("left"),
    )
    wait, area = rng.integers(0, 40, n) / 8, rng.integers(0, 2, n)
    leaves = rng.random(n) < 0.2
    rows = []
    for patient in range(n):
        begin = float(time[patient])
        start = begin + float(wait[patient])
        rows.append((begin, Row.QUEUED, patient, NORTH, SEE, 0.0))
        if leaves[patient]:
            rows.append((start, Row.QUIT, patient, NORTH, SEE, 0.0))
            rows.append((start, Row.LEFT_NETWORK, patient, NORTH, left, 0.0))
        else:
            rows.append((start, Row.STARTED, patient, NORTH, SEE, float(seized)))
            rows.append((start, Row.TREATED, patient, NORTH, SEE, 0.0))
            rows.append((start + 1, Row.LEFT_NETWORK, patient, NORTH, discharged, 0.0))

    told = outcomes_of(network, patients_of(network, time, area=area), rows)

    for code, name in enumerate(("city", "country")):
        here = area == code
        assert value(told, "left_share", "area", name) == pytest.approx(leaves[here].mean())
        untreated = np.where(leaves, 2000.0, wait)[here].mean()
        assert value(told, "untreated_hours", "area", name) == pytest.approx(untreated)
