import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim import streams
from sim.streams import elements, in_a_row, uniforms

names = st.lists(st.text(max_size=5), max_size=4).map(tuple)


@given(names=names, n=st.integers(0, 60), more=st.integers(0, 60))
@settings(derandomize=True, deadline=None)
def test_an_element_does_not_depend_on_how_many_are_drawn(names, n, more):
    assert np.array_equal(uniforms(3, 1, names, n), uniforms(3, 1, names, n + more)[:n])


@given(names=names, n=st.integers(0, 60), first=st.integers(0, 60))
@settings(derandomize=True, deadline=None)
def test_drawing_may_begin_at_any_element(names, n, first):
    assert np.array_equal(uniforms(3, 1, names, n, first), uniforms(3, 1, names, first + n)[first:])


@given(
    one=st.tuples(st.integers(), st.integers(0), names), other=st.tuples(st.integers(), st.integers(0), names)
)
@settings(derandomize=True, deadline=None)
def test_streams_of_different_names_differ(one, other):
    assert (one == other) == np.array_equal(uniforms(*one, 4), uniforms(*other, 4))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, 0, ("ab", "c")), (1, 0, ("a", "bc"))),
        ((1, 0, ("a",)), (1, 0, ("a", ""))),
        ((1, 0, ("a", "1:b")), (1, 0, ("a1:b",))),
        ((11, 1, ()), (1, 11, ())),
        ((1, 0, ("1",)), (1, 1, ("0",))),
        ((1, 0, ()), (-1, 0, ())),
        ((0, 0, ()), (2**128, 0, ())),
    ],
)
def test_names_that_look_alike_are_told_apart(one, other):
    assert not np.array_equal(uniforms(*one, 4), uniforms(*other, 4))


@pytest.mark.parametrize(("bits", "expected"), [(0, 2.0**-53), (2**64 - 1, 1 - 2.0**-53)])
def test_neither_0_nor_1_is_drawn(monkeypatch, bits, expected):
    class Extreme:
        def __init__(self, **_):
            pass

        def random_raw(self, n):
            return np.full(n, bits, dtype=np.uint64)

    monkeypatch.setattr(streams, "_generator", lambda key, block: Extreme())

    assert uniforms(1, 0, (), 3).tolist() == [expected] * 3


def test_elements_are_uniform_and_neighbouring_streams_are_independent():
    streams = np.array([uniforms(7, 0, ("ward", str(visit)), 20_000) for visit in range(20)])
    correlations = np.corrcoef(streams)[~np.eye(20, dtype=bool)]

    assert stats.kstest(streams.ravel(), "uniform").pvalue > 0.001
    assert np.abs(correlations).max() < 4.5 / np.sqrt(20_000)


def test_the_kept_generator_gives_what_a_new_one_gives():
    names = ("ward", "0", "duration")
    key = streams._key(5, 2, names)

    for first, n in [(0, 7), (3, 1), (4096, 33)]:
        words = np.random.Philox(key=key, counter=first // 4).random_raw(first % 4 + n)[first % 4 :]
        expected = ((words >> np.uint64(12)) + 0.5) * 2.0**-52
        assert np.array_equal(uniforms(5, 2, names, n, first), expected)


@pytest.mark.parametrize("numbers", [[4], [2, 3, 4, 5], [5, 4, 3, 2], [2, 4, 3, 5], [0, 2, 3, 4], []])
def test_numbers_in_a_row_are_drawn_as_they_are_picked_out_one_by_one(numbers):
    asked = np.array(numbers, dtype=np.int64)

    assert isinstance(in_a_row(asked), range) == (numbers in ([4], [2, 3, 4, 5]))
    assert elements(1, 1, ("a",), in_a_row(asked)).tolist() == elements(1, 1, ("a",), asked).tolist()
