"""`fairward profiles`: exit codes, streams, files, and the page."""

import json
import re

import pytest
from typer.testing import CliRunner

from agents.profiles.files import read_profiles, write_profiles
from fairward.cli import app
from tests.agents.profiles.making import drawn
from tests.dashboards.page import Page

PLAIN = """id,name,age,gender,symptoms,diagnosis,heart_rate,bp,temperature
1,Ann Smith,72,Female,"chest pain, dizziness",Hypertension,98,150/90,98.6
2,Bob Ray,45,M,SOB;cough,COPD,110,130/80,101.3
3,Cy Low,abc,F,fever,Flu,88,120/80,99
"""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    write_profiles(drawn(400, 5), tmp_path / "patients.csv")
    (tmp_path / "patient.csv").write_text(PLAIN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fairward(*arguments: str):
    return CliRunner(env={"NO_COLOR": "1"}).invoke(app, ["profiles", *arguments])


def test_prepare_adds_severity_and_priority_and_says_by_what(desk):
    done = fairward("prepare", "patients.csv", "-o", "processed.csv")

    assert done.exit_code == 0, done.stderr
    made = read_profiles(desk / "processed.csv").profiles
    assert len(made) == 400
    assert all(0 <= p.severity <= 1 and 0 <= p.priority <= 1 for p in made)
    assert "400 patients with severity and priority" in done.stdout
    assert "weights severity 3, triage 1 (the default, assumed)" in done.stdout
    assert "400 of 400 rows read (utf-8, comma)" in done.stderr


def test_prepare_is_the_same_twice_and_from_parquet(desk):
    fairward("prepare", "patients.csv", "-o", "a.csv")
    fairward("prepare", "patients.csv", "-o", "b.parquet")
    fairward("prepare", "b.parquet", "-o", "c.csv")

    assert (desk / "a.csv").read_bytes() == (desk / "c.csv").read_bytes()


def test_an_existing_patient_file_is_prepared_and_its_bad_row_is_told(desk):
    done = fairward("prepare", "patient.csv", "-o", "processed.csv")

    assert done.exit_code == 0, done.stderr
    assert len(read_profiles(desk / "processed.csv").profiles) == 2
    assert "line 4 age: expected completed years from 0 to 105, got 'abc'" in done.stderr
    assert "Dropped, because they may name a person: id, name" in done.stderr
    assert "temperature: read as degrees Fahrenheit, converted to Celsius." in done.stderr
    assert "spo2 2 times" in done.stdout
    assert "Smith" not in (desk / "processed.csv").read_text() + done.stdout + done.stderr


def test_weights_of_a_file_are_used_and_wrong_ones_write_nothing(desk):
    (desk / "good.yaml").write_text("weights: {child: 1}\n")
    (desk / "bad.yaml").write_text("weights: {child: -1, beauty: 1}\n")

    good = fairward("prepare", "patients.csv", "-o", "good.csv", "--weights", "good.yaml")
    bad = fairward("prepare", "patients.csv", "-o", "bad.csv", "--weights", "bad.yaml")

    assert good.exit_code == 0, good.stderr
    assert {p.priority for p in read_profiles(desk / "good.csv").profiles} == {0.0, 1.0}
    assert bad.exit_code == 2
    assert "weights.child: expected a number of at least 0, got -1" in bad.stderr
    assert '"beauty" is not a factor' in bad.stderr
    assert not (desk / "bad.csv").exists()


def test_prepare_tells_all_as_one_object(desk):
    told = json.loads(fairward("prepare", "patient.csv", "-o", "processed.csv", "--json").stdout)

    assert told["schema"] == "fairward.profiles-prepare/1"
    assert (told["rows"], told["read"], told["patients"]) == (3, 2, 2)
    assert told["bad"] == [
        {"line": 4, "column": "age", "expected": "completed years from 0 to 105", "got": "'abc'"}
    ]
    assert told["factors_unknown"] == {"triage": 2}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prepare", "none.csv", "-o", "x.csv"), "no such file"),
        (("prepare", "patients.csv", "-o", "patients.csv"), "Give the result another name"),
        (("prepare", "patients.csv", "-o", "x.xlsx"), "ending in .csv or .parquet"),
        (("prepare", "empty.csv", "-o", "x.csv"), "the file is empty"),
        (("prepare", "hopeless.csv", "-o", "x.csv"), "no row could be read"),
        (("report", "binary.csv"), "NUL byte in line 1"),
        (("report", "patients.csv", "--census", "none.yaml"), "cannot read this file"),
        (("report", "patients.csv", "--html", "none/x.html"), "none/x.html: cannot write this file"),
        (("report", "patients.csv", "--html", "folder"), "folder: cannot write this file"),
    ],
)
def test_what_cannot_be_done_is_said_in_plain_words(desk, arguments, said):
    (desk / "empty.csv").write_text("")
    (desk / "binary.csv").write_bytes(b"\0\1\2\3" * 9)
    (desk / "hopeless.csv").write_text("age,sex\nx,y\n")
    (desk / "folder").mkdir()

    done = fairward(*arguments)

    assert done.exit_code == 2
    assert said in done.stderr
    assert not list(desk.glob(".*"))
    assert "Traceback" not in done.stderr
    assert not (desk / "x.csv").exists()


def test_the_report_speaks_of_margins_associations_rules_and_privacy(desk):
    done = fairward("report", "patients.csv")

    assert done.exit_code == 0, done.stderr
    assert len(re.findall(r"^  \w+ +exact", done.stdout, re.MULTILINE)) == 7
    assert "Hypertension with age" in done.stdout
    assert "planted associations" in done.stdout
    assert "Implausible: 0 of 400" in done.stdout
    assert "Privacy" in done.stdout


def test_the_report_as_one_object_is_proper_json(desk):
    done = fairward("report", "patient.csv", "--json")

    told = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(name))
    assert told["schema"] == "fairward.profiles-report/1"
    assert told["n"] == 2
    assert told["dropped"] == ["id", "name"]


@pytest.mark.parametrize("file", ["patients.csv", "patient.csv"])
def test_the_page_opens_offline_and_is_the_same_bytes_twice(desk, file):
    for name in ("a.html", "b.html"):
        assert fairward("report", file, "--html", name).exit_code == 0

    text = (desk / "a.html").read_text(encoding="utf-8")
    assert text == (desk / "b.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!#|data:)', text)
    assert "default-src 'none'" in text
    assert [t for level, t in Page.of(text).headings if level == 2] == [
        "The answer",
        "Are these the people of the census?",
        "Do illnesses and signs go together as planted?",
        "Which profiles are implausible, doubled or unique?",
        "Limits",
        "The file, as it was read",
    ]
    assert text.count('<svg class="chart"') >= 2
    assert "Smith" not in text


def test_a_name_from_outside_stays_text_on_the_page(desk):
    (desk / "x.csv").write_text("age,sex,<script>alert(1)</script>\n70,f,1\n")

    assert fairward("report", "x.csv", "--html", "x.html").exit_code == 0
    assert "<script>" not in (desk / "x.html").read_text(encoding="utf-8")


def test_the_schema_is_json(desk):
    told = json.loads(fairward("schema").stdout)

    assert "Demographics" in told["$defs"]
