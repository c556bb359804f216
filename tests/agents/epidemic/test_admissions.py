"""Patients of a given curve and of the deterministic SIR."""

import numpy as np
import pytest

from agents.epidemic.chime import sir_step
from sim.arrival_source import Outcomes
from tests.agents.population.towns import people_of_town

CURVE = (
    "population=null",
    "epidemic={curve: {admissions: [0, 2, 5, 9, 4.5, 1.2]}, hospitals: {north: 0.75, south: 0.25}, "
    "classes: flu-patient, attributes: {flu: {positive: 1}}, counts: nearest}",
)


def live(people, days):
    return [people.next_day(day, Outcomes()) for day in range(days)]


def test_a_given_curve_is_followed_exactly():
    days = live(people_of_town(*CURVE), 8)

    assert [len(batch) for batch in days] == [0, 2, 5, 9, 5, 1, 0, 0]
    assert all((batch.codes["flu"] == 1).all() for batch in days)
    assert all(((batch.time // 24) == day).all() for day, batch in enumerate(days))
    ordinals = np.concatenate([batch.ordinal for batch in days])
    assert sorted(ordinals.tolist()) == list(range(22))


def test_poisson_counts_have_the_curve_as_their_mean(seed):
    curve = [0, 2, 5, 9, 4.5, 1.2]
    counts = [
        people_of_town(*CURVE, "epidemic.counts=poisson", seed=seed, replication=r).admissions.counts[:6]
        for r in range(100)
    ]

    z = (np.mean(counts, axis=0) - curve)[1:] / np.sqrt(np.array(curve[1:]) / 100)
    assert abs(z).max() < 4
    # The variance of 100 such numbers, about normal, has a standard error of 9 sqrt(2 / 99).
    assert abs(np.var(np.array(counts)[:, 3], ddof=1) - 9) < 4 * 9 * np.sqrt(2 / 99)


def test_hospitals_have_their_shares(seed):
    many = "epidemic.curve.admissions=[2000]"
    (batch,) = live(people_of_town(*CURVE, many, seed=seed), 1)

    assert abs((batch.hospital == 0).mean() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 2000)


def test_those_of_a_curve_are_nobody_of_ours_and_the_curve_is_in_the_fingerprint():
    people = people_of_town(*CURVE)

    assert people.fingerprint() == people_of_town(*CURVE).fingerprint()
    assert people.fingerprint() != people_of_town(*CURVE, "epidemic.curve.admissions=[1]").fingerprint()
    assert len(people.next_day(1, Outcomes())) == 2
    assert people.whose(0) is None


def test_the_daily_step_keeps_everybody():
    state = (990.0, 10.0, 0.0)
    for _ in range(200):
        state = sir_step(*state, beta=0.0005, gamma=0.1)
        assert sum(state) == pytest.approx(1000)
        assert min(state) >= 0
