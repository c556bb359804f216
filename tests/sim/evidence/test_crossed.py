"""The mean over training seeds and replications: what is known exactly, and how often it covers the truth."""

import numpy as np
import pytest

from sim.evidence.crossed import crossed
from sim.inference import interval
from tests.conftest import seed_of


def table(rng, k, r, of_seeds=1.0, of_runs=1.0, rest=0.5):
    return (
        rng.normal(scale=of_seeds, size=(k, 1))
        + rng.normal(scale=of_runs, size=(1, r))
        + rng.normal(scale=rest, size=(k, r))
    )


def test_one_training_seed_is_the_t_interval_over_runs():
    values = np.random.Generator(np.random.Philox(seed_of("one seed"))).normal(size=(1, 12))
    found, known = crossed(values).interval(), interval(values[0])

    assert (found.value, found.low, found.high) == pytest.approx((known.mean, known.low, known.high))


def test_seeds_that_all_do_the_same_add_nothing():
    runs = np.random.Generator(np.random.Philox(seed_of("same"))).normal(size=12)
    found, one = crossed(np.tile(runs, (4, 1))), crossed(runs[None])

    assert (found.mean, found.error) == pytest.approx((one.mean, one.error))
    assert found.degrees == pytest.approx(11)


def test_runs_that_all_do_the_same_leave_the_luck_of_training():
    seeds = np.array([1.0, 2.0, 4.0])
    found = crossed(np.tile(seeds[:, None], (1, 20)))

    assert found.error == pytest.approx(seeds.std(ddof=1) / np.sqrt(3))
    assert found.degrees == pytest.approx(2)


def test_a_missing_run_is_left_out_for_all_seeds():
    values = table(np.random.Generator(np.random.Philox(seed_of("missing"))), 3, 10)
    holed = values.copy()
    holed[1, 4] = np.nan

    assert crossed(holed) == crossed(np.delete(values, 4, axis=1))


def test_one_run_or_none_says_nothing_of_chance():
    assert crossed(np.ones((3, 1))).p_two_sided() is None
    assert not crossed(np.ones((3, 1))).interval().bounded
    assert not crossed(np.full((3, 2), np.nan)).interval().known


def test_the_one_sided_test_agrees_with_its_interval():
    found = crossed(table(np.random.Generator(np.random.Philox(seed_of("one-sided"))), 3, 20))
    limit = found.interval(0.9).high

    assert found.p_at_least(limit) == pytest.approx(0.05)
    assert found.p_two_sided() == pytest.approx(2 * min(found.p_at_least(), 1 - found.p_at_least()))


@pytest.mark.stats
@pytest.mark.parametrize(("of_seeds", "of_runs"), [(1.0, 1.0), (0.3, 1.0), (1.0, 0.2)])
def test_the_interval_covers_the_truth_with_three_training_seeds(of_seeds, of_runs):
    """2000 tables of 3 x 20. Satterthwaite is an approximation: at least 95 % less 1.5 points and 4 standard errors."""
    rng = np.random.Generator(np.random.Philox(seed_of(f"coverage {of_seeds} {of_runs}")))
    n = 2000
    found = [crossed(table(rng, 3, 20, of_seeds, of_runs)).interval() for _ in range(n)]
    covered = np.mean([e.low <= 0 <= e.high for e in found])
    by_runs_alone = np.mean(
        [
            low <= 0 <= high
            for low, high in (
                (i.low, i.high)
                for i in (interval(table(rng, 3, 20, of_seeds, of_runs).mean(axis=0)) for _ in range(n))
            )
        ]
    )

    assert covered > 0.95 - 0.015 - 4 * np.sqrt(0.95 * 0.05 / n)
    assert by_runs_alone < covered - 0.05 or of_seeds < of_runs  # training seeds are not to be ignored
