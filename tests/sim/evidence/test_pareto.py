import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.evidence.pareto import hypervolume, knee, not_dominated

points = st.integers(2, 3).flatmap(
    lambda m: st.lists(st.lists(st.integers(0, 6), min_size=m, max_size=m), min_size=1, max_size=6)
)


@given(points)
def test_the_volume_is_that_of_counting_unit_cubes(listed):
    found = np.array(listed, dtype=float)
    m = found.shape[1]
    cubes = np.stack(np.meshgrid(*[np.arange(6)] * m, indexing="ij"), axis=-1).reshape(-1, m)
    counted = (cubes[:, None] >= found[None]).all(axis=2).any(axis=1).sum()

    assert hypervolume(found, np.full(m, 6.0)) == pytest.approx(counted)


@given(points)
def test_the_front_alone_has_the_whole_volume_and_is_never_empty(listed):
    found = np.array(listed, dtype=float)
    corner = np.full(found.shape[1], 7.0)
    on_front = not_dominated(found)

    assert on_front.any()
    assert hypervolume(found[on_front], corner) == pytest.approx(hypervolume(found, corner))
    for k in np.flatnonzero(~on_front):
        assert any(
            (found[j] <= found[k]).all() and (found[j] < found[k]).any() for j in np.flatnonzero(on_front)
        )


def test_equal_options_share_the_front_and_a_straight_front_has_no_knee():
    assert not_dominated(np.array([[1.0, 1.0], [1.0, 1.0]])).all()
    assert knee(np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0]])) is None
    assert knee(np.array([[0.0, 2.0], [2.0, 0.0]])) is None
    assert knee(np.array([[0.0, 2.0], [0.2, 0.3], [2.0, 0.0], [2.0, 2.0]])) == 1
