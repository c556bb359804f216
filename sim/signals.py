"""The words that the parts of the reference engine say to one another and write into the log."""

from enum import IntEnum

from sim.codes import Codes

QUEUE, MOVE, START, FINISHED, CUT, END = "queue", "move", "start", "finished", "cut", "end"
"""Signals on which a journey resumes: join the queue, set out, start the step, the step is over, was cut short, the
journey is over."""


class Trigger(IntEnum):
    """Why a decision is asked for."""

    REGULAR = 0
    ARRIVAL = 1
    FULL = 2
    FREE = 3


class Quit(Codes):
    """Why a patient stops waiting without starting: `value` of a QUIT row."""

    PATIENCE = 0
    HAZARD = 1
    DIED = 2
    MOVED = 3
    FULL = 4
    BALKED = 5
    INELIGIBLE = 6


class Ended(Codes):
    """How a step ended: `value` of an ENDED row."""

    FINISHED = 0
    EARLY = 1
    LOST = 2
    """The patient died in it, or a hazard of leaving struck."""


class Departure(Codes):
    """Why a patient goes to another hospital: `value` of a DEPARTED_FOR row."""

    ORDERED = 0
    OVERFLOW = 1
    DIVERSION = 2
    DEADLOCK = 3
