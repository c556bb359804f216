"""The published table is what the tests get."""

import json
from pathlib import Path

import pytest
from make_table import BEGIN, END, table
from validation_cases import CASES, Row

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def published():
    return json.loads((ROOT / "docs" / "validation.json").read_text(encoding="utf-8"))


def test_the_table_has_every_case_and_nothing_else(published):
    assert list(published) == list(CASES)
    for name, case in CASES.items():
        assert [row["figure"] for row in published[name]] == [check.label for check in case.checks]
        assert {row["runs"] for row in published[name]} == {case.n_runs}


def test_the_table_expects_what_the_cases_expect(published):
    for name, case in CASES.items():
        for row, check in zip(published[name], case.checks, strict=True):
            assert row["expected"] == pytest.approx(check.expected, rel=1e-12)


def test_the_page_shows_every_line_of_the_table(published):
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")

    for rows in published.values():
        for row in rows:
            assert f"| {row['case']} | {row['figure']} | " in page
            assert f"| {row['got']:.{row['digits']}f} | {row['half_width']:.{row['digits']}f} |" in page


def test_the_readme_shows_the_table(published):
    block = (ROOT / "README.md").read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]

    lines = [Row(**row) for rows in published.values() for row in rows]
    assert block.strip().splitlines() == table(lines)
