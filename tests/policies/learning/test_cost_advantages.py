"""Advantages in hours, cut where an episode was truncated."""

import numpy as np
import pytest

from policies.learning.advantages import cost_advantages


def test_without_a_critic_and_with_a_trace_of_one_the_target_is_the_discounted_cost():
    costs = np.array([1.0, 2.0, 4.0]).reshape(3, 1, 1)
    hours = np.array([[2.0], [1.0], [3.0]])
    nothing = np.zeros_like(costs)

    _, targets = cost_advantages(costs, nothing, nothing, hours, np.zeros((3, 1), bool), gamma=0.5, trace=1.0)

    assert targets.ravel().tolist() == [1 + 0.25 * (2 + 0.5 * 4), 2 + 0.5 * 4, 4]


def test_nothing_crosses_the_seam_of_an_episode_which_is_bootstrapped_from_its_last_state():
    costs = np.array([1.0, 2.0, 4.0]).reshape(3, 1, 1)
    values = np.array([10.0, 20.0, 30.0]).reshape(3, 1, 1)
    following = np.array([8.0, 30.0, 6.0]).reshape(3, 1, 1)
    over = np.array([[True], [False], [False]])

    advantages, targets = cost_advantages(costs, values, following, np.ones((3, 1)), over, 0.9, 0.5)

    last = 4 + 0.9 * 6 - 30
    assert advantages.ravel() == pytest.approx([1 + 0.9 * 8 - 10, 2 + 0.9 * 30 - 20 + 0.45 * last, last])
    assert targets == pytest.approx(advantages + values)


def test_heads_and_streams_do_not_touch_one_another(seed):
    random = np.random.default_rng(seed)
    costs, values, following = random.normal(size=(3, 5, 4, 2))
    hours, over = random.uniform(0.5, 2, (5, 4)), random.random((5, 4)) < 0.3

    together, _ = cost_advantages(costs, values, following, hours, over, 0.95, 0.9)

    for n in range(4):
        for v in range(2):
            one = (slice(None), slice(n, n + 1), slice(v, v + 1))
            alone, _ = cost_advantages(
                costs[one], values[one], following[one], hours[:, [n]], over[:, [n]], 0.95, 0.9
            )
            assert (together[one] == alone).all()
