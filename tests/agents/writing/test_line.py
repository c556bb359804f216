"""The text form of the embedded model: nothing is lost, nothing wrong is let in."""

import pytest

from agents.profiles.record import PICTURE_COLUMNS, Demographics, Labs, Picture, Vitals
from agents.writing.line import line_of, line_prompt, picture_of_line
from tests.agents.writing.pictures import calibrated_profiles


def test_every_picture_comes_back_from_its_line(seed):
    pictures = [profile.picture for profile in calibrated_profiles(400, seed)]

    assert [picture_of_line(line_of(picture)) for picture in pictures] == pictures


def test_a_vignette_may_hold_the_separator_and_a_zero_is_not_a_missing_value():
    picture = Picture(
        complaints=("cough",),
        vitals=Vitals(on_oxygen=False),
        labs=Labs(crp=0, lactate=0.0),
        vignette="One; two; three.",
    )

    assert picture_of_line(line_of(picture)) == picture


def test_the_prompt_tells_every_demographic_but_the_label():
    her = Demographics(profile_id="p7", age=0, sex="female", ethnicity="asian", language="interpreter")

    assert line_prompt(her) == "0;female;asian;;;;interpreter\n"


GOOD = line_of(calibrated_profiles(1, 1)[0].picture).split(";", len(PICTURE_COLUMNS) - 1)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("pulse", "261"), ("pulse", "fast"), ("pulse", "80.5"), ("spo2", "49"), ("temperature", "hot"),
        ("on_oxygen", "maybe"), ("smoking", "sometimes"), ("complaints", "fall|fall"),
        ("diagnoses", "COPD|nonsense"), ("triage", "0"), ("consciousness", "X"), ("vignette", "a" * 401),
    ],
)  # fmt: skip
def test_a_cell_that_breaks_the_record_is_refused(column, cell):
    cells = [cell if name == column else kept for name, kept in zip(PICTURE_COLUMNS, GOOD, strict=True)]

    with pytest.raises(ValueError):
        picture_of_line(";".join(cells))


@pytest.mark.parametrize("line", ["", ";", "never;none", "\x00" * 9])
def test_a_line_of_too_few_cells_is_refused(line):
    with pytest.raises(ValueError, match="expected 25 cells"):
        picture_of_line(line)
