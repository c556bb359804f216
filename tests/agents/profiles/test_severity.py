import pytest
from hypothesis import given

from agents.profiles.comorbidity import CHARLSON, charlson_index
from agents.profiles.early_warning import EarlyWarning
from agents.profiles.severity import DEFAULT_WEIGHTS, FACTORS, acute, prepared, read_weights, severity_of
from agents.profiles.vocabulary import DIAGNOSES
from scenarios.errors import ScenarioError
from tests.agents.profiles.making import patient, profiles

WELL = {
    "resp_rate": 16, "spo2": 98, "on_oxygen": False, "systolic": 120, "pulse": 70, "temperature": 37.0,
    "consciousness": "A",
}  # fmt: skip


@pytest.mark.parametrize(
    ("scale", "points", "value"),
    [("NEWS2", {"a": 0}, 0.0), ("NEWS2", {"a": 2, "b": 2, "c": 1}, 0.5),
     ("NEWS2", {"a": 2, "b": 2, "c": 2, "d": 1}, 0.7), ("NEWS2", {"a": 1}, 0.1), ("NEWS2", {"a": 3}, 0.4),
     ("NEWS2", {"a": 20}, 1.0), ("PEWS-5", {"a": 2, "b": 2}, 0.5),
     ("PEWS-5", {"a": 4, "b": 4}, 0.7), ("PEWS-5", {"a": 19}, 1.0)],
)  # fmt: skip
def test_the_acute_part_is_straight_between_its_thresholds(scale, points, value):
    assert acute(EarlyWarning(scale, points, ())) == pytest.approx(value)


def test_severity_is_worked_by_hand():
    # NEWS2 5 -> 0.5; Charlson 1 + 2 = 3 and 2 points for 65 years: mortality 1 - 0.983 ** exp(4.5) = 0.7864.
    old = patient(65, "male", {**WELL, "resp_rate": 21, "pulse": 111, "temperature": 38.5,
                               "diagnoses": ("COPD", "chronic kidney disease")})  # fmt: skip

    assert severity_of(old) == pytest.approx(0.5 + 0.5 * 0.3 * 0.78636, abs=1e-5)


def test_a_well_young_person_is_hardly_severe_and_a_child_is_not_frail():
    assert severity_of(patient(30, "male", WELL)) == pytest.approx(0.3 * 0.017)
    assert severity_of(patient(10, "male", {})) == 0.0


@given(profile=profiles())
def test_severity_and_priority_lie_between_0_and_1_and_do_not_depend_on_earlier_ones(profile):
    once = prepared(profile, DEFAULT_WEIGHTS)

    assert 0 <= once.severity <= 1
    assert 0 <= once.priority <= 1
    assert prepared(once, DEFAULT_WEIGHTS) == once
    assert once.demographics == profile.demographics


@given(profile=profiles())
def test_severity_never_falls_with_another_diagnosis_or_worse_signs(profile):
    # With hypercapnic respiratory failure the saturation is read on another scale: a diagnosis that may lower it.
    before = severity_of(profile)
    for diagnosis in set(DIAGNOSES) - set(profile.picture.diagnoses) - {"hypercapnic respiratory failure"}:
        more = profile.picture.model_copy(update={"diagnoses": (*profile.picture.diagnoses, diagnosis)})
        assert severity_of(profile.model_copy(update={"picture": more})) >= before
    worse = profile.picture.model_copy(
        update={"vitals": profile.picture.vitals.model_copy(update={"consciousness": "U"})}
    )
    assert severity_of(profile.model_copy(update={"picture": worse})) >= before


@given(profile=profiles())
def test_every_factor_is_a_share_or_unknown(profile):
    for name, (_, factor) in FACTORS.items():
        value = factor(profile, 0.5)
        assert value is None or 0 <= value <= 1, name


def test_the_index_counts_each_item_once():
    assert charlson_index(patient(60, "male", {"diagnoses": ("asthma", "COPD")})) == 1
    assert (
        charlson_index(patient(60, "male", {"diagnoses": ("cancer", "chronic kidney disease", "dementia")}))
        == 5
    )
    assert charlson_index(patient(60, "male", {"diagnoses": ("hypertension", "obesity")})) == 0
    assert set(CHARLSON) <= set(DIAGNOSES)


def test_priority_is_the_weighted_mean_of_the_factors_that_are_known():
    known = patient(30, "male", {**WELL, "triage": 1}, deprivation=5)
    unknown = patient(30, "male", WELL)

    assert prepared(known, {"triage": 1.0, "deprivation": 3.0}).priority == 1.0
    assert prepared(known, {"triage": 1.0, "child": 3.0}).priority == 0.25
    assert prepared(unknown, {"triage": 1.0, "child": 3.0}).priority == 0.0
    assert prepared(unknown, {"triage": 1.0}).priority is None


def test_weights_are_read_and_those_of_0_left_out(tmp_path):
    path = tmp_path / "weights.yaml"
    path.write_text("title: Ours\nsource: the board\nweights: {severity: 2, triage: 0, child: 0.5}\n")

    assert read_weights(path) == {"severity": 2.0, "child": 0.5}


def test_every_problem_of_the_weights_is_told(tmp_path):
    path = tmp_path / "weights.yaml"
    path.write_text("titel: Ours\nweights:\n  severity: -1\n  triage: high\n  beauty: 2\n  child: true\n")

    with pytest.raises(ScenarioError) as caught:
        read_weights(path)

    said = [str(problem).removeprefix(str(path)) for problem in caught.value.problems]
    assert said[0].startswith(':1:1 titel: "titel" is not known here')
    assert said[1] == ":3:3 weights.severity: expected a number of at least 0, got -1."
    assert said[2] == ":4:3 weights.triage: expected a number of at least 0, got high."
    assert said[3].startswith(':5:3 weights.beauty: "beauty" is not a factor. Known: severity, acute')
    assert said[4] == ":6:3 weights.child: expected a number of at least 0, got True."


@pytest.mark.parametrize(("text", "said"), [("title: x\n", "got nothing"), ("weights: 3\n", "got something else"),
                                            ("weights: {severity: 0}\n", "at least one weight above 0"),
                                            ("", r"expected weights \(a mapping\), got nothing"),
                                            ("weights: {severity: 1e308, triage: 1e308}\n",
                                             "a sum of at most 1e")])  # fmt: skip
def test_a_file_without_weights_is_refused(tmp_path, text, said):
    path = tmp_path / "weights.yaml"
    path.write_text(text)

    with pytest.raises(ScenarioError, match=said):
        read_weights(path)
