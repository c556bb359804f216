"""Patients are sorted by time, source and ordinal, whatever order they come in."""

from dataclasses import replace

import numpy as np
import pytest

from scenarios.loader import load
from sim.network import compile_network
from sim.patients import in_order, join
from sim.workload import Workload


@pytest.fixture(scope="module")
def patients():
    made = Workload(compile_network(load("region", ("horizon=48 h", "warm_up=0"))), 1, 1).patients
    return replace(made, time=np.floor(made.time))  # so that many come at one time


def keys(patients):
    return list(zip(patients.time.tolist(), patients.source.tolist(), patients.ordinal.tolist(), strict=True))


def test_shuffled_patients_are_sorted(patients):
    shuffled = patients.take(np.random.default_rng(1).permutation(len(patients)))

    assert keys(shuffled) != sorted(keys(patients))
    assert keys(in_order(shuffled)) == sorted(keys(patients))


def test_batches_are_put_into_one_order(patients):
    batches = [patients.take(patients.source == source) for source in range(int(patients.source.max()) + 1)]

    made = in_order(join(batches))

    assert len(batches) > 1
    assert keys(made) == sorted(keys(patients))
    assert keys(in_order(join(batches[::-1]))) == sorted(keys(patients))
    both = {name: np.concatenate([b.columns()[name] for b in batches]) for name in made.columns()}
    order = np.lexsort((both["ordinal"], both["source"], both["time"]))
    for name, column in made.columns().items():
        assert np.array_equal(column, both[name][order]), name


def test_one_batch_in_order_is_left_as_it_is(patients):
    one = in_order(patients.take(patients.source == 0))
    one = replace(one, ordinal=np.arange(len(one)))

    assert in_order(one) is one
