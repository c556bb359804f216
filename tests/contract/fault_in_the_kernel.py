"""Compare the engines with a fault in the kernel, interpreted: python fault_in_the_kernel.py tie|release|none|...

Run by `test_engines_agree.py` in a process of its own.
"""

import importlib.util
import sys
from pathlib import Path

from sim.fast import care, future, memory, queues


def a_swapped_tie_rule() -> None:
    before = queues.goes_before

    def swapped(a, b):
        alike = (a.tier_rank, a.points, a.clock) == (b.tier_rank, b.points, b.clock)
        return a.number > b.number if alike else before(a, b)

    queues.goes_before = swapped


def a_lost_release() -> None:
    seize, given_back = care.seize, []

    def forgetful(w, h, need, sign):
        if sign < 0:
            given_back.append(need)
        if sign > 0 or len(given_back) != 10:
            seize(w, h, need, sign)

    care.seize = forgetful


def a_swapped_order_of_events() -> None:
    """The latest kind first, at one instant."""

    def swapped(a, b):
        return (a.time, -a.rank, a.seq) < (b.time, -b.rank, b.seq)

    future.earlier = swapped


FAULTS = {
    "none": lambda: None,
    "tie": a_swapped_tie_rule,
    "release": a_lost_release,
    "order of events": a_swapped_order_of_events,
}

if __name__ == "__main__":
    assert memory.INTERPRETED
    here = Path(__file__).parent
    for name, file in (
        ("tests.strategies", here.parent / "strategies.py"),
        ("engines_agree", here / "test_engines_agree.py"),
    ):
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    FAULTS[sys.argv[1]]()
    print("they disagree" if sys.modules["engines_agree"].disagree() else "they agree")
