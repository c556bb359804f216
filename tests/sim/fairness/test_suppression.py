"""Nobody who has all that is published can compute a hidden cell."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.fairness.suppression import intervals, protected


def one_attribute(k):
    return [(0, tuple(range(1, k + 1)))]


def two_attributes(a, b):
    """Everybody, a groups, b groups and a x b cells, with all sums."""
    lines = [(0, tuple(range(1, a + 1))), (0, tuple(range(a + 1, a + b + 1)))]
    cell = np.arange(a * b).reshape(a, b) + a + b + 1
    lines += [(1 + i, tuple(map(int, cell[i]))) for i in range(a)]
    lines += [(1 + a + j, tuple(map(int, cell[:, j]))) for j in range(b)]
    return lines


def crossed(table):
    table = np.asarray(table, dtype=float)
    return np.concatenate([[table.sum()], table.sum(axis=1), table.sum(axis=0), table.ravel()])


def test_one_small_group_takes_the_next_smallest_with_it():
    count = np.array([166.0, 6.0, 100.0, 60.0])

    hidden = protected(count, one_attribute(3), count < 10)

    assert hidden.tolist() == [False, True, False, True]


def test_two_small_groups_protect_each_other():
    count = np.array([115.0, 6.0, 100.0, 9.0])

    assert protected(count, one_attribute(3), count < 10).tolist() == [False, True, False, True]


def test_nothing_small_means_nothing_hidden():
    count = np.array([130.0, 60.0, 70.0])

    assert not protected(count, one_attribute(2), count < 10).any()


def test_one_cell_of_a_crossing_takes_three_others_with_it():
    count = crossed([[4, 50, 60], [70, 80, 90], [55, 65, 75]])
    lines = two_attributes(3, 3)

    hidden = protected(count, lines, (count < 10))

    assert hidden[7]
    assert hidden.sum() >= 4
    assert not hidden[0]


def test_events_are_bounded_by_patients():
    # Two hidden groups with 5 patients together and 5 events: both have all of them, and hiding two is not enough.
    count = np.array([45.0, 2.0, 3.0, 40.0])
    most = np.array([205.0, 2.0, 3.0, 200.0])

    hidden = protected(count, one_attribute(3), np.array([False, True, True, False]), most=most)

    assert hidden.tolist() == [False, True, True, True]
    assert all(high - low >= 1 for low, high in intervals(count, one_attribute(3), hidden, most).values())


tables = st.integers(2, 4).flatmap(
    lambda a: st.integers(2, 4).flatmap(
        lambda b: st.lists(
            st.lists(st.one_of(st.integers(0, 12), st.integers(10, 60)), min_size=b, max_size=b),
            min_size=a,
            max_size=a,
        )
    )
)


@settings(max_examples=60)
@given(tables)
def test_linear_programming_finds_more_than_one_value_for_every_hidden_cell(table):
    count = crossed(table)
    lines = two_attributes(len(table), len(table[0]))
    small = (count > 0) & (count < 10)
    small[0] = False

    hidden = protected(count, lines, small)

    assert (hidden | ~small).all()
    found = intervals(count, lines, hidden)
    if not hidden[1:].all():  # with everything hidden but the total there is nothing left to hide
        assert all(np.floor(high + 1e-6) - np.ceil(low - 1e-6) >= 1 for low, high in found.values())
    assert all(low - 1e-6 <= count[cell] <= high + 1e-6 for cell, (low, high) in found.items())


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=3), min_size=2, max_size=2).filter(
    lambda t: len({len(row) for row in t}) == 1
))  # fmt: skip
def test_a_brute_force_attacker_with_all_published_sums_is_left_with_several_tables(table):
    count = crossed(table)
    a, b = len(table), len(table[0])
    lines = two_attributes(a, b)
    small = (count > 0) & (count < 3)
    small[0] = False

    hidden = protected(count, lines, small)

    cells = 1 + a + b + np.arange(a * b)
    guesses = [range(int(count[0]) + 1) if hidden[cell] else [int(count[cell])] for cell in cells]
    possible = []
    for guess in product(*[range(min(int(count[0]), 8) + 1) if len(g) > 1 else g for g in guesses]):
        whole = crossed(np.array(guess).reshape(a, b))
        if (whole[~hidden] == count[~hidden]).all():
            possible.append(whole)
    assert any((whole == count).all() for whole in possible)
    if not hidden[1:].all():
        for cell in np.flatnonzero(hidden):
            assert len({whole[cell] for whole in possible}) > 1


def test_sums_that_contradict_their_parts_are_refused():
    count = np.array([5.0, 20.0, 3.0])

    with pytest.raises(ValueError, match="contradicts itself"):
        intervals(count, one_attribute(2), np.array([False, False, True]))
