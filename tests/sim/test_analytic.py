import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.analytic import (
    beds_needed,
    delay_probability_truncated,
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_c_wait,
    mg1_wait,
    mg_infinity_occupancy,
    mg_infinity_quantile,
    mm_c,
    priority_waits,
    stay_seen_by_inspection,
)

SETTINGS = settings(derandomize=True, deadline=None)
TRIAGE_SHARES = (0.01, 0.12, 0.45, 0.33, 0.09)
TRIAGE_RATES = [0.215 * share for share in TRIAGE_SHARES]


@pytest.mark.parametrize(
    ("servers", "load", "blocking", "waiting"),
    [
        (5, 3, 0.110054, 0.236152),
        (10, 9, 0.167963, 0.668732),
        (24, 20, 0.066097, 0.298072),
        (50, 45, 0.054104, 0.363864),
    ],
)
def test_erlang_b_and_c_give_the_figures_of_validation_v1(servers, load, blocking, waiting):
    assert erlang_b(load, servers) == pytest.approx(blocking, abs=5e-7)
    assert erlang_c(load, servers) == pytest.approx(waiting, abs=5e-7)


def test_priority_waits_give_the_figures_of_validation_v1():
    waits = priority_waits(TRIAGE_RATES, service_rate=1 / 20, servers=5)

    assert waits == pytest.approx([2.7253, 3.0684, 6.0694, 24.7969, 88.7730], abs=5e-5)


def test_first_come_first_served_gives_the_figure_of_validation_v1():
    assert erlang_c_wait(0.215, service_rate=1 / 20, servers=5) == pytest.approx(19.2992, abs=5e-5)


@pytest.mark.parametrize(
    ("arrival_rate", "abandoning", "mean_wait", "waiting"),
    [(0.25, 0.102791, 12.3349, 0.741954), (0.30, 0.191160, 22.9392, 0.919136)],
)
def test_erlang_a_gives_the_figures_of_validation_v1(arrival_rate, abandoning, mean_wait, waiting):
    queue = erlang_a(arrival_rate, service_rate=1 / 20, servers=5, patience_rate=1 / 120)

    assert queue.abandon_probability == pytest.approx(abandoning, abs=5e-7)
    assert queue.mean_wait == pytest.approx(mean_wait, abs=5e-5)
    assert queue.wait_probability == pytest.approx(waiting, abs=5e-7)


def test_mg1_wait_gives_the_figure_of_validation_v1():
    assert mg1_wait(arrival_rate=0.1, mean_service=8, sd_service=6) == pytest.approx(25.0, rel=1e-12)


def test_mm5_gives_the_figures_of_validation_v1():
    queue = mm_c(arrival_rate=1 / 4, service_rate=1 / 10, servers=5)

    assert queue.mean_wait == pytest.approx(0.52149, abs=5e-6)
    assert queue.utilisation == pytest.approx(0.5)


# VALIDATION V2: arrivals per day and mean stays in days. The re-implementation gives the
# strokes who go elsewhere the stay of those who die.
ASU_LOAD = (
    (0.24 * 7.4 + 0.13 * 4.6 + 0.63 * 7.0) / 1.2  # stroke: rehabilitation, supported discharge, elsewhere
    + 1.8 / 9.3
    + 4.0 / 3.6
    + 3.8 / 3.2
)
REHABILITATION_LOAD = (
    (0.24 / 1.2 + 1 / 21.8) * (0.60 * 28.4 + 0.40 * 30.3)
    + 0.01 / 9.3 * 18.7
    + (0.11 / 3.6 + 1 / 31.7) * 27.6
    + (0.05 / 3.2 + 1 / 28.6) * 16.1
)


@pytest.mark.parametrize(
    ("load", "beds", "exact"),
    [
        *((ASU_LOAD, *row) for row in ((9, 0.1806), (10, 0.1283), (11, 0.0867))),
        *((ASU_LOAD, *row) for row in ((12, 0.0556), (13, 0.0337), (14, 0.0192))),
        *((REHABILITATION_LOAD, *row) for row in ((10, 0.2015), (12, 0.1091), (13, 0.0754))),
        *((REHABILITATION_LOAD, *row) for row in ((14, 0.0497), (15, 0.0312), (16, 0.0186))),
        *((ASU_LOAD + REHABILITATION_LOAD, *row) for row in ((22, 0.0629), (26, 0.0158))),
    ],
)
def test_stroke_wards_give_the_exact_column_of_validation_v2(load, beds, exact):
    assert delay_probability_truncated(load, beds) == pytest.approx(exact, abs=5e-5)


@pytest.mark.parametrize(("load", "beds"), [(0.3, 4), (8.2, 9), (600.0, 640)])
def test_the_delay_probability_of_a_truncated_poisson_is_erlang_b(load, beds):
    truncated = stats.poisson.pmf(beds, load) / stats.poisson.cdf(beds, load)

    assert delay_probability_truncated(load, beds) == pytest.approx(truncated, rel=1e-9)


def test_an_mm1_queue_has_its_textbook_values():
    queue = mm_c(arrival_rate=3.0, service_rate=4.0, servers=1)

    assert queue.wait_probability == pytest.approx(0.75)
    assert queue.mean_wait == pytest.approx(0.75)
    assert queue.mean_time_in_system == pytest.approx(1.0)
    assert queue.mean_queue == pytest.approx(2.25)
    assert queue.mean_in_system == pytest.approx(3.0)


def test_an_empty_hospital_blocks_nobody_and_a_closed_one_everybody():
    assert erlang_b(offered_load=0, servers=3) == 0
    assert erlang_b(offered_load=2.5, servers=0) == 1
    assert erlang_c(offered_load=0, servers=3) == 0


def test_hundreds_of_servers_neither_overflow_nor_vanish():
    assert erlang_b(990.0, 1000) == pytest.approx(
        stats.poisson.pmf(1000, 990) / stats.poisson.cdf(1000, 990), rel=1e-9
    )
    assert 0 < erlang_c(999.9, 1000) < 1
    assert erlang_b(1e-3, 800) == 0.0
    assert erlang_a(900.0, 1.0, 800, 0.1).abandon_probability == pytest.approx(1 - 800 / 900, rel=1e-3)
    assert erlang_a(1e-3, 1.0, 800, 0.1).wait_probability == 0.0


def test_erlang_a_becomes_erlang_c_as_nobody_loses_patience():
    queue = erlang_a(arrival_rate=0.215, service_rate=1 / 20, servers=5, patience_rate=1e-10)

    assert queue.wait_probability == pytest.approx(erlang_c(4.3, 5), rel=1e-6)
    assert queue.mean_wait == pytest.approx(erlang_c_wait(0.215, 1 / 20, 5), rel=1e-6)
    assert queue.utilisation == pytest.approx(0.86)


def test_erlang_a_becomes_erlang_b_as_nobody_has_patience():
    queue = erlang_a(arrival_rate=3.0, service_rate=1.0, servers=5, patience_rate=1e12)

    assert queue.abandon_probability == pytest.approx(erlang_b(3.0, 5), rel=1e-9)


def test_erlang_a_with_patience_like_service_is_an_infinite_server_queue():
    queue = erlang_a(arrival_rate=6.0, service_rate=1.0, servers=5, patience_rate=1.0)

    assert queue.wait_probability == pytest.approx(stats.poisson.sf(4, 6.0), rel=1e-12)
    assert queue.mean_queue == pytest.approx(
        sum((n - 5) * stats.poisson.pmf(n, 6.0) for n in range(6, 80)), rel=1e-12
    )


def test_erlang_a_holds_in_an_overload_that_would_overflow_a_plain_sum():
    queue = erlang_a(arrival_rate=100.0, service_rate=1.0, servers=50, patience_rate=1e-3)

    assert queue.wait_probability == pytest.approx(1.0)
    assert queue.mean_queue == pytest.approx(50 / 1e-3, rel=1e-9)
    assert queue.abandon_probability == pytest.approx(0.5, rel=1e-9)


@given(
    arrival_rate=st.floats(0.01, 200),
    servers=st.integers(1, 150),
    patience_rate=st.floats(0.01, 100),
)
@SETTINGS
def test_erlang_a_loses_exactly_what_it_does_not_serve(arrival_rate, servers, patience_rate):
    queue = erlang_a(arrival_rate, 1.0, servers, patience_rate)
    busy_below = _mean_busy_by_direct_sum(arrival_rate, servers, patience_rate)

    assert queue.utilisation * servers == pytest.approx(busy_below, rel=1e-8)
    assert 0 <= queue.abandon_probability <= queue.wait_probability <= 1 + 1e-12


def _mean_busy_by_direct_sum(arrival_rate, servers, patience_rate):
    log_weights = [0.0]
    highest, leaving = 0.0, 0.0
    while leaving < arrival_rate or log_weights[-1] > highest - 45:
        n = len(log_weights)
        leaving = min(n, servers) + max(0, n - servers) * patience_rate
        log_weights.append(log_weights[-1] + math.log(arrival_rate / leaving))
        highest = max(highest, log_weights[-1])
    weights = [math.exp(log_weight - highest) for log_weight in log_weights]
    return math.fsum(min(n, servers) * weight for n, weight in enumerate(weights)) / math.fsum(weights)


def test_mg1_without_variation_waits_half_as_long_as_mm1():
    exponential = mg1_wait(arrival_rate=0.7, mean_service=1.0, sd_service=1.0)

    assert exponential == pytest.approx(mm_c(0.7, 1.0, 1).mean_wait)
    assert mg1_wait(arrival_rate=0.7, mean_service=1.0, sd_service=0.0) == pytest.approx(exponential / 2)


def test_priority_does_not_change_the_mean_wait_of_all():
    waits = priority_waits(TRIAGE_RATES, 1 / 20, 5)

    mean = sum(share * wait for share, wait in zip(TRIAGE_SHARES, waits, strict=True))

    assert mean == pytest.approx(erlang_c_wait(0.215, 1 / 20, 5), rel=1e-12)


@given(
    weights=st.lists(st.floats(0.01, 1), min_size=1, max_size=6),
    servers=st.integers(1, 300),
    utilisation=st.floats(0.05, 0.97),
)
@SETTINGS
def test_urgent_classes_wait_less_and_waiting_is_conserved(weights, servers, utilisation):
    rates = [weight / sum(weights) * utilisation * servers for weight in weights]

    waits = priority_waits(rates, 1.0, servers)

    work_waiting = sum(rate * wait for rate, wait in zip(rates, waits, strict=True))
    assert list(waits) == sorted(waits)
    assert work_waiting == pytest.approx(sum(rates) * erlang_c_wait(sum(rates), 1.0, servers), rel=1e-9)


def test_one_class_has_no_priority():
    assert priority_waits([1.6], 0.5, 4) == pytest.approx((erlang_c_wait(1.6, 0.5, 4),))


@given(load=st.floats(0.01, 400), servers=st.integers(1, 500), more=st.floats(1.001, 2))
@SETTINGS
def test_more_load_blocks_more_and_more_servers_block_less(load, servers, more):
    blocking = erlang_b(load, servers)

    assert 0 <= blocking < 1
    assert erlang_b(load * more, servers) >= blocking
    assert erlang_b(load, servers + 1) <= blocking


@given(servers=st.integers(1, 500), utilisation=st.floats(0.01, 0.99))
@SETTINGS
def test_waiting_is_likelier_than_blocking_and_falls_with_servers(servers, utilisation):
    load = servers * utilisation

    assert erlang_b(load, servers) <= erlang_c(load, servers) <= 1
    assert erlang_c(load, servers + 1) <= erlang_c(load, servers)
    assert erlang_c_wait(load, 1.0, servers + 1) <= erlang_c_wait(load, 1.0, servers)


@given(patience_rate=st.floats(0.001, 10), more=st.floats(1.01, 5))
@SETTINGS
def test_less_patience_means_more_leave_and_the_rest_wait_less(patience_rate, more):
    patient, hasty = (erlang_a(5.5, 1.0, 5, rate) for rate in (patience_rate, patience_rate * more))

    assert hasty.abandon_probability > patient.abandon_probability
    assert hasty.mean_wait < patient.mean_wait
    assert hasty.wait_probability < patient.wait_probability


@pytest.mark.parametrize("load", [0.0, 0.4, 12.0, 900.0])
def test_unlimited_beds_hold_a_poisson_number_of_patients(load):
    numbers = range(0, 1200, 7)

    got = [mg_infinity_occupancy(load, n) for n in numbers]

    assert got == pytest.approx(list(stats.poisson.pmf(numbers, load)), rel=1e-8, abs=1e-300)


@given(load=st.floats(0, 800), probability=st.floats(1e-6, 1 - 1e-6))
@SETTINGS
def test_the_occupancy_quantile_is_the_least_number_that_suffices(load, probability):
    beds = mg_infinity_quantile(load, probability)

    assert stats.poisson.cdf(beds, load) >= probability - 1e-10
    assert beds == 0 or stats.poisson.cdf(beds - 1, load) < probability + 1e-10


@given(load=st.floats(0, 300), target=st.floats(1e-6, 0.999))
@SETTINGS
def test_the_beds_needed_are_enough_and_one_fewer_is_not(load, target):
    for_blocking, for_delay = beds_needed(load, target), beds_needed(load, target, "delay")

    assert erlang_b(load, for_blocking) <= target < erlang_b(load, for_blocking - 1)
    assert erlang_c(load, for_delay) <= target
    assert for_delay - 1 <= load or erlang_c(load, for_delay - 1) > target


def test_a_hospital_without_patients_needs_one_bed_open():
    assert beds_needed(0.0, 0.05) == beds_needed(0.0, 0.05, "delay") == 1


def test_the_stays_found_in_bed_are_length_biased():
    stays = stats.lognorm(
        s=math.sqrt(math.log1p((8.6 / 7.4) ** 2)), scale=7.4 / math.sqrt(1 + (8.6 / 7.4) ** 2)
    )

    assert stay_seen_by_inspection(7.4, 8.6) == pytest.approx(stays.moment(2) / stays.mean())
    assert stay_seen_by_inspection(5.0, 0.0) == 5.0
    assert stay_seen_by_inspection(5.0, 5.0) == 10.0


NOT_NEGATIVE = "{}: expected a finite number of at least 0, got {}. Check its sign and unit."
POSITIVE = "{}: expected a finite number above 0, got {}. Check its sign and unit."
COUNT = "{}: expected a whole number from {} to 5,000,000, got {}. Give a count."
PROBABILITY = "{}: expected a number between 0 and 1, both excluded, got {}. Say 0.05 for 5 %."
OVERLOAD = (
    "no steady state: expected an offered load below the number of servers, got load {} on {}. "
    "Add servers, shorten the service or reduce the arrivals."
)
TOO_PATIENT = (
    "patience_rate: expected a queue of fewer than 5,000,000 patients, got about 4e+09. "
    "Raise the patience rate or the number of servers."
)
TOO_MANY = "offered_load: expected at most 5,000,000 patients at once, got 1e+300. Check the units."
NO_CLASS = "arrival_rates: expected at least one class, got none. Give one rate per class."
NO_MEASURE = 'measure: expected "blocking" or "delay", got "death". Choose one of the two.'


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: erlang_b(-1, 5), NOT_NEGATIVE.format("offered_load", -1)),
        (lambda: erlang_b(math.nan, 5), NOT_NEGATIVE.format("offered_load", "nan")),
        (lambda: erlang_b(1, -5), COUNT.format("servers", 0, -5)),
        (lambda: erlang_b(1, 2.5), COUNT.format("servers", 0, 2.5)),
        (lambda: erlang_b(1, 10**12), COUNT.format("servers", 0, 10**12)),
        (lambda: erlang_c(0.5, 0), COUNT.format("servers", 1, 0)),
        (lambda: erlang_c(5, 5), OVERLOAD.format(5, 5)),
        (lambda: erlang_c_wait(12, 2, 5), OVERLOAD.format(6, 5)),
        (lambda: erlang_c_wait(12, 0, 5), POSITIVE.format("service_rate", 0)),
        (lambda: mm_c(math.inf, 1, 5), NOT_NEGATIVE.format("arrival_rate", "inf")),
        (lambda: erlang_a(0, 1, 5, 1), POSITIVE.format("arrival_rate", 0)),
        (lambda: erlang_a(1, 1, 5, 0), POSITIVE.format("patience_rate", 0)),
        (lambda: erlang_a(9, 1, 5, 1e-9), TOO_PATIENT),
        (lambda: mg1_wait(0.2, 5, 1), OVERLOAD.format(1, 1)),
        (lambda: mg1_wait(0.1, 5, -1), NOT_NEGATIVE.format("sd_service", -1)),
        (lambda: priority_waits([], 1, 2), NO_CLASS),
        (lambda: priority_waits([1, -1], 1, 2), NOT_NEGATIVE.format("arrival_rates[1]", -1)),
        (lambda: priority_waits([1, 1], 1, 2), OVERLOAD.format(2, 2)),
        (lambda: mg_infinity_occupancy(1, -1), COUNT.format("n_patients", 0, -1)),
        (lambda: mg_infinity_quantile(1, 1.0), PROBABILITY.format("probability", 1)),
        (lambda: beds_needed(1, 5), PROBABILITY.format("target", 5)),
        (lambda: beds_needed(1, 0.1, "death"), NO_MEASURE),
        (lambda: beds_needed(1e300, 0.1), TOO_MANY),
        (lambda: stay_seen_by_inspection(0, 1), POSITIVE.format("mean", 0)),
    ],
)
def test_what_has_no_answer_is_refused_with_a_remedy(call, text):
    with pytest.raises(ValueError) as refusal:
        call()

    assert str(refusal.value) == text
