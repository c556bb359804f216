"""V2: the stroke wards of Monks et al. (2016) against Erlang B, which is exact for them."""

import pytest
from validation_cases import ASU_LOAD, CASES, REHABILITATION_LOAD, run_case

from sim.analytic import erlang_b

PUBLISHED = {  # VALIDATION.md V2: published simulation and its re-implementation
    "ASU": {
        9: (0.19, 0.18),
        10: (0.14, 0.13),
        11: (0.09, 0.08),
        12: (0.06, 0.06),
        13: (0.04, 0.03),
        14: (0.02, 0.02),
    },
    "rehabilitation": {10: (0.20,), 12: (0.11,), 13: (0.08,), 14: (0.05,), 15: (0.03,), 16: (0.02,)},
    "pooled": {22: (0.057, 0.065), 26: (0.016, 0.016)},
}
EXACT = {
    "ASU": {9: 0.1806, 10: 0.1283, 11: 0.0867, 12: 0.0556, 13: 0.0337, 14: 0.0192},
    "rehabilitation": {10: 0.2015, 12: 0.1091, 13: 0.0754, 14: 0.0497, 15: 0.0312, 16: 0.0186},
    "pooled": {22: 0.0629, 26: 0.0158},
}


def test_erlang_b_of_the_restated_figures_is_the_exact_column_and_near_the_published_ones():
    loads = {
        "ASU": ASU_LOAD,
        "rehabilitation": REHABILITATION_LOAD,
        "pooled": ASU_LOAD + REHABILITATION_LOAD,
    }

    for ward, column in EXACT.items():
        for beds, delay in column.items():
            assert erlang_b(loads[ward], beds) == pytest.approx(delay, abs=5e-5)
            assert min(abs(delay - figure) for figure in PUBLISHED[ward][beds]) <= 0.0105


@pytest.mark.slow
@pytest.mark.stats
def test_the_chance_of_a_delay_is_erlang_b_for_every_number_of_beds():
    rows = run_case(CASES["stroke-wards"])

    assert len(rows) == 14
    assert [row for row in rows if abs(row.got - row.expected) >= 4 * row.standard_error] == []
