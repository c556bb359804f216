"""Reading heart patients: what was written comes back, and a file with problems says all of them."""

import pytest

from agents.risk.cohort import synthetic_cohort
from agents.risk.features import FEATURES, MOST_PROBLEMS, read_patients, write_patients
from scenarios.errors import ScenarioError, UsageError


@pytest.fixture
def file(tmp_path):
    write_patients(synthetic_cohort(30, 1), tmp_path / "patients.csv")
    return tmp_path / "patients.csv"


def changed(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_patients_that_are_written_are_read_as_they_were(file):
    cohort = synthetic_cohort(30, 1)

    again = read_patients(file)

    assert again.ids == cohort.ids
    assert again.features.equals(cohort.features)
    assert (again.present == cohort.present).all()


def test_the_synthetic_cohort_keeps_every_limit():
    cohort = synthetic_cohort(5000, 2)

    for feature in FEATURES:
        assert all(feature.holds(value) for value in cohort.features[feature.name])


def test_every_problem_of_a_file_is_told_with_its_line(file):
    lines = file.read_text().splitlines()
    lines[3] = lines[3].replace("synthetic-00003", "synthetic-00001")
    cells = lines[5].split(",")
    cells[1], cells[2], cells[-1] = "old", "2", "Maybe"
    lines[5] = ",".join(cells)
    file.write_text("\n".join(lines) + "\n")

    with pytest.raises(ScenarioError) as refused:
        read_patients(file)

    assert [(p.line, p.path) for p in refused.value.problems] == [
        (4, "Id"),
        (6, "Age"),
        (6, "Sex"),
        (6, "Heart Disease"),
    ]
    assert "Age: expected a number from 18 to 110 (years), got 'old'" in str(refused.value)
    assert "Sex: expected one of 0, 1, got '2'" in str(refused.value)


def test_of_very_many_problems_the_first_are_told_and_the_rest_counted(file):
    text = file.read_text()
    file.write_text(text.replace("Presence", "yes").replace("Absence", "no"))

    with pytest.raises(ScenarioError) as refused:
        read_patients(file)

    assert len(refused.value.problems) == MOST_PROBLEMS + 1
    assert f"and {30 - MOST_PROBLEMS} problems more" in str(refused.value)


def test_columns_that_lack_are_all_named(file):
    changed(file, ",BP,", ",Pressure,")
    changed(file, ",Thallium,", ",Scan,")

    with pytest.raises(ScenarioError) as refused:
        read_patients(file)

    assert [p.path for p in refused.value.problems] == ["BP", "Thallium"]


def test_without_an_outcome_patients_are_read_but_nobody_learns_from_them(file):
    changed(file, "Heart Disease", "Something else")

    patients = read_patients(file)

    assert patients.present is None
    with pytest.raises(UsageError, match="Heart Disease"):
        patients.outcomes()


def test_without_an_id_patients_are_called_after_their_line(file):
    changed(file, "Id,", "Number,")

    assert read_patients(file).ids[:2] == ("2", "3")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b""])
def test_a_file_that_cannot_be_read_says_so(content, tmp_path):
    place = tmp_path / "patients.csv"
    if content is not None:
        place.write_bytes(content)

    with pytest.raises(UsageError, match="cannot be read as a CSV file"):
        read_patients(place)


def test_a_file_of_a_heading_alone_holds_no_patients(file):
    file.write_text(file.read_text().splitlines()[0] + "\n")

    with pytest.raises(UsageError, match="holds no patients"):
        read_patients(file)


@pytest.mark.parametrize("spoilt", ["cut", "with a comma too many", "blank"])
def test_a_row_that_does_not_fit_the_heading_is_refused_and_not_read_one_column_off(file, spoilt):
    lines = file.read_text().splitlines()
    cut = lines[4].rsplit(",", 3)[0]
    lines[4] = {"cut": cut, "with a comma too many": lines[4] + ",", "blank": ""}[spoilt]
    cells = {"cut": 12, "with a comma too many": 16, "blank": 0}[spoilt]
    file.write_text("\n".join(lines) + "\n")

    with pytest.raises(ScenarioError, match=f":5:1: expected 15 cells as in the heading, got {cells}"):
        read_patients(file)


def test_a_column_that_stands_there_twice_is_refused(file):
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0] + ",Age", *(line + ",50" for line in lines[1:])]) + "\n")

    with pytest.raises(ScenarioError, match=":1:16 Age: expected one column of this name, got two"):
        read_patients(file)


def test_empty_lines_at_the_end_do_no_harm(file):
    whole = read_patients(file)
    file.write_text(file.read_text() + "\n\n")

    assert read_patients(file).ids == whole.ids
