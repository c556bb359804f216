"""Patients who block one another: found by reduction, resolved by exchange.

A boarder keeps a bed and waits for another. It will not be stuck if, once everybody in timed care
has left and every bed is clean, some option of its step fits (what it keeps and needs again counts
as free to it); then its own bed comes free too, and so on. Those who remain block one another for ever.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.network import Network
from sim.patient import Patient


def blocked_for_ever(network: Network, capacity: Sequence[int], boarders: Sequence[Patient]) -> list[Patient]:
    """Return the boarders of one hospital who can never start.

    `capacity`: the most that each pool will have open; `boarders`: those who keep a bed, wait, and have no
    other way out (no end of patience, no hazard of leaving or dying, no dose to wait for).
    """
    available = list(capacity)
    for patient in boarders:
        for pool, amount in network.needs[patient.held].amounts:
            available[pool] -= amount
    stuck = list(boarders)
    freed = True
    while freed:
        freed = False
        for patient in tuple(stuck):
            own = dict(network.needs[patient.held].amounts)
            if any(
                all(
                    amount <= available[pool] + own.get(pool, 0)
                    for pool, amount in network.needs[option.need].amounts
                )
                for option in network.steps[patient.step].options
            ):
                stuck.remove(patient)
                for pool, amount in network.needs[patient.held].amounts:
                    available[pool] += amount
                freed = True
    return stuck


def exchange(
    network: Network, capacity: Sequence[int], taken: Sequence[int], stuck: Sequence[Patient]
) -> list[Patient]:
    """Return patients, best-ranked first as given, who can all start at once if all give up what they keep.

    The first cycle of "waits for what the next one keeps" that works is taken, else all the stuck if that
    works; an empty list: no exchange is possible.
    """
    for start in stuck:
        path = [start]
        while True:
            follower = _keeper_of(network, capacity, taken, path[-1], stuck)
            if follower is None:
                break
            if follower in path:
                cycle = path[path.index(follower) :]
                if _feasible(network, capacity, taken, cycle):
                    return [patient for patient in stuck if patient in cycle]
                break
            path.append(follower)
    return list(stuck) if _feasible(network, capacity, taken, stuck) else []


def _keeper_of(
    network: Network,
    capacity: Sequence[int],
    taken: Sequence[int],
    patient: Patient,
    stuck: Sequence[Patient],
) -> Patient | None:
    need = network.needs[network.steps[patient.step].options[0].need]
    own = dict(network.needs[patient.held].amounts)
    short = {
        pool for pool, amount in need.amounts if taken[pool] - own.get(pool, 0) + amount > capacity[pool]
    }
    for other in stuck:
        if other is not patient and any(pool in short for pool, _ in network.needs[other.held].amounts):
            return other
    return None


def _feasible(
    network: Network, capacity: Sequence[int], taken: Sequence[int], patients: Sequence[Patient]
) -> bool:
    """What is in use may exceed what is open, but it does not rise."""
    after = list(taken)
    for patient in patients:
        for pool, amount in network.needs[patient.held].amounts:
            after[pool] -= amount
        for pool, amount in network.needs[network.steps[patient.step].options[0].need].amounts:
            after[pool] += amount
    return all(
        used <= limit or used <= before for used, limit, before in zip(after, capacity, taken, strict=True)
    )
