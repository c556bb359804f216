"""Open networks of M/M/c stations: Jackson's product form."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.analytic import MMc, mm_c

ROUNDING = 1e-9


@dataclass(frozen=True)
class JacksonNetwork:
    """Steady state of an open network; times are in the time unit of the rates."""

    arrival_rates: tuple[float, ...]
    """Per station, from outside and from other stations."""
    stations: tuple[MMc, ...]
    mean_in_network: float
    mean_time_in_network: float | None
    """Of a patient from first arrival to departure, over all visits; None if nobody arrives."""


def jackson_network(
    external_rates: Sequence[float],
    routing: Sequence[Sequence[float]],
    service_rates: Sequence[float],
    servers: Sequence[int],
) -> JacksonNetwork:
    """Return the steady state of an open network of M/M/c stations.

    `routing[i][j]` is the probability of going from station i to j; what a row lacks
    of 1 leaves the network. `service_rates` are per busy server. In steady state each
    station behaves as an M/M/c queue of its own. Raises `ValueError` if the shapes or
    probabilities are wrong, if patients could never leave, or if a station has no
    steady state. Source: Jackson (1957, 1963).

    >>> ward = jackson_network([1.0, 0.0], [[0.0, 0.5], [0.2, 0.0]], [1.0, 0.5], [2, 2])
    >>> [round(rate, 4) for rate in ward.arrival_rates], round(ward.mean_in_network, 4)
    ([1.1111, 0.5556], 3.2143)
    """
    _check_shapes(external_rates, routing, service_rates, servers)
    _check_routing(routing)
    flow = np.linalg.solve(
        np.eye(len(servers)) - np.array(routing, dtype=float).T, np.array(external_rates, dtype=float)
    )
    arrival_rates = tuple(max(0.0, float(rate)) for rate in flow)
    stations = tuple(
        _station(place, *rates)
        for place, rates in enumerate(zip(arrival_rates, service_rates, servers, strict=True))
    )
    mean_in_network = math.fsum(station.mean_in_system for station in stations)
    entering = math.fsum(external_rates)
    return JacksonNetwork(
        arrival_rates=arrival_rates,
        stations=stations,
        mean_in_network=mean_in_network,
        mean_time_in_network=mean_in_network / entering if entering > 0 else None,
    )


def _station(place: int, arrival_rate: float, service_rate: float, servers: int) -> MMc:
    try:
        return mm_c(arrival_rate, service_rate, servers)
    except ValueError as error:
        raise ValueError(f"station {place}: {error}") from None


def _check_shapes(
    external_rates: Sequence[float],
    routing: Sequence[Sequence[float]],
    service_rates: Sequence[float],
    servers: Sequence[int],
) -> None:
    n_stations = len(servers)
    lengths = [len(external_rates), len(routing), len(service_rates), *(len(row) for row in routing)]
    if n_stations == 0 or any(length != n_stations for length in lengths):
        raise ValueError(
            "expected one external rate, service rate and routing row (of as many entries) for each "
            f"of {n_stations} stations, got lengths {lengths}. "
            "Use 0 for a route or an arrival that does not exist."
        )
    for place, rate in enumerate(external_rates):
        if not 0 <= rate < math.inf:
            raise ValueError(
                f"external_rates[{place}]: expected a finite number of at least 0, got {rate:g}. "
                "Use 0 if nobody arrives there from outside."
            )


def _check_routing(routing: Sequence[Sequence[float]]) -> None:
    for place, row in enumerate(routing):
        if not all(0 <= share <= 1 for share in row) or math.fsum(row) > 1 + ROUNDING:
            raise ValueError(
                f"routing[{place}]: expected probabilities that add to at most 1, got {list(row)}. "
                "What a row lacks of 1 leaves the network."
            )
    leaving = {place for place, row in enumerate(routing) if math.fsum(row) < 1 - ROUNDING}
    while grown := {
        place
        for place, row in enumerate(routing)
        if place not in leaving and any(row[to] > 0 for to in leaving)
    }:
        leaving |= grown
    if stuck := sorted(set(range(len(routing))) - leaving):
        raise ValueError(
            f"routing: expected a way out of the network from every station, got none from {stuck}. "
            "Let a row add to less than 1."
        )
