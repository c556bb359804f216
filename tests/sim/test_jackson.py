import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.analytic import mm_c
from sim.jackson import jackson_network


def test_two_stations_in_a_row_are_two_independent_queues():
    network = jackson_network([1.0, 0.0], [[0.0, 1.0], [0.0, 0.0]], [0.6, 0.3], [2, 4])

    assert network.arrival_rates == pytest.approx((1.0, 1.0))
    assert network.stations == (mm_c(1.0, 0.6, 2), mm_c(1.0, 0.3, 4))
    assert network.mean_time_in_network == pytest.approx(network.mean_in_network)


def test_a_patient_who_comes_back_is_counted_at_each_visit():
    network = jackson_network([1.0], [[0.25]], [1.0], [2])

    assert network.arrival_rates == pytest.approx((4 / 3,))
    assert network.mean_in_network == pytest.approx(mm_c(4 / 3, 1.0, 2).mean_in_system)


@given(back=st.floats(0, 0.6), on=st.floats(0, 0.9), rate=st.floats(0.1, 5))
@settings(derandomize=True, deadline=None)
def test_what_flows_in_flows_out(back, on, rate):
    routing = [[0.0, on], [back, 0.0]]

    network = jackson_network([rate, rate / 2], routing, [1.0, 1.0], [40, 40])

    leaving = [flow * (1 - sum(row)) for flow, row in zip(network.arrival_rates, routing, strict=True)]
    assert sum(leaving) == pytest.approx(1.5 * rate)


def test_a_network_without_arrivals_has_no_time_in_it():
    network = jackson_network([0.0], [[0.0]], [1.0], [1])

    assert network.mean_in_network == 0
    assert network.mean_time_in_network is None


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ([1.0], [[0.0, 0.5], [0.0, 0.0]], [1.0, 1.0], [2, 2]),
            "expected one external rate, service rate and routing row (of as many entries) for each "
            "of 2 stations, got lengths [1, 2, 2, 2, 2]. Use 0 for a route or an arrival that does not exist.",
        ),
        (
            ([-1.0], [[0.0]], [1.0], [2]),
            "external_rates[0]: expected a finite number of at least 0, got -1. "
            "Use 0 if nobody arrives there from outside.",
        ),
        (
            ([1.0, 0.0], [[0.0, 0.5], [0.7, 0.7]], [1.0, 1.0], [2, 2]),
            "routing[1]: expected probabilities that add to at most 1, got [0.7, 0.7]. "
            "What a row lacks of 1 leaves the network.",
        ),
        (
            ([1.0, 0.0, 0.0], [[0.0, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], [1.0] * 3, [2] * 3),
            "routing: expected a way out of the network from every station, got none from [1, 2]. "
            "Let a row add to less than 1.",
        ),
        (
            ([1.0, 0.0], [[0.0, 1.0], [0.0, 0.0]], [1.0, 0.5], [2, 2]),
            "station 1: no steady state: expected an offered load below the number of servers, "
            "got load 2 on 2. Add servers, shorten the service or reduce the arrivals.",
        ),
    ],
)
def test_a_network_without_an_answer_is_refused_with_a_remedy(arguments, text):
    with pytest.raises(ValueError) as refusal:
        jackson_network(*arguments)

    assert str(refusal.value) == text
