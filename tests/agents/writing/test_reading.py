"""Whatever was written, what comes through is a valid picture, and the rest is counted under a few reasons."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.profiles.compact import picture_text
from agents.writing.forms import json_form, line_form
from agents.writing.line import line_of
from agents.writing.reading import read
from agents.writing.writer import Rejected
from tests.agents.writing.pictures import calibrated_profiles

PICTURE = calibrated_profiles(1, 1)[0].picture
JSON = json.loads(picture_text(PICTURE))


def test_a_good_picture_is_read_in_both_forms():
    assert read(line_of(PICTURE), line_form()) == PICTURE
    assert read(picture_text(PICTURE), json_form()) == PICTURE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pulse": 999}, "vitals.pulse: Input should be less than or equal to 260"),
        ({"complaints": ["fall", "fall"]}, "complaints: expected each word once"),
        ({"complaints": []}, "complaints: expected at least one"),
        ({"diagnoses": ["plague"]}, "diagnoses: expected words of its vocabulary"),
        ({"colour": "red"}, "not readable: expected the columns of a picture"),
    ],
)
def test_what_is_wrong_is_told_without_what_was_written(change, reason):
    with pytest.raises(Rejected) as refused:
        read(json.dumps(JSON | change), json_form())

    assert refused.value.reason == reason


@given(st.one_of(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)))
def test_nonsense_is_rejected_and_never_more_than_that(text):
    for form in (line_form(), json_form()):
        with suppress(Rejected):
            assert read(text, form).complaints


def test_deep_nesting_and_huge_numbers_are_rejected():
    for text in ("[" * 100_000, '{"pulse":' + "9" * 5000 + "}", '{"pulse":1e999}', "NaN", '{"lactate":NaN}'):
        with pytest.raises(Rejected):
            read(text, json_form())
