"""Patients who block one another: found by reduction, resolved by exchange.

A boarder keeps a bed and waits for another. It will not be stuck if, once everybody in timed care
has left and every bed is clean, some option of its step fits (what it keeps and needs again counts
as free to it); then its own bed comes free too, and so on. Those who remain block one another for ever.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.network import Network, Option
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
) -> list[tuple[Patient, Option]]:
    """Return patients, best-ranked first as given, who can all start at once if all give up what they keep.

    Each comes with the option of the step that it starts. The search begins with the best-ranked. While
    those found so far do not fit, it adds one who keeps something of the first pool that they are short
    of: the best-ranked first, of several who keep and need the same only one. Nobody is left out who
    could help, so an empty list means that no exchange is possible.
    """
    ranked = [(patient, option) for patient in stuck for option in network.steps[patient.step].options]
    tried: set[frozenset[int]] = set()

    def grow(chosen: frozenset[int]) -> frozenset[int] | None:
        if chosen in tried:
            return None
        tried.add(chosen)
        members = [ranked[i] for i in chosen]
        short = _short_of(network, capacity, taken, members)
        if short < 0:
            return chosen
        inside = {patient.number for patient, _ in members}
        alike: set[tuple[int, int, int]] = set()
        for i, (patient, option) in enumerate(ranked):
            kind = (patient.held, patient.step, option.need)
            if patient.number in inside or kind in alike or not _keeps(network, patient, short):
                continue
            alike.add(kind)
            if found := grow(chosen | {i}):
                return found
        return None

    for i in range(len(ranked)):
        if found := grow(frozenset({i})):
            return [ranked[j] for j in sorted(found)]
    return []


def _keeps(network: Network, patient: Patient, pool: int) -> bool:
    return any(pool == kept for kept, _ in network.needs[patient.held].amounts)


def _short_of(
    network: Network,
    capacity: Sequence[int],
    taken: Sequence[int],
    starters: Sequence[tuple[Patient, Option]],
) -> int:
    """Return the first pool of which they are short when all exchange; -1: none.

    What is in use may exceed what is open, but it does not rise.
    """
    after = list(taken)
    for patient, option in starters:
        for pool, amount in network.needs[patient.held].amounts:
            after[pool] -= amount
        for pool, amount in network.needs[option.need].amounts:
            after[pool] += amount
    return next(
        (
            pool
            for pool, (used, limit, before) in enumerate(zip(after, capacity, taken, strict=True))
            if used > limit and used > before
        ),
        -1,
    )
