"""Which seeds are for looking, which for learning, for choosing and for judging: ranges that never meet.

`fairward run` takes seeds below a million; the trainers add a million to theirs (`policies/learning/baseline.py`);
settings and groups are chosen with tuning seeds, and what is published comes from evaluation seeds. The random streams
of a simulation are keyed by its seed, so seeds of different ranges share no patient.
"""

from __future__ import annotations

from typing import Literal, get_args

from scenarios.errors import UsageError

Purpose = Literal["exploring", "training", "tuning", "evaluation"]

SPAN = 1_000_000
"""Seeds of each purpose."""


def simulation_seed(purpose: Purpose, number: int) -> int:
    """Return the seed of the simulation for the n-th seed of a purpose.

    >>> simulation_seed("exploring", 3), simulation_seed("training", 3), simulation_seed("evaluation", 3)
    (3, 1000003, 3000003)
    """
    if not 0 <= number < SPAN:
        raise UsageError(f"expected a {purpose} seed from 0 to {SPAN - 1}, got {number}.")
    return get_args(Purpose).index(purpose) * SPAN + number


def purpose_of(seed: int) -> Purpose | None:
    """Return what a seed of a simulation is for; None beyond all ranges."""
    place = seed // SPAN
    known: tuple[Purpose, ...] = get_args(Purpose)
    return known[place] if 0 <= place < len(known) else None
