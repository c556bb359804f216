"""Performance profiles: known ratios give known shares, bands hold them, and the best is within a factor of 1."""

import numpy as np
import pytest

from policies.evaluation.entries import Entry
from policies.evaluation.measures import COST, Groups, Measured
from policies.study.profiles import FACTORS, profile_block, profiles_of
from policies.study.protocol import BASE
from policies.study.results import Judged
from tests.conftest import seed_of

GROUPS = Groups("home", ("near", "far"))


def case(rng, **costs):
    """30 runs; each policy has one mean cost, or one a training seed; `far` costs 1 more."""
    luck = rng.normal(scale=0.3, size=30)

    def made(label, means):
        cost = np.array(means, dtype=float)[:, None] + luck
        return Measured(
            Entry(label, ("x",) * len(cost)), GROUPS, {COST.name: np.stack([cost, cost, cost + 1], axis=-1)}
        )

    entries = tuple(made(label, np.atleast_1d(means)) for label, means in costs.items())
    return Judged(None, BASE, ("far", "near"), GROUPS, entries, entries[0], ("learner",), 0.02)


@pytest.fixture(scope="module")
def profiles():
    rng = np.random.Generator(np.random.Philox(seed_of("profiles")))
    cases = [
        case(rng, best=10, half=15, learner=[11, 30], here=10),
        case(rng, best=10, half=10.4, learner=[10.7, 12.5]),
    ]
    return {one.label: one for one in profiles_of(cases, 1)}


def test_shares_are_those_of_known_ratios(profiles):
    def within(label, factor):
        return profiles[label].at(factor).value

    assert set(profiles) == {"best", "half", "learner"}
    assert (profiles["best"].share == 1).all()
    assert [within("half", factor) for factor in (1.02, 1.25, 1.75)] == [0, 0.5, 1]
    # Two seeds in each of two cases, with ratios 1.1, 3 and 1.07, 1.25.
    assert [within("learner", factor) for factor in (1.0, 1.09, 1.2, 1.4, 2.0)] == [0, 0.25, 0.5, 0.75, 0.75]


def test_bands_hold_the_profile_and_reach_further_where_seeds_differ(profiles):
    for one in profiles.values():
        assert ((one.low <= one.share) & (one.share <= one.high)).all()
        assert (np.diff(one.share) >= 0).all()
    learner = profiles["learner"]
    k = int(np.abs(FACTORS - 1.2).argmin())

    assert learner.low[k] <= 0.25
    assert learner.high[k] >= 0.75
    assert profiles["half"].low[k] == profiles["half"].high[k] == 0.5


def test_the_table_has_all_policies_the_largest_area_first(profiles):
    block = profile_block(sorted(profiles.values(), key=lambda one: -one.area), 2)

    assert [row[0] for row in block.rows] == ["best", "half", "learner"]
    assert block.rows[0][2] == "100 % [100, 100]"


def test_the_worst_off_have_a_profile_of_their_own():
    rng = np.random.Generator(np.random.Philox(seed_of("worst")))
    cases = [case(rng, best=1, other=1.5)]

    everybody, worst = (
        {one.label: one.middle.value for one in profiles_of(cases, 1, worst)} for worst in (False, True)
    )

    assert everybody["other"] == pytest.approx(1.5, abs=0.1)
    assert worst["other"] == pytest.approx(1.25, abs=0.05)
