import json
from typing import get_args

import pytest
from hypothesis import given
from pydantic import ValidationError

from agents.profiles import compact, record
from agents.profiles.record import (
    CHOICES,
    COLUMNS,
    KINDS,
    LISTS,
    SEPARATOR,
    Demographics,
    Picture,
    Profile,
    Vitals,
)
from tests.agents.profiles.making import patient, profiles


def test_a_profile_cannot_be_changed_nor_hold_what_is_not_in_the_record():
    profile = patient()

    with pytest.raises(ValidationError, match="frozen"):
        profile.severity = 0.5
    with pytest.raises(ValidationError, match="Extra inputs"):
        Demographics(profile_id="p1", age=3, sex="male", name="Ann")


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [("resp_rate", 4, 90), ("spo2", 50, 100), ("systolic", 40, 270), ("diastolic", 20, 170), ("pulse", 20, 260),
     ("temperature", 30, 43)],
)  # fmt: skip
def test_vital_signs_outside_their_range_are_refused(field, least, most):
    assert getattr(Vitals(**{field: least}), field) == least
    assert getattr(Vitals(**{field: most}), field) == most
    for wrong in (least - 1, most + 1, float("nan")):
        with pytest.raises(ValidationError):
            Vitals(**{field: wrong})


def test_lists_hold_known_words_once_in_the_order_of_the_vocabulary():
    assert Picture(diagnoses=("fracture", "asthma")).diagnoses == ("asthma", "fracture")
    assert Picture(complaints=("headache", "fall")).complaints == ("headache", "fall"), (
        "the chief one stays first"
    )
    with pytest.raises(ValidationError, match="got one twice"):
        Picture(diagnoses=("asthma", "asthma"))
    with pytest.raises(ValidationError, match="gout"):
        Picture(diagnoses=("gout",))


def test_a_vignette_is_one_line_of_plain_text():
    for wrong in ("two\nlines", "a\rb", "nul\0", "bell\x07", "line\u2028separator"):
        with pytest.raises(ValidationError):
            Picture(vignette=wrong)


def test_the_vocabularies_are_those_of_the_types():
    for column, known in CHOICES.items():
        types = {"sex": record.Sex, "ethnicity": record.Ethnicity, "rurality": record.Rurality,
                 "insurance": record.Insurance, "language": record.Language, "smoking": record.Smoking,
                 "alcohol": record.Alcohol, "living": record.Living, "consciousness": record.Consciousness}  # fmt: skip
        assert get_args(types[column]) == known
    assert {column for column, kind in KINDS.items() if kind == "choice"} == set(CHOICES)
    assert {column for column, kind in KINDS.items() if kind == "list"} == set(LISTS)
    assert not [word for known in LISTS.values() for word in known if SEPARATOR in word or "," in word]


@given(profile=profiles())
def test_a_profile_is_the_same_after_its_flat_form(profile):
    row = profile.flat()

    assert tuple(row) == COLUMNS
    assert Profile.of_row(row) == profile


@given(profile=profiles())
def test_a_picture_is_the_same_after_its_text_form(profile):
    text = compact.picture_text(profile.picture)

    assert compact.picture_of(text) == profile.picture
    assert "\n" not in text
    assert list(json.loads(text)) == list(record.PICTURE_COLUMNS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("[1]", "one JSON object"),
        ('{"pulse":60,"pulse":61}', "each key once"),
        ('{"severity":0.5}', "columns of a picture"),
        ('{"age":70}', "columns of a picture"),
        ('{"pulse":600}', "less than or equal to 260"),
        ("[" * 100_000, "nesting"),
    ],
)
def test_text_that_is_no_picture_is_refused_with_a_reason(text, said):
    with pytest.raises(ValueError, match=said):
        compact.picture_of(text)


def test_the_schema_of_the_text_form_has_every_column_and_every_word():
    schema = compact.picture_schema()

    assert tuple(schema["properties"]) == record.PICTURE_COLUMNS == tuple(schema["required"])
    for column, known in LISTS.items():
        assert schema["properties"][column]["items"]["enum"] == list(known)
    assert schema["properties"]["pulse"]["anyOf"][0] == {"maximum": 260, "minimum": 20, "type": "integer"}


def test_the_prompt_tells_who_but_not_which():
    text = compact.prompt_text(patient(age=70, ethnicity="black").demographics)

    assert json.loads(text)["age"] == 70
    assert "p1" not in text
