import json

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit

from agents.profiles.census import draw_demographics, read_census
from agents.profiles.files import frame_of, profiles_of
from agents.profiles.laws import PLANTED
from agents.profiles.quality import OFF, UNSURE, WITHIN, examine
from agents.profiles.regression import least_squares, logistic
from sim.streams import uniforms
from tests.agents.profiles.making import drawn, patient

CENSUS = read_census()


@pytest.fixture(scope="module")
def profiles():
    return drawn(3000, 33)


@pytest.fixture(scope="module")
def quality(profiles):
    return examine(profiles, CENSUS)


def test_the_regressions_agree_with_statsmodels(seed):
    n = 400
    X = np.column_stack([np.ones(n), *(uniforms(seed, 0, ("x", str(k)), n) - 0.5 for k in range(2))])
    y = (uniforms(seed, 0, ("y",), n) < expit(X @ [0.2, 1.5, -1.0])).astype(float)
    z = X @ [1.0, 2.0, 3.0] + (0.5 + X[:, 1]) * (uniforms(seed, 0, ("z",), n) - 0.5)

    slopes, covariance = logistic(X, y)
    oracle = sm.Logit(y, X).fit(disp=0)
    assert np.allclose(slopes, oracle.params, atol=1e-6)
    assert np.allclose(np.sqrt(np.diag(covariance)), oracle.bse, atol=1e-6)

    slopes, covariance = least_squares(X, z)
    oracle = sm.OLS(z, X).fit(cov_type="HC1")
    assert np.allclose(slopes, oracle.params)
    assert np.allclose(np.sqrt(np.diag(covariance)), oracle.bse)


def test_a_feature_that_separates_has_no_estimate():
    X = np.column_stack([np.ones(40), np.repeat([0.0, 1.0], 20)])

    assert logistic(X, np.repeat([0.0, 1.0], 20)) is None


def test_profiles_of_the_generator_are_the_census_and_recover_what_was_planted(quality):
    assert all(margin.exact for margin in quality.margins)
    assert max(margin.distance for margin in quality.margins) < 0.001
    assert max(m.joint_distance for m in quality.margins if m.given) < 0.005
    verdicts = [association.verdict for association in quality.associations]
    assert verdicts.count(OFF) == 0
    assert verdicts.count(WITHIN) >= 18
    assert len(verdicts) == len(PLANTED) >= 8


def test_shuffled_columns_lose_their_associations_and_their_coherence(profiles, seed):
    frame = frame_of(profiles)
    order = np.argsort(uniforms(seed, 0, ("shuffle",), len(frame)))
    for column in ("pulse", "diagnoses", "temperature"):
        frame[column] = frame[column].to_numpy()[order]

    quality = examine(profiles_of(frame), CENSUS)

    off = {a.title for a in quality.associations if a.verdict == OFF}
    assert {"Hypertension with age", "Type 2 diabetes with age", "Pulse with urgency"} <= off
    assert all(margin.exact for margin in quality.margins)
    assert quality.n_incoherent > 100
    indication = next(b for b in quality.broken if b.name == "drug-indication")
    assert indication.count > 100
    assert len(indication.profiles) == 10


def test_margins_that_are_off_are_measured():
    people = draw_demographics(CENSUS, 1000, 1)
    people["sex"] = ["female"] * 600 + ["male"] * 400
    pictured = frame_of(drawn(1000, 1))
    pictured["sex"] = people["sex"]

    sex = next(m for m in examine(profiles_of(pictured), CENSUS).margins if m.variable == "sex")

    assert not sex.exact
    assert sex.distance == pytest.approx(0.091)
    assert (sex.worst.value, sex.worst.count, sex.worst.share) == ("female", 600, 0.6)


def test_duplicates_and_lonely_groups_are_counted(profiles):
    label = {"profile_id": "again"}
    twin = profiles[0].model_copy(update={"demographics": profiles[0].demographics.model_copy(update=label)})
    other = {"profile_id": "other", "age": (profiles[1].demographics.age + 1) % 100}
    same_picture = profiles[1].model_copy(
        update={"demographics": profiles[1].demographics.model_copy(update=other)}
    )

    quality = examine([*profiles[:2], twin, same_picture], CENSUS)

    assert (quality.n_duplicate_rows, quality.n_duplicate_pictures, quality.n_duplicate_vignettes) == (
        1,
        2,
        2,
    )
    assert (quality.smallest_cell, quality.n_alone, quality.n_alone_by_year) == (2, 0, 2)


def test_missing_values_are_told_and_one_patient_is_enough():
    quality = examine([patient(70, "female", {"pulse": 70})], CENSUS)

    language = next(m for m in quality.margins if m.variable == "language")
    assert (language.n_missing, language.exact, language.distance, language.joint_distance) == (
        1,
        False,
        None,
        None,
    )
    assert quality.missing["spo2"] == 1
    assert "pulse" not in quality.missing
    assert {a.verdict for a in quality.associations} == {UNSURE}
    assert all(a.why for a in quality.associations)
    json.dumps(quality.as_json(), allow_nan=False)
