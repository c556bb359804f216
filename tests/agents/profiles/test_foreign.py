import codecs
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.profiles.files import read_profiles
from agents.profiles.headings import meaning
from scenarios.errors import UsageError

PLAIN = """id,name,age,gender,symptoms,diagnosis,heart_rate,bp,temperature
1,Ann Smith,72,Female,"chest pain, dizziness",Hypertension,98,150/90,37.1
2,Bob Ray,45,M,SOB;cough,COPD,110,130/80,38.5
"""


def read(tmp_path, content):
    path = tmp_path / "patient.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_profiles(path)


def test_a_plain_patient_file_is_read_and_what_names_a_person_is_dropped_and_said(tmp_path):
    reading = read(tmp_path, PLAIN)

    first, second = reading.profiles
    assert (first.demographics.age, first.demographics.sex) == (72, "female")
    assert first.picture.complaints == ("chest pain",)
    assert first.picture.diagnoses == ("hypertension",)
    assert (first.picture.vitals.systolic, first.picture.vitals.diastolic) == (150, 90)
    assert second.picture.complaints == ("shortness of breath", "cough")
    assert second.picture.vitals.temperature == 38.5
    assert reading.dropped == ["id", "name"]
    said = "\n".join(reading.lines())
    assert "Dropped, because they may name a person: id, name" in said
    assert "heart_rate -> pulse, bp -> systolic/diastolic" in said
    assert "'dizziness' (1)" in said
    assert "Smith" not in said + repr(reading.profiles)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_separator_and_encoding_is_found_and_told(tmp_path, separator, encoding):
    rows = [
        ["Age (years)", "Sex", "Höhe", "SBP", "sats"],
        ["70", "F", "é", "120", "97"],
        ["71", "M", "ü", "130", "95"],
    ]
    text = "\n".join(separator.join(row) for row in rows) + "\n"

    reading = read(tmp_path, text.encode(encoding))

    assert [p.demographics.age for p in reading.profiles] == [70, 71]
    assert [p.picture.vitals.spo2 for p in reading.profiles] == [97, 95]
    assert reading.encoding == encoding
    assert reading.separator == {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[separator]
    assert reading.ignored == ["Höhe"]


def test_bytes_that_cp1252_does_not_know_are_latin_1(tmp_path):
    reading = read(tmp_path, b"age,sex,note\n70,f,\xe9\x81\n")

    assert reading.encoding == "latin-1"
    assert len(reading.profiles) == 1


@pytest.mark.parametrize(
    ("header", "ours"),
    [("Age (years)", "age"), ("patientAge", "age"), ("GENDER", "sex"), ("SBP", "systolic"), ("sats", "spo2"),
     ("HR", "pulse"), ("Heart Rate (bpm)", "pulse"), ("RR", "resp_rate"), ("Temp °F", "temperature"),
     ("temp_c", "temperature"), ("Blood Pressure", "systolic/diastolic"), ("Chief Complaint", "complaints"),
     ("SpO2 [%]", "spo2"), ("smoking_status", "smoking"), ("hair colour", None), ("", None)],
)  # fmt: skip
def test_columns_are_known_by_their_synonyms(header, ours):
    assert meaning(header) == ours


def test_decimal_commas_are_read_and_reported(tmp_path):
    reading = read(tmp_path, "Alter;age;sex;temp\nx;70;f;37,2\nx;71;m;38,9\n")

    assert [p.picture.vitals.temperature for p in reading.profiles] == [37.2, 38.9]
    assert "Decimal commas in 2 cells, read as decimal points." in reading.notes


@pytest.mark.parametrize(
    ("header", "values", "column", "read_as", "said"),
    [
        ("temp", "98.6 101.3", "temperature", (37.0, 38.5), "Fahrenheit"),
        ("hba1c", "42 75", "hba1c", (6.0, 9.0), "mmol/mol"),
        ("creatinine", "1.0 2.0", "creatinine", (88, 177), "mg/dL"),
        ("hb", "12.5 14", "haemoglobin", (125, 140), "g/dL"),
        ("wbc", "7500 11200", "white_cells", (7.5, 11.2), "per µL"),
        ("spo2", "0.97 0.91", "spo2", (97, 91), "a fraction"),
    ],
)
def test_foreign_units_are_converted_and_reported(tmp_path, header, values, column, read_as, said):
    a, b = values.split()
    reading = read(tmp_path, f"age,sex,{header}\n70,f,{a}\n71,m,{b}\n")

    assert tuple(p.flat()[column] for p in reading.profiles) == read_as
    assert any(said in note and note.startswith(header) for note in reading.notes)


def test_units_that_are_ours_stay(tmp_path):
    reading = read(tmp_path, "age,sex,temp,hba1c,creatinine,hb,spo2\n70,f,37.2,6.1,88,125,97\n")

    assert reading.notes == []
    row = reading.profiles[0].flat()
    assert [row[c] for c in ("temperature", "hba1c", "creatinine", "haemoglobin", "spo2")] == [
        37.2,
        6.1,
        88,
        125,
        97,
    ]


def test_bad_rows_are_listed_with_every_problem_and_good_rows_are_kept(tmp_path):
    text = "age,sex,HR,bp,temp\n70,f,80,120/80,37\nold,f,999,12080,37\n\n"
    text += "71,?,80,120/80,37\n72,m,80\n73,m,80,110/70,36.5\n"

    reading = read(tmp_path, text)

    assert [p.demographics.age for p in reading.profiles] == [70, 73]
    assert [(bad.line, bad.column) for bad in reading.bad] == [
        (3, "age"), (3, "bp"), (3, "HR"), (5, "sex"), (6, ""),
    ]  # fmt: skip
    said = [str(bad) for bad in reading.bad]
    assert said[0] == "line 3 age: expected completed years from 0 to 105, got 'old'"
    assert said[1] == "line 3 bp: expected a pressure such as \"120/80\", got '12080'"
    assert said[2] == "line 3 HR: expected less than or equal to 260, got 999"
    assert said[3] == "line 5 sex: expected female, male or other, got '?'"
    assert said[4] == "line 6: expected 5 cells as in the header, got 3"
    assert (reading.n_rows, reading.n_bad_rows) == (5, 3)


def test_lines_are_counted_over_cells_of_several_lines(tmp_path):
    reading = read(tmp_path, 'age,sex,note\n70,f,"one\ntwo\nthree"\nx,f,short\n')

    assert [bad.line for bad in reading.bad] == [5]


def test_words_without_a_place_in_the_vocabulary_are_counted_and_the_patient_stays(tmp_path):
    reading = read(tmp_path, "age,sex,race,dx\n70,f,Martian,gout; HTN\n71,m,Black or African American,gout\n")

    assert [p.demographics.ethnicity for p in reading.profiles] == [None, "black"]
    assert reading.profiles[0].picture.diagnoses == ("hypertension",)
    assert any("'gout' (2)" in note for note in reading.notes)
    assert any("'martian' (1)" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("cell", "age"),
    [
        ("70", 70),
        ("70.0", 70),
        ("0.5", 0),
        ("6 months", 0),
        ("18 mo", 1),
        ("3 weeks", 0),
        ("70 years old", 70),
    ],
)
def test_ages_are_completed_years(tmp_path, cell, age):
    assert read(tmp_path, f"age,sex\n{cell},f\n").profiles[0].demographics.age == age


@pytest.mark.parametrize(
    ("coma", "level"), [(15, "A"), (14, "V"), (11, "V"), (10, "P"), (6, "P"), (5, "U"), (3, "U")]
)
def test_the_coma_scale_becomes_the_nearest_level_of_consciousness(tmp_path, coma, level):
    reading = read(tmp_path, f"age,sex,GCS\n70,f,{coma}\n")

    assert reading.profiles[0].picture.vitals.consciousness == level
    assert any("Glasgow" in note for note in reading.notes)


def test_two_rows_with_one_label_are_not_both_kept(tmp_path):
    reading = read(tmp_path, "profile_id,age,sex\np1,70,female\np1,71,male\n")

    assert len(reading.profiles) == 1
    assert "as in line 2" in str(reading.bad[0])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"  \n \n", "the file is empty"),
        (codecs.BOM_UTF8, "no row|expected columns|header"),
        (bytes(range(1, 32)) * 40, "binary"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "NUL byte in line 3"),
        (b"age,sex\n70,f\0\n", "NUL byte in line 2"),
        (b"\xff\xfea\x00g", "not utf-16 text|expected columns"),
        (b'age,sex\n"70,f\n71,m\n', "ends inside quotation marks"),
        (b'age,sex\n"' + b"7" * 200_000 + b'",f\n', "a cell of more than 131072 characters"),
        (b"age,sex,age\n70,f,71\n", "each column once, got twice: 'age'"),
        (b"name,hair\nAnn,red\n", "none for age and sex among: name, hair"),
        (b"age;hair\n70;red\n", "none for sex"),
        (b"hello world\n", "none for age and sex"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_of_patients_is_refused_in_plain_words(tmp_path, content, said):
    with pytest.raises(UsageError, match=said):
        read(tmp_path, content)


def test_a_header_alone_has_no_rows(tmp_path):
    reading = read(tmp_path, "age,sex\n")

    assert (reading.n_rows, reading.profiles, reading.bad) == (0, [], [])


def test_of_two_columns_with_one_meaning_our_own_name_counts_and_the_other_is_told(tmp_path):
    reading = read(tmp_path, "age,sex,HR,pulse\n70,f,60,90\n")

    assert reading.profiles[0].picture.vitals.pulse == 90
    assert reading.notes == ["HR looks like pulse too and is not used."]


CELLS = st.sampled_from(
    ["70", "f", "m", "1e999", "-1e400", "9" * 400, "inf", "nan", "120/80", "1/2", "37,2", "", '"', "|", ";", "na",
     "\u0663", "\u00b2", "x" * 300, "=1+1", "15", "yes", "age", "sex", "p1", "0.5 months", "1e-400"]
)  # fmt: skip
HEADERS = [
    "age",
    "sex",
    "HR",
    "bp",
    "temp",
    "GCS",
    "ESI",
    "dx",
    "symptoms",
    "on_oxygen",
    "deprivation",
    "vignette",
    "profile_id",
]


@settings(max_examples=150)
@given(
    rows=st.lists(st.lists(CELLS, min_size=13, max_size=13), max_size=4), separator=st.sampled_from(",;\t|")
)
@example(rows=[["70", "f", *["1e999"] * 11]], separator=",")
@example(rows=[["9" * 400, "f", *["9" * 400] * 11]], separator=",")
def test_whatever_stands_in_the_cells_rows_are_read_or_listed(rows, separator):
    text = "\n".join(separator.join(row) for row in [HEADERS, *rows]) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        try:
            reading = read(Path(folder), text)
        except UsageError:
            return
    assert len(reading.profiles) + len({bad.line for bad in reading.bad}) == reading.n_rows


@given(content=st.binary(max_size=200))
def test_whatever_the_bytes_a_file_is_read_or_refused(content):
    with tempfile.TemporaryDirectory() as folder:
        try:
            reading = read(Path(folder), content)
        except UsageError:
            return
    assert reading.columns
