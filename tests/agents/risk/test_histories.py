"""Histories: anchors, trends, true outcomes that keep to the risk, and features that go with it."""

import numpy as np
import pytest

from agents.risk.cohort import planted_risk, synthetic_cohort
from agents.risk.histories import FIXED, IMPROVING, STABLE, WORSENING, Plan, Simulator, features_at


@pytest.fixture(scope="module")
def cohort():
    return synthetic_cohort(3000, 5)


@pytest.fixture(scope="module")
def simulator(cohort):
    return Simulator(cohort, planted_risk(cohort.features), Plan())


def in_a_band(simulator, band, copy=0, seed=1):
    """Episodes, and their risks at every visit when everybody is in a band."""
    episodes = simulator.episodes(seed, "test", copy)
    bands = np.full(len(episodes), band)
    later = [episodes.next_risk(visit, bands) for visit in range(simulator.plan.visits)]
    return episodes, np.stack([episodes.start, *later])


def test_the_absent_worsen_or_stay_and_the_present_improve_or_stay(cohort, simulator):
    episodes, _ = in_a_band(simulator, 0)

    assert set(episodes.trend[cohort.present]) == {IMPROVING, STABLE}
    assert set(episodes.trend[~cohort.present]) == {WORSENING, STABLE}
    assert ((episodes.end > episodes.start) == (episodes.trend == WORSENING)).all()
    assert ((episodes.end < episodes.start) == (episodes.trend == IMPROVING)).all()
    changing = simulator.partner >= 0
    stable = (episodes.trend == STABLE)[changing].mean()
    assert abs(stable - 0.4) < 4 * np.sqrt(0.4 * 0.6 / changing.sum())


def test_a_counterpart_has_the_other_outcome_and_the_same_sex(cohort, simulator):
    rows = np.flatnonzero(simulator.partner >= 0)
    partner = simulator.partner[rows]
    sex = cohort.features["Sex"].to_numpy()

    assert len(rows) > 0.9 * len(cohort)
    assert (cohort.present[rows] != cohort.present[partner]).all()
    assert (sex[rows] == sex[partner]).all()


def test_without_noise_and_care_every_episode_ends_at_its_anchor(cohort):
    plan = Plan(spread=0.0, care_effect=(0.0, 0.0, 0.0))
    episodes, risk = in_a_band(Simulator(cohort, planted_risk(cohort.features), plan), 2)

    assert (risk[0] == episodes.start).all()
    assert (risk[-1] == episodes.end).all()


def test_care_lowers_the_next_risk_by_what_the_plan_says(cohort):
    plan = Plan(spread=0.0)
    simulator = Simulator(cohort, planted_risk(cohort.features), plan)
    (_, low), (_, high) = in_a_band(simulator, 0), in_a_band(simulator, 2)
    inside = low[1:] > 0.02

    assert np.allclose((low - high)[1:][inside], 0.02)
    assert (high[0] == low[0]).all()


def test_the_first_true_outcome_is_what_the_file_says(cohort, simulator):
    episodes, risk = in_a_band(simulator, 0)

    assert (episodes.present(risk[0]) == cohort.present).all()


@pytest.mark.stats
def test_if_risks_are_calibrated_a_share_p_of_those_at_risk_p_has_the_disease_at_every_visit(simulator):
    for visit in (0, 6, 12):
        copies = [in_a_band(simulator, 1, copy) for copy in range(3)]
        risk = np.stack([r[visit] for _, r in copies])
        present = np.stack([e.present(r[visit]) for e, r in copies])
        # One observation a patient: its copies are not independent.
        excess = (present - risk).mean(axis=0)
        for low in (0.0, 0.2, 0.4, 0.6, 0.8):
            mine = (
                (risk[0] >= low) & (risk[0] < low + 0.2) if visit == 0 else np.ones(len(excess), dtype=bool)
            )
            bound = 4 * excess[mine].std(ddof=1) / np.sqrt(mine.sum())
            assert abs(excess[mine].mean()) < bound


def test_another_copy_is_another_episode_and_the_same_copy_the_same(simulator):
    (a, risk_a), (b, risk_b), (c, risk_c) = (in_a_band(simulator, 0, copy) for copy in (0, 0, 1))

    assert (risk_a == risk_b).all()
    assert (risk_a[1:] != risk_c[1:]).mean() > 0.9
    assert (a.trend == b.trend).all()
    assert (a.trend != c.trend).any()


def test_features_are_the_patients_own_at_the_start_and_the_counterparts_at_the_end(cohort, simulator):
    episodes, _ = in_a_band(simulator, 0)

    first = features_at(cohort, episodes, episodes.start, 1, "test")
    last = features_at(cohort, episodes, episodes.end, 1, "test")

    assert first.round(1).equals(cohort.features.round(1))
    moving = [name for name in cohort.features if name not in FIXED]
    theirs = cohort.features[moving].iloc[episodes.counterpart].reset_index(drop=True)
    changed = episodes.trend != STABLE
    assert np.allclose(last.loc[changed, moving], theirs[changed], atol=0.051)
    assert last[list(FIXED)].equals(cohort.features[list(FIXED)])
