"""The risk model: what scikit-learn fits is what is kept, explained and assessed; and the truth is found again."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from agents.risk.assessment import assess, auc
from agents.risk.cohort import planted_risk, synthetic_cohort
from agents.risk.features import NAMES, read_patients
from agents.risk.model import RiskModel, cross_fitted, encoded, fit, read_model, split, stratified_folds
from scenarios.errors import MissingExtra, UsageError
from sim.streams import uniforms

REAL = Path("/work/shared/data/heart_disease.csv")


@pytest.fixture(scope="module")
def cohort():
    return synthetic_cohort(800, 7)


@pytest.fixture(scope="module")
def model(cohort):
    pytest.importorskip("sklearn")
    return fit(cohort, 7)


def test_the_kept_weights_predict_what_scikit_learn_predicts(cohort, model):
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from agents.risk.model import STRENGTH, _pairs

    folds = _pairs(stratified_folds(cohort.present, 5, 7, "calibration"))
    plain = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=1000))
    theirs = CalibratedClassifierCV(plain, method="sigmoid", cv=folds, ensemble=False)
    theirs.fit(encoded(cohort.features), cohort.present)

    expected = theirs.predict_proba(encoded(cohort.features))[:, 1]

    assert np.abs(model.predict(cohort.features) - expected).max() < 1e-9


def test_contributions_add_up_to_the_log_odds_of_the_average_patient_and_the_rest(cohort, model):
    total = model.intercept + model.contributions(cohort.features).sum(axis=1)

    assert np.allclose(expit(total), model.predict(cohort.features), atol=1e-12)
    assert np.abs(model.contributions(cohort.features).mean(axis=0)).max() < 1e-9


def test_a_contribution_is_what_changing_that_feature_alone_changes(cohort, model):
    other = cohort.features.copy()
    other.loc[0, "ST depression"] += 2.0

    change = model.log_odds(other)[0] - model.log_odds(cohort.features)[0]
    added = (model.contributions(other) - model.contributions(cohort.features))[0]

    assert change == pytest.approx(added[NAMES.index("ST depression")])
    assert np.count_nonzero(np.abs(added) > 1e-12) == 1


def test_the_planted_risk_is_found_again_by_a_model_that_saw_enough_patients(model):
    pytest.importorskip("sklearn")
    many, fresh = synthetic_cohort(20_000, 11), synthetic_cohort(5_000, 12)

    found = fit(many, 1).predict(fresh.features)

    truth = planted_risk(fresh.features)
    assert np.sqrt(np.mean((found - truth) ** 2)) < 0.03  # the sigmoid and the penalty cost something
    assert abs(np.mean(found - truth)) < 4 * np.sqrt(np.mean(truth * (1 - truth)) / len(many))


def test_a_patient_of_the_cohort_is_the_same_in_a_larger_cohort():
    small, large = synthetic_cohort(50, 3), synthetic_cohort(500, 3)

    assert large.features[:50].equals(small.features)
    assert (large.present[:50] == small.present).all()


def test_held_out_patients_are_nobody_elses_and_hold_both_outcomes_in_proportion(cohort):
    mine, others = split(cohort, 0.3, 1)

    assert sorted([*mine, *others]) == list(range(len(cohort)))
    assert abs(cohort.present[others].mean() - cohort.present.mean()) < 1 / len(others)
    assert not np.array_equal(split(cohort, 0.3, 2)[1], others)


def test_a_cross_fitted_risk_does_not_depend_on_the_patients_own_outcome(cohort):
    pytest.importorskip("sklearn")
    few = cohort.only(np.arange(200))
    risk = cross_fitted(few, 5)
    fold = stratified_folds(few.present, 10, 5, "cross-fit")
    again = fit(few.only(np.flatnonzero(fold != fold[0])), 5)

    assert again.predict(few.features[fold == fold[0]])[0] == risk[0]


def test_a_model_that_is_written_is_read_as_it_was(model, tmp_path, cohort):
    model.write(tmp_path / "model.json")

    assert read_model(tmp_path / "model.json") == model


@pytest.mark.parametrize("damage", ["{", '{"schema": "other"}', "[]", "null"])
def test_a_file_that_is_no_model_is_refused(damage, tmp_path):
    (tmp_path / "model.json").write_text(damage)

    with pytest.raises(UsageError, match="is not a risk model"):
        read_model(tmp_path / "model.json")


def test_a_model_with_a_number_that_is_none_is_refused(model, tmp_path):
    model.write(tmp_path / "model.json")
    kept = json.loads((tmp_path / "model.json").read_text())
    kept["weights"][3] = float("nan")
    (tmp_path / "model.json").write_text(json.dumps(kept))

    with pytest.raises(UsageError, match="is not a risk model"):
        read_model(tmp_path / "model.json")


def test_without_scikit_learn_the_error_names_the_extra(cohort, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.calibration", None)

    with pytest.raises(MissingExtra, match=r'the extra "risk"'):
        fit(cohort, 1)


def test_too_few_patients_of_one_outcome_are_refused(cohort):
    with pytest.raises(UsageError, match="at least 20 patients with and 20 without"):
        fit(cohort.only(np.flatnonzero(cohort.present)), 1)


def test_the_assessment_agrees_with_scikit_learn_and_statsmodels(seed):
    metrics = pytest.importorskip("sklearn.metrics")
    import statsmodels.api as sm

    risk = uniforms(seed, 0, ("risk",), 400)
    present = uniforms(seed, 0, ("truth",), 400) < risk**1.5

    found = assess(risk, present, seed)

    assert found.auc.value == pytest.approx(metrics.roc_auc_score(present, risk))
    assert found.brier.value == pytest.approx(metrics.brier_score_loss(present, risk))
    slope = sm.Logit(present.astype(float), sm.add_constant(logit(risk))).fit(disp=0).params
    level = (
        sm.GLM(present.astype(float), np.ones(400), sm.families.Binomial(), offset=logit(risk)).fit().params
    )
    assert found.slope.value == pytest.approx(slope[1], rel=1e-6)
    assert found.level.value == pytest.approx(level[0], rel=1e-6)
    for figure in (found.auc, found.brier, found.slope, found.level):
        assert figure.low < figure.value < figure.high


@pytest.mark.stats
def test_risks_that_are_the_truth_are_found_calibrated(seed):
    inside = 0
    for n in range(40):
        risk = uniforms(seed, n, ("risk",), 500)
        found = assess(risk, uniforms(seed, n, ("truth",), 500) < risk, n)
        inside += found.slope.low < 1 < found.slope.high

    assert inside >= 40 * 0.95 - 4 * np.sqrt(40 * 0.95 * 0.05)


def test_without_both_outcomes_there_is_no_auc():
    assert np.isnan(auc(np.array([0.1, 0.2]), np.array([True, True])))


def test_a_model_explains_by_columns_that_have_names(model):
    assert isinstance(model, RiskModel)
    assert {column.partition(" = ")[0] for column in model.columns} == set(NAMES)


@pytest.mark.skipif(not REAL.is_file(), reason="the real file is not here")
def test_real_patients_are_read_and_ranked_better_than_by_chance():
    pytest.importorskip("sklearn")
    patients = read_patients(REAL)

    found = assess(cross_fitted(patients, 1), patients.outcomes(), 1)

    assert (found.n, found.n_present) == (270, 120)
    assert found.auc.low > 0.8
    assert found.slope.low < 1 < found.slope.high
    assert found.brier.high < found.brier_of_the_mean
