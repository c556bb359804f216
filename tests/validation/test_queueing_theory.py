"""V1: the engine reproduces exact results of queueing theory, each within a half-width of 2 %."""

import pytest
from validation_cases import CASES, run_case

NAMES = [name for name, case in CASES.items() if case.part == "V1"]


@pytest.mark.slow
@pytest.mark.stats
@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_theory(name):
    case = CASES[name]

    rows = run_case(case)

    misses = [row for row in rows if abs(row.got - row.expected) >= 4 * row.standard_error]
    assert misses == []
    bars = {check.label: check.largest_half_width for check in case.checks}
    wide = [
        row for row in rows if (bar := bars[row.figure]) is not None and row.half_width > bar * row.expected
    ]
    assert wide == []
