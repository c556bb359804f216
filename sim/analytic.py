"""Exact steady-state formulas of queueing theory, for planning and for validating the engines.

Rates and durations may be in any time unit, so long as one call uses one unit. The
*offered load* is arrival rate x mean service time: the mean number of busy servers
if there were no shortage. Networks of stations are in `sim.jackson`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from numbers import Integral
from typing import Literal

MOST_ERLANG_A_STATES = 5_000_000
MOST_SERVERS = 5_000_000


@dataclass(frozen=True)
class MMc:
    """Steady state of an M/M/c queue; times are in the time unit of the rates."""

    utilisation: float
    wait_probability: float
    mean_wait: float
    mean_time_in_system: float
    mean_queue: float
    mean_in_system: float


@dataclass(frozen=True)
class ErlangA:
    """Steady state of an M/M/c+M queue; times are in the time unit of the rates."""

    abandon_probability: float
    wait_probability: float
    mean_wait: float
    """Mean wait of all arrivals: those who are served and those who leave."""
    mean_queue: float
    utilisation: float


def erlang_b(offered_load: float, servers: int) -> float:
    """Return the probability that an arrival to an M/G/c/c loss system is blocked.

    It depends on the service time only through its mean. Raises `ValueError` if the
    load or the number of servers is negative. Source: Erlang (1917), loss formula.

    >>> round(erlang_b(offered_load=3, servers=5), 6)
    0.110054
    """
    _check_not_negative("offered_load", offered_load)
    _check_whole("servers", servers, at_least=0)
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = offered_load * blocked / (n + offered_load * blocked)
    return blocked


def erlang_c(offered_load: float, servers: int) -> float:
    """Return the probability that an arrival to an M/M/c queue has to wait.

    Raises `ValueError` if there is no steady state. Source: Erlang (1917), delay formula.

    >>> round(erlang_c(offered_load=3, servers=5), 6)
    0.236152
    """
    _check_stable(offered_load, servers)
    return _wait_from_blocking(erlang_b(offered_load, servers), offered_load, servers)


def erlang_c_wait(arrival_rate: float, service_rate: float, servers: int) -> float:
    """Return the mean wait in an M/M/c queue, in the time unit of the rates.

    `service_rate` is per busy server. Raises `ValueError` if there is no steady
    state. Source: Erlang (1917), delay formula.

    >>> round(erlang_c_wait(arrival_rate=1.6, service_rate=0.5, servers=4), 3)
    1.491
    """
    offered_load = _offered_load(arrival_rate, service_rate)
    return erlang_c(offered_load, servers) / (service_rate * (servers - offered_load))


def mm_c(arrival_rate: float, service_rate: float, servers: int) -> MMc:
    """Return utilisation, waits and numbers of patients of an M/M/c queue.

    `service_rate` is per busy server. Raises `ValueError` if there is no steady
    state. Source: Erlang (1917), with Little's law.

    >>> queue = mm_c(arrival_rate=1.6, service_rate=0.5, servers=4)
    >>> queue.utilisation, round(queue.mean_queue, 3), round(queue.mean_in_system, 3)
    (0.8, 2.386, 5.586)
    """
    offered_load = _offered_load(arrival_rate, service_rate)
    mean_wait = erlang_c_wait(arrival_rate, service_rate, servers)
    return MMc(
        utilisation=offered_load / servers,
        wait_probability=erlang_c(offered_load, servers),
        mean_wait=mean_wait,
        mean_time_in_system=mean_wait + 1 / service_rate,
        mean_queue=arrival_rate * mean_wait,
        mean_in_system=arrival_rate * mean_wait + offered_load,
    )


def erlang_a(arrival_rate: float, service_rate: float, servers: int, patience_rate: float) -> ErlangA:
    """Return the steady state of an M/M/c queue whose patients leave after an exponential patience.

    `service_rate` is per busy server; `patience_rate` is 1 / mean patience. There is
    a steady state at any load. Raises `ValueError` if a rate is not positive, or if
    patience is so long in an overload that the queue would number millions. Source:
    Palm (1957); Garnett, Mandelbaum & Reiman (2002).

    >>> queue = erlang_a(arrival_rate=0.25, service_rate=1 / 20, servers=5, patience_rate=1 / 120)
    >>> round(queue.abandon_probability, 6), round(queue.mean_wait, 4)
    (0.102791, 12.3349)
    """
    _check_positive("arrival_rate", arrival_rate)
    _check_positive("service_rate", service_rate)
    _check_positive("patience_rate", patience_rate)
    _check_whole("servers", servers, at_least=1)
    capacity = servers * service_rate
    _check_queue_is_of_human_size(arrival_rate, capacity, patience_rate)
    # Erlang's recursion, carried past the servers into the queue: `top` is the probability of
    # the last state of the chain cut after it, so nothing overflows however many the states.
    top = erlang_b(arrival_rate / service_rate, servers)
    wait_probability, mean_queue, queued = top, 0.0, 0
    while top > 0:
        queued += 1
        ratio = arrival_rate / (capacity + queued * patience_rate)
        top = ratio * top / (1 + ratio * top)
        wait_probability += top * (1 - wait_probability)
        mean_queue += top * (queued - mean_queue)
        if ratio < 1 and queued * top < 1e-17 * mean_queue * (1 - ratio):
            break
    abandon_probability = patience_rate * mean_queue / arrival_rate
    return ErlangA(
        abandon_probability=abandon_probability,
        wait_probability=wait_probability,
        mean_wait=mean_queue / arrival_rate,
        mean_queue=mean_queue,
        utilisation=arrival_rate * (1 - abandon_probability) / capacity,
    )


def mg1_wait(arrival_rate: float, mean_service: float, sd_service: float) -> float:
    """Return the mean wait in an M/G/1 queue, in the time unit of the service time.

    Raises `ValueError` if there is no steady state. Source: Pollaczek (1930), Khinchine (1932).

    >>> round(mg1_wait(arrival_rate=0.1, mean_service=8, sd_service=6), 6)
    25.0
    """
    _check_not_negative("arrival_rate", arrival_rate)
    _check_positive("mean_service", mean_service)
    _check_not_negative("sd_service", sd_service)
    load = arrival_rate * mean_service
    _check_stable(load, servers=1)
    return arrival_rate * (mean_service**2 + sd_service**2) / (2 * (1 - load))


def priority_waits(arrival_rates: Sequence[float], service_rate: float, servers: int) -> tuple[float, ...]:
    """Return the mean wait of each class of a non-preemptive M/M/c queue, the most urgent first.

    All classes share one service rate (per busy server), and waits are in the time
    unit of the rates. Raises `ValueError` if there is no class or no steady state.
    Source: Kella & Yechiali (1985).

    >>> [round(wait, 4) for wait in priority_waits([0.5, 1.1], service_rate=0.5, servers=4)]
    [0.3976, 1.9881]
    """
    if not arrival_rates:
        raise ValueError("arrival_rates: expected at least one class, got none. Give one rate per class.")
    for place, rate in enumerate(arrival_rates):
        _check_not_negative(f"arrival_rates[{place}]", rate)
    _check_positive("service_rate", service_rate)
    loads = [rate / service_rate for rate in accumulate(arrival_rates, initial=0.0)]
    wait_for_any_server = erlang_c(loads[-1], servers) / (servers * service_rate)
    idle = [(servers - load) / servers for load in loads]
    return tuple(wait_for_any_server / (above * down_to) for above, down_to in pairwise(idle))


def mg_infinity_occupancy(offered_load: float, n_patients: int) -> float:
    """Return the probability of exactly `n_patients` in an M/G/infinity system (unlimited beds).

    It is Poisson whatever the distribution of the stays. Raises `ValueError` if the
    load or the number is negative. Source: Riordan (1951).

    >>> round(mg_infinity_occupancy(offered_load=2.0, n_patients=3), 6)
    0.180447
    """
    _check_not_negative("offered_load", offered_load)
    _check_whole("n_patients", n_patients, at_least=0)
    if offered_load == 0:
        return 1.0 if n_patients == 0 else 0.0
    return math.exp(n_patients * math.log(offered_load) - offered_load - math.lgamma(n_patients + 1))


def mg_infinity_quantile(offered_load: float, probability: float) -> int:
    """Return the fewest beds that hold all the patients for at least this share of the time.

    Raises `ValueError` if the load is negative or the probability is not between 0
    and 1. Source: Riordan (1951).

    >>> mg_infinity_quantile(offered_load=20.0, probability=0.95)
    28
    """
    _check_not_negative("offered_load", offered_load)
    _check_probability("probability", probability)
    # Summed down the upper tail, where a probability near 1 keeps its digits.
    n_patients = math.ceil(offered_load + 40 * math.sqrt(offered_load) + 40)
    above = 0.0
    while n_patients > 0:
        above += mg_infinity_occupancy(offered_load, n_patients)
        if above > 1 - probability:
            break
        n_patients -= 1
    return n_patients


def delay_probability_truncated(offered_load: float, beds: int) -> float:
    """Return P(N = beds) / P(N <= beds), N being the occupancy if beds were unlimited.

    This is the planning figure of Monks et al. (2016) for a ward. N is Poisson, so it
    equals the Erlang B blocking probability. Raises `ValueError` as `erlang_b` does.

    >>> round(delay_probability_truncated(offered_load=2.0, beds=3), 6)
    0.210526
    """
    return erlang_b(offered_load, beds)


def beds_needed(
    offered_load: float, target: float, measure: Literal["blocking", "delay"] = "blocking"
) -> int:
    """Return the fewest beds that keep a probability at or below `target`.

    "blocking": an arrival finds the ward full and goes elsewhere (Erlang B, any stays);
    "delay": an arrival has to wait (Erlang C, exponential stays). Raises `ValueError`
    if the target is not between 0 and 1 or the measure is unknown.

    >>> beds_needed(offered_load=20, target=0.05), beds_needed(20, 0.05, measure="delay")
    (26, 29)
    """
    _check_not_negative("offered_load", offered_load)
    _check_probability("target", target)
    if measure not in ("blocking", "delay"):
        raise ValueError(f'measure: expected "blocking" or "delay", got "{measure}". Choose one of the two.')
    if offered_load > MOST_SERVERS:
        raise ValueError(
            f"offered_load: expected at most {MOST_SERVERS:,} patients at once, got "
            f"{offered_load:g}. Check the units."
        )
    beds, blocked = 0, 1.0
    while True:
        if measure == "blocking" and blocked <= target:
            return beds
        if (
            measure == "delay"
            and beds > offered_load
            and _wait_from_blocking(blocked, offered_load, beds) <= target
        ):
            return beds
        beds += 1
        blocked = offered_load * blocked / (beds + offered_load * blocked)


def stay_seen_by_inspection(mean: float, sd: float) -> float:
    """Return the mean full stay of the patients found in bed at a random time: E[S^2] / E[S].

    In the unit of `mean`; long stays are over-represented. Raises `ValueError` if the
    mean is not positive or the sd is negative. Source: Cox (1962), length-biased sampling.

    >>> round(stay_seen_by_inspection(mean=7.4, sd=8.6), 3)
    17.395
    """
    _check_positive("mean", mean)
    _check_not_negative("sd", sd)
    return mean + sd**2 / mean


def _wait_from_blocking(blocked: float, offered_load: float, servers: int) -> float:
    return servers * blocked / (servers - offered_load + offered_load * blocked)


def _offered_load(arrival_rate: float, service_rate: float) -> float:
    _check_not_negative("arrival_rate", arrival_rate)
    _check_positive("service_rate", service_rate)
    return arrival_rate / service_rate


def _check_stable(offered_load: float, servers: int) -> None:
    _check_not_negative("offered_load", offered_load)
    _check_whole("servers", servers, at_least=1)
    if offered_load >= servers:
        raise ValueError(
            f"no steady state: expected an offered load below the number of servers, got load "
            f"{offered_load:g} on {servers}. Add servers, shorten the service or reduce the arrivals."
        )


def _check_queue_is_of_human_size(arrival_rate: float, capacity: float, patience_rate: float) -> None:
    spread = max(0.0, arrival_rate - capacity) / patience_rate + 10 * math.sqrt(arrival_rate / patience_rate)
    if arrival_rate < capacity:
        spread = min(spread, 60 / (1 - arrival_rate / capacity))
    if spread > MOST_ERLANG_A_STATES:
        raise ValueError(
            f"patience_rate: expected a queue of fewer than {MOST_ERLANG_A_STATES:,} patients, got about "
            f"{spread:.2g}. Raise the patience rate or the number of servers."
        )


def _check_not_negative(name: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(
            f"{name}: expected a finite number of at least 0, got {value:g}. Check its sign and unit."
        )


def _check_positive(name: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{name}: expected a finite number above 0, got {value:g}. Check its sign and unit.")


def _check_probability(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(
            f"{name}: expected a number between 0 and 1, both excluded, got {value:g}. Say 0.05 for 5 %."
        )


def _check_whole(name: str, value: int, at_least: int) -> None:
    if not isinstance(value, Integral) or not at_least <= value <= MOST_SERVERS:
        raise ValueError(
            f"{name}: expected a whole number from {at_least} to {MOST_SERVERS:,}, got {value}. Give a count."
        )
