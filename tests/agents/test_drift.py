"""The drift equation: where it starts and ends, that it keeps its mean, and that it stays a probability."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agents.drift import drifted, part_of_episode
from sim.streams import uniforms

RISK = st.floats(0.0, 1.0)


@given(start=RISK, end=RISK)
def test_without_noise_an_episode_goes_from_its_first_anchor_to_its_last(start, end):
    a = part_of_episode(np.arange(11), 10)

    risk = drifted(start, end, a)

    assert risk[0] == start
    assert risk[-1] == end
    assert (np.diff(risk) * np.sign(end - start) >= -1e-15).all()


@given(start=RISK, end=RISK, a=RISK, u=RISK, spread=st.floats(0, 5), effect=st.floats(-2, 2))
def test_a_risk_stays_a_probability_whatever_acts_on_it(start, end, a, u, spread, effect):
    risk = float(drifted(start, end, a, u, spread, effect))

    assert 0.0 <= risk <= 1.0


def test_the_noise_keeps_the_mean_even_at_the_edge_of_what_is_possible(seed):
    n = 200_000
    u = uniforms(seed, 0, ("noise",), n)

    for middle, spread in ((0.02, 0.3), (0.5, 0.3), (0.99, 0.3)):
        risk = drifted(middle, middle, 0.3, u, spread)
        half = min(spread, middle, 1 - middle)
        standard_error = half / np.sqrt(3 * n)  # the deviation of a uniform number of that half-width

        assert abs(risk.mean() - middle) < 4 * standard_error
        assert np.ptp(risk) > 1.9 * half


def test_the_effect_of_an_action_adds_to_the_risk():
    assert float(drifted(0.4, 0.4, 0.5, effect=-0.1)) == 0.4 - 0.1


def test_an_episode_that_is_over_stays_at_its_end():
    assert part_of_episode([10, 11, 500], 10).tolist() == [1.0, 1.0, 1.0]
