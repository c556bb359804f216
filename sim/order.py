"""The event-order contract, written once for both engines: who goes first at one instant.

Every event has the key (time, kind, id); events run in the order of their keys and never in the
order in which they were scheduled. Times lie on a grid of 2^-20 hours, so sums of times are exact
and equal on any machine; a time next to a whole second is that second (`on_second`), so that what
is written in whole minutes ties. After each event the hospitals whose pools, queues or rules changed are
scanned in the order of their ids until nothing more can start (`sim/allocation.py`); what starts
there resumes at once, without an event of its own. An event at exactly the horizon is inside.
"""

from math import floor

from sim.codes import Codes

GRID = float(2**20)
"""Steps of the time grid per hour (3.4 ms)."""

NEAR = 2.1 * 3600 / GRID
"""Two steps of the grid in seconds, and a little for the rounding of the product."""

ID_BITS = 48
"""An event's SimPy priority is kind x 2^48 + id."""

LEG_BITS = 12
POOL_BITS = 8


def leg_id(patient: int, leg: int, pool: int = 0) -> int:
    """Return the id of an event of a patient's leg (the number of steps begun, modulo 2^12) and a bed pool."""
    return (((patient << LEG_BITS) + (leg & ((1 << LEG_BITS) - 1))) << POOL_BITS) + pool


class Kind(Codes):
    """Kinds of events, in the order in which they happen at one instant."""

    FINISH = 1
    """A step's duration is over; id: `leg_id`."""
    CLEANED = 2
    """A bed is clean; id: `leg_id` of the patient who left it."""
    RETURNED = 3
    """An ambulance is back; id: `leg_id`."""
    SHIFT = 4
    """Staff on duty change, or flex beds open; id: hospital x pools + pool."""
    DAY = 5
    """Midnight: arrivals that depend on the past are asked for."""
    SUPPLY = 6
    """Vaccine reaches the depot or a hospital; id: delivery number."""
    EXPIRY = 7
    """A lot or an open vial expires, a fridge fails; id: running number."""
    LAPSE = 8
    """A reservation lapses; id: `leg_id`."""
    DEADLINE = 9
    """A patient's patience or a hazard's threshold is used up; id: patient."""
    DECISION = 10
    """Somebody must decide; id: 0."""
    HANDOVER = 11
    """A transferred patient reaches the hospital; id: patient."""
    ARRIVAL = 12
    """A patient presents; id: patient."""
    END = 13
    """The horizon: the run is over; id: 0."""


def priority(kind: int, identity: int) -> int:
    """Return the SimPy priority of an event."""
    return (kind << ID_BITS) + identity


def on_grid(hours: float) -> float:
    """Round a time or duration to the nearest point of the grid, halves up.

    >>> on_grid(1 / 3) * 2**20
    349525.0
    """
    return floor(hours * GRID + 0.5) / GRID


def on_second(time: float) -> float:
    """Return a time of the grid; one within two steps of a whole second is that second.

    A second is no whole number of steps, so a sum of whole minutes may miss the minute by a step:
    without this, 10 min and 10 min would end after 20 min, and what should tie would not.

    >>> ten, twenty = on_grid(1 / 6), on_grid(1 / 3)
    >>> ten + ten == twenty, on_second(ten + ten) == twenty
    (False, True)
    """
    seconds = time * 3600.0
    second = floor(seconds + 0.5)
    if -NEAR < seconds - second < NEAR:
        return floor(second / 3600.0 * GRID + 0.5) / GRID
    return time
