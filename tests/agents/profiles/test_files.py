import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from agents.profiles.files import csv_text, frame_of, profiles_of, read_profiles, write_profiles
from agents.profiles.record import COLUMNS
from scenarios.errors import UsageError
from tests.agents.profiles.making import drawn, files_of_profiles, patient


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@given(profiles=files_of_profiles())
def test_a_file_gives_back_what_was_written(suffix, profiles):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"patients{suffix}"
        write_profiles(profiles, path)
        reading = read_profiles(path)

        assert reading.bad == []
        assert reading.profiles == profiles
        assert [found.name for found in Path(folder).iterdir()] == [path.name]


@given(profiles=files_of_profiles())
def test_a_frame_gives_back_its_profiles(profiles):
    assert profiles_of(frame_of(profiles)) == profiles


def test_drawn_profiles_come_back_from_both_kinds_of_file_and_are_the_same_bytes_again(tmp_path, seed):
    profiles = drawn(300, seed)
    for suffix in (".csv", ".parquet"):
        first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
        write_profiles(profiles, first)
        write_profiles(read_profiles(first).profiles, second)

        assert read_profiles(first).profiles == profiles
        assert first.read_bytes() == second.read_bytes()


def test_a_header_is_written_once_and_cells_are_plain():
    text = csv_text([patient(picture={"on_oxygen": False, "temperature": 37.0})])

    header, row = text.splitlines()
    assert header.split(",") == list(COLUMNS)
    assert ",false,,,,37.0," in row


def test_another_suffix_and_a_missing_folder_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"ending in \.csv or \.parquet, got '\.xlsx'"):
        write_profiles([patient()], tmp_path / "a.xlsx")
    with pytest.raises(UsageError, match="no such file or directory"):
        write_profiles([patient()], tmp_path / "none" / "a.csv")
    with pytest.raises(UsageError, match="no such file or directory"):
        read_profiles(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="is a directory"):
        read_profiles(tmp_path)


def test_a_broken_parquet_file_is_refused(tmp_path):
    for content in (b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"no parquet at all"):
        path = tmp_path / "a.parquet"
        path.write_bytes(content)
        with pytest.raises(UsageError, match="not a Parquet file"):
            read_profiles(path)


def test_a_parquet_file_of_somebody_else_is_refused_and_its_bad_rows_are_listed(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"Age": [3]}), path)
    with pytest.raises(UsageError, match="none named profile_id, age, sex"):
        read_profiles(path)

    pq.write_table(
        pa.table({"profile_id": ["a", "b", "c"], "age": [3, 300, 4], "sex": ["male"] * 3, "hair": ["x"] * 3,
                  "diagnoses": [None, None, 5]} | {"diagnoses": ["", "", "gout"]}), path)  # fmt: skip
    reading = read_profiles(path)

    assert [p.demographics.profile_id for p in reading.profiles] == ["a"]
    assert [(bad.line, bad.column) for bad in reading.bad] == [(2, "age"), (3, "diagnoses")]
    assert reading.ignored == ["hair"]
