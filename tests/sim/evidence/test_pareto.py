import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.evidence.bootstrap import resamples
from sim.evidence.pareto import front_of, hypervolume, knee, not_dominated
from tests.sim.evidence.telling import margin, rng_of

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


@pytest.mark.stats
def test_the_interval_of_the_volume_holds_the_truth_and_the_front_is_found_again(seed):
    """Options far apart, the reference fixed: studies of 20 paired runs."""
    rng = rng_of(seed)
    truth = np.array([[1.0, 3.0], [2.0, 1.0], [4.0, 4.0]])
    weights = resamples(1, 20, 300)
    corner, hit, again = truth.max(axis=0), [], []
    for _ in range(300):
        shared = rng.normal(0, 0.3, size=(20, 1, 2))
        values = truth + shared + rng.normal(0, 0.3, size=(20, 3, 2))
        found = front_of(values, weights)
        again.append(found.again)
        # Measured from the worst mean seen, so the truth is that of the front up to that corner.
        hit.append(found.hypervolume.low <= hypervolume(truth, found.reference) <= found.hypervolume.high)

    assert corner.tolist() == [4.0, 4.0]
    assert np.mean(again, axis=0).tolist() == pytest.approx([1, 1, 0], abs=0.01)
    assert np.mean(hit) >= 0.95 - margin(0.95, 300)
