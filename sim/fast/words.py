"""The words of the reference engine as plain integers, which compiled code can read."""

from sim.eventlog import Row, Waste
from sim.network import BOARDING, CARE, DETERIORATE, DIE, LEAVE, TRAVELLING, WAITING, WRONG_UNIT
from sim.order import ID_BITS, Kind
from sim.signals import Departure, Ended, Quit, Trigger
from sim.supply import WASTE_REASONS

__all__ = [
    "BOARDING", "CARE", "DETERIORATE", "DIE", "ID_BITS", "LEAVE", "TRAVELLING", "WAITING", "WASTE_REASONS",
    "WRONG_UNIT",
]  # fmt: skip

FINISH = Kind.FINISH
CLEANED = Kind.CLEANED
RETURNED = Kind.RETURNED
SHIFT = Kind.SHIFT
DAY = Kind.DAY
SUPPLY = Kind.SUPPLY
EXPIRY = Kind.EXPIRY
LAPSE = Kind.LAPSE
DEADLINE = Kind.DEADLINE
DECISION = Kind.DECISION
HANDOVER = Kind.HANDOVER
ARRIVAL = Kind.ARRIVAL
END = Kind.END

ROW_PRESENTED = Row.PRESENTED
ROW_QUEUED = Row.QUEUED
ROW_STARTED = Row.STARTED
ROW_TREATED = Row.TREATED
ROW_ENDED = Row.ENDED
ROW_RELEASED = Row.RELEASED
ROW_CLEANING = Row.CLEANING
ROW_CLEANED = Row.CLEANED
ROW_QUIT = Row.QUIT
ROW_DEPARTED_FOR = Row.DEPARTED_FOR
ROW_RESERVED = Row.RESERVED
ROW_UNRESERVED = Row.UNRESERVED
ROW_HANDED_OVER = Row.HANDED_OVER
ROW_DETERIORATED = Row.DETERIORATED
ROW_LEFT_NETWORK = Row.LEFT_NETWORK
ROW_CAPACITY = Row.CAPACITY
ROW_DECIDED = Row.DECIDED
ROW_DOSED = Row.DOSED
ROW_WASTED = Row.WASTED

WASTE_EXPIRED = int(Waste.EXPIRED)
WASTE_OPEN = int(Waste.OPEN)

ON_ARRIVAL = int(Trigger.ARRIVAL)
ON_FULL = int(Trigger.FULL)
ON_FREE = int(Trigger.FREE)
REGULAR = int(Trigger.REGULAR)

QUIT_PATIENCE = Quit.PATIENCE
QUIT_HAZARD = Quit.HAZARD
QUIT_DIED = Quit.DIED
QUIT_MOVED = Quit.MOVED
QUIT_FULL = Quit.FULL
QUIT_BALKED = Quit.BALKED
QUIT_INELIGIBLE = Quit.INELIGIBLE

ENDED_FINISHED = Ended.FINISHED
ENDED_EARLY = Ended.EARLY
ENDED_LOST = Ended.LOST

ORDERED = Departure.ORDERED
BY_OVERFLOW = Departure.OVERFLOW
BY_DIVERSION = Departure.DIVERSION

# What the kernel hands back.
GO_ON, DECIDE, OVER, MAKE_ROOM, MAKE_VISIT, MAKE_THRESHOLD, ACT, RESOLVE, VACCINATE = range(9)
"""Nothing; a decision is due; the horizon; an array is nearly full; a column is missing: of a step's visit
(`argument`, `argument_2`), of a hazard's threshold (cause, ordinal); an action of Python's is due (its number);
patients may block one another at a hospital; vials are to be ordered now."""

# Overflow rules.
NEAREST, LEAST_LOADED, STAY, OUTSIDE = range(4)

# Queue rules.
BY_WAIT, BY_ACUITY, BY_SHARE, BY_TABLE, BY_TABLE_AND_NUMBER, BY_POINTS, BY_EQUITY = range(7)

# Fates of outcomes.
FATE_OTHER, FATE_DIED, FATE_LEFT = range(3)

# Backfill.
CLOSE_SHORT, CLOSE_NOTHING, CLOSE_ALL = range(3)

# Stages of a settlement.
EVENTS, STARTING, LOOKING = range(3)
